"""ROWTIME for rows that come in: from the clock, or in a replay from a column. It never goes back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.app.schemas import to_timestamp
from streamsql.errors import ConfigError
from streamsql.exec.time import milliseconds
from streamsql.kernels import compute as pc

Clock = Callable[[], int]
"""Milliseconds since 1970-01-01 UTC."""

Times = npt.NDArray[np.int64]

_DATE = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?"
_TEXT = rf"^\s*{_DATE}(?:[ T]{_CLOCK})?(Z|[+-]\d{{2}}:?\d{{2}})?\s*$"
_DIGITS = r"^\s*-?\d{1,15}\s*$"
_ZONE = r"(Z|[+-]\d{2}:?\d{2})\s*$"


class ArrivalTimes:
    """ROWTIMEs in live mode: the clock's, except that a clock which steps back does not take ROWTIME with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.last = -(1 << 63)

    def now(self) -> int:
        """The present, as ROWTIME."""
        time = self._clock()
        if time > self.last:
            self.last = time
        return self.last

    def at_least(self, time: int) -> int:
        """Let time come to `time`, if it is not there yet; the present after that."""
        self.last = max(self.last, time)
        return self.last


def times_of_column(array: pa.Array, what: str) -> tuple[Times, npt.NDArray[np.bool_] | None]:
    """ROWTIMEs in ms that a column of a replay holds, and a mask of the rows that have one (None: all).

    The column may be TIMESTAMP or DATE, a number of ms since 1970, or text: `2024-05-01 10:00:00.123`, the same
    with T and an offset or Z, a date alone, or digits that are ms since 1970. Raises ConfigError for other types.
    """
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        times = to_timestamp(array, what)
    elif pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        times = _from_numbers(array)
    elif pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        times = _from_text(array)
    else:
        raise ConfigError(
            f"{what} is of type {array.type} and cannot be ROWTIME",
            hint="take timestamps, text like 2024-05-01 10:00:00.123, or milliseconds since 1970",
        )
    if len(times) and not times.null_count:
        return milliseconds(times), None
    valid = pc.is_valid(times).to_numpy(zero_copy_only=False)
    return pc.fill_null(pc.cast(times, pa.int64()), 0).to_numpy(zero_copy_only=False), valid


def _from_numbers(array: pa.Array) -> pa.Array:
    """Whole ms; what is no finite number of a sensible size is null."""
    if not pa.types.is_integer(array.type):
        numbers = pc.floor(pc.cast(array, pa.float64()))
        sensible = pc.less(pc.abs(numbers), 1e15)
        array = pc.cast(pc.if_else(sensible, numbers, None), pa.int64())
    return pc.cast(pc.cast(array, pa.int64(), safe=False), pa.timestamp("ms"))


def _from_text(array: pa.Array) -> pa.Array:
    """Text in one of the usual forms; what is none of them is null."""
    array = pc.utf8_trim_whitespace(array)
    digits = pc.if_else(pc.match_substring_regex(array, _DIGITS), array, None)
    text = pc.if_else(pc.match_substring_regex(array, _TEXT), array, None)
    zoned = pc.match_substring_regex(text, _ZONE)
    # A date alone ends in two digits after a dash, which is no offset: offsets follow a time of day.
    zoned = pc.and_(zoned, pc.greater(pc.utf8_length(text), 10))
    plain = _cast_text(pc.if_else(zoned, None, text), pa.timestamp("ns"))
    offset = _cast_text(pc.if_else(zoned, text, None), pa.timestamp("ns", "UTC"))
    times = pc.coalesce(plain, pc.cast(offset, pa.timestamp("ns")))
    times = pc.cast(pc.floor_temporal(times, unit="millisecond"), pa.timestamp("ms"))
    return pc.coalesce(times, pc.cast(pc.cast(digits, pa.int64()), pa.timestamp("ms")))


def _cast_text(array: pa.Array, target: pa.DataType) -> pa.Array:
    """The cast of every value that has one (a 30th of February has none)."""
    try:
        return pc.cast(array, target)
    except pa.ArrowInvalid:
        if len(array) == 1:
            return pa.nulls(1, target)
        half = len(array) // 2
        return pa.concat_arrays([_cast_text(array[:half], target), _cast_text(array[half:], target)])
