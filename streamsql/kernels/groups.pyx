# distutils: language = c++
"""Key columns → dense group numbers, kept between batches. Knows nothing of what is grouped or why."""

import numpy as np

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int32_t, int64_t
from libcpp cimport bool as boolean
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport LazyBatch, lazy
from streamsql.kernels.columns cimport ColumnView, layout_of, view_of
from streamsql.kernels.numbers cimport long_numbers
from streamsql.kernels.state_bytes cimport Reader, Writer


cdef extern from "groups.h" namespace "streamsql" nogil:
    cdef cppclass Table "streamsql::GroupTable":
        Table(int64_t limit) except +
        int64_t size()
        void encode(const vector[ColumnView]& columns, int64_t n, boolean add, int32_t* codes,
                    vector[int64_t]& fresh) except +
        void keep(const int32_t* ids, int64_t n) except +
        void clear() except +
        void save(Writer& out) except +
        void load(Reader& source) except +

    boolean missing(const vector[int32_t]& codes, vector[int64_t]* rows) except +


cdef class Grouping:
    @staticmethod
    def single(size_t length):
        cdef Grouping made = Grouping.__new__(Grouping)
        made.codes.resize(length)
        return made

    @property
    def complete(self):
        return not missing(self.codes, NULL)

    def unknown(self):
        cdef vector[int64_t] rows
        missing(self.codes, &rows)
        return long_numbers(rows)

    def fresh(self):
        return None if self.first.empty() else long_numbers(self.first)


cdef class GroupTable:
    cdef Table* table

    def __cinit__(self, int64_t limit=2**31 - 1):
        self.table = new Table(min(limit, 2**31 - 1))

    def __dealloc__(self):
        del self.table

    def __len__(self):
        return self.table.size()

    def encode(self, columns, int64_t length, *, boolean add=True):
        codes = np.empty(length, dtype=np.int32)
        cdef int32_t[::1] out = codes
        cdef vector[ColumnView] views
        cdef vector[int64_t] fresh
        for column in columns:
            views.push_back(view_of(column))
        if length:
            with nogil:
                self.table.encode(views, length, add, &out[0], fresh)
        return codes, long_numbers(fresh)

    def group(self, batch, columns):
        cdef LazyBatch rows = lazy(batch)
        cdef Grouping made = Grouping.__new__(Grouping)
        cdef vector[ColumnView] views
        cdef int64_t length = rows.num_rows
        for position, type_id in columns:
            views.push_back(rows.view(position, layout_of(type_id)))
        made.codes.resize(length)
        with nogil:
            self.table.encode(views, length, True, made.codes.data(), made.first)
        return made

    def keep(self, ids):
        cdef const int32_t[::1] kept = np.ascontiguousarray(ids, dtype=np.int32)
        cdef int64_t n = kept.shape[0]
        if n:
            with nogil:
                self.table.keep(&kept[0], n)
        else:
            self.table.clear()

    def clear(self):
        self.table.clear()

    def save(self):
        cdef Writer writer
        with nogil:
            self.table.save(writer)
        saved = PyBytes_FromStringAndSize(NULL, writer.size())
        writer.write_to(PyBytes_AS_STRING(saved))
        with nogil:
            self.table.save(writer)
        return saved

    def load(self, bytes state):
        cdef Reader* reader = new Reader(PyBytes_AS_STRING(state), PyBytes_GET_SIZE(state))
        try:
            self.table.load(reader[0])
            reader.finish()
        finally:
            del reader
