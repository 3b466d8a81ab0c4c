# distutils: language = c++
"""Lines of text split into fields at a delimiter, with an escape character and quotes."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memcmp


def split(const int32_t[::1] offsets, const uint8_t[::1] data, const uint8_t[::1] delimiter, int escape, int opening,
          int closing, int64_t columns):
    """The first `columns` fields of every text, row by row: offsets, bytes, and which fields there are.

    `escape` (hides the byte after it), `opening` and `closing` (around a field that may hold delimiters) are bytes,
    or -1 for none."""
    cdef int64_t n = offsets.shape[0] - 1, size = delimiter.shape[0], row, field, total = 0
    cdef int64_t at, last
    cdef bint quoted
    ends = np.zeros(n * columns + 1, dtype=np.int32)
    text = np.empty((offsets[n] - offsets[0]) if n > 0 else 0, dtype=np.uint8)
    there = np.zeros(n * columns, dtype=np.bool_)
    cdef int32_t[::1] end = ends
    cdef uint8_t[::1] out = text
    cdef uint8_t[::1] present = there.view(np.uint8)
    with nogil:
        for row in range(n):
            at = offsets[row]
            last = offsets[row + 1]
            field = 0
            quoted = False
            present[row * columns] = 1
            while at < last and field < columns:
                if data[at] == escape and at + 1 < last:
                    at += 1
                elif quoted:
                    if data[at] == closing:
                        quoted = False
                        at += 1
                        continue
                elif data[at] == opening:
                    quoted = True
                    at += 1
                    continue
                elif last - at >= size and memcmp(&data[at], &delimiter[0], size) == 0:
                    end[row * columns + field + 1] = <int32_t>total
                    field += 1
                    at += size
                    if field < columns:
                        present[row * columns + field] = 1
                    continue
                out[total] = data[at]
                total += 1
                at += 1
            while field < columns:
                end[row * columns + field + 1] = <int32_t>total
                field += 1
    return ends, text[:total], there
