"""The proleptic Gregorian calendar on whole columns: ms and days since 1970-01-01, without time zones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions.call import CallContext
from streamsql.functions.vectors import array
from streamsql.types import Kind

Integers = npt.NDArray[np.int64]

DAY = 86_400_000
"""Milliseconds of a day."""

FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999
"""The range of TIMESTAMP: years 1 to 9999."""


def months_of(days: Integers) -> Integers:
    """Months since January 1970."""
    return days.astype("M8[D]").astype("M8[M]").astype(np.int64)


def start_of(months: Integers) -> Integers:
    """The first day of months since January 1970."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64)


def add_months_to_days(days: Integers, months: Integers) -> Integers:
    """Days moved by months; a day that the month lacks becomes its last one."""
    month = months_of(days)
    day = days - start_of(month)
    moved = month + months
    first = start_of(moved)
    result: Integers = first + np.minimum(day, start_of(moved + 1) - first - 1)
    return result


def add_months(moments: Integers, months: Integers) -> Integers:
    """As `add_months_to_days`, for ms."""
    days = moments // DAY
    return add_months_to_days(days, months) * DAY + (moments - days * DAY)


def checked(call: CallContext, values: Integers, what: Callable[[int], str]) -> pa.Array:
    """`values` (ms or days, shape (rows,) or (1,)) as `call.result`; outside years 1..9999 the row fails."""
    if len(values) != call.length:
        values = np.broadcast_to(values, call.length)
    unit = DAY if call.result.kind is Kind.DATE else 1
    low, high = FIRST // unit, LAST // unit
    if len(values) and (values.min() < low or values.max() > high):
        bad = (values < low) | (values > high)
        call.fail(bad, "RUN-002", lambda row: f"{what(row)} is out of range for {call.result}")
        values = np.where(bad, 0, values)
    dtype: Any = np.int32 if call.result.kind is Kind.DATE else np.int64
    return array(values.astype(dtype, copy=False), call.result.arrow)
