"""HOTSPOTS: points as they come → the dense regions among the last of them, as JSON."""

import numpy as np

import pyarrow as pa

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.string cimport string


cdef extern from "state_bytes.h" namespace "streamsql" nogil:
    cdef cppclass Writer:
        size_t size()
        void write_to(char* memory)

    cdef cppclass Reader:
        Reader(const char* begin, size_t size) except +
        void finish() except +


cdef extern from "hotspots.h" namespace "streamsql" nogil:
    cdef struct HotspotOptions:
        int32_t dimensions
        int32_t size
        int32_t minimum
        double radius

    cdef cppclass Windows "streamsql::HotspotWindows":
        Windows(HotspotOptions options) except +
        void process(const double* points, const int32_t* owners, int64_t n, string& data, int32_t* ends,
                     uint8_t* valid) except +
        void save(Writer& out) except +
        void load(Reader& source) except +


cdef class HotspotWindows:
    cdef Windows* windows
    cdef HotspotOptions options

    def __cinit__(self, int32_t dimensions, int32_t size, double radius, int32_t minimum):
        self.options.dimensions = dimensions
        self.options.size = size
        self.options.radius = radius
        self.options.minimum = minimum
        self.windows = new Windows(self.options)

    def __dealloc__(self):
        del self.windows

    def process(self, const double[:, ::1] points, const int32_t[::1] owners=None):
        cdef int64_t n = points.shape[0]
        if points.shape[1] != self.options.dimensions or (owners is not None and owners.shape[0] != n):
            raise ValueError("points and owners must have one row per record")
        offsets = np.zeros(n + 1, np.int32)
        valid = np.zeros(n, np.uint8)
        cdef int32_t[::1] ends = offsets
        cdef uint8_t[::1] known = valid
        cdef const int32_t* owner = &owners[0] if owners is not None and n else NULL
        cdef string data
        if n:
            with nogil:
                self.windows.process(&points[0, 0], owner, n, data, &ends[1], &known[0])
        cdef bytes text = data
        bitmap = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
        return pa.Array.from_buffers(pa.string(), n, [bitmap, pa.py_buffer(offsets), pa.py_buffer(text)])

    def save(self):
        cdef Writer writer
        with nogil:
            self.windows.save(writer)
        saved = PyBytes_FromStringAndSize(NULL, writer.size())
        writer.write_to(PyBytes_AS_STRING(saved))
        with nogil:
            self.windows.save(writer)
        return saved

    def load(self, bytes state):
        cdef Reader* reader = new Reader(PyBytes_AS_STRING(state), PyBytes_GET_SIZE(state))
        try:
            self.windows.load(reader[0])
            reader.finish()
        finally:
            del reader
