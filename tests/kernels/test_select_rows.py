"""Chosen rows are those that Arrow's filter and take give, for every type, offset and share of nulls."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from streamsql.kernels.select_rows import Numbered, Selection

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


@pytest.mark.parametrize("type_", VALUES, ids=str)
@pytest.mark.parametrize("nulls", [0.0, 0.3, 1.0])
def test_rows_are_those_of_arrow(type_: pa.DataType, nulls: float) -> None:
    rng = np.random.default_rng(7)
    for length in LENGTHS:
        for offset in (0, 1, 8, 13):
            size = length + offset
            values = [None if rng.random() < nulls else VALUES[type_](i) for i in range(size)]
            column = pa.array(values, type_).slice(offset)
            for share in (0.0, 0.1, 0.5, 0.9, 1.0):
                mask = pa.array(rng.random(size) < share).slice(offset)
                selection = Selection(mask)
                got = selection.of(column)
                got.validate(full=True)
                assert selection.length == len(got) == mask.true_count
                assert got.equals(column.filter(mask))
            for count in (0, 1, 9, 600) if length else (0,):
                numbers = rng.integers(0, max(length, 1), count)
                got = Numbered(numbers).of(column)
                got.validate(full=True)
                assert got.equals(column.take(pa.array(numbers)))


def test_more_text_than_a_column_holds_is_an_error() -> None:
    column = pa.array(["x" * (1 << 20)])
    with pytest.raises(OverflowError, match="2 GiB"):
        Numbered(np.zeros(2049, dtype=np.int64)).of(column)
