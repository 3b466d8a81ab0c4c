# distutils: language = c++
# distutils: extra_compile_args = -fvisibility=hidden
"""Arrow arrays → rows of text, JSON objects or delimited values (see encode_rows.h)."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t, uintptr_t
from libcpp cimport bool as cbool
from libcpp.string cimport string

cdef extern from "encode_rows.h" namespace "streamsql":
    cdef cppclass RowWriter:
        cbool json
        string row_end
        string delimiter
        char* out
        size_t used
        void add(int, int, int64_t, uintptr_t, uintptr_t, uintptr_t, const string&)
        void write(int64_t) except + nogil


def encode_rows(arrays, shapes, befores, row_end, delimiter):
    """The rows of `arrays` (plain Arrow arrays of one length) as bytes.

    `shapes` are (shape code, scale) as in encode_rows.h; `befores` the bytes that stand before each value in a row.
    `delimiter` is empty for JSON, else the CSV column delimiter.
    """
    cdef RowWriter writer
    cdef int64_t rows = len(arrays[0])
    writer.json = not delimiter
    writer.row_end = row_end
    if delimiter:
        writer.delimiter = delimiter
    for array, (shape, scale), before in zip(arrays, shapes, befores, strict=True):
        buffers = [0 if buffer is None else buffer.address for buffer in array.buffers()]
        if not array.null_count and buffers:
            buffers[0] = 0
        data, offsets = (buffers[2], buffers[1]) if len(buffers) == 3 else (buffers[1] if len(buffers) == 2 else 0, 0)
        writer.add(shape, scale, array.offset, buffers[0] if buffers else 0, data, offsets, before)
    with nogil:
        writer.write(rows)
    return PyBytes_FromStringAndSize(writer.out, <Py_ssize_t>writer.used)
