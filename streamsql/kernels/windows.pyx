# distutils: language = c++
"""Windows per key: stagger and session windows."""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t
from libcpp cimport bool as boolean
from libcpp.vector cimport vector

from streamsql.kernels.numbers cimport numbers
from streamsql.kernels.state_bytes cimport Reader, Writer


cdef extern from "windows.h" namespace "streamsql" nogil:
    cdef cppclass WindowQueue:
        int64_t size()
        int64_t end_of(int32_t window)
        int64_t next(int64_t none) except +
        void close(int64_t time, vector[int32_t]& closed) except +

    cdef cppclass State "streamsql::KeyedWindows":
        State(boolean extend) except +
        WindowQueue queue
        void assign(int64_t n, const int32_t* keys, int64_t total, const int64_t* times, const int64_t* ends,
                    int32_t* windows) except +
        int32_t key_of(int32_t window)
        void compact(vector[int32_t]& windows, vector[int32_t]& keys) except +
        void save(Writer& out) except +
        void load(Reader& source) except +


cdef class KeyedWindows:
    cdef State* state

    def __cinit__(self, *, boolean extend=False):
        self.state = new State(extend)

    def __dealloc__(self):
        del self.state

    def __len__(self):
        return self.state.queue.size()

    def assign(self, keys, int64_t total, times, ends):
        cdef const int32_t[::1] key = keys
        cdef const int64_t[::1] time = times, end = ends
        cdef int64_t n = key.shape[0]
        windows = np.empty(n, dtype=np.int32)
        cdef int32_t[::1] out = windows
        if n:
            with nogil:
                self.state.assign(n, &key[0], total, &time[0], &end[0], &out[0])
        return windows

    def close(self, int64_t time):
        cdef vector[int32_t] closed
        self.state.queue.close(time, closed)
        windows = numbers(closed)
        keys = np.empty_like(windows)
        ends = np.empty(len(windows), dtype=np.int64)
        cdef int32_t[::1] key = keys
        cdef int64_t[::1] end = ends
        cdef size_t i
        for i in range(closed.size()):
            key[i] = self.state.key_of(closed[i])
            end[i] = self.state.queue.end_of(closed[i])
        return windows, keys, ends

    def next_end(self, int64_t none):
        return self.state.queue.next(none)

    def compact(self):
        cdef vector[int32_t] windows, keys
        self.state.compact(windows, keys)
        return numbers(windows), numbers(keys)

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
