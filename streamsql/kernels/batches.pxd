"""Batches as C++ columns, for the kernels that read or make them."""

from libc.stdint cimport int64_t
from libcpp cimport bool as cbool
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
    cbool has_column(const SharedColumns&, size_t)


cdef class LazyBatch:
    cdef SharedColumns columns  # null: not there; `need` them before
    cdef Origin origin  # what has the columns that are not there
    cdef Py_ssize_t first  # the column here that is the first one there
    cdef readonly int64_t num_rows
    cdef readonly object schema
    cdef object record_batch  # the same, once somebody has asked for it

    cdef int need(self, size_t column) except -1
    cdef int fill(self) except -1
    cdef ColumnView view(self, size_t column, Layout layout) except *


cdef class Origin:
    cdef bint own  # whether its memory is that of these rows, not of more

    cdef int give(self, LazyBatch to, size_t column) except -1
    cdef LazyBatch batch(self)


cdef LazyBatch lazy(batch)
cdef LazyBatch from_column(LazyBatch batch, size_t first, schema)
