"""Arrow columns as NumPy arrays and back, without copying. Nulls are not seen here: the slot of a null holds
anything, and `exec.evaluate` makes the result null where an argument was."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions.call import Datum
from streamsql.kernels import compute as pc

_DTYPES: dict[int, Any] = {
    pa.int8().id: np.int8,
    pa.int16().id: np.int16,
    pa.int32().id: np.int32,
    pa.int64().id: np.int64,
    pa.float32().id: np.float32,
    pa.float64().id: np.float64,
    pa.date32().id: np.int32,
    pa.time32("ms").id: np.int32,
    pa.timestamp("ms").id: np.int64,
    pa.duration("ms").id: np.int64,
}


def numbers(datum: Datum) -> npt.NDArray[Any]:
    """The raw values of a fixed-width column, shape (rows,), or shape (1,) for a scalar."""
    if isinstance(datum, pa.Scalar):
        datum = _as_array(datum)
    dtype = _DTYPES[datum.type.id]
    buffer = datum.buffers()[1]
    if len(datum) == 0 or buffer is None:
        return np.zeros(len(datum), dtype=dtype)
    return np.frombuffer(buffer, dtype=dtype, count=len(datum) + datum.offset)[datum.offset :]


def words(datum: Datum) -> npt.NDArray[np.int64]:
    """The raw words of a DECIMAL column, two per value (see `kernels.decimals`)."""
    if isinstance(datum, pa.Scalar):
        datum = _as_array(datum)
    if len(datum) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.frombuffer(datum.buffers()[1], dtype=np.int64)[2 * datum.offset :][: 2 * len(datum)]


def array(values: npt.NDArray[Any], type_: pa.DataType) -> pa.Array:
    """An Arrow array of the fixed-width `type_` over the values (or decimal words), without nulls."""
    values = np.ascontiguousarray(values)
    length = len(values) // 2 if pa.types.is_decimal128(type_) else len(values)
    return pa.Array.from_buffers(type_, length, [None, pa.py_buffer(values)])


def truths(values: npt.NDArray[np.bool_]) -> pa.Array:
    """A boolean Arrow array of a NumPy mask."""
    return pc.from_numpy(values)


def column(datum: Datum, length: int) -> pa.Array:
    """`datum` as an array of `length` values."""
    if isinstance(datum, pa.Scalar):
        return pa.repeat(datum, length) if datum.is_valid else pa.nulls(length, datum.type)
    return datum


def without(datum: Datum, rows: npt.NDArray[np.bool_]) -> pa.Array:
    """`datum` with nulls where `rows` is true."""
    keep = truths(~rows)
    return pc.if_else(keep, datum, pa.scalar(None, datum.type))


def _as_array(scalar: pa.Scalar) -> pa.Array:
    if scalar.is_valid:
        return pa.repeat(scalar, 1)
    return pa.Array.from_buffers(scalar.type, 1, [None, pa.py_buffer(bytes(16))])
