"""State of a kernel as bytes, shared by the kernels."""

from libcpp.string cimport string


cdef extern from "state_bytes.h" namespace "streamsql" nogil:
    cdef cppclass Writer:
        string bytes

    cdef cppclass Reader:
        Reader(const char* begin, size_t size)
        void finish() except +
