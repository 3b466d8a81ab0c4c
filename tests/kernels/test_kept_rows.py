"""Kept rows are those that Arrow takes from all rows that ever came, for every type, however they came."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from streamsql.kernels.kept_rows import CHUNK, KeptRows, joined

VALUES: dict[pa.DataType, Any] = {
    pa.bool_(): lambda i: i % 3 == 0,
    pa.int8(): lambda i: i % 100,
    pa.int16(): lambda i: i % 30_000,
    pa.int32(): lambda i: i,
    pa.int64(): lambda i: i * 10**12,
    pa.float64(): lambda i: i / 3,
    pa.timestamp("ms"): lambda i: i,
    pa.decimal128(18, 2): lambda i: Decimal(i) / 4,
    pa.string(): lambda i: "é" * (i % 19),
    pa.list_(pa.int64()): lambda i: [i],
    pa.null(): lambda i: None,
}
SCHEMA = pa.schema([(str(type_), type_) for type_ in VALUES])
RESULT = pa.schema([("ROWTIME", pa.timestamp("ms")), *SCHEMA, *SCHEMA])


def batch(rows: int, nulls: float, offset: int = 0) -> pa.RecordBatch:
    rng = np.random.default_rng(rows)
    columns = [
        pa.array([None if rng.random() < nulls else value(i) for i in range(rows + offset)], type_)
        for type_, value in VALUES.items()
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA).slice(offset)


def taken(rows: KeptRows, numbers: np.ndarray) -> pa.RecordBatch:
    """The rows with these numbers, as those of both sides, without their times."""
    times = pa.array(np.arange(len(numbers)), pa.timestamp("ms"))
    got = joined(RESULT, times, rows, numbers, rows, numbers[::-1].copy()).whole()
    got.validate(full=True)
    left, right = (
        pa.RecordBatch.from_arrays(columns, schema=SCHEMA)
        for columns in (got.columns[1 : 1 + len(SCHEMA)], got.columns[1 + len(SCHEMA) :])
    )
    assert got.column(0).equals(times)
    assert left.equals(right.take(pa.array(np.arange(len(numbers))[::-1])))
    return left


def expected(batches: list[pa.RecordBatch], numbers: np.ndarray) -> pa.RecordBatch:
    whole = pa.Table.from_batches(batches, schema=SCHEMA)
    return whole.take(pa.array(numbers, mask=numbers < 0)).combine_chunks().to_batches()[0]


@pytest.mark.parametrize("nulls", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("sizes", [[1] * 40, [300], [1, 100, 3, 7, 0, 64, 200, 200, 1, 1]])
def test_rows_are_those_of_arrow(sizes: list[int], nulls: float) -> None:
    batches = [batch(size, nulls, offset=i % 11) for i, size in enumerate(sizes)]
    rows = KeptRows(SCHEMA)
    for each in batches:
        rows.append(each)
    total = sum(sizes)
    rng = np.random.default_rng(3)
    for numbers in (rng.integers(0, total, 500), rng.integers(-1, total, 9), np.arange(total), np.full(5, -1)):
        assert taken(rows, numbers).equals(expected(batches, numbers))


def test_forgotten_rows_leave_their_numbers_to_nobody() -> None:
    batches = [batch(size, 0.2) for size in (500, 20, 20, 5)]
    rows = KeptRows(SCHEMA)
    for each in batches:
        rows.append(each)
    rows.trim(510)
    numbers = np.arange(510, 545)
    assert taken(rows, numbers).equals(expected(batches, numbers))
    with pytest.raises(IndexError):
        taken(rows, np.array([10]))
    with pytest.raises(IndexError):
        taken(rows, np.array([545]))
    saved = rows.snapshot()
    other = KeptRows(SCHEMA)
    other.restore(saved)
    assert taken(other, numbers).equals(expected(batches, numbers))
    rows.trim(545)
    assert taken(rows, np.full(2, -1)).equals(expected(batches, np.full(2, -1)))


def test_small_batches_are_joined_up_to_a_limit() -> None:
    schema = pa.schema([("N", pa.int64())])
    rows = KeptRows(schema)
    one = pa.RecordBatch.from_arrays([pa.array([7])], schema=schema)
    for _ in range(1000):
        rows.append(one)
    assert len(rows.snapshot()["chunks"]) < 12
    many = pa.RecordBatch.from_arrays([pa.array(np.arange(CHUNK))], schema=schema)
    for _ in range(3):
        rows.append(many)
    assert [chunk.num_rows for chunk in rows.snapshot()["chunks"]][-3:] == [CHUNK] * 3


def test_more_text_than_a_column_holds_is_an_error() -> None:
    schema = pa.schema([("ROWTIME", pa.timestamp("ms")), ("A", pa.string()), ("B", pa.string())])
    rows = KeptRows(pa.schema([("A", pa.string())]))
    rows.append(pa.RecordBatch.from_arrays([pa.array(["x" * (1 << 20)])], names=["A"]))
    numbers = np.zeros(2049, dtype=np.int64)
    with pytest.raises(OverflowError, match="2 GiB"):
        joined(schema, pa.array(numbers, pa.timestamp("ms")), rows, numbers, rows, numbers).whole()
