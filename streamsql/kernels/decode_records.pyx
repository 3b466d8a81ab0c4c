# distutils: language = c++
# distutils: extra_compile_args = -fno-tree-slp-vectorize -fvisibility=hidden
# (pairs of pointers written apart and read together as one vector stall the pipeline; calls inside go direct)
"""Bytes → Arrow record batches: the readers of JSON documents and of delimited text (see the headers decode_*.h)."""

from functools import partial
from threading import Lock

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport int64_t
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector

from streamsql.kernels.batches cimport LazyBatch, Origin, SharedColumns, lazy
from streamsql.kernels.texts cimport text_of

import pyarrow as pa


cdef extern from "decode_json_reader.h" namespace "streamsql":
    cdef cppclass Columns:
        int64_t row
        void declare(int, int, int, int64_t, const string&) except +
        void want(const vector[cbool]&) except +
        void want_all() except +
        cbool all_wanted()

    cdef struct Rejected:
        int64_t before
        string record
        string message
        cbool coercion

    cdef cppclass Reader:
        Columns columns
        vector[Rejected] rejects
        int64_t records
        size_t max_record
        void feed(const char*, size_t) except + nogil
        void finish() except + nogil
        string waiting() except +
        size_t waiting_size()
        cbool started()
        cbool passing_over()
        void resume(const string&, cbool, cbool) except +

    cdef cppclass Node:
        vector[int] columns

    cdef cppclass PathTree:
        Node& node(size_t)
        size_t member(size_t, string) except +
        size_t element(size_t, int64_t) except +
        size_t elements(size_t) except +

    cdef cppclass JsonReader(Reader):
        JsonReader() except +
        PathTree tree
        void finish_schema(int64_t) except +


cdef extern from "decode_csv_reader.h" namespace "streamsql":
    cdef enum class Header(int):
        pass

    cdef cppclass CsvReader(Reader):
        CsvReader() except +
        Header header
        vector[string] names
        void configure(string, string) except +
        vector[int] order() except +
        void set_order(const vector[int]&) except +


cdef extern from "decode_export.h" namespace "streamsql":
    void export_batch(Columns&, SharedColumns&) except +


cdef class _Fed(Origin):
    """What was fed, to be read again by a reader that wants all columns."""
    cdef _Records reader  # the one that left columns out
    cdef object state  # its, before
    cdef object data
    cdef LazyBatch made
    cdef object lock  # whoever writes a batch does so in a thread of its own

    cdef LazyBatch batch(self):
        with self.lock:
            if self.made is None:
                self.make()
            return self.made

    cdef make(self):
        cdef _Records reader = self.reader.again()
        reader.load(self.state)
        self.made = reader.feed(self.data)[0]
        self.reader.in_vain()
        self.reader = self.state = self.data = None


