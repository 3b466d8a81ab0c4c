"""Chosen rows are those that Arrow's filter and take give, for every type, offset and share of nulls."""

import gc
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from streamsql.io.formats import decoder, schema_from_ddl
from streamsql.kernels.batches import LazyBatch, by_column, extended, whole
from streamsql.kernels.chosen_rows import chosen
from streamsql.kernels.kept_rows import KeptRows, numbered

LENGTHS = (0, 1, 7, 8, 9, 63, 64, 65, 500)
VALUES: dict[pa.DataType, Any] = {
    pa.bool_(): lambda i: i % 3 == 0,
    pa.int8(): lambda i: i % 100,
    pa.int16(): lambda i: i,
    pa.int32(): lambda i: i,
    pa.int64(): lambda i: i * 10**12,
    pa.float32(): lambda i: i / 2,
    pa.float64(): lambda i: i / 3,
    pa.date32(): lambda i: i,
    pa.timestamp("ms"): lambda i: i,
    pa.decimal128(18, 2): lambda i: Decimal(i) / 4,
    pa.string(): lambda i: "é" * (i % 19),
    pa.binary(): lambda i: b"y" * (i % 19),
    pa.list_(pa.int64()): lambda i: [i],
    pa.null(): lambda i: None,
}


SCHEMA = pa.schema([(str(type_), type_) for type_ in VALUES])


@pytest.mark.parametrize("nulls", [0.0, 0.3, 1.0])
def test_rows_are_those_of_arrow(nulls: float) -> None:
    rng = np.random.default_rng(7)
    for length in LENGTHS:
        for offset in (0, 1, 8, 13):
            size = length + offset
            columns = [
                pa.array([None if rng.random() < nulls else value(i) for i in range(size)], type_)
                for type_, value in VALUES.items()
            ]
            batch = pa.RecordBatch.from_arrays(columns, schema=SCHEMA).slice(offset)
            for share in (0.0, 0.1, 0.5, 0.9, 1.0):
                mask = pa.array(rng.random(size) < share).slice(offset)
                got = chosen(batch, mask)
                assert got.num_rows == mask.true_count
                got.whole().validate(full=True)
                assert got.whole().equals(batch.filter(mask))
            for count in (0, 1, 9, 600) if length else (0,):
                numbers = rng.integers(-1, max(length, 1), count)
                fetched = numbered(batch, numbers).whole()
                fetched.validate(full=True)
                assert fetched.equals(batch.take(pa.array(numbers, mask=numbers < 0)))


def lacking(rows: int) -> tuple[LazyBatch, pa.RecordBatch]:
    """A batch in which only the texts are there, and the same with all columns."""
    reader = decoder(schema_from_ddl('"a" INTEGER, "b" VARCHAR(9), "c" DOUBLE', "CSV"))
    lines = "".join(f"{n},text {n % 50},{n / 4}\n" for n in range(rows)).encode()
    decoded = reader.feed(lines, frozenset({1}))
    return decoded.rows, reader.feed(lines).batch


def rows_of(batch: LazyBatch | pa.RecordBatch) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = whole(batch).to_pylist()
    return rows


def test_columns_that_are_not_there_come_when_they_are_asked_for() -> None:
    """From one batch, from several, from those fetched before, and beside others."""
    mask = pa.array(np.arange(3000) % 3 == 1)
    numbers = np.array([7, -1, 2999, 7, 0])
    _, full = lacking(3000)
    few = rows_of(full.take(pa.array(numbers, mask=numbers < 0)))

    rows = chosen(lacking(3000)[0], mask)
    assert by_column(rows) is rows and rows.column("b").to_pylist() == full.filter(mask)["b"].to_pylist()
    assert rows_of(rows) == rows_of(full.filter(mask))

    again = numbered(chosen(lacking(3000)[0], mask), np.array([5, 4]))
    assert by_column(again) is again and again.column("c").to_pylist() == [4.0, 3.25]

    kept = KeptRows(full.schema)
    for batch in (lacking(3000)[0], full, lacking(3000)[0]):
        kept.append(batch)
    kept.trim(3000)
    assert rows_of(kept.rows(np.where(numbers < 0, -1, numbers + 6000))) == few

    pair = pa.schema([*full.schema, *full.schema])
    beside = extended(
        numbered(lacking(3000)[0], numbers), [numbered(lacking(3000)[0], numbers[::-1].copy())], pair
    )
    assert by_column(beside) is beside
    assert list(zip(*(column.to_pylist() for column in beside.whole().columns), strict=True)) == [
        (*left.values(), *right.values()) for left, right in zip(few, few[::-1], strict=True)
    ]


def test_more_text_than_a_column_holds_is_an_error() -> None:
    batch = pa.RecordBatch.from_pydict({"a": ["x" * (1 << 20)]})
    with pytest.raises(OverflowError, match="2 GiB"):
        numbered(batch, np.zeros(2049, dtype=np.int64)).whole()


def test_a_number_that_there_is_not_is_an_error() -> None:
    with pytest.raises(IndexError):
        numbered(pa.RecordBatch.from_pydict({"a": [1]}), np.array([1]))


@pytest.mark.parametrize("few_of_many", [False, True])
def test_rows_that_are_kept_for_a_while_keep_nothing_else(few_of_many: bool) -> None:
    """Not the batches of those that were forgotten, and not what they were chosen from."""
    mask, count = pa.array(np.arange(300) % 300 < 30), 30
    kept = KeptRows(lacking(1)[1].schema)
    gc.collect()
    before = alive()
    for number in range(100):
        kept.append(chosen(lacking(300)[0], mask) if few_of_many else lacking(count)[0])
        kept.trim((number - 3) * count)
    gc.collect()
    assert alive() - before <= (4 if few_of_many else 16)
    assert kept.rows(np.arange(98 * count, 100 * count)).whole().num_rows == 2 * count


def alive() -> int:
    """How many batches there are."""
    return sum(isinstance(each, LazyBatch) for each in gc.get_objects())
