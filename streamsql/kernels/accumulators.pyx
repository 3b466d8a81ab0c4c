# distutils: language = c++
"""Aggregates of many groups at once. Knows functions by what they compute, not by their SQL names."""

import numpy as np
import pyarrow as pa

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t, uintptr_t
from libcpp cimport bool as boolean
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport ArrowArray, OwnedArray
from streamsql.kernels.columns cimport ColumnView, Layout, layout_of, view_of
from streamsql.kernels.state_bytes cimport Reader, Writer


cdef extern from "moments.h" namespace "streamsql" nogil:
    cdef enum class Finish(int):
        Count


cdef extern from "accumulators.h" namespace "streamsql" nogil:
    cdef enum class Choice(int):
        First

    cdef cppclass State "streamsql::Accumulator":
        void update(const int32_t* groups, int64_t n, int64_t total, const ColumnView& column) except +
        int64_t size()
        void clear() except +
        void keep(const int32_t* ids, int64_t n) except +
        void save(Writer& out) except +
        void load(Reader& source) except +

    State* make_choice(Layout layout, Choice choice, boolean ignore_nulls) except +
    State* make_count(boolean all) except +
    State* make_moments(Layout layout, Finish kind, int shift) except +
    void make_results(const State& state, const int32_t* ids, int64_t n, Layout result, vector[int64_t]& failed,
                      ArrowArray* column) except +


CHOICES = {"first": 0, "last": 1, "least": 2, "greatest": 3}
FINISHES = {
    "sum": 1, "sum decimal": 2, "average": 3, "average decimal": 4,
    "variance population": 5, "variance sample": 6, "deviation population": 7, "deviation sample": 8,
}


cdef class GroupAccumulator:
    cdef State* state
    cdef object type
    cdef Layout layout  # of the result

    def __cinit__(self, str what, argument, result, *, boolean ignore_nulls=False, int shift=0):
        self.type = result
        self.layout = layout_of(result.id)
        if what in ("count", "count all"):
            self.state = make_count(what == "count all")
        elif what in CHOICES:
            self.state = make_choice(layout_of(argument.id), <Choice><int>CHOICES[what], ignore_nulls)
        else:
            self.state = make_moments(layout_of(argument.id), <Finish><int>FINISHES[what], shift)

    def __dealloc__(self):
        del self.state

    def __len__(self):
        return self.state.size()

    def update(self, groups, int64_t total, column=None):
        cdef const int32_t[::1] rows = groups
        cdef int64_t n = rows.shape[0]
        cdef ColumnView view
        cdef const int32_t* first = &rows[0] if n else NULL
        if column is not None:
            view = view_of(column)
        with nogil:
            self.state.update(first, n, total, view)

    def result(self, ids=None):
        if ids is None:
            ids = np.arange(self.state.size(), dtype=np.int32)
        cdef const int32_t[::1] groups = ids
        cdef int64_t n = groups.shape[0]
        cdef const int32_t* first = &groups[0] if n else NULL
        cdef vector[int64_t] failed
        cdef OwnedArray made
        cdef size_t i
        with nogil:
            make_results(self.state[0], first, n, self.layout, failed, &made.array)
        out_of_range = np.zeros(n, dtype=bool)
        for i in range(failed.size()):
            out_of_range[failed[i]] = True
        return pa.Array._import_from_c(<uintptr_t>&made.array, self.type), out_of_range

    def clear(self):
        self.state.clear()

    def keep(self, ids):
        cdef const int32_t[::1] kept = np.ascontiguousarray(ids, dtype=np.int32)
        if kept.shape[0]:
            self.state.keep(&kept[0], kept.shape[0])
        else:
            self.state.clear()

    def save(self):
        cdef Writer writer
        with nogil:
            self.state.save(writer)
        saved = PyBytes_FromStringAndSize(NULL, writer.size())
        writer.write_to(PyBytes_AS_STRING(saved))
        with nogil:
            self.state.save(writer)
        return saved

    def load(self, bytes state):
        cdef Reader* reader = new Reader(PyBytes_AS_STRING(state), PyBytes_GET_SIZE(state))
        try:
            self.state.load(reader[0])
            reader.finish()
        finally:
            del reader
