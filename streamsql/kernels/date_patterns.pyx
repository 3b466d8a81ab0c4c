# distutils: language = c++
"""Columns of dates and times to text and back by a compiled Java pattern; see date_patterns.h.

A pattern is an int32 array of shape (steps, 4) (letter or 0, count, start of the literal, adjoins) and the bytes
of its literals.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp.string cimport string


cdef extern from "date_patterns.h" namespace "date_patterns" nogil:
    struct Step:
        pass
    void format_one "date_patterns::format"(string& out, const Step* steps, int count, const char* texts,
                                            int64_t value) except +
    bint parse_one "date_patterns::parse"(const char* at, const char* end, const Step* steps, int count,
                                          const char* texts, int64_t now, int64_t* result)


def format(const int64_t[::1] values, const int32_t[:, ::1] steps, bytes literals):
    """The texts of moments in ms since 1970-01-01: Arrow offsets and bytes."""
    cdef int64_t i, n = values.shape[0]
    cdef string out
    cdef const Step* plan = <const Step*>&steps[0, 0] if steps.shape[0] else NULL
    cdef int count = <int>steps.shape[0]
    cdef const char* texts = literals
    ends = np.zeros(n + 1, dtype=np.int32)
    cdef int32_t[::1] end = ends
    with nogil:
        out.reserve(n * 24)
        for i in range(n):
            format_one(out, plan, count, texts, values[i])
            end[i + 1] = <int32_t>out.size()
    return ends, np.frombuffer(<bytes>out, dtype=np.uint8)


def parse(const int32_t[::1] offsets, const uint8_t[::1] data, const int32_t[:, ::1] steps, bytes literals,
          int64_t now):
    """ms since 1970-01-01 of the texts, and flags (1: does not match), or None when every text does."""
    cdef int64_t i, n = offsets.shape[0] - 1, flagged = 0
    cdef const Step* plan = <const Step*>&steps[0, 0] if steps.shape[0] else NULL
    cdef int count = <int>steps.shape[0]
    cdef const char* texts = literals
    cdef const char* base = <const char*>&data[0] if data.shape[0] else NULL
    result = np.zeros(n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    with nogil:
        for i in range(n):
            if not parse_one(base + offsets[i], base + offsets[i + 1], plan, count, texts, now, &out[i]):
                flag[i] = 1
                out[i] = 0
                flagged += 1
    return result, flags if flagged else None
