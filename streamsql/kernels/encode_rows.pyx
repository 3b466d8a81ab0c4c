# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Batches → rows of text, JSON objects or delimited values (see encode_rows.h)."""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.stdint cimport int64_t
from libcpp cimport bool as cbool
from libcpp.string cimport string

from streamsql.kernels.batches cimport LazyBatch, SharedColumns, lazy
from streamsql.kernels.texts cimport text_of

cdef extern from "Python.h":
    PyObject* PyBytes_FromStringAndSize(const char*, Py_ssize_t) except NULL
    int _PyBytes_Resize(PyObject**, Py_ssize_t) except -1

cdef extern from "encode_rows.h" namespace "streamsql":
    cdef cppclass RowWriter:
        cbool json
        char* out
        size_t room
        size_t used
        void add(int, int, const string&) except +
        void end_rows_with(const string&) except +
        void delimit_with(const string&) except +
        void take(const SharedColumns&)
        size_t fixed()
        int64_t write(int64_t, int64_t) nogil


cdef class RowText:
    cdef RowWriter writer
    cdef double row_bytes  # about what a row takes, to ask for enough memory at once

    def __init__(self, shapes, befores, row_end, delimiter):
        self.writer.json = not delimiter
        if delimiter:
            self.writer.delimit_with(text_of(delimiter))
        for (shape, scale), before in zip(shapes, befores, strict=True):
            self.writer.add(shape, scale, text_of(before))
        self.writer.end_rows_with(text_of(row_end))
        self.row_bytes = self.writer.fixed()

    def of(self, batch):
        cdef LazyBatch rows = lazy(batch)
        rows.fill()
        self.writer.take(rows.columns)
        text = self.written(rows.num_rows)
        self.row_bytes = 1.1 * len(text) / max(rows.num_rows, 1) + 1
        return text

    cdef bytes written(self, int64_t rows):
        """The rows, written into the bytes object itself: it grows when it is full and is cut at the end."""
        cdef RowWriter* writer = &self.writer
        cdef int64_t row = 0
        cdef size_t room = <size_t>(rows * self.row_bytes) + writer.fixed() + 64
        cdef PyObject* result = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>room)
        while True:
            writer.out = PyBytes_AS_STRING(<object>result)
            writer.room = room
            with nogil:
                row = writer.write(row, rows)
            if row == rows:
                break
            room *= 2
            _PyBytes_Resize(&result, <Py_ssize_t>room)
        _PyBytes_Resize(&result, <Py_ssize_t>writer.used)
        final = <bytes>result
        Py_DECREF(final)
        return final