cdef class _Records:
    """Rows and rejects of the records read so far; the base of the two readers."""
    cdef Reader* reader
    cdef object schema
    cdef object empty
    cdef object again  # makes another reader of the same records; None if columns cannot be left out
    cdef int caution  # how many times to read all columns after leaving some out in vain
    cdef int pause  # how many of these are to come

    def __dealloc__(self):
        del self.reader

    cdef declare(self, columns, schema, size_t max_record):
        self.schema = schema
        self.empty = lazy(pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema))
        self.reader.max_record = max_record
        for code, precision, scale, length, described in columns:
            self.reader.columns.declare(code, precision, scale, length, text_of(described.encode()))

    def feed(self, data, wanted=None):
        """Read the records that are complete with `data`; as `take`. Columns that are not `wanted` may not be there
        yet (None: all are wanted). Raises OverflowError when a batch outgrows Arrow's strings."""
        cdef Py_buffer view  # a memoryview would cost as much as a row
        cdef _Fed origin = None
        if wanted is None or self.again is None:
            self.reader.columns.want_all()
        else:
            origin = self.want(data, wanted)
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with nogil:
                self.reader.feed(<const char*>view.buf, <size_t>view.len)
        finally:
            PyBuffer_Release(&view)
        return self.take(origin)

    def finish(self):
        """Read what is left; as `take`."""
        self.reader.columns.want_all()
        with nogil:
            self.reader.finish()
        return self.take(None)

    cdef _Fed want(self, data, wanted):
        """Has the reader leave out columns that are not wanted of what is made of `data`; what has them."""
        cdef Reader* reader = self.reader
        cdef vector[cbool] flags
        cdef _Fed origin
        if self.pause or reader.waiting_size() > <size_t>len(data):  # what waits would be kept again and again
            self.pause = max(self.pause - 1, 0)
            reader.columns.want_all()
            return None
        self.caution = max(self.caution - 1, 0)
        flags.resize(len(self.schema))
        for column in wanted:
            flags[column] = True
        reader.columns.want(flags)
        if reader.columns.all_wanted():
            return None
        origin = _Fed.__new__(_Fed)
        origin.own = True
        origin.reader, origin.state, origin.data, origin.lock = self, self.save(), bytes(data), Lock()
        return origin

    cdef in_vain(self):
        """Columns were asked for that had been left out: if that happens often, it costs more than it saves."""
        self.caution = self.pause = min(self.caution + 8, 64)

    cdef tuple take(self, _Fed origin):
        """(rows, rejects, records) since the last call: a LazyBatch, the rejects as (rows before it, record, is a
        coercion error, message), and how many records that were."""
        cdef Reader* reader = self.reader
        cdef Rejected* reject
        cdef bytes message
        cdef size_t i
        cdef int64_t records = reader.records
        rows = self.rows(origin) if reader.columns.row else self.empty
        reader.records = 0
        if reader.rejects.empty():
            return rows, (), records
        rejects = []
        for i in range(reader.rejects.size()):
            reject = &reader.rejects[i]  # a C++ copy, of it or its message, would need memory where nothing catches
            message = <bytes>reject.message
            rejects.append((reject.before, reject.record, reject.coercion, message.decode("utf-8", "replace")))
        reader.rejects.clear()
        return rows, rejects, records

    cdef LazyBatch rows(self, _Fed origin):
        """The rows read since the last call; `origin` has the columns that were left out."""
        cdef LazyBatch made = LazyBatch.__new__(LazyBatch)
        made.num_rows = self.reader.columns.row
        made.schema = self.schema
        made.origin = origin
        export_batch(self.reader.columns, made.columns)
        return made

    def save(self):
        """What is remembered between two feeds, rows and rejects aside: plain data for `load`."""
        cdef Reader* reader = self.reader
        waiting = reader.waiting()
        return {"waiting": waiting, "started": reader.started(), "passing_over": reader.passing_over()}

    def load(self, state):
        """Go on where a reader of the same schema stopped. Raises ValueError for a state that does not fit."""
        self.reader.resume(text_of(state["waiting"]), state["started"], state["passing_over"])


cdef class JsonRecords(_Records):
    """Reads JSON documents. `columns` are (type code, precision, scale, length, description), `schema`
    has their Arrow types; `nodes` the path tree as (parent node, member name | element index | None for "each element"), node 0
    being the document; `places` the node of each column; `each` the node whose elements become rows, or -1."""

    def __cinit__(self, columns, schema, nodes, places, int64_t each, size_t max_record):
        cdef JsonReader* reader = new JsonReader()
        self.reader = reader
        self.declare(columns, schema, max_record)
        for parent, step in nodes:
            if step is None:
                reader.tree.elements(parent)
            elif isinstance(step, int):
                reader.tree.element(parent, step)
            else:
                reader.tree.member(parent, text_of(step.encode()))
        for i, place in enumerate(places):
            reader.tree.node(place).columns.push_back(i)
        reader.finish_schema(each)
        if each < 0:  # else the rows of a record share values, and what those take is limited
            self.again = partial(JsonRecords, columns, schema, nodes, places, each, max_record)


cdef class CsvRecords(_Records):
    """Reads delimited text. `columns` and `schema` as for JsonRecords; `header` is 0 (none), 1 (if it is one) or
    2 (there is one)."""

    def __cinit__(self, columns, schema, names, row_delimiter, column_delimiter, int header, size_t max_record):
        cdef CsvReader* reader = new CsvReader()
        self.reader = reader
        self.declare(columns, schema, max_record)
        reader.names = [name.encode() for name in names]
        reader.header = <Header>header
        reader.configure(text_of(row_delimiter.encode()), text_of(column_delimiter.encode()))
        self.again = partial(CsvRecords, columns, schema, names, row_delimiter, column_delimiter, header, max_record)

    def save(self):
        """What is remembered between two feeds, with the header's answer."""
        cdef CsvReader* reader = <CsvReader*>self.reader
        return {**_Records.save(self), "header": <int>reader.header, "order": list(reader.order())}

    def load(self, state):
        """Go on where a reader of the same schema stopped. Raises ValueError for a state that does not fit."""
        cdef CsvReader* reader = <CsvReader*>self.reader
        cdef vector[int] order
        for place in state["order"]:
            order.push_back(place)
        reader.set_order(order)
        reader.header = <Header><int>state["header"]
        _Records.load(self, state)
