"""What the kernels of aggregates write, turned into Arrow arrays."""

import numpy as np
import pyarrow as pa

from libc.stdint cimport int32_t, int64_t, uint8_t

from streamsql.kernels.columns cimport Output


cdef inline object allocate(Output* out, int64_t length, int width):
    """Memory for `length` values of `width` bytes, and for their flags: (values, valid, failed)."""
    values = np.zeros(max(length, 1) * max(width, 1), dtype=np.uint8)
    valid = np.zeros(max(length, 1), dtype=np.uint8)
    failed = np.zeros(max(length, 1), dtype=np.uint8)
    cdef uint8_t[::1] v = values, p = valid, f = failed
    out.values = &v[0]
    out.valid = &p[0]
    out.failed = &f[0]
    return values, valid, failed


cdef inline object to_arrow(Output* out, object memory, int64_t length, object type_):
    """(array of `type_`, NumPy mask of the rows out of range)."""
    values, valid, failed = memory
    valid = valid[:length].view(np.bool_)
    failed = failed[:length].view(np.bool_)
    valid = valid & ~failed
    bitmap = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    cdef bytes text
    if type_.id in (pa.lib.Type_STRING, pa.lib.Type_BINARY):
        text = out.data
        offsets = np.empty(length + 1, dtype=np.int32)
        copy_offsets(out, offsets)
        return pa.Array.from_buffers(type_, length, [bitmap, pa.py_buffer(offsets), pa.py_buffer(text)]), failed
    if type_.id == pa.lib.Type_DECIMAL128:
        return pa.Array.from_buffers(type_, length, [bitmap, pa.py_buffer(values)]), failed
    if type_.id in (pa.lib.Type_FLOAT, pa.lib.Type_DOUBLE):
        numbers = values.view(np.float64)[:length].astype(f"f{type_.bit_width // 8}", copy=False)
    else:
        numbers = values.view(np.int64)[:length]
        if type_.id == pa.lib.Type_BOOL:
            numbers = np.packbits(numbers != 0, bitorder="little")
        else:
            numbers = numbers.astype(f"i{type_.bit_width // 8}", copy=False)
    return pa.Array.from_buffers(type_, length, [bitmap, pa.py_buffer(numbers)]), failed


cdef inline void copy_offsets(Output* out, int32_t[::1] offsets):
    cdef size_t i
    offsets[0] = 0
    for i in range(out.ends.size()):
        offsets[i + 1] = out.ends[i]
