# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Arrow arrays → rows of text, JSON objects or delimited values (see encode_rows.h)."""

from cpython.bytes cimport PyBytes_AS_STRING
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.stdint cimport int64_t, uintptr_t
from libcpp cimport bool as cbool
from libcpp.string cimport string

from streamsql.kernels.texts cimport text_of

cdef extern from "Python.h":
    PyObject* PyBytes_FromStringAndSize(const char*, Py_ssize_t) except NULL
    int _PyBytes_Resize(PyObject**, Py_ssize_t) except -1

cdef extern from "encode_rows.h" namespace "streamsql":
    cdef cppclass RowWriter:
        cbool json
        char* out
        size_t room
        size_t used
        void add(int, int, int64_t, uintptr_t, uintptr_t, uintptr_t, size_t, const string&) except +
        void end_rows_with(const string&) except +
        void delimit_with(const string&) except +
        size_t fixed()
        int64_t write(int64_t, int64_t) nogil


def encode_rows(arrays, shapes, befores, row_end, delimiter, double row_bytes=0):
    """The rows of `arrays` (plain Arrow arrays of one length) as bytes.

    `shapes` are (shape code, scale) as in encode_rows.h; `befores` the bytes that stand before each value in a row.
    `delimiter` is empty for JSON, else the CSV column delimiter. `row_bytes` is a guess at the bytes of a row, for
    which memory is taken first; 0: no idea.
    """
    cdef RowWriter writer
    writer.json = not delimiter
    if delimiter:
        writer.delimit_with(text_of(delimiter))
    for array, (shape, scale), before in zip(arrays, shapes, befores, strict=True):
        add_column(&writer, array, shape, scale, before)
    writer.end_rows_with(text_of(row_end))
    return written(&writer, len(arrays[0]), row_bytes or writer.fixed())


cdef add_column(RowWriter* writer, array, int shape, int scale, before):
    cdef list buffers = array.buffers()
    cdef uintptr_t valid = buffers[0].address if array.null_count and buffers[0] is not None else 0
    cdef uintptr_t offsets = 0, data = 0
    values = buffers[len(buffers) - 1] if len(buffers) > 1 else None
    if len(buffers) == 3:
        offsets = buffers[1].address if buffers[1] is not None else 0
    if values is not None:
        data = values.address
    writer.add(shape, scale, array.offset, valid, data, offsets, values.size if values is not None else 0,
               text_of(before))


cdef bytes written(RowWriter* writer, int64_t rows, double row_bytes):
    """The rows, written into the bytes object itself: it grows when it is full and is cut at the end."""
    cdef int64_t row = 0
    cdef size_t room = <size_t>(rows * row_bytes) + writer.fixed() + 64
    cdef PyObject* result = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>room)
    while True:
        writer.out = PyBytes_AS_STRING(<object>result)
        writer.room = room
        with nogil:
            row = writer.write(row, rows)
        if row == rows:
            break
        room *= 2
        _PyBytes_Resize(&result, <Py_ssize_t>room)
    _PyBytes_Resize(&result, <Py_ssize_t>writer.used)
    final = <bytes>result
    Py_DECREF(final)
    return final
