"""Rows that come one by one, whose columns share a piece of memory, are those of a long batch."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa
import pytest

from streamsql.io.format import InputSchema, RecordColumn
from streamsql.io.formats import decoder
from streamsql.types import Kind, SqlType

TYPES = {
    "B": SqlType(Kind.BOOLEAN),
    "Y": SqlType(Kind.TINYINT),
    "S": SqlType(Kind.SMALLINT),
    "I": SqlType(Kind.INTEGER),
    "L": SqlType(Kind.BIGINT),
    "N": SqlType(Kind.DECIMAL, precision=12, scale=3),
    "R": SqlType(Kind.REAL),
    "D": SqlType(Kind.DOUBLE),
    "C": SqlType(Kind.CHAR, length=6),
    "V": SqlType(Kind.VARCHAR, length=3000),
    "X": SqlType(Kind.VARBINARY, length=8),
    "A": SqlType(Kind.DATE),
    "T": SqlType(Kind.TIME),
    "M": SqlType(Kind.TIMESTAMP),
}
COLUMNS = [RecordColumn(name, type_) for name, type_ in TYPES.items()]


def document(chance: random.Random) -> dict[str, Any]:
    values: dict[str, Any] = {
        "B": chance.random() < 0.5,
        "Y": chance.randrange(-128, 128),
        "S": chance.randrange(-(1 << 15), 1 << 15),
        "I": chance.randrange(-(1 << 31), 1 << 31),
        "L": chance.randrange(-(1 << 63), 1 << 63),
        "N": chance.randrange(-(10**9), 10**9) / 1000,
        "R": chance.randrange(1000) / 8,
        "D": chance.gauss(0, 1e6),
        "C": "ä" * chance.randrange(7),
        "V": chance.choice(["", "x", "é" * chance.randrange(2000)]),
        "X": "X'616263'",
        "A": f"2024-02-{chance.randrange(1, 30):02}",
        "T": f"10:00:{chance.randrange(60):02}",
        "M": f"2024-02-29 10:00:00.{chance.randrange(1000):03}",
    }
    return {name: None if chance.random() < 0.2 else value for name, value in values.items()}


@pytest.mark.parametrize("at_once", [1, 2, 15, 16, 17])
def test_short_batches_are_pieces_of_a_long_one(at_once: int) -> None:
    chance = random.Random(at_once)
    documents = [document(chance) for _ in range(300)]
    lines = [(json.dumps(each, ensure_ascii=False) + "\n").encode() for each in documents]
    schema = InputSchema(tuple(COLUMNS))
    decoded = decoder(schema).feed(b"".join(lines))
    assert decoded.rejects == ()
    whole = decoded.batch
    assert whole.num_rows == 300
    records = decoder(schema)
    short = [records.feed(b"".join(lines[i : i + at_once])).batch for i in range(0, 300, at_once)]
    for batch in short:
        batch.validate(full=True)
    assert pa.Table.from_batches(short).combine_chunks().to_batches()[0].equals(whole)
    for name in ("B", "I", "L"):  # and the long one holds what was written
        assert whole[name].to_pylist() == [each[name] for each in documents]
    assert whole["V"].to_pylist() == [each["V"] for each in documents]


def test_a_row_that_was_not_finished_leaves_nothing_in_the_next() -> None:
    """Between two batches the columns keep their memory: what a broken record put there must be gone."""
    schema = InputSchema(
        (RecordColumn("D", SqlType(Kind.DOUBLE)), RecordColumn("V", SqlType(Kind.VARCHAR, length=9)))
    )
    records = decoder(schema)
    first = records.feed(b'{"D":1.5,"V":"one"}\n{"D":2.5,"V":"two"')
    assert first.batch.to_pylist() == [{"D": 1.5, "V": "one"}]
    broken = records.feed(b',}\n{"D":3.5,"V":"three",]\n')
    assert (broken.batch.num_rows, len(broken.rejects)) == (0, 2)
    after = records.feed(b'{"D":null}\n{}\n{"V":"four"}\n')
    assert after.batch.to_pylist() == [{"D": None, "V": None}, {"D": None, "V": None}, {"D": None, "V": "four"}]
