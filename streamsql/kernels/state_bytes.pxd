"""State of a kernel as bytes, shared by the kernels."""


cdef extern from "state_bytes.h" namespace "streamsql" nogil:
    cdef cppclass Writer:
        size_t size()
        void write_to(char* memory)

    cdef cppclass Reader:
        Reader(const char* begin, size_t size) except +
        void finish() except +
