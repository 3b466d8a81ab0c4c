# distutils: language = c++
"""As-of joins: the newest row of the right per key, while time goes through both sides."""

import numpy as np

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from streamsql.kernels.numbers cimport long_numbers


def last_before(
    const int64_t[::1] left_times,
    const int32_t[::1] left_keys,
    const int64_t[::1] right_times,
    const int32_t[::1] right_keys,
    int64_t keys,
):
    cdef vector[int64_t] newest  # by key
    cdef int64_t row, right = 0, rights = right_times.shape[0]
    found = np.empty(left_times.shape[0], dtype=np.int64)
    cdef int64_t[::1] out = found
    newest.assign(keys, -1)
    with nogil:
        for row in range(left_times.shape[0]):
            while right < rights and right_times[right] <= left_times[row]:
                if right_keys[right] >= 0:
                    newest[right_keys[right]] = right
                right += 1
            out[row] = newest[left_keys[row]] if left_keys[row] >= 0 else -1
    return found


def still_needed(const int64_t[::1] times, const int32_t[::1] row_keys, int64_t time, int64_t keys):
    cdef vector[int64_t] newest, kept
    cdef int64_t row, rows = times.shape[0]
    newest.assign(keys, -1)
    with nogil:
        for row in range(rows):
            if times[row] <= time and row_keys[row] >= 0:
                newest[row_keys[row]] = row
        for row in range(rows):
            if row_keys[row] >= 0 and (times[row] > time or newest[row_keys[row]] == row):
                kept.push_back(row)
    return long_numbers(kept)
