# distutils: language = c++
# distutils: extra_compile_args = -fno-tree-slp-vectorize -fvisibility=hidden
# (pairs of pointers written apart and read together as one vector stall the pipeline; calls inside go direct)
"""Bytes → Arrow arrays: the readers of JSON documents and of delimited text (see the headers decode_*.h)."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uintptr_t
from libc.stdlib cimport free
from libcpp cimport bool as cbool
from libcpp.string cimport string
from libcpp.vector cimport vector

from streamsql.kernels.texts cimport text_of

import pyarrow as pa


cdef extern from "decode_json_reader.h" namespace "streamsql":
    cdef enum class Type(int):
        boolean
        decimal

    cdef cppclass Column:
        Type type
        uint8_t* valid
        char* data
        int32_t* offsets
        size_t used
        int width()
        cbool textual()

    cdef cppclass Columns:
        vector[Column] all
        int64_t row
        void declare(int, int, int, int64_t, const string&) except +
        void start_batch()

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

    uint8_t* packed(const uint8_t*, int64_t, int64_t*) except +
    void clear_nulls(Column&, int64_t)


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


cdef class Block:
    """Memory from `malloc` that an Arrow buffer keeps alive."""
    cdef void* address

    def __dealloc__(self):
        free(self.address)


cdef object buffer_of(void** memory, size_t size):
    """An Arrow buffer that owns `memory`, which is taken away from where it was."""
    if memory[0] == NULL:
        return pa.py_buffer(b"")
    cdef Block block = Block()
    block.address, memory[0] = memory[0], NULL
    return pa.foreign_buffer(<uintptr_t>block.address, size, block)


cdef object bitmap_of(const uint8_t* flags, int64_t rows, int64_t* ones):
    """Bytes of 0 and 1 as an Arrow buffer of bits."""
    cdef Block block = Block()
    block.address = packed(flags, rows, ones)
    return pa.foreign_buffer(<uintptr_t>block.address, (rows + 7) // 8, block)


cdef object array_of(Column* column, int64_t rows, object type_):
    """The first `rows` values of the column as an Arrow array; the column gives its memory away."""
    cdef int64_t present = 0, ones = 0
    validity = bitmap_of(column.valid, rows, &present)
    buffers = [validity if present < rows else None]
    if present < rows and not column.textual():
        clear_nulls(column[0], rows)
    if column.textual():
        buffers.append(buffer_of(<void**>&column.offsets, (rows + 1) * 4))
        buffers.append(buffer_of(<void**>&column.data, column.used))
    elif column.type == Type.boolean:
        buffers.append(bitmap_of(<uint8_t*>column.data, rows, &ones))
        free(column.data)
    else:
        buffers.append(buffer_of(<void**>&column.data, rows * column.width()))
    free(column.valid)
    column.valid = NULL
    column.data = NULL
    column.used = 0
    return pa.Array.from_buffers(type_, rows, buffers, rows - present)


cdef class _Records:
    """Rows and rejects of the records read so far; the base of the two readers."""
    cdef Reader* reader
    cdef list types

    def __dealloc__(self):
        del self.reader

    cdef declare(self, columns, types, size_t max_record):
        self.types = list(types)
        self.reader.max_record = max_record
        for code, precision, scale, length, described in columns:
            self.reader.columns.declare(code, precision, scale, length, text_of(described.encode()))

    def feed(self, const unsigned char[::1] data not None):
        """Read the records that are complete with `data`. Raises OverflowError when a batch outgrows Arrow's strings."""
        cdef size_t size = data.shape[0]
        cdef const char* begin
        if size:
            begin = <const char*>&data[0]
            with nogil:
                self.reader.feed(begin, size)

    def finish(self):
        """Read what is left."""
        with nogil:
            self.reader.finish()

    def take(self):
        """(arrays, rows, rejects, records) since the last call: one array per column;
        rejects as (rows before it, record, is a coercion error, message)."""
        cdef Columns* columns = &self.reader.columns
        cdef int64_t rows = columns.row
        cdef size_t i
        cdef Rejected* reject
        arrays = []
        for i in range(columns.all.size()):
            if rows:
                arrays.append(array_of(&columns.all[i], rows, self.types[i]))
            else:
                arrays.append(pa.nulls(rows, self.types[i]))
        rejects = []
        for i in range(self.reader.rejects.size()):
            reject = &self.reader.rejects[i]
            message = reject.message.decode("utf-8", "replace")
            rejects.append((reject.before, reject.record, reject.coercion, message))
        records = self.reader.records
        if rows:
            columns.start_batch()
        self.reader.rejects.clear()
        self.reader.records = 0
        return arrays, rows, rejects, records

    def save(self):
        """What is remembered between two feeds, rows and rejects aside: plain data for `load`."""
        cdef Reader* reader = self.reader
        waiting = reader.waiting()
        return {"waiting": waiting, "started": reader.started(), "passing_over": reader.passing_over()}

    def load(self, state):
        """Go on where a reader of the same schema stopped. Raises ValueError for a state that does not fit."""
        self.reader.resume(text_of(state["waiting"]), state["started"], state["passing_over"])


cdef class JsonRecords(_Records):
    """Reads JSON documents. `columns` are (type code, precision, scale, length, description), `types` their
    Arrow types; `nodes` the path tree as (parent node, member name | element index | None for "each element"), node 0
    being the document; `places` the node of each column; `each` the node whose elements become rows, or -1."""

    def __cinit__(self, columns, types, nodes, places, int64_t each, size_t max_record):
        cdef JsonReader* reader = new JsonReader()
        self.reader = reader
        self.declare(columns, types, max_record)
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


cdef class CsvRecords(_Records):
    """Reads delimited text. `columns` and `types` as for JsonRecords; `header` is 0 (none), 1 (if it is one) or
    2 (there is one)."""

    def __cinit__(self, columns, types, names, row_delimiter, column_delimiter, int header, size_t max_record):
        cdef CsvReader* reader = new CsvReader()
        self.reader = reader
        self.declare(columns, types, max_record)
        for name in names:
            reader.names.push_back(text_of(name.encode()))
        reader.header = <Header>header
        reader.configure(text_of(row_delimiter.encode()), text_of(column_delimiter.encode()))

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
