# cython: language_level=3
"""ANOMALY_EXPLANATION: attributions of a batch of records → one JSON text a record."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy

import numpy as np

import pyarrow as pa

cdef extern from "explanation.h" namespace "streamsql" nogil:
    int LONGEST_NUMBER
    char* write_fixed(char* out, double value) noexcept


cdef inline char* _put(char* out, const uint8_t[::1] text) noexcept nogil:
    memcpy(out, &text[0], text.shape[0])
    return out + text.shape[0]


def explanations(keys, const double[:, ::1] attribution, high, strength, valid):
    cdef Py_ssize_t n = attribution.shape[0], d = attribution.shape[1], row, k
    cdef bint directed = high is not None
    cdef const uint8_t[:, ::1] is_high = high.view(np.uint8) if directed else np.zeros((1, 1), np.uint8)
    cdef const double[:, ::1] strong = strength if directed else attribution
    cdef const uint8_t[::1] wanted = np.ascontiguousarray(valid).view(np.uint8)
    names = b"".join(keys)
    cdef const uint8_t[::1] name_bytes = np.frombuffer(names, np.uint8)
    cdef const int64_t[::1] ends = np.cumsum([0] + [len(key) for key in keys])
    cdef const uint8_t[::1] direction_high = np.frombuffer(b'{"DIRECTION":"HIGH","STRENGTH":"', np.uint8)
    cdef const uint8_t[::1] direction_low = np.frombuffer(b'{"DIRECTION":"LOW","STRENGTH":"', np.uint8)
    cdef const uint8_t[::1] after_strength = np.frombuffer(b'","ATTRIBUTION_SCORE":"', np.uint8)
    cdef const uint8_t[::1] undirected = np.frombuffer(b'{"ATTRIBUTION_SCORE":"', np.uint8)
    cdef Py_ssize_t used, longest = 2 + len(names) + d * (2 * LONGEST_NUMBER + 64)
    offsets_array = np.zeros(n + 1, np.int64)
    cdef int64_t[::1] offsets = offsets_array
    # Numbers are short in practice: the buffer grows only when a batch has giant ones.
    cdef Py_ssize_t room = n * (2 + len(names) + d * 96) + longest
    data_array = np.empty(room, np.uint8)
    cdef uint8_t[::1] data = data_array
    cdef char* start = <char*> &data[0]
    cdef char* out = start
    for row in range(n):
        if (out - start) + longest > data.shape[0]:
            used = out - start
            data_array = np.concatenate([data_array[:used], np.empty(2 * data.shape[0] + longest, np.uint8)])
            data = data_array
            start = <char*> &data[0]
            out = start + used
        if wanted[row]:
            with nogil:
                out[0] = c"{"
                out += 1
                for k in range(d):
                    if k:
                        out[0] = c","
                        out += 1
                    memcpy(out, &name_bytes[ends[k]], ends[k + 1] - ends[k])
                    out += ends[k + 1] - ends[k]
                    out[0] = c":"
                    out += 1
                    if directed:
                        if is_high[row, k]:
                            out = _put(out, direction_high)
                        else:
                            out = _put(out, direction_low)
                        out = write_fixed(out, strong[row, k])
                        out = _put(out, after_strength)
                    else:
                        out = _put(out, undirected)
                    out = write_fixed(out, attribution[row, k])
                    out[0] = c'"'
                    out[1] = c"}"
                    out += 2
                out[0] = c"}"
                out += 1
        offsets[row + 1] = out - start
    used = out - start
    validity = None if np.all(valid) else pa.py_buffer(np.packbits(np.asarray(valid, bool), bitorder="little"))
    if used >= 2**31:
        raise OverflowError(f"explanations of {n} records are more than 2 GiB of text")
    buffers = [validity, pa.py_buffer(offsets_array.astype(np.int32)), pa.py_buffer(data_array[:used])]
    return pa.Array.from_buffers(pa.string(), n, buffers)
