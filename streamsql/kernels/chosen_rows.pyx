# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Rows chosen from a batch: one copy of each column, of some only when somebody asks for them."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uintptr_t
from libcpp cimport bool as cbool
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport ArrowArray, LazyBatch, Origin, SharedColumns, has_column, lazy
from streamsql.kernels.columns cimport ColumnView, Layout, add_layouts, view_of
from streamsql.kernels import compute
from streamsql.kernels.numbers cimport numbers as array_of


cdef extern from "chosen_rows.h" namespace "streamsql" nogil:
    int64_t positions(const uint8_t* bits, int64_t offset, int64_t n, int32_t* out)
    void gather_columns(
        const vector[ColumnView]&, const vector[cbool]&, int64_t, const int32_t*, int64_t, SharedColumns&
    ) except +
    ArrowArray* new_column(SharedColumns&, size_t) except +


cdef class ChosenRows(Origin):
    cdef LazyBatch of(self, LazyBatch batch, vector[cbool]& kept):
        """These rows of the columns that are kept and can be now; the others can be asked for."""
        cdef vector[ColumnView] views
        cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
        cdef size_t column
        views.resize(self.layouts.size())
        for column in range(self.layouts.size()):
            if self.layouts[column] == Layout.Other:
                kept[column] = False
            if kept[column]:
                views[column] = batch.view(column, self.layouts[column])
            else:
                made.origin = self
        made.num_rows = self.count
        made.schema = batch.schema
        with nogil:
            gather_columns(views, kept, batch.num_rows, self.numbers.data(), self.count, made.columns)
        if made.origin is not None:
            self.rest = batch
        return made

    cdef LazyBatch batch(self):
        cdef LazyBatch rest = self.rest, fetched  # another thread may be done with it first
        cdef vector[cbool] all_
        if rest is None:
            return self.fetched
        rest.fill()
        all_.resize(self.layouts.size(), True)
        fetched = self.of(rest, all_)
        self.take_others(rest, fetched)
        fetched.origin = None
        self.fetched, self.rest = fetched, None
        return fetched

    cdef int take_others(self, LazyBatch rest, LazyBatch fetched) except -1:
        """The columns that no kernel reads."""
        cdef size_t column
        for column in range(self.layouts.size()):
            if self.layouts[column] == Layout.Other:
                rows = compute.from_numpy(array_of(self.numbers)[: self.count])
                taken = compute.take(rest.column(column), rows)
                taken._export_to_c(<uintptr_t>new_column(fetched.columns, column))
        return 0


def chosen(batch, mask):
    cdef LazyBatch rows = lazy(batch)
    cdef ChosenRows made = ChosenRows.__new__(ChosenRows)
    cdef ColumnView view = view_of(mask)
    cdef vector[cbool] kept
    cdef size_t column
    cdef int64_t n = rows.num_rows
    made.numbers.resize(n)
    with nogil:
        made.count = positions(view.values, view.offset, n, made.numbers.data())
    add_layouts(rows.schema, made.layouts)
    kept.resize(made.layouts.size())
    for column in range(kept.size()):
        kept[column] = has_column(rows.columns, column)
    return made.of(rows, kept)
