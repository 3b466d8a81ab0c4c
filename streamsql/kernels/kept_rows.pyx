# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Rows that are kept for a while, in the batches in which they came, and fetched by number."""

import numpy as np
import pyarrow as pa

from libc.stdint cimport int64_t, uintptr_t
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport ArrowArray, LazyBatch, SharedColumns, add_column, lazy
from streamsql.kernels.columns cimport ColumnView, Layout, layout_of
from streamsql.kernels import compute
from streamsql.kernels.batches import Renaming

CHUNK = 1 << 15
"""Rows up to which small batches are joined, so that there are few: each row is copied a few times only."""


cdef extern from "kept_rows.h" namespace "streamsql" nogil:
    cdef struct Place:
        pass

    vector[Place] places_of(const int64_t*, int64_t, int64_t, const vector[int64_t]&) except +

    void gather_kept(
        Layout, const vector[ColumnView]&, const vector[int64_t]&, const vector[Place]&, ArrowArray*
    ) except +


cdef class KeptRows:
    cdef object schema
    cdef object renaming
    cdef vector[Layout] layouts
    cdef set nested  # numbers of the columns that have no layout
    cdef list chunks  # LazyBatch each
    cdef int64_t first  # the number of the oldest row

    def __init__(self, schema):
        self.schema = schema
        self.renaming = Renaming(schema)
        self.chunks = []
        self.nested = set()
        for number, type_ in enumerate(schema.types):
            try:
                self.layouts.push_back(layout_of(type_.id))
            except ValueError:
                self.layouts.push_back(Layout.Null)
                self.nested.add(number)

    def append(self, batch):
        cdef LazyBatch last = lazy(self.renaming.of(batch))
        cdef int64_t rows
        while self.chunks:
            rows = self.chunks[len(self.chunks) - 1].num_rows
            if rows > 2 * last.num_rows or rows + last.num_rows > CHUNK:
                break
            self.chunks.append(last)
            last = self._last(rows + last.num_rows)
            del self.chunks[len(self.chunks) - 2 :]
        self.chunks.append(last)

    cdef LazyBatch _last(self, int64_t count):
        """The last `count` rows, in one piece."""
        cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
        cdef int64_t end = self.first + sum([chunk.num_rows for chunk in self.chunks])
        made.num_rows = count
        made.schema = self.schema
        self.gather(np.arange(end - count, end), made.columns)
        return made

    def trim(self, int64_t first):
        while self.chunks and self.first + self.chunks[0].num_rows <= first:
            self.first += self.chunks.pop(0).num_rows

    cdef gather(self, const int64_t[::1] numbers, SharedColumns& out):
        """Adds the columns of the rows with these numbers."""
        cdef vector[Place] places
        cdef vector[int64_t] lengths, ends
        cdef int64_t n = numbers.shape[0], end = self.first
        for chunk in self.chunks:
            lengths.push_back(chunk.num_rows)
            end += chunk.num_rows
            ends.push_back(end)
        with nogil:
            places = places_of(&numbers[0] if n else NULL, n, self.first, ends)
        for column in range(self.layouts.size()):
            if column in self.nested:
                self.take_column(column, np.asarray(numbers), out)
            else:
                self.gather_column(column, places, lengths, out)

    cdef gather_column(
        self, size_t number, const vector[Place]& places, const vector[int64_t]& lengths, SharedColumns& out
    ):
        cdef vector[ColumnView] views
        cdef Layout layout = self.layouts[number]
        cdef ArrowArray* column = add_column(out)
        for chunk in self.chunks:
            views.push_back((<LazyBatch>chunk).view(number, layout))
        with nogil:
            gather_kept(layout, views, lengths, places, column)

    cdef take_column(self, size_t number, numbers, SharedColumns& out):
        pieces = [chunk.whole().column(number) for chunk in self.chunks]
        column = pa.concat_arrays([pa.nulls(0, self.schema.types[number]), *pieces])
        rows = compute.from_numpy(numbers - self.first, mask=numbers < 0)
        compute.take(column, rows)._export_to_c(<uintptr_t>add_column(out))

    def snapshot(self):
        return {"first": self.first, "chunks": [chunk.whole() for chunk in self.chunks]}

    def restore(self, state):
        self.first = state["first"]
        self.chunks = [lazy(chunk) for chunk in state["chunks"]]


def joined(schema, times, KeptRows left, left_numbers, KeptRows right, right_numbers):
    cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
    made.num_rows = len(times)
    made.schema = schema
    times._export_to_c(<uintptr_t>add_column(made.columns))
    left.gather(left_numbers, made.columns)
    right.gather(right_numbers, made.columns)
    return made
