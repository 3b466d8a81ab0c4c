# distutils: language = c++
"""Sliding windows of many partitions. Knows functions by what they compute, not by their SQL names."""

import numpy as np
import pyarrow as pa

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t
from libcpp cimport bool as boolean
from libcpp.vector cimport vector

from streamsql.kernels.columns cimport ColumnView, Layout, Output, layout_of, view_of
from streamsql.kernels.outputs cimport allocate, to_arrow
from streamsql.kernels.period_rows cimport numbers
from streamsql.kernels.state_bytes cimport Reader, Writer


cdef extern from "moments.h" namespace "streamsql" nogil:
    cdef enum class Finish(int):
        Count


cdef extern from "frames.h" namespace "streamsql" nogil:
    const int64_t UNBOUNDED

    cdef cppclass FrameTracker:
        FrameTracker(boolean rows, int64_t preceding) except +
        void advance(int64_t n, const int32_t* partitions, int64_t total, const int64_t* times, int64_t* leaving,
                     int64_t* inside) except +
        vector[int32_t] alive(int64_t time) except +
        void keep(const int32_t* ids, int64_t n) except +
        void save(Writer& out) except +
        void load(Reader& source) except +


cdef extern from "rolling.h" namespace "streamsql" nogil:
    cdef enum class Pick(int):
        Lag

    cdef cppclass Steps:
        int64_t length
        int64_t partitions
        const int32_t* partition
        const int64_t* leaving
        const int64_t* times

    cdef cppclass RollingFunction:
        void run(const Steps& steps, const ColumnView& values, const ColumnView& defaults, Output& out) except +
        void keep(const int32_t* ids, int64_t n) except +
        void save(Writer& out) except +
        void load(Reader& source) except +

    RollingFunction* make_rolling_sum(Layout, Finish, int shift, boolean forever, boolean distinct) except +
    RollingFunction* make_rolling_count(boolean forever) except +
    RollingFunction* make_rolling_decay(int64_t step) except +
    RollingFunction* make_rolling_extreme(Layout, boolean greatest) except +
    RollingFunction* make_rolling_pick(Layout, Pick, int64_t n, boolean ignore_nulls, boolean forever) except +


FINISHES = {
    "sum": 1, "sum decimal": 2, "average": 3, "average decimal": 4,
    "variance population": 5, "variance sample": 6, "deviation population": 7, "deviation sample": 8,
}
PICKS = {"from first": 0, "from last": 1, "lag": 2}


cdef class RollingFrame:
    cdef FrameTracker* tracker
    cdef readonly object preceding

    def __cinit__(self, boolean rows, preceding):
        self.preceding = preceding
        self.tracker = new FrameTracker(rows, UNBOUNDED if preceding is None else <int64_t>preceding)

    def __dealloc__(self):
        del self.tracker

    def advance(self, partitions, int64_t total, times):
        cdef const int32_t[::1] partition = partitions
        cdef const int64_t[::1] time = times
        cdef int64_t n = partition.shape[0]
        leaving = np.empty(n, dtype=np.int64)
        inside = np.empty(n, dtype=np.int64)
        cdef int64_t[::1] out = leaving, sizes = inside
        if n:
            with nogil:
                self.tracker.advance(n, &partition[0], total, &time[0], &out[0], &sizes[0])
        return leaving, inside

    def alive(self, int64_t time):
        return numbers(self.tracker.alive(time))

    def keep(self, const int32_t[::1] ids):
        self.tracker.keep(&ids[0] if ids.shape[0] else NULL, ids.shape[0])

    def save(self):
        cdef Writer writer
        with nogil:
            self.tracker.save(writer)
        saved = PyBytes_FromStringAndSize(NULL, writer.size())
        writer.write_to(PyBytes_AS_STRING(saved))
        with nogil:
            self.tracker.save(writer)
        return saved

    def load(self, bytes state):
        cdef Reader* reader = new Reader(PyBytes_AS_STRING(state), PyBytes_GET_SIZE(state))
        try:
            self.tracker.load(reader[0])
            reader.finish()
        finally:
            del reader


cdef class RollingAggregate:
    cdef RollingFunction* function
    cdef object type

    def __cinit__(self, str what, argument, result, *, boolean forever=False, boolean distinct=False,
                  boolean ignore_nulls=False, int64_t n=1, int shift=0):
        cdef Layout layout = layout_of(argument.id)
        self.type = result
        if what == "count":
            self.function = make_rolling_count(forever)
        elif what == "decay":
            self.function = make_rolling_decay(n)
        elif what in ("least", "greatest"):
            self.function = make_rolling_extreme(layout, what == "greatest")
        elif what in PICKS:
            self.function = make_rolling_pick(layout, <Pick><int>PICKS[what], n, ignore_nulls, forever)
        else:
            self.function = make_rolling_sum(layout, <Finish><int>FINISHES[what], shift, forever, distinct)

    def __dealloc__(self):
        del self.function

    def update(self, partitions, int64_t total, leaving, times, values, defaults=None):
        cdef const int32_t[::1] partition = partitions
        cdef const int64_t[::1] counts = leaving, time = times
        cdef Steps steps
        cdef ColumnView value = view_of(values), default
        cdef Output out
        steps.length = partition.shape[0]
        steps.partitions = total
        memory = allocate(&out, steps.length, 16 if self.type.id == pa.lib.Type_DECIMAL128 else 8)
        if defaults is not None:
            default = view_of(defaults)
        if steps.length:
            steps.partition = &partition[0]
            steps.leaving = &counts[0]
            steps.times = &time[0]
            with nogil:
                self.function.run(steps, value, default, out)
        return to_arrow(&out, memory, steps.length, self.type)

    def keep(self, const int32_t[::1] ids):
        self.function.keep(&ids[0] if ids.shape[0] else NULL, ids.shape[0])

    def save(self):
        cdef Writer writer
        with nogil:
            self.function.save(writer)
        saved = PyBytes_FromStringAndSize(NULL, writer.size())
        writer.write_to(PyBytes_AS_STRING(saved))
        with nogil:
            self.function.save(writer)
        return saved

    def load(self, bytes state):
        cdef Reader* reader = new Reader(PyBytes_AS_STRING(state), PyBytes_GET_SIZE(state))
        try:
            self.function.load(reader[0])
            reader.finish()
        finally:
            del reader
