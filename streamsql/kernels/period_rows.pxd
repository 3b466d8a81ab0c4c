"""The rows of periods that ended, as NumPy arrays."""

import numpy as np

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector


cdef extern from "period_rows.h" namespace "streamsql" nogil:
    cdef cppclass PeriodRows:
        vector[int32_t] periods
        vector[int32_t] codes
        vector[int64_t] counts


cdef inline object numbers(const vector[int32_t]& values):
    array = np.empty(values.size(), np.int32)
    cdef int32_t[::1] out = array
    cdef size_t i
    for i in range(values.size()):
        out[i] = values[i]
    return array


cdef inline object arrays(const PeriodRows& rows):
    """(periods, codes, counts), int32, int32 and int64, (rows,) each."""
    counts = np.empty(rows.counts.size(), np.int64)
    cdef int64_t[::1] out = counts
    cdef size_t i
    for i in range(rows.counts.size()):
        out[i] = rows.counts[i]
    return numbers(rows.periods), numbers(rows.codes), counts
