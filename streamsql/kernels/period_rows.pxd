"""The rows of periods that ended, as NumPy arrays."""

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from streamsql.kernels.numbers cimport long_numbers, numbers


cdef extern from "period_rows.h" namespace "streamsql" nogil:
    cdef cppclass PeriodRows:
        vector[int32_t] periods
        vector[int32_t] codes
        vector[int64_t] counts


cdef inline object arrays(const PeriodRows& rows):
    """(periods, codes, counts), int32, int32 and int64, (rows,) each."""
    return numbers(rows.periods), numbers(rows.codes), long_numbers(rows.counts)
