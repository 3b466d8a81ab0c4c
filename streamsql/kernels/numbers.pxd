"""C++ vectors as NumPy arrays. Whoever cimports these functions imports numpy as np: they run among its names."""

import numpy as np

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector


cdef inline object numbers(const vector[int32_t]& values):
    array = np.empty(values.size(), np.int32)
    cdef int32_t[::1] out = array
    cdef size_t i
    for i in range(values.size()):
        out[i] = values[i]
    return array


cdef inline object long_numbers(const vector[int64_t]& values):
    array = np.empty(values.size(), np.int64)
    cdef int64_t[::1] out = array
    cdef size_t i
    for i in range(values.size()):
        out[i] = values[i]
    return array
