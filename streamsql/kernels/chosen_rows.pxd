"""Rows chosen from a batch, for the kernels that choose."""

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport LazyBatch, Origin
from streamsql.kernels.columns cimport Layout


cdef class ChosenRows(Origin):
    cdef vector[int32_t] numbers  # of the rows; there may be more behind them
    cdef int64_t count
    cdef vector[Layout] layouts
    cdef LazyBatch source

    cdef LazyBatch of(self, LazyBatch batch)
