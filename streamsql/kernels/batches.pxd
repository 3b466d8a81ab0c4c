"""Batches as C++ columns, for the kernels that read or make them."""

from libc.stdint cimport int64_t
from libcpp.memory cimport shared_ptr
from libcpp.vector cimport vector

from streamsql.kernels.columns cimport ColumnView, Layout


cdef extern from "arrow_c.h":
    cdef struct ArrowArray:
        pass


cdef extern from "arrow_c.h" namespace "streamsql" nogil:
    cdef cppclass OwnedArray:
        ArrowArray array

    ctypedef vector[shared_ptr[OwnedArray]] SharedColumns

    ArrowArray* add_column(SharedColumns&) except +


cdef class LazyBatch:
    cdef SharedColumns columns
    cdef readonly int64_t num_rows
    cdef readonly object schema
    cdef object record_batch  # the same, once somebody has asked for it

    cdef ColumnView view(self, size_t column, Layout layout)


cdef LazyBatch lazy(batch)
