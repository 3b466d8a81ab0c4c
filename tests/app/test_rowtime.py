"""ROWTIME from the clock and from a column."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from streamsql.app.rowtime import ArrivalTimes, times_of_column
from streamsql.errors import ConfigError


def ms(text: str) -> int:
    return round(dt.datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


def test_rowtime_never_goes_back_with_the_clock() -> None:
    """C-167"""
    readings = iter([1000, 900, 1500])
    arrival = ArrivalTimes(lambda: next(readings))
    assert [arrival.now() for _ in range(3)] == [1000, 1000, 1500]


TEXTS: dict[str, str | None] = {
    "2024-05-01 10:00:00": "2024-05-01T10:00:00",
    "2024-05-01 10:00:00.5": "2024-05-01T10:00:00.500",
    "2024-05-01T10:00:00.123999": "2024-05-01T10:00:00.123",
    "2024-05-01T10:00:00Z": "2024-05-01T10:00:00",
    "2024-05-01T10:00:00+02:00": "2024-05-01T08:00:00",
    "2024-05-01T10:00:00-0330": "2024-05-01T13:30:00",
    " 2024-05-01 ": "2024-05-01T00:00:00",
    "1714557600123": "2024-05-01T10:00:00.123",
    "2024-02-30 00:00:00": None,
    "10:00:00": None,
    "soon": None,
    "": None,
}


def rowtimes_of(array: pa.Array) -> list[int | None]:
    times, valid = times_of_column(array, "column c")
    present = [True] * len(times) if valid is None else valid.tolist()
    return [time if ok else None for time, ok in zip(times.tolist(), present, strict=True)]


def test_texts_in_the_usual_forms() -> None:
    expected = [*(ms(text) if text else None for text in TEXTS.values()), None]
    assert rowtimes_of(pa.array([*TEXTS, None])) == expected


@pytest.mark.parametrize(
    ("values", "type_", "expected"),
    [
        ([1714557600123, None], pa.int64(), [1714557600123, None]),
        ([1.9, float("nan"), -1.5, 1e300], pa.float64(), [1, None, -2, None]),
        ([Decimal("1500.7")], pa.decimal128(10, 1), [1500]),
        ([dt.date(1970, 1, 2)], pa.date32(), [86_400_000]),
        ([dt.datetime(1969, 12, 31, 23, 59, 59, 999_900)], pa.timestamp("us"), [-1]),
        ([dt.datetime(1970, 1, 1)], pa.timestamp("us", "Europe/Berlin"), [0]),
    ],
)
def test_columns_of_other_types(values: list[Any], type_: pa.DataType, expected: list[int | None]) -> None:
    assert rowtimes_of(pa.array(values, type_)) == expected


def test_a_column_that_is_no_time_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"column c is of type bool and cannot be ROWTIME"):
        times_of_column(pa.array([True]), "column c")
