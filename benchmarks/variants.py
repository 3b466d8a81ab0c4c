"""Rows that are harder to read than those of the row path: the same filter, what the shape of the input costs.

The first variant of each case is the plain shape; the ratio says how much dearer the others are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import data
from benchmarks.cost import Variant, case
from benchmarks.data import Columns
from benchmarks.program import SOURCE, Input, application
from benchmarks.rows import tables

ROWS = 1_000_000
SCHEMA = tables.COLUMNS["ticker"]
FILTER = application(
    "EVENT_TIME TIMESTAMP, TICKER VARCHAR(8), PRICE DOUBLE, PREV DOUBLE, SECTOR VARCHAR(64)",
    f'SELECT STREAM EVENT_TIME, TICKER, PRICE, PRICE - CHANGE, SECTOR FROM "{SOURCE}" WHERE PRICE > 50',
)


@dataclass(frozen=True)
class Shape:
    """A form of the ticker's rows. `schema` declares it, `change` makes it from the plain columns."""

    name: str
    change: Callable[[Columns], Columns]
    schema: str = SCHEMA
    sql: str = FILTER
    mapping: dict[str, str] | None = None  # row paths of columns that are not at the top of a JSON record

    def source(self, suffix: str) -> Input:
        name = "shape_" + self.name.replace(" ", "_")
        path = data.file(name, suffix, lambda: self.change(tables.ticker(ROWS)))
        return Input(SOURCE, path, str(self.mapped(path)) if self.mapping else self.schema)

    def mapped(self, path: Path) -> Path:
        """An InputSchema file beside the data."""
        columns = [
            {"Name": column, "SqlType": kind, "Mapping": (self.mapping or {})[column]}
            for column, kind in (part.replace('"', "").split(" ") for part in self.schema.split(", "))
        ]
        record = {
            "RecordFormatType": "JSON",
            "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$"}},
        }
        file = path.with_suffix(".schema.json")
        file.write_text(json.dumps({"RecordFormat": record, "RecordColumns": columns}))
        return file


def _plain(columns: Columns) -> Columns:
    return columns


def _wide(columns: Columns) -> Columns:
    """Twenty columns more, before and after those that are wanted, of which the schema knows nothing."""
    filling = {f"EXTRA_{n}": [f"value {n}"] * ROWS if n % 2 else [n * 1.5] * ROWS for n in range(20)}
    return dict(list(filling.items())[:10]) | columns | dict(list(filling.items())[10:])


def _reordered(columns: Columns) -> Columns:
    """The columns the other way round."""
    return dict(reversed(columns.items()))


def _nested(columns: Columns) -> Columns:
    prices = zip(columns["PRICE"], columns["CHANGE"], strict=True)
    return {
        "meta": [{"at": at, "source": {"name": "feed", "parts": [1, 2]}} for at in columns["EVENT_TIME"]],
        "symbol": [{"ticker": t, "sector": s} for t, s in zip(columns["TICKER"], columns["SECTOR"], strict=True)],
        "quote": [{"price": price, "change": change} for price, change in prices],
    }


def _escaped(columns: Columns) -> Columns:
    """A quote, a backslash and a tab in each text; in CSV the field is quoted."""
    return columns | {"SECTOR": [f'{sector} "a\\b"\t, Zürich' for sector in columns["SECTOR"]]}


def _nulls(columns: Columns) -> Columns:
    """A third of the values of each column but the time is missing."""

    def holed(values: Sequence[object], phase: int) -> list[object]:
        return [None if (row + phase) % 3 == 0 else value for row, value in enumerate(values)]

    kept = {name: holed(values, phase) for phase, (name, values) in enumerate(columns.items())}
    return kept | {"EVENT_TIME": columns["EVENT_TIME"]}


def _long_numbers(columns: Columns) -> Columns:
    """Doubles with all the digits that they have."""
    noisy = {name: np.asarray(columns[name], dtype=float) * (1 + 1e-9) for name in ("PRICE", "CHANGE")}
    return columns | {name: values.tolist() for name, values in noisy.items()}


def _long_text(columns: Columns) -> Columns:
    """Some 400 characters, with a quote and a tab."""
    return columns | {"SECTOR": [f'"{sector}"\t' + f"{sector} and words " * 20 for sector in columns["SECTOR"]]}


def _keys(columns: Columns) -> Columns:
    """A ticker of its own for each row."""
    return columns | {"TICKER": [f"{row:07d}" for row in range(ROWS)]}


PLAIN = Shape("plain", _plain)
PATHS = {
    "EVENT_TIME": "$.meta.at",
    "TICKER": "$.symbol.ticker",
    "PRICE": "$.quote.price",
    "CHANGE": "$.quote.change",
    "SECTOR": "$.symbol.sector",
}
TEXT = replace(PLAIN, name="wider text", schema=SCHEMA.replace("VARCHAR(16)", "VARCHAR(64)"))
ESCAPED = replace(TEXT, name="escapes", change=_escaped)
LONG_TEXT = replace(
    TEXT,
    name="long text",
    change=_long_text,
    schema=SCHEMA.replace("VARCHAR(16)", "VARCHAR(1000)"),
    sql=FILTER.replace("VARCHAR(64)", "VARCHAR(1000)"),
)
LONG_NUMBERS = Shape("long numbers", _long_numbers)
NULLS = Shape("a third null", _nulls)
KEYS = Shape("a key per row", _keys)
WIDE = Shape("20 columns unused", _wide)
MINUTE = "STEP(t.ROWTIME BY INTERVAL '1' MINUTE)"
GROUPED = application(
    "W TIMESTAMP, TICKER VARCHAR(8), C BIGINT, A DOUBLE",
    f'SELECT STREAM {MINUTE}, TICKER, COUNT(*), AVG(PRICE) FROM "{SOURCE}" AS t GROUP BY TICKER, {MINUTE}',
)
TWO_KEYS = application(
    "W TIMESTAMP, TICKER VARCHAR(8), SECTOR VARCHAR(16), C BIGINT, A DOUBLE",
    f"SELECT STREAM {MINUTE}, TICKER, SECTOR, COUNT(*), AVG(PRICE) "
    f'FROM "{SOURCE}" AS t GROUP BY TICKER, SECTOR, {MINUTE}',
)


def _variants(shapes: Sequence[Shape], suffix: str, time: str = "") -> list[Variant]:
    def source(shape: Shape) -> Input:
        return replace(shape.source(suffix), time=time)

    return [Variant(shape.name, shape.sql, partial(source, shape)) for shape in shapes]


CASES = (
    case(
        "filter, JSON",
        _variants(
            (
                PLAIN,
                Shape("columns reversed", _reordered),
                WIDE,
                Shape("nested", _nested, mapping=PATHS),
                ESCAPED,
                LONG_TEXT,
                LONG_NUMBERS,
                NULLS,
                KEYS,
            ),
            "jsonl",
        ),
    ),
    case("filter, CSV", _variants((PLAIN, ESCAPED, LONG_TEXT, LONG_NUMBERS, NULLS, KEYS), "csv")),
    case(
        "tumbling minute, JSON",
        _variants(
            [replace(shape, sql=GROUPED) for shape in (PLAIN, WIDE, NULLS, KEYS)]
            + [replace(PLAIN, name="two keys", sql=TWO_KEYS)],
            "jsonl",
            "EVENT_TIME",
        ),
    ),
)
