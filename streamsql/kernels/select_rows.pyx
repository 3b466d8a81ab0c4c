# distutils: language = c++
"""Chosen rows of columns: those where a mask is true, or those with given numbers; one copy for each column."""

import numpy as np
import pyarrow as pa

from libc.stdint cimport int32_t, int64_t, uint8_t, uintptr_t

from streamsql.kernels.columns cimport ColumnView, Layout, view_of
from streamsql.kernels import compute


cdef extern from "select_rows.h" namespace "streamsql" nogil:
    int width_of(Layout layout)
    int64_t positions(const uint8_t* bits, int64_t offset, int64_t n, int32_t* out)
    void gather_fixed(const ColumnView& column, int width, const int32_t* rows, int64_t n, uint8_t* out)
    int64_t gather_bits(const uint8_t* bits, int64_t offset, const int32_t* rows, int64_t n, uint8_t* out)
    int64_t gather_offsets(const ColumnView& column, const int32_t* rows, int64_t n, int32_t* out)
    void gather_bytes(const ColumnView& column, const uint8_t* end, const int32_t* rows, int64_t n, uint8_t* out)


cdef inline uint8_t* memory(object buffer):
    return <uint8_t*><uintptr_t>buffer.address


cdef class _Chosen:
    cdef int32_t[::1] _rows
    cdef readonly int64_t length

    cdef object _of(self, column):
        cdef ColumnView view
        cdef int64_t n = self.length, present = n
        try:
            view = view_of(column)
        except ValueError:  # a nested type
            return compute.take(column, compute.from_numpy(np.asarray(self._rows)[:n]))
        if view.layout == Layout.Null:
            return pa.nulls(n)
        validity = None
        if view.validity != NULL:
            validity = pa.allocate_buffer((n + 7) // 8)
            present = gather_bits(view.validity, view.offset, &self._rows[0], n, memory(validity))
        buffers = [validity if present < n else None, *self._values(column, view)]
        return pa.Array.from_buffers(column.type, n, buffers, n - present)

    cdef list _values(self, column, ColumnView view):
        cdef int64_t n = self.length, size
        cdef int width = width_of(view.layout)
        if view.layout == Layout.Bytes:
            return self._texts(column, view)
        values = pa.allocate_buffer(n * width if width else (n + 7) // 8)
        cdef uint8_t* out = memory(values)
        with nogil:
            if width:
                gather_fixed(view, width, &self._rows[0], n, out)
            else:
                gather_bits(view.values, view.offset, &self._rows[0], n, out)
        return [values]

    cdef list _texts(self, column, ColumnView view):
        cdef int64_t n = self.length, size
        offsets = pa.allocate_buffer((n + 1) * 4)
        cdef uint8_t* out = memory(offsets)
        with nogil:
            size = gather_offsets(view, &self._rows[0], n, <int32_t*>out)
        if size > 0x7fffffff:
            raise OverflowError("more than 2 GiB of text in one batch")
        text = pa.allocate_buffer(size + 16)
        out = memory(text)
        source = column.buffers()[2]
        cdef int64_t length = source.size if source is not None else 0
        with nogil:
            gather_bytes(view, view.data + length, &self._rows[0], n, out)
        return [offsets, text.slice(0, size)]


cdef class Selection(_Chosen):
    def __init__(self, mask):
        cdef ColumnView view = view_of(mask)
        cdef int64_t n = len(mask)
        self._rows = np.empty(n or 1, dtype=np.int32)
        with nogil:
            self.length = positions(view.values, view.offset, n, &self._rows[0])

    def of(self, column):
        return column if self.length == len(column) else self._of(column)


cdef class Numbered(_Chosen):
    def __init__(self, numbers):
        self.length = len(numbers)
        self._rows = numbers.astype(np.int32) if self.length else np.empty(1, dtype=np.int32)

    def of(self, column):
        return self._of(column)
