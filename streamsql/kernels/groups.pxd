"""The groups of the rows of a batch, for the kernels that take them."""

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector


cdef class Grouping:
    cdef vector[int32_t] codes
    cdef vector[int64_t] first  # rows that brought a new key
