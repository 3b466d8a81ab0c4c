"""The most frequent of numbered items, period by period."""

import numpy as np  # for the functions of period_rows

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from streamsql.kernels.numbers cimport numbers
from streamsql.kernels.period_rows cimport PeriodRows, arrays


cdef extern from "state_bytes.h" namespace "streamsql" nogil:
    cdef cppclass Writer:
        size_t size()
        void write_to(char* memory)

    cdef cppclass Reader:
        Reader(const char* begin, size_t size) except +
        void finish() except +


cdef extern from "top_items.h" namespace "streamsql" nogil:
    cdef cppclass Counter "streamsql::TopItems":
        Counter(int64_t k) except +
        void add(const int32_t* codes, int64_t n, const int64_t* starts, int64_t m, const int32_t* owners,
                 PeriodRows& out) except +
        void close(int32_t period, const int32_t* owners, PeriodRows& out) except +
        vector[int32_t] renumber() except +
        void save(Writer& out) except +
        void load(Reader& source) except +


cdef class TopItems:
    cdef Counter* counter

    def __cinit__(self, int64_t k):
        self.counter = new Counter(k)

    def __dealloc__(self):
        del self.counter

    def add(self, const int32_t[::1] codes, const int64_t[::1] starts, const int32_t[::1] owners=None):
        cdef PeriodRows rows
        cdef int64_t n = codes.shape[0], m = starts.shape[0]
        cdef const int64_t* first = &starts[0] if m else NULL
        cdef const int32_t* owner = &owners[0] if owners is not None and owners.shape[0] else NULL
        if n:
            with nogil:
                self.counter.add(&codes[0], n, first, m, owner, rows)
        return arrays(rows)

    def close(self, const int32_t[::1] owners=None):
        cdef PeriodRows rows
        cdef const int32_t* owner = &owners[0] if owners is not None and owners.shape[0] else NULL
        with nogil:
            self.counter.close(0, owner, rows)
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
