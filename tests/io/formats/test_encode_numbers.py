"""Whole numbers, decimals and moments of every length, against Python's own text."""

from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from streamsql.io.formats import encoder

DAYS = ["1970-01-01", "1969-12-31 23:59", "2024-02-29 23:59", "0001-01-01", "9999-12-31"]
NEAR_TENS = [10**power + off for power in range(20) for off in (-1, 0, 1, 10**power // 3)]


def lines(column: pa.Array) -> list[str]:
    made = encoder("csv", pa.schema([("A", column.type)]), with_header=False)
    return made.encode(pa.RecordBatch.from_arrays([column], ["A"])).decode().splitlines()


def test_whole_numbers_of_every_length() -> None:
    signed = [sign * value for value in NEAR_TENS if value < 2**63 for sign in (1, -1)] + [2**63 - 1, -(2**63)]
    assert lines(pa.array(signed, pa.int64())) == list(map(str, signed))
    unsigned = [value for value in NEAR_TENS if value < 2**64] + [2**64 - 1]
    assert lines(pa.array(unsigned, pa.uint64())) == list(map(str, unsigned))


@pytest.mark.parametrize("scale", range(20))
def test_decimals_of_every_length(scale: int) -> None:
    digits = [sign * value for value in NEAR_TENS if 0 < value < 10**19 for sign in (1, -1)]
    values = [Decimal(value).scaleb(-scale) for value in digits]
    assert lines(pa.array(values, pa.decimal128(19, scale))) == [f"{value:.{scale}f}" for value in values]


def test_moments_of_the_same_minute_and_of_others() -> None:
    """Minutes that follow each other, come again, lie before 1970, and have years of other lengths."""
    moments = [
        day + timedelta(milliseconds=ms)
        for day in map(datetime.fromisoformat, DAYS)
        for ms in (0, 1, 59_999, 60_000, 59_123, 3_600_000, 5)
    ]
    wanted = [moment.isoformat(" ", "milliseconds") for moment in moments]
    assert lines(pa.array(moments, pa.timestamp("ms"))) == wanted


def test_moments_at_the_ends_of_time() -> None:
    """What Java gives for `Instant.ofEpochMilli(Long.MIN_VALUE)` and `MAX_VALUE`, years aside."""
    ends = pa.array([-(2**63), -(2**63) + 1, 0, 2**63 - 1], pa.int64()).cast(pa.timestamp("ms"))
    assert [line[-18:] for line in lines(ends)] == [
        "05-16 16:47:04.192",
        "05-16 16:47:04.193",
        "01-01 00:00:00.000",
        "08-17 07:12:55.807",
    ]
