# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Rows fetched by number: from a batch, or from those in which they came and are kept for a while."""

import numpy as np
import pyarrow as pa

from libc.stdint cimport int64_t, uintptr_t
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport (
    ArrowArray, LazyBatch, Origin, SharedColumns, add_column, from_column, has_column, lazy
)
from streamsql.kernels.columns cimport ColumnView, Layout, add_layouts
from streamsql.kernels import compute
from streamsql.kernels.batches import Renaming, extended

CHUNK = 1 << 15
"""Rows up to which small batches are joined, so that there are few: each row is copied a few times only."""


cdef extern from "kept_rows.h" namespace "streamsql" nogil:
    cdef cppclass Place:
        pass

    vector[Place] places_of(const int64_t*, int64_t, int64_t, const vector[int64_t]&) except +

    void gather_kept(
        Layout, const vector[ColumnView]&, const vector[int64_t]&, const vector[Place]&, ArrowArray*
    ) except +


cdef class _FetchedRows(Origin):
    """Rows of some batches."""
    cdef object schema
    cdef vector[Layout] layouts
    cdef list chunks  # LazyBatch each
    cdef vector[int64_t] lengths
    cdef vector[Place] places
    cdef object numbers
    cdef int64_t first

    cdef int find(self, const int64_t[::1] numbers) except -1:
        cdef vector[int64_t] ends
        cdef int64_t n = numbers.shape[0], end = self.first
        for chunk in self.chunks:
            self.lengths.push_back(chunk.num_rows)
            end += chunk.num_rows
            ends.push_back(end)
        with nogil:
            self.places = places_of(&numbers[0] if n else NULL, n, self.first, ends)
        return 0

    cdef int give(self, LazyBatch to, size_t column) except -1:
        cdef SharedColumns made
        cdef size_t place = column - to.first
        if place >= self.layouts.size():
            return 0
        if self.layouts[place] == Layout.Other:
            self.take(place)._export_to_c(<uintptr_t>add_column(made))
        else:
            self.gather(place, add_column(made))
        to.columns[column] = made[0]
        return 0

    cdef int gather(self, size_t column, ArrowArray* out) except -1:
        cdef vector[ColumnView] views
        cdef Layout layout = self.layouts[column]
        for chunk in self.chunks:
            views.push_back((<LazyBatch>chunk).view(column, layout))
        with nogil:
            gather_kept(layout, views, self.lengths, self.places, out)
        return 0

    cdef object take(self, size_t column):
        """The same for a column that no kernel reads."""
        pieces = [chunk.column(column) for chunk in self.chunks]
        whole = pa.concat_arrays([pa.nulls(0, self.schema.types[column]), *pieces])
        numbers = np.asarray(self.numbers)
        return compute.take(whole, compute.from_numpy(numbers - self.first, mask=numbers < 0))

    cdef int copy_shared(self, LazyBatch made) except -1:
        """Makes the columns that all batches have, which then need not keep them."""
        cdef size_t column
        cdef LazyBatch rest
        cdef list chunks = []
        for column in range(self.layouts.size()):
            if is_there(self.chunks, column):
                made.need(column)
        for chunk in self.chunks:
            rest = from_column(chunk, 0, self.schema)
            for column in range(self.layouts.size()):
                if has_column(made.columns, column):
                    rest.columns[column].reset()
            chunks.append(rest)
        self.chunks = chunks
        return 0


cdef bint is_there(list chunks, size_t column):
    for chunk in chunks:
        if not has_column((<LazyBatch>chunk).columns, column):
            return False
    return True


cdef LazyBatch fetched(schema, const vector[Layout]& layouts, list chunks, int64_t first, numbers):
    """The rows with these numbers; `first` is that of the first row of the batches."""
    cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
    cdef _FetchedRows found = _FetchedRows.__new__(_FetchedRows)
    found.schema, found.chunks, found.first, found.numbers = schema, chunks, first, numbers
    found.layouts.assign(layouts.begin(), layouts.end())
    found.find(numbers)
    made.columns.resize(layouts.size())
    made.num_rows, made.schema, made.origin = found.places.size(), schema, found
    return made


cdef class KeptRows:
    cdef object schema
    cdef object renaming
    cdef vector[Layout] layouts
    cdef list chunks  # LazyBatch each
    cdef int64_t first  # the number of the oldest row

    def __init__(self, schema):
        self.schema = schema
        self.renaming = Renaming(schema)
        add_layouts(schema, self.layouts)
        self.chunks = []

    def append(self, batch):
        cdef LazyBatch last = lazy(self.renaming.of(batch))
        cdef int64_t rows
        if last.origin is not None and not last.origin.own:  # more would be kept than these rows
            last.fill()
        while self.chunks:
            rows = self.chunks[len(self.chunks) - 1].num_rows
            if rows > 2 * last.num_rows or rows + last.num_rows > CHUNK:
                break
            last = self.together(self.chunks.pop(), last)
        self.chunks.append(last)

    cdef LazyBatch together(self, LazyBatch one, LazyBatch other):
        """The rows of both; columns that one of them lacks are still fetched when somebody asks."""
        cdef LazyBatch made = fetched(
            self.schema, self.layouts, [one, other], 0, np.arange(one.num_rows + other.num_rows)
        )
        cdef _FetchedRows origin = made.origin
        if one.origin is None and other.origin is None:
            made.fill()
            return made
        origin.own = True
        origin.copy_shared(made)
        return made

    def trim(self, int64_t first):
        while self.chunks and self.first + self.chunks[0].num_rows <= first:
            self.first += self.chunks.pop(0).num_rows

    def rows(self, numbers):
        return fetched(self.schema, self.layouts, list(self.chunks), self.first, numbers)

    def snapshot(self):
        return {"first": self.first, "chunks": [chunk.whole() for chunk in self.chunks]}

    def restore(self, state):
        self.first = state["first"]
        self.chunks = [lazy(chunk) for chunk in state["chunks"]]


def numbered(batch, numbers):
    cdef vector[Layout] layouts
    add_layouts(batch.schema, layouts)
    return fetched(batch.schema, layouts, [lazy(batch)], 0, numbers)


def joined(schema, times, KeptRows left, left_numbers, KeptRows right, right_numbers):
    cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
    made.num_rows = len(times)
    times._export_to_c(<uintptr_t>add_column(made.columns))
    return extended(made, [left.rows(left_numbers), right.rows(right_numbers)], schema)
