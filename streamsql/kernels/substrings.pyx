# distutils: language = c++
"""Parts of text, for whole columns. Text is an int32 array of offsets (one more than values) and a uint8 array of
bytes, as in Arrow's string arrays; a text of a single value stands for every row where that is said."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcpy


cdef extern from "substrings.h" namespace "substrings" nogil:
    const uint8_t* skip(const uint8_t* at, const uint8_t* end, int64_t* count, bint bytes)
    int64_t find "substrings::position"(const uint8_t* part, int64_t part_size, const uint8_t* text, int64_t size)
    bint found "substrings::contains"(const uint8_t* part, int64_t part_size, const uint8_t* text, int64_t size)
    bint starts_character(uint8_t byte)


def cut(const int32_t[::1] offsets, const uint8_t[::1] data, const int64_t[::1] start, const int64_t[::1] count,
        bint bytes):
    """`count` characters (or bytes) of every text from the 1-based `start` on; a start below 1 counts against the
    length. `start` and `count` have one value per row, or one for all.

    Returns offsets, data and a mask of the rows whose start lies behind the last character."""
    cdef int64_t i, n = offsets.shape[0] - 1, begin, size, left, step = start.shape[0] > 1, hop = count.shape[0] > 1
    cdef int64_t total = 0
    ends = np.zeros(n + 1, dtype=np.int32)
    first = offsets[0] if n >= 0 else 0
    text = np.empty((offsets[n] - first) if n > 0 else 0, dtype=np.uint8)
    beyond = np.zeros(n, dtype=np.bool_)
    cdef int32_t[::1] end = ends
    cdef uint8_t[::1] out = text
    cdef uint8_t[::1] behind = beyond.view(np.uint8)
    cdef const uint8_t* base = &data[0] if data.shape[0] else NULL
    cdef const uint8_t* low
    cdef const uint8_t* high
    cdef const uint8_t* stop
    with nogil:
        for i in range(n):
            begin = start[step * i]
            size = count[hop * i]
            if begin < 1:
                size = size + begin - 1 if size + begin - 1 < size else size
                begin = 1
            low = base + offsets[i]
            stop = base + offsets[i + 1]
            left = begin - 1
            low = skip(low, stop, &left, bytes)
            behind[i] = left > 0 or (low == stop and begin > 1)
            left = size if size > 0 else 0
            high = skip(low, stop, &left, bytes)
            if high > low:
                memcpy(&out[total], low, high - low)
                total += high - low
            end[i + 1] = <int32_t>total
    return ends, text[:total], beyond


def ends_in_blank(const int32_t[::1] offsets, const uint8_t[::1] data):
    """Whether any text ends in a blank."""
    cdef int64_t i, n = offsets.shape[0] - 1
    cdef bint found = False
    with nogil:
        for i in range(n):
            if offsets[i + 1] > offsets[i] and data[offsets[i + 1] - 1] == 0x20:
                found = True
                break
    return found


def position(const int32_t[::1] part_offsets, const uint8_t[::1] part_data, const int32_t[::1] offsets,
             const uint8_t[::1] data):
    """The 1-based position of the first part in its text, 0 where there is none. Either side may be one value."""
    cdef int64_t parts = part_offsets.shape[0] - 1, texts = offsets.shape[0] - 1
    cdef int64_t i, a, b, n = min(parts, texts) if min(parts, texts) == 0 else max(parts, texts)
    cdef int64_t step = parts > 1, hop = texts > 1
    result = np.zeros(n, dtype=np.int32)
    cdef int32_t[::1] out = result
    cdef const uint8_t* part_base = &part_data[0] if part_data.shape[0] else NULL
    cdef const uint8_t* base = &data[0] if data.shape[0] else NULL
    with nogil:
        for i in range(n):
            a = step * i
            b = hop * i
            out[i] = <int32_t>find(part_base + part_offsets[a], part_offsets[a + 1] - part_offsets[a],
                                   base + offsets[b], offsets[b + 1] - offsets[b])
    return result


def contains(const uint8_t[::1] part, const int32_t[::1] offsets, const uint8_t[::1] data):
    """Whether each text holds `part`, which is not empty."""
    cdef int64_t i, n = offsets.shape[0] - 1, size = part.shape[0]
    result = np.zeros(n, dtype=np.bool_)
    cdef uint8_t[::1] out = result.view(np.uint8)
    cdef const uint8_t* base = &data[0] if data.shape[0] else NULL
    if size and base != NULL:
        with nogil:
            for i in range(n):
                out[i] = found(&part[0], size, base + offsets[i], offsets[i + 1] - offsets[i])
    return result


def capitals(const int32_t[::1] low_offsets, const uint8_t[::1] low_data, const int32_t[::1] high_offsets,
             const uint8_t[::1] high_data):
    """From texts in small letters and the same in capitals: the first character of each word, words being
    separated by blanks, in capitals and the others small. Returns offsets and data."""
    cdef int64_t i, n = low_offsets.shape[0] - 1, total = 0, a, b, last
    cdef bint word
    ends = np.zeros(n + 1, dtype=np.int32)
    text = np.empty((low_offsets[n] - low_offsets[0]) + (high_offsets[n] - high_offsets[0]), dtype=np.uint8)
    cdef int32_t[::1] end = ends
    cdef uint8_t[::1] out = text
    with nogil:
        for i in range(n):
            a = low_offsets[i]
            b = high_offsets[i]
            last = low_offsets[i + 1]
            word = True
            while a < last:
                if word:
                    out[total] = high_data[b]
                    total += 1
                    b += 1
                    while b < high_offsets[i + 1] and not starts_character(high_data[b]):
                        out[total] = high_data[b]
                        total += 1
                        b += 1
                    word = low_data[a] == 0x20
                    a += 1
                    while a < last and not starts_character(low_data[a]):
                        a += 1
                else:
                    word = low_data[a] == 0x20
                    out[total] = low_data[a]
                    total += 1
                    a += 1
                    while a < last and not starts_character(low_data[a]):
                        out[total] = low_data[a]
                        total += 1
                        a += 1
                    b += 1
                    while b < high_offsets[i + 1] and not starts_character(high_data[b]):
                        b += 1
            end[i + 1] = <int32_t>total
    return ends, text[:total]
