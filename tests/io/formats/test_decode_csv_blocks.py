"""Many rows of CSV at once: quotes and nulls wherever they fall among the blocks; Python's csv is the reference."""

from __future__ import annotations

import csv
import io
from random import Random
from types import ModuleType
from typing import Any

import pytest

from streamsql.io.formats import decoder, schema_from_ddl

DDL = '"A" VARCHAR(50), "N" INTEGER, "B" VARCHAR(50), "X" DOUBLE, "C" VARCHAR(50)'
TEXTS = (
    "",
    "plain",
    'say "yes"',
    '"',
    '""',
    "a, b",
    "two\nlines",
    'a text that is somewhat longer, and ends in "',
    "ü",
)
ODD = (
    '5" disc,1,b,1.5,c',
    '"a" ,1,b,1.5,c',
    '"a"b,1,b,1.5,c',
    'a,1,b,1.5,"c" ',
    'a,1,b"",1.5,"c"',
    '"a,1,b,1.5,c',
)


def table(random: Random, rows: int) -> list[list[str]]:
    def number(text: str) -> str:
        return random.choice(["", text, text])

    return [
        [
            random.choice(TEXTS),
            number(str(random.randint(-99, 99))),
            random.choice(TEXTS),
            number(f"{random.random():.{random.randint(1, 17)}f}"),
            random.choice(TEXTS),
        ]
        for _ in range(rows)
    ]


def written(rows: list[list[str]], quoting: Any, end: str) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator=end).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_quotes_and_nulls(quoting: Any, end: str) -> None:
    rows = table(Random(quoting), 3000)
    part = decoder(schema_from_ddl(DDL, "CSV"), csv_header="no").feed(written(rows, quoting, end).encode())
    assert not part.rejects
    expected = [(a, int(n) if n else None, b, float(x) if x else None, c) for a, n, b, x, c in rows]
    assert [tuple(row.values()) for row in part.batch.to_pylist()] == expected


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_quote_anywhere(slow: ModuleType, odd: str) -> None:
    schema = schema_from_ddl(DDL, "CSV")
    random = Random(odd)
    for before in range(8):
        rows = written(table(random, before), csv.QUOTE_MINIMAL, "\n") + odd + "\n"
        data = (rows + written(table(random, 3), csv.QUOTE_MINIMAL, "\n")).encode()
        made = decoder(schema, csv_header="no")
        parts = [made.feed(data), made.finish()]
        expected = slow.decode_csv(data, schema)
        got = [tuple(row.values()) for part in parts for row in part.batch.to_pylist()]
        assert got == [tuple(row) for row in expected.rows]
        assert [reject.record for part in parts for reject in part.rejects] == [one[1] for one in expected.rejects]
