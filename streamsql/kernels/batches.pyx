# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Batches on their way: columns in memory as Arrow has them, of which pyarrow's objects are made only for whoever asks."""

from typing import Union

import pyarrow as pa

from libc.stdint cimport int32_t, int64_t, uintptr_t

from streamsql.kernels.columns cimport ColumnView, Layout


cdef extern from "arrow_c.h" namespace "streamsql":
    ColumnView view_of_column(const SharedColumns&, size_t, Layout)
    int64_t nulls_of_column(const SharedColumns&, size_t)
    void fill_column(int64_t, int64_t, ArrowArray*) except +
    void take_columns(ArrowArray&, SharedColumns&) except +
    void lend_columns(const SharedColumns&, int64_t, ArrowArray*) except +


cdef class LazyBatch:
    def whole(self):
        cdef OwnedArray lent
        if self.record_batch is None:
            lend_columns(self.columns, self.num_rows, &lent.array)
            self.record_batch = pa.RecordBatch._import_from_c(<uintptr_t>&lent.array, self.schema)
        return self.record_batch

    def last_time(self):
        if not self.num_rows:
            raise ValueError("no row, no last time")
        return self.view(0, Layout.I64).at[int64_t](self.num_rows - 1)

    def fits(self, required, texts, int64_t limit):
        cdef ColumnView view
        cdef size_t column
        if not self.num_rows:
            return True
        for column in required:
            if nulls_of_column(self.columns, column):
                return False
        for column in texts:
            view = self.view(column, Layout.Bytes)
            limit -= view.at[int32_t](self.num_rows) - view.at[int32_t](0)
        return limit >= 0

    cdef ColumnView view(self, size_t column, Layout layout):
        return view_of_column(self.columns, column, layout)


Rows = Union[pa.RecordBatch, LazyBatch]


def whole(batch):
    return (<LazyBatch>batch).whole() if isinstance(batch, LazyBatch) else batch


cdef LazyBatch lazy(batch):
    """The batch with its columns at hand."""
    cdef OwnedArray lent
    cdef LazyBatch made
    if isinstance(batch, LazyBatch):
        return <LazyBatch>batch
    made = LazyBatch.__new__(LazyBatch)
    batch._export_to_c(<uintptr_t>&lent.array)
    take_columns(lent.array, made.columns)
    made.num_rows = batch.num_rows
    made.schema = batch.schema
    made.record_batch = batch
    return made


cdef class Renaming:
    cdef object schema
    cdef object known  # another schema with the same types, seen last

    def __init__(self, schema):
        self.schema = self.known = schema

    def of(self, batch):
        cdef LazyBatch made
        schema = batch.schema
        if schema is self.schema or schema.equals(self.schema):
            return batch
        if not schema.equals(self.known):
            if schema.types != self.schema.types:
                raise TypeError(f"columns of other types: {schema.types}, not {self.schema.types}")
            self.known = schema
        return from_column(lazy(batch), 0, self.schema)


cdef class Tail:
    cdef size_t first
    cdef object known  # the schema seen last
    cdef object rest

    def __init__(self, size_t first):
        self.first = first

    def of(self, batch):
        if not self.first:
            return batch
        if batch.schema is not self.known:
            self.known = batch.schema
            self.rest = pa.schema(list(self.known)[self.first:])
        return from_column(lazy(batch), self.first, self.rest)


cdef LazyBatch from_column(LazyBatch batch, size_t first, schema):
    """The columns from the `first` on, under another schema."""
    cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
    made.columns.assign(batch.columns.begin() + first, batch.columns.end())
    made.num_rows = batch.num_rows
    made.schema = schema
    return made


def extended(batch, others, schema):
    cdef LazyBatch made = from_column(lazy(batch), 0, schema), other
    for other in others:
        made.columns.insert(made.columns.end(), other.columns.begin(), other.columns.end())
    return made


def stamped(batch, int64_t time, schema):
    cdef LazyBatch rows = lazy(batch), made = LazyBatch.__new__(LazyBatch)
    made.columns.reserve(rows.columns.size() + 1)
    fill_column(rows.num_rows, time, add_column(made.columns))
    made.columns.insert(made.columns.end(), rows.columns.begin(), rows.columns.end())
    made.num_rows = rows.num_rows
    made.schema = schema
    return made
