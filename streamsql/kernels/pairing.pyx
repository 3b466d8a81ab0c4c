# distutils: language = c++
"""Stream-to-stream joins on numbers: times and keys in, pairs of row numbers out."""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t
from libcpp cimport bool as boolean
from libcpp.vector cimport vector

from streamsql.kernels.columns cimport ColumnView, view_of
from streamsql.kernels.numbers cimport long_numbers, numbers
from streamsql.kernels.state_bytes cimport Reader, Writer


cdef extern from "pairing.h" namespace "streamsql" nogil:
    cdef cppclass SideWindow:
        boolean rows
        int64_t preceding
        int64_t following
        boolean outer

    cdef cppclass Pairs:
        vector[int64_t] left
        vector[int64_t] right
        vector[int64_t] times

    cdef cppclass State "streamsql::Pairing":
        State(SideWindow left, SideWindow right) except +
        void add(int side, int64_t n, const int64_t* times, const ColumnView& keys) except +
        int64_t process(const int64_t* bounds, Pairs& out) except +
        void mark(int side, int64_t n, const int64_t* numbers) except +
        void expire(int side, int64_t frontier, vector[int64_t]& numbers, vector[int64_t]& times) except +
        int64_t trim(int side) except +
        vector[int32_t] keys_alive() except +
        void renumber(const int32_t* ids, int64_t n) except +
        void save(Writer& out) except +
        void load(Reader& source) except +


cdef SideWindow side_window(tuple spec):
    cdef SideWindow window
    window.rows, window.preceding, window.following, window.outer = spec
    return window


cdef class Pairing:
    cdef State* state

    def __cinit__(self, tuple left, tuple right):
        self.state = new State(side_window(left), side_window(right))

    def __dealloc__(self):
        del self.state

    def add(self, int side, const int64_t[::1] times, keys):
        """Rows of a side with their integer keys, newer than those before; null matches nothing."""
        cdef ColumnView view = view_of(keys)
        cdef int64_t n = times.shape[0]
        if n:
            with nogil:
                self.state.add(side, n, &times[0], view)

    def process(self, int64_t left_bound, int64_t right_bound):
        cdef int64_t bounds[2]
        cdef int64_t frontier
        cdef Pairs out
        bounds[0], bounds[1] = left_bound, right_bound
        with nogil:
            frontier = self.state.process(bounds, out)
        return frontier, long_numbers(out.left), long_numbers(out.right), long_numbers(out.times)

    def mark(self, int side, numbers):
        cdef const int64_t[::1] rows = numbers
        if rows.shape[0]:
            self.state.mark(side, rows.shape[0], &rows[0])

    def expire(self, int side, int64_t frontier):
        cdef vector[int64_t] numbers, times
        with nogil:
            self.state.expire(side, frontier, numbers, times)
        return long_numbers(numbers), long_numbers(times)

    def trim(self, int side):
        return self.state.trim(side)

    def keys_alive(self):
        return numbers(self.state.keys_alive())

    def renumber(self, const int32_t[::1] ids):
        self.state.renumber(&ids[0] if ids.shape[0] else NULL, ids.shape[0])

    def save(self):
        cdef Writer writer
        with nogil:
            self.state.save(writer)
        saved = PyBytes_FromStringAndSize(NULL, writer.size())
        writer.write_to(PyBytes_AS_STRING(saved))
        with nogil:
            self.state.save(writer)
        return saved

    def load(self, bytes saved):
        cdef Reader* reader = new Reader(PyBytes_AS_STRING(saved), PyBytes_GET_SIZE(saved))
        try:
            self.state.load(reader[0])
            reader.finish()
        finally:
            del reader
