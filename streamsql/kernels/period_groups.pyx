# distutils: language = c++
"""The groups of periods: a key in one period is a group (see period_groups.h)."""

import numpy as np

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from streamsql.kernels.numbers cimport long_numbers, numbers


cdef extern from "period_groups.h" namespace "streamsql" nogil:
    cdef cppclass Groups "streamsql::PeriodGroups":
        Groups(int64_t most) except +
        int64_t size()
        const vector[int32_t]& codes()
        void assign(const int32_t*, int64_t, const vector[int64_t]&, int64_t, int32_t*, vector[int64_t]&,
                    vector[int64_t]&) except +
        void begin()
        void forget(int64_t) except +
        void renumber(int64_t) except +


cdef class PeriodGroups:
    cdef Groups* groups

    def __cinit__(self, int64_t most):
        self.groups = new Groups(most)

    def __dealloc__(self):
        del self.groups

    def __len__(self):
        return self.groups.size()

    @property
    def codes(self):
        return numbers(self.groups.codes())

    def assign(self, const int32_t[::1] codes, starts, int64_t known):
        cdef int64_t n = codes.shape[0], start
        cdef vector[int64_t] begins, fresh, edges
        groups = np.empty(n, dtype=np.int32)
        cdef int32_t[::1] out = groups
        for start in starts:
            if not 0 <= start <= n or (begins.size() and start < begins.back()):
                raise ValueError(f"no period begins before row {start} of {n}")
            begins.push_back(start)
        with nogil:
            self.groups.assign(&codes[0] if n else NULL, n, begins, known, &out[0] if n else NULL, fresh, edges)
        return groups, long_numbers(fresh), long_numbers(edges)

    def begin(self):
        self.groups.begin()

    def forget(self, int64_t count):
        self.groups.forget(count)

    def renumber(self, int64_t count):
        self.groups.renumber(count)
