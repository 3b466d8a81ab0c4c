"""How many different values a column has, period by period, for each key."""

import numpy as np  # for the functions of period_rows

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from streamsql.kernels.columns cimport ColumnView, view_of
from streamsql.kernels.numbers cimport numbers
from streamsql.kernels.period_rows cimport PeriodRows, arrays


cdef extern from "state_bytes.h" namespace "streamsql" nogil:
    cdef cppclass Writer:
        size_t size()
        void write_to(char* memory)

    cdef cppclass Reader:
        Reader(const char* begin, size_t size) except +
        void finish() except +


cdef extern from "distinct_count.h" namespace "streamsql" nogil:
    cdef cppclass Counter "streamsql::DistinctCounter":
        Counter() except +
        void add(const ColumnView& column, const int32_t* owners, int64_t n, const int64_t* starts, int64_t m,
                 PeriodRows& out) except +
        void close(int32_t period, PeriodRows& out) except +
        vector[int32_t] renumber() except +
        void save(Writer& out) except +
        void load(Reader& source) except +


cdef class DistinctCounter:
    cdef Counter* counter

    def __cinit__(self):
        self.counter = new Counter()

    def __dealloc__(self):
        del self.counter

    def add(self, column, const int32_t[::1] owners, const int64_t[::1] starts):
        cdef PeriodRows rows
        cdef int64_t n = len(column), m = starts.shape[0]
        if owners.shape[0] != n:
            raise ValueError("column and owners must have one row per record")
        cdef ColumnView view = view_of(column)
        cdef const int64_t* first = &starts[0] if m else NULL
        if n:
            with nogil:
                self.counter.add(view, &owners[0], n, first, m, rows)
        return arrays(rows)

    def close(self):
        cdef PeriodRows rows
        with nogil:
            self.counter.close(0, rows)
        return arrays(rows)

    def renumber(self):
        cdef vector[int32_t] codes = self.counter.renumber()
        return numbers(codes)

    def save(self):
        cdef Writer writer
        with nogil:
            self.counter.save(writer)
        saved = PyBytes_FromStringAndSize(NULL, writer.size())
        writer.write_to(PyBytes_AS_STRING(saved))
        with nogil:
            self.counter.save(writer)
        return saved

    def load(self, bytes state):
        cdef Reader* reader = new Reader(PyBytes_AS_STRING(state), PyBytes_GET_SIZE(state))
        try:
            self.counter.load(reader[0])
            reader.finish()
        finally:
            del reader
