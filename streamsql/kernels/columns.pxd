"""Arrow arrays as C++ column views, shared by the kernels. The caller keeps the array alive."""

from libc.stdint cimport int64_t, uint8_t, uintptr_t
from libcpp.vector cimport vector


cdef extern from "column_view.h" namespace "streamsql" nogil:
    cdef enum class Layout(int):
        Null
        I64
        Bytes
        D128
        Other

    Layout layout_of(int type_id) except +

    cdef cppclass ColumnView:
        Layout layout
        const uint8_t* validity
        const uint8_t* values
        const uint8_t* data
        int64_t offset
        T at[T](int64_t)


cdef inline uintptr_t address(object buffer) except? 0:
    return 0 if buffer is None else <uintptr_t>buffer.address


cdef inline ColumnView view_of(object array):
    """The view of a pyarrow.Array."""
    cdef ColumnView view
    cdef list buffers = array.buffers()
    view.layout = layout_of(array.type.id)
    view.offset = array.offset
    view.validity = <const uint8_t*>(address(buffers[0]) if array.null_count else 0)
    view.values = <const uint8_t*>(address(buffers[1]) if len(buffers) > 1 else 0)
    view.data = <const uint8_t*>(address(buffers[2]) if len(buffers) > 2 else 0)
    return view


cdef inline int add_layouts(schema, vector[Layout]& layouts) except -1:
    """Adds those of its columns. (A vector is not returned: nothing would catch what its copy throws.)"""
    for type_ in schema.types:
        try:
            layouts.push_back(layout_of(type_.id))
        except ValueError:
            layouts.push_back(Layout.Other)
    return 0
