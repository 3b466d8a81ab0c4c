# distutils: language = c++
"""Sliding windows of many partitions. Knows functions by what they compute, not by their SQL names."""

import numpy as np
import pyarrow as pa

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t
from libcpp cimport bool as boolean
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport ArrowArray, LazyBatch, add_column, lazy
from streamsql.kernels.columns cimport ColumnView, Layout, layout_of
from streamsql.kernels.groups cimport Grouping
from streamsql.kernels.numbers cimport numbers
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
        void keep(const int32_t* ids, int64_t n) except +
        void save(Writer& out) except +
        void load(Reader& source) except +

    void run_rolling(RollingFunction& function, const Steps& steps, const ColumnView& values,
                     const ColumnView& defaults, Layout result, vector[int64_t]& failed, ArrowArray* column) except +
    int64_t* integer_column(int64_t rows, ArrowArray* out) except +
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


SIZES = pa.schema([("rows", pa.int64())])


cdef class RollingSteps:
    cdef Grouping groups
    cdef LazyBatch rows
    cdef vector[int64_t] leaving
    cdef Steps steps
    cdef readonly LazyBatch sizes


cdef LazyBatch one_column(schema, int64_t length):
    """A batch whose only column is to be added."""
    cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
    made.schema = schema
    made.num_rows = length
    return made


cdef ColumnView view_at(LazyBatch rows, tuple place):
    return rows.view(place[0], layout_of(place[1]))


cdef class RollingFrame:
    cdef FrameTracker* tracker
    cdef readonly object preceding

    def __cinit__(self, boolean rows, preceding):
        self.preceding = preceding
        self.tracker = new FrameTracker(rows, UNBOUNDED if preceding is None else <int64_t>preceding)

    def __dealloc__(self):
        del self.tracker

    def advance(self, Grouping groups, int64_t total, batch):
        cdef RollingSteps made = RollingSteps.__new__(RollingSteps)
        cdef LazyBatch rows = lazy(batch)
        cdef ColumnView times = rows.view(0, Layout.I64)
        cdef int64_t* inside
        made.sizes = one_column(SIZES, rows.num_rows)
        inside = integer_column(rows.num_rows, add_column(made.sizes.columns))
        made.groups = groups
        made.rows = rows
        made.leaving.resize(rows.num_rows)
        made.steps.length = rows.num_rows
        made.steps.partitions = total
        made.steps.partition = groups.codes.data()
        made.steps.leaving = made.leaving.data()
        made.steps.times = <const int64_t*>times.values + times.offset
        with nogil:
            self.tracker.advance(made.steps.length, made.steps.partition, total, made.steps.times, made.leaving.data(),
                                 inside)
        return made

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
    cdef Layout result
    cdef object schema

    def __cinit__(self, str what, argument, result, *, boolean forever=False, boolean distinct=False,
                  boolean ignore_nulls=False, int64_t n=1, int shift=0):
        cdef Layout layout = layout_of(argument.id)
        self.result = layout_of(result.id)
        self.schema = pa.schema([("value", result)])
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

    def update(self, RollingSteps steps, values, defaults=None):
        cdef LazyBatch made = one_column(self.schema, steps.steps.length)
        cdef ColumnView value = view_at(steps.rows, values), default
        cdef vector[int64_t] failed
        cdef ArrowArray* column = add_column(made.columns)
        cdef size_t i
        if defaults is not None:
            default = view_at(steps.rows, defaults)
        with nogil:
            run_rolling(self.function[0], steps.steps, value, default, self.result, failed, column)
        return made, [failed[i] for i in range(failed.size())]

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
