"""The same rows and the same question to both engines, and whether they agree."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa
from term_generator import WORDS
from terms import BIGINT, BOOLEAN, DOUBLE, INTEGER, MACROS, TIMESTAMP, Type, decimal, varchar

from streamsql.app.application import Application

Row = tuple[Any, ...]
START = 1_704_103_200_000
"""2024-01-01 10:00:00 in ms."""

STREAMS: dict[str, dict[str, Type]] = {
    "S": {
        "A": INTEGER,
        "B": BIGINT,
        "D": decimal(9, 2),
        "X": DOUBLE,
        "K": varchar(8),
        "W": varchar(12),
        "E": TIMESTAMP,
        "F": BOOLEAN,
    },
    "T": {"A": INTEGER, "K": varchar(8), "Y": DOUBLE, "V": varchar(12), "B": BIGINT},
}
TABLE = {"K": varchar(65535), "N": BIGINT}
"""The reference table R."""


@dataclass(frozen=True)
class Query:
    """A question in both languages.

    sql: the SELECT STREAM. oracle: its rows, ROWTIME in ms first; in order if `ordered`. failures: oracle of the
    number of error rows. columns: the types of the items.
    """

    sql: str
    oracle: str
    columns: tuple[Type, ...]
    failures: str = "SELECT 0"
    ordered: bool = True
    distinct_times: bool = False
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Data:
    """Rows by stream, ROWTIME in ms first, ascending; the rows of the table."""

    streams: dict[str, list[Row]]
    table: list[Row]

    def batch(self, stream: str) -> pa.RecordBatch:
        return batch_of(STREAMS[stream], self.streams[stream])


def batch_of(columns: dict[str, Type], rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows with ROWTIME as the engine takes them."""
    arrays = [pa.array([row[0] for row in rows], pa.timestamp("ms"))]
    for number, type_ in enumerate(columns.values(), 1):
        values = [row[number] for row in rows]
        if type_.name == "DECIMAL":
            values = [None if value is None else Decimal(value).scaleb(-type_.scale) for value in values]
        arrays.append(pa.array(values, _arrow(type_)))
    return pa.record_batch(arrays, names=["ROWTIME", *columns])


