"""How the cost of a row grows: with the rows, the pumps on a stream, the keys, the window and the columns.

Flat is good: the cost is CPU per million rows, beside that of the first variant of the case.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks import data
from benchmarks.cost import Variant, case
from benchmarks.data import Columns
from benchmarks.program import OUTPUT, SOURCE, Input, application
from benchmarks.rows import tables
from benchmarks.rows.workloads import WORKLOADS

ROWS = 1_000_000
SQL = {workload.name: workload.sql.read_text(encoding="utf-8") for workload in WORKLOADS}


def ticker(rows: int = tables.ROWS, timed: bool = True) -> Input:
    """The first rows of the ticker's JSON lines."""
    whole = tables.path("ticker", "jsonl")
    path = whole if rows == tables.ROWS else data.head(whole, rows)
    return Input(SOURCE, path, tables.COLUMNS["ticker"], "EVENT_TIME" if timed else "")


def _rows(query: str) -> list[Variant]:
    sizes = (tables.ROWS // 4, tables.ROWS // 2, tables.ROWS)
    return [Variant(f"{rows:,} rows", SQL[query], partial(ticker, rows, query != "w1")) for rows in sizes]


def _pumps(number: int) -> str:
    """So many pumps on the one stream; each counts the rows above a price of its own, per minute."""
    step = "STEP(t.ROWTIME BY INTERVAL '1' MINUTE)"
    script = ""
    for pump in range(number):
        count = (
            f'SELECT STREAM {step}, COUNT(*) FROM "{SOURCE}" AS t WHERE PRICE > {10 * pump + 10} GROUP BY {step}'
        )
        one = application("W TIMESTAMP, C BIGINT", count)
        script += one.replace(OUTPUT, f"COUNTS_{pump}").replace("PUMP P", f"PUMP P{pump}") if pump else one
    return script


def _tumbling(interval: str) -> str:
    step = f"STEP(t.ROWTIME BY INTERVAL {interval})"
    return application(
        "W TIMESTAMP, TICKER VARCHAR(8), C BIGINT, A DOUBLE",
        f'SELECT STREAM {step}, TICKER, COUNT(*), AVG(PRICE) FROM "{SOURCE}" AS t GROUP BY TICKER, {step}',
    )


def _sliding(interval: str) -> str:
    window = f"OVER (PARTITION BY TICKER RANGE INTERVAL {interval} PRECEDING)"
    return application(
        "TICKER VARCHAR(8), A DOUBLE, C BIGINT",
        f'SELECT STREAM TICKER, AVG(PRICE) {window}, COUNT(*) {window} FROM "{SOURCE}"',
    )


def keyed(keys: int) -> Input:
    """A million rows in 33 minutes; with a million keys most groups have one row or two."""
    path = data.file(f"keys{keys}", "jsonl", partial(_keyed_rows, keys))
    return Input(SOURCE, path, '"EVENT_TIME" TIMESTAMP, "TICKER" VARCHAR(8), "PRICE" DOUBLE', "EVENT_TIME")


def _keyed_rows(keys: int) -> Columns:
    random = np.random.default_rng(11)
    return {
        "EVENT_TIME": data.instants(tables.rising(random, ROWS, 3)),
        "TICKER": [f"{key:07d}" for key in random.integers(0, keys, ROWS).tolist()],
        "PRICE": np.round(random.uniform(1, 100, ROWS), 2).tolist(),
    }


def _keys(query: Callable[[str], str], interval: str) -> list[Variant]:
    return [Variant(f"{keys:,} keys", query(interval), partial(keyed, keys)) for keys in (100, 10_000, 1_000_000)]


def _windows(query: Callable[[str], str]) -> list[Variant]:
    lengths = {
        "1 s": "'1' SECOND",
        "10 s": "'10' SECOND",
        "1 min": "'1' MINUTE",
        "10 min": "'10' MINUTE",
        "1 h": "'1' HOUR",
    }
    return [Variant(name, query(interval), partial(ticker, ROWS)) for name, interval in lengths.items()]


def wide(suffix: str, columns: int) -> Input:
    """Rows of so many DOUBLE columns, each number of six characters."""
    path = data.file(f"columns{columns}", suffix, partial(_wide_rows, columns))
    return Input(SOURCE, path, ", ".join(f'"C{column}" DOUBLE' for column in range(columns)))


def _wide_rows(columns: int) -> Columns:
    random = np.random.default_rng(12)
    numbers = random.integers(100_000, 1_000_000, (columns, min(ROWS, 10 * ROWS // columns))) / 1000
    return {f"C{column}": values.tolist() for column, values in enumerate(numbers)}


def _copy(columns: int) -> str:
    declared = ", ".join(f"C{column} DOUBLE" for column in range(columns))
    return application(declared, f'SELECT STREAM * FROM "{SOURCE}"')


def _use_one(_: int) -> str:
    return application("C0 DOUBLE", f'SELECT STREAM C0 FROM "{SOURCE}"')


def _columns(query: Callable[[int], str], suffix: str) -> list[Variant]:
    return [Variant(f"{number} columns", query(number), partial(wide, suffix, number)) for number in (1, 10, 50)]


CASES = (
    case("rows: filter", _rows("w1")),
    case("rows: tumbling", _rows("w3")),
    case("rows: sliding", _rows("w4")),
    case("pumps on one stream", [Variant(f"{n} pumps", _pumps(n), partial(ticker, ROWS)) for n in (1, 2, 5, 10)]),
    case("keys: tumbling hour", _keys(_tumbling, "'1' HOUR")),
    case("keys: tumbling minute", _keys(_tumbling, "'1' MINUTE")),
    case("keys: sliding minute", _keys(_sliding, "'1' MINUTE")),
    case("window: tumbling", _windows(_tumbling)),
    case("window: sliding", _windows(_sliding)),
    case("columns: all copied, JSON", _columns(_copy, "jsonl")),
    case("columns: all copied, CSV", _columns(_copy, "csv")),
    case("columns: one of them used, JSON", _columns(_use_one, "jsonl")),
    case("columns: one of them used, CSV", _columns(_use_one, "csv")),
)
