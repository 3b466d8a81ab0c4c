"""Whole columns of text: trimming, cutting and padding, each skipped when no value needs it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions.call import Datum
from streamsql.kernels import compute as pc
from streamsql.kernels import substrings


def offsets(values: pa.Array) -> npt.NDArray[np.int32]:
    """Where each value of a string or binary array begins in its data, and where the last one ends."""
    count = values.offset + len(values) + 1
    return np.frombuffer(values.buffers()[1], dtype=np.int32, count=count)[values.offset :]


def data(values: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of all values of a string or binary array."""
    buffer = values.buffers()[2]
    return np.frombuffer(buffer, dtype=np.uint8) if buffer is not None else np.zeros(0, dtype=np.uint8)


def bytes_of(values: Datum) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Offsets and data of text or binary values, as the kernels take them; a scalar is one value."""
    if isinstance(values, pa.Scalar):
        values = pa.array([values.as_py()], values.type)
    return offsets(values), data(values)


def fits(values: Datum, length: int) -> bool:
    """Whether every value has at most `length` bytes."""
    if isinstance(values, pa.Array) and len(values):
        places = offsets(values)
        if places[-1] - places[0] <= length:  # all together
            return True
    return longest(values) <= length


def longest(values: Datum) -> int:
    """Bytes of the longest value (an upper bound of its characters); 0 without values."""
    if isinstance(values, pa.Scalar):
        return len(values.as_buffer()) if values.is_valid else 0
    return int(np.diff(offsets(values)).max()) if len(values) else 0


def trim_blanks(values: Datum) -> Datum:
    """The text without blanks at its end."""
    if isinstance(values, pa.Array) and not _ends_in_blank(values):
        return values
    return pc.ascii_rtrim(values, " ")


def cut(values: Datum, length: int) -> Datum:
    """The first `length` characters of text."""
    return values if fits(values, length) else pc.utf8_slice_codeunits(values, 0, length)


def pad(values: Datum, length: int) -> Datum:
    """Text made `length` characters long: cut, or filled with blanks."""
    return pc.utf8_rpad(cut(values, length), length, " ")


def _ends_in_blank(values: pa.Array) -> bool:
    return len(values) > 0 and substrings.ends_in_blank(offsets(values), data(values))
