# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Rows chosen from a batch: one copy of each column, when somebody asks for it."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uintptr_t

from streamsql.kernels.batches cimport ArrowArray, LazyBatch, Origin, SharedColumns, add_column, lazy
from streamsql.kernels.columns cimport ColumnView, Layout, add_layouts, view_of
from streamsql.kernels import compute
from streamsql.kernels.numbers cimport numbers


cdef extern from "chosen_rows.h" namespace "streamsql" nogil:
    int64_t positions(const uint8_t* bits, int64_t offset, int64_t n, int32_t* out)
    void gather_column(const ColumnView&, int64_t, const int32_t*, int64_t, ArrowArray*) except +


cdef class ChosenRows(Origin):
    cdef LazyBatch of(self, LazyBatch batch):
        """These rows. Each column is copied when somebody asks for it."""
        cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
        made.columns.resize(self.layouts.size())
        made.num_rows = self.count
        made.schema = batch.schema
        made.origin, self.source = self, batch
        return made

    cdef int give(self, LazyBatch to, size_t column) except -1:
        cdef SharedColumns made
        cdef ColumnView view
        cdef ArrowArray* out
        cdef size_t place = column - to.first
        if place >= self.layouts.size():
            return 0
        out = add_column(made)
        if self.layouts[place] == Layout.Other:
            rows = compute.from_numpy(numbers(self.numbers)[: self.count])
            compute.take(self.source.column(place), rows)._export_to_c(<uintptr_t>out)
        else:
            view = self.source.view(place, self.layouts[place])
            with nogil:
                gather_column(view, self.source.num_rows, self.numbers.data(), self.count, out)
        to.columns[column] = made[0]
        return 0


def chosen(batch, mask):
    cdef LazyBatch rows = lazy(batch)
    cdef ChosenRows made = ChosenRows.__new__(ChosenRows)
    cdef ColumnView view = view_of(mask)
    cdef int64_t n = rows.num_rows
    made.numbers.resize(n)
    with nogil:
        made.count = positions(view.values, view.offset, n, made.numbers.data())
    add_layouts(rows.schema, made.layouts)
    return made.of(rows)
