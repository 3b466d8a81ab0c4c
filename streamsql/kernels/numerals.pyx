# distutils: language = c++
"""Whole columns of numbers to text and back; see numerals.h for the forms of one value.

Text is a pair of an int32 array of offsets (one more than values) and a uint8 array of bytes, as in Arrow's
string arrays. The parsers return flags (1 out of range, 2 no number), or None when every value is fine.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t


cdef extern from "numerals.h" namespace "numerals" nogil:
    ctypedef int wide "numerals::wide"  # really 128 bits; Cython only hands it around
    uint8_t parse_decimal(const char* at, const char* end, int scale, wide bound, wide* result)
    uint8_t parse_double(const char* at, const char* end, double* result)
    char* write_double "numerals::write_real<double>"(char* out, double value)
    char* write_float "numerals::write_real<float>"(char* out, float value)


cdef extern from "decimals.h" namespace "decimals" nogil:
    wide load(const int64_t* words, int64_t row)
    void store(int64_t* words, int64_t row, wide value)
    wide power_of_ten(int exponent)
    char* write_plain(char* out, wide value, int scale)


cdef enum:
    ROOM = 44  # characters that any number needs at most


def format_doubles(const double[::1] values):
    """Java's Double.toString of every value."""
    cdef int64_t i, n = values.shape[0]
    ends = np.zeros(n + 1, dtype=np.int32)
    characters = np.empty(n * ROOM, dtype=np.uint8)
    cdef int32_t[::1] end = ends
    cdef uint8_t[::1] out = characters
    cdef char* at
    if n:
        with nogil:
            at = <char*>&out[0]
            for i in range(n):
                at = write_double(at, values[i])
                end[i + 1] = <int32_t>(at - <char*>&out[0])
    return ends, characters[: end[n]]


def format_floats(const float[::1] values):
    """Java's Float.toString of every value."""
    cdef int64_t i, n = values.shape[0]
    ends = np.zeros(n + 1, dtype=np.int32)
    characters = np.empty(n * ROOM, dtype=np.uint8)
    cdef int32_t[::1] end = ends
    cdef uint8_t[::1] out = characters
    cdef char* at
    if n:
        with nogil:
            at = <char*>&out[0]
            for i in range(n):
                at = write_float(at, values[i])
                end[i + 1] = <int32_t>(at - <char*>&out[0])
    return ends, characters[: end[n]]


def format_decimals(const int64_t[::1] words, int scale):
    """Every decimal (two words each) with all its places and no exponent."""
    cdef int64_t i, n = words.shape[0] // 2
    ends = np.zeros(n + 1, dtype=np.int32)
    characters = np.empty(n * ROOM, dtype=np.uint8)
    cdef int32_t[::1] end = ends
    cdef uint8_t[::1] out = characters
    cdef char* at
    if n:
        with nogil:
            at = <char*>&out[0]
            for i in range(n):
                at = write_plain(at, load(&words[0], i), scale)
                end[i + 1] = <int32_t>(at - <char*>&out[0])
    return ends, characters[: end[n]]


def parse_decimals(const int32_t[::1] offsets, const uint8_t[::1] data, int scale, int precision):
    """Decimals (two words each) with `scale` places and at most `precision` digits."""
    cdef int64_t i, n = offsets.shape[0] - 1, flagged = 0
    result = np.zeros(2 * n, dtype=np.int64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef int64_t[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef wide value, bound = power_of_ten(precision)
    cdef const char* base = <const char*>&data[0] if data.shape[0] else NULL
    with nogil:
        for i in range(n):
            flag[i] = parse_decimal(base + offsets[i], base + offsets[i + 1], scale, bound, &value)
            if flag[i]:
                flagged += 1
            else:
                store(&out[0], i, value)
    return result, flags if flagged else None


def parse_doubles(const int32_t[::1] offsets, const uint8_t[::1] data):
    """Doubles nearest to the text."""
    cdef int64_t i, n = offsets.shape[0] - 1, flagged = 0
    result = np.zeros(n, dtype=np.float64)
    flags = np.zeros(n, dtype=np.uint8)
    cdef double[::1] out = result
    cdef uint8_t[::1] flag = flags
    cdef const char* base = <const char*>&data[0] if data.shape[0] else NULL
    with nogil:
        for i in range(n):
            flag[i] = parse_double(base + offsets[i], base + offsets[i + 1], &out[i])
            flagged += flag[i] != 0
    return result, flags if flagged else None
