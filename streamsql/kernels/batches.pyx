# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Batches on their way: columns in memory as Arrow has them, of which pyarrow's objects are made only for whoever asks."""

from typing import Union

import pyarrow as pa

from libc.stdint cimport int32_t, int64_t, uintptr_t
from libcpp.memory cimport shared_ptr

from streamsql.kernels.columns cimport ColumnView, Layout


cdef extern from "arrow_c.h" namespace "streamsql":
    ColumnView view_of_column(const SharedColumns&, size_t, Layout)
    int64_t nulls_of_column(const SharedColumns&, size_t)
    void fill_column(int64_t, int64_t, ArrowArray*) except +
    void take_columns(ArrowArray&, SharedColumns&) except +
    void lend_column(const shared_ptr[OwnedArray]&, ArrowArray*) except +
    void lend_columns(const SharedColumns&, int64_t, ArrowArray*) except +


cdef class LazyBatch:
    def whole(self):
        cdef OwnedArray lent
        if self.record_batch is None:
            self.fill()
            lend_columns(self.columns, self.num_rows, &lent.array)
            self.record_batch = pa.RecordBatch._import_from_c(<uintptr_t>&lent.array, self.schema)
        return self.record_batch

    def column(self, column):
        cdef OwnedArray lent
        cdef size_t number = self.schema.get_field_index(column) if isinstance(column, str) else column
        if number >= self.columns.size():
            raise IndexError(f"there is no column {column!r}")
        if self.record_batch is not None:
            return self.record_batch.column(number)
        self.need(number)
        lend_column(self.columns[number], &lent.array)
        return pa.Array._import_from_c(<uintptr_t>&lent.array, self.schema.field(number).type)

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
            self.need(column)
            if nulls_of_column(self.columns, column):
                return False
        for column in texts:
            view = self.view(column, Layout.Bytes)
            limit -= view.at[int32_t](self.num_rows) - view.at[int32_t](0)
        return limit >= 0

    cdef int need(self, size_t column) except -1:
        """Sees to it that a column is there."""
        cdef Origin origin = self.origin  # another thread may be done with it first
        if not has_column(self.columns, column):
            if origin is not None:
                origin.give(self, column)
            if not has_column(self.columns, column):
                raise RuntimeError(f"nobody has column {column} of {self.schema.names}")
        return 0

    cdef int fill(self) except -1:
        """Sees to it that all columns are there."""
        cdef size_t column
        if self.origin is not None:
            for column in range(self.columns.size()):
                self.need(column)
            self.origin = None
        return 0

    cdef ColumnView view(self, size_t column, Layout layout) except *:
        self.need(column)
        return view_of_column(self.columns, column, layout)


cdef class Origin:
    """What has the columns of a batch that are not there, under numbers of its own: the first there is `first` here."""

    cdef int give(self, LazyBatch to, size_t column) except -1:
        """Makes a column of `to`; here all at once."""
        cdef LazyBatch whole = self.batch()
        cdef size_t number
        cdef Py_ssize_t place
        if whole.num_rows != to.num_rows:
            raise RuntimeError(f"{to.num_rows} rows were made of records that now make {whole.num_rows}")
        for number in range(to.columns.size()):
            place = <Py_ssize_t>number - to.first
            if not has_column(to.columns, number) and 0 <= place < <Py_ssize_t>whole.columns.size():
                to.columns[number] = whole.columns[place]
        return 0

    cdef LazyBatch batch(self):
        """All columns of as many rows."""
        raise NotImplementedError


Rows = Union[pa.RecordBatch, LazyBatch]


def whole(batch):
    return (<LazyBatch>batch).whole() if isinstance(batch, LazyBatch) else batch


def by_column(batch):
    return batch if isinstance(batch, LazyBatch) and (<LazyBatch>batch).origin is not None else whole(batch)


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
    made.origin = batch.origin
    made.first = batch.first - <Py_ssize_t>first
    made.num_rows = batch.num_rows
    made.schema = schema
    return made


def extended(batch, others, schema):
    cdef LazyBatch rows = lazy(batch), other, made = from_column(rows, 0, schema)
    cdef _Beside beside = None
    for other in others:
        made.columns.insert(made.columns.end(), other.columns.begin(), other.columns.end())
        if other.origin is not None and beside is None:
            beside = _Beside.__new__(_Beside)
            beside.parts = [rows, *others]
            made.origin, made.first = beside, 0
    return made


cdef class _Beside(Origin):
    """Batches beside each other, of which any may have columns that are not there."""
    cdef list parts  # LazyBatch each

    cdef int give(self, LazyBatch to, size_t column) except -1:
        cdef LazyBatch part
        cdef size_t place = column - to.first
        for part in self.parts:
            if place < part.columns.size():
                part.need(place)
                to.columns[column] = part.columns[place]
                break
            place -= part.columns.size()
        return 0


def stamped(batch, int64_t time, schema):
    cdef LazyBatch rows = lazy(batch), made = LazyBatch.__new__(LazyBatch)
    made.columns.reserve(rows.columns.size() + 1)
    fill_column(rows.num_rows, time, add_column(made.columns))
    return before(made, rows, schema)


def timed(batch, times, schema):
    cdef LazyBatch rows = lazy(batch), made = LazyBatch.__new__(LazyBatch)
    made.columns.reserve(rows.columns.size() + 1)
    times._export_to_c(<uintptr_t>add_column(made.columns))
    return before(made, rows, schema)


cdef LazyBatch before(LazyBatch made, LazyBatch rows, schema):
    """Puts the columns of `rows` behind the one of `made`."""
    made.columns.insert(made.columns.end(), rows.columns.begin(), rows.columns.end())
    made.origin = rows.origin
    made.first = rows.first + 1
    made.num_rows = rows.num_rows
    made.schema = schema
    return made