def _arrow(type_: Type) -> pa.DataType:
    if type_.name == "DECIMAL":
        return pa.decimal128(type_.precision, type_.scale)
    if type_.text:
        return pa.string()
    types = {"INTEGER": pa.int32(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()}
    return types.get(type_.name, pa.timestamp("ms"))


# ---------------------------------------------------------------- rows


def _value(chance: random.Random, name: str, type_: Type, time: int) -> Any:
    if chance.random() < 0.12:
        return None
    if name == "K":
        return chance.choice(["a", "b", "c", "ab", "B"])
    if type_.text:
        return chance.choice(WORDS)
    if type_ == DOUBLE:
        return chance.choice([0.0, -0.0, 0.5, -1.25, 3.0, round(chance.gauss(0, 50), 3), chance.gauss(0, 1) * 1e6])
    if type_ == BOOLEAN:
        return chance.random() < 0.5
    if type_ == TIMESTAMP:
        return time - chance.randint(-2000, 90_000)
    if type_.name == "DECIMAL":
        return chance.choice([0, 50, -250, chance.randint(-99_999, 99_999)])
    if type_ == BIGINT:
        return chance.choice([0, 1, -3, chance.randint(-1000, 1000), chance.randint(-(10**12), 10**12)])
    return chance.choice(
        [0, 1, -1, 2, 3, 7, -5, chance.randint(-2000, 2000), chance.choice([-(2**31), 2**31 - 1, 70_000])]
    )


def make_rows(
    chance: random.Random, columns: dict[str, Type], count: int, offset: int, gaps: Sequence[int]
) -> list[Row]:
    time, rows = START + offset, []
    for _ in range(count):
        time += chance.choice(gaps)
        rows.append((time, *(_value(chance, name, type_, time) for name, type_ in columns.items())))
    return rows


@lru_cache(maxsize=64)
def data_set(number: int, distinct_times: bool) -> Data:
    """Rows made from a number. `distinct_times`: no two rows of any streams have the same ROWTIME."""
    chance = random.Random(number)
    gaps = (
        (2, 500, 1000, 10_000, 30_000, 100_000)
        if distinct_times
        else (0, 0, 500, 1000, 1000, 10_000, 30_000, 100_000)
    )
    streams = {
        name: make_rows(
            chance,
            columns,
            0 if number % 8 == 5 + place else chance.choice([25, 60, 60, 150]),
            place if distinct_times else 0,
            gaps,
        )
        for place, (name, columns) in enumerate(STREAMS.items())
    }
    keys = [chance.choice(["a", "b", "c", "zz", None]) for _ in range(6)]
    return Data(streams, [(key, chance.choice([None, chance.randint(-5, 5)])) for key in keys])


# ---------------------------------------------------------------- DuckDB


@lru_cache(maxsize=64)
def oracle_of(number: int, distinct_times: bool) -> duckdb.DuckDBPyConnection:
    """A database with the tables S, T and R of the data set; `seq` is the order of arrival, `t` ROWTIME."""
    data = data_set(number, distinct_times)
    database = duckdb.connect(config={"threads": 1})
    database.execute(MACROS)
    for name, rows in (*data.streams.items(), ("R", data.table)):
        columns = STREAMS.get(name, TABLE)
        arrays = [pa.array(range(len(rows)), pa.int64())]
        arrays += [pa.array([row[0] for row in rows], pa.int64())] if name != "R" else []
        names = ["seq", "t"][: len(arrays)]
        for place, type_ in enumerate(columns.values(), len(arrays) - 1):
            exact = type_.exact or type_ == TIMESTAMP
            arrays.append(pa.array([row[place] for row in rows], pa.int64() if exact else _arrow(type_)))
        stored = pa.table(arrays, names=[*names, *columns])  # noqa: F841  (DuckDB finds it by its name)
        exact = [name for name, type_ in columns.items() if type_.exact]
        replaced = ", ".join(f"{name}::HUGEINT AS {name}" for name in exact)
        database.execute(f"CREATE TABLE {name} AS SELECT * REPLACE ({replaced}) FROM stored")
    return database


# ---------------------------------------------------------------- the engine


def application(query: Query, data: Data, **options: Any) -> Application:
    columns = ", ".join(f"C{number} {type_.ddl}" for number, type_ in enumerate(query.columns))
    schemas = {
        name: ", ".join(f'"{column}" {type_.ddl}' for column, type_ in columns.items())
        for name, columns in STREAMS.items()
        if re.search(rf"\b(FROM|JOIN) {name}\b", query.sql)
    }
    return Application(
        f"CREATE STREAM O ({columns}); CREATE PUMP P AS INSERT INTO O {query.sql}",
        schemas=schemas,
        references={
            "R": pa.table({name: [row[i] for row in data.table] for i, name in enumerate(TABLE)}, schema=_TABLE)
        },
        rowtime="ROWTIME",
        **{**query.options, **options},
    )


_TABLE = pa.schema([("K", pa.string()), ("N", pa.int64())])


def inputs_of(app: Application) -> list[str]:
    return [stream.name for stream in app.plan.streams if stream.is_input]


def result_of(app: Application, types: Sequence[Type]) -> list[Row]:
    """The rows that came out, as the oracle writes them."""
    table = app.read("O")
    columns = [table.column(0).cast(pa.int64()).to_pylist()]
    for type_, column in zip(types, table.columns[1:], strict=True):
        if type_ == TIMESTAMP:
            column = column.cast(pa.int64())
        values = column.to_pylist()
        if type_.exact:
            values = [None if value is None else int(Decimal(value).scaleb(type_.scale)) for value in values]
        columns.append(values)
    return list(zip(*columns, strict=True))


def run(query: Query, data: Data) -> tuple[list[Row], int]:
    """The rows of the engine, and the number of its error rows."""
    app = application(query, data)
    for stream in inputs_of(app):
        app.feed(stream, data.batch(stream))
    app.finish()
    return result_of(app, query.columns), app.errors().num_rows


# ---------------------------------------------------------------- comparison


def same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-7)
    return type(found) is type(wanted) and found == wanted


def in_any_order(rows: list[Row]) -> list[Row]:
    """The rows sorted; by columns of real numbers, in which both engines may differ a little, last."""
    real = [any(isinstance(value, float) for value in column) for column in zip(*rows, strict=True)]
    order = sorted(range(len(real)), key=real.__getitem__)
    return sorted(
        rows, key=lambda row: [(row[place] is None, 0 if row[place] is None else row[place]) for place in order]
    )


def differences(found: list[Row], wanted: list[Row], ordered: bool) -> Iterator[str]:
    """What is wrong with the rows, in a few lines."""
    if [row[0] for row in found] != sorted(row[0] for row in found):
        yield "ROWTIME goes back"
    if not ordered:
        found, wanted = in_any_order(found), in_any_order(wanted)
    if len(found) != len(wanted):
        yield f"{len(found)} rows instead of {len(wanted)}"
    for place, (mine, other) in enumerate(zip(found, wanted, strict=False)):
        if not all(map(same, mine, other)):
            yield f"row {place}: {mine} instead of {other}"
            return


def check(query: Query, number: int) -> str:
    """What both engines disagree about for one query over one data set; empty if nothing."""
    data = data_set(number, query.distinct_times)
    database = oracle_of(number, query.distinct_times)
    wanted = database.execute(query.oracle).fetchall()
    failures = database.execute(query.failures).fetchone()
    found, errors = run(query, data)
    problems = list(differences(found, wanted, query.ordered))
    if failures is None or errors != int(failures[0]):
        problems.append(f"{errors} error rows instead of {failures}")
    if not problems:
        return ""
    return "\n".join(
        [*problems, f"data set {number}, distinct times: {query.distinct_times}", query.sql, "", query.oracle]
    )
