# distutils: language = c++
"""Columns of text to dates and times in SQL's one form; see instants.h."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t


cdef extern from "instants.h" namespace "instants" nogil:
    bint parse_one "instants::parse"(const char* at, const char* end, bint date, bint time, int64_t* result)


def parse(const int32_t[::1] offsets, const uint8_t[::1] data, bint date, bint time):
    """ms since 1970-01-01 (or since midnight, without a date) of the texts given by Arrow offsets and bytes, and
    flags (1: not in the form), or None when every text is fine."""
    cdef int64_t i, n = offsets.shape[0] - 1, flagged = 0
    result = np.zeros(n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef const char* base = <const char*>&data[0] if data.shape[0] else NULL
    with nogil:
        for i in range(n):
            if not parse_one(base + offsets[i], base + offsets[i + 1], date, time, &out[i]):
                flag[i] = 1
                out[i] = 0
                flagged += 1
    return result, flags if flagged else None
