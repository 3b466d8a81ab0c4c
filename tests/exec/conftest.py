"""Runs SQL over rows written as Python tuples, cut into batches and restarted in every way a test asks for."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from streamsql import types
from streamsql.exec.graph import Graph
from streamsql.functions.call import Times
from streamsql.plan import bind
from streamsql.sql import parse

Row = tuple[Any, ...]
Event = tuple[str, Any]
"""(stream, rows) or (stream, a watermark in ms)."""

DAY = datetime.datetime(1970, 1, 1)


def clock(text: str) -> int:
    """`08:00:45` or `08:00:45.5` as ms since midnight."""
    hours, minutes, seconds = text.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def clock_text(time: int) -> str:
    """The reverse of `clock`."""
    return (DAY + datetime.timedelta(milliseconds=time)).strftime("%H:%M:%S")


def schema(text: str) -> tuple[types.Column, ...]:
    """`a INTEGER, k VARCHAR(8)` as columns."""
    columns = []
    for part in text.split(", "):
        name, type_ = part.split(" ", 1)
        nullable = not type_.endswith(" NOT NULL")
        columns.append(types.Column(name.upper(), types.parse_type(type_.removesuffix(" NOT NULL")), nullable))
    return tuple(columns)


def as_batch(columns: Sequence[types.Column], rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows of (ROWTIME in ms, values …) as a batch."""
    every = [types.ROWTIME, *columns]
    arrays = [pa.array([row[i] for row in rows], column.type.arrow) for i, column in enumerate(every)]
    return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in every])


def as_rows(batch: pa.RecordBatch) -> list[Row]:
    """A batch as rows, ROWTIME and other timestamps in ms."""
    columns = [
        column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column for column in batch.columns
    ]
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


@dataclass
class Runner:
    """One SQL script over inputs, `{"S": "a INTEGER, k VARCHAR(8)"}`, and reference tables."""

    sql: str
    inputs: dict[str, str]
    tables: dict[str, tuple[str, list[Row]]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.schemas = {name: schema(text) for name, text in self.inputs.items()}
        tables = {name: schema(text) for name, (text, _) in self.tables.items()}
        self.plan = bind(parse(self.sql), self.schemas, tables=tables)

    def graph(self) -> Graph:
        """A graph of the plan, with its tables."""
        graph = Graph(self.plan, **{"times": lambda: Times(0, 0), **self.options})
        for name, (text, rows) in self.tables.items():
            columns = schema(text)
            arrays = [pa.array([row[i] for row in rows], c.type.arrow) for i, c in enumerate(columns)]
            graph.set_table(name, pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns]))
        return graph

    def send(self, graph: Graph, stream: str, what: Sequence[Row] | int) -> None:
        """Rows, or a watermark."""
        if isinstance(what, int):
            graph.watermark(stream, what)
        else:
            graph.push(stream, as_batch(self.schemas[stream], what))

    def outputs(self) -> list[str]:
        """The streams that pumps write, and the error stream."""
        return [s.name for s in self.plan.streams if not s.is_input] + ["ERROR_STREAM"]

    def run(
        self,
        events: Sequence[Event],
        *,
        cut: Callable[[Sequence[Row]], Iterator[Sequence[Row]]] | None = None,
        restart: bool = False,
        finish: bool = True,
    ) -> dict[str, list[Row]]:
        """The rows of every output. `cut` cuts the rows of an event into batches; `restart`: after every batch a
        new graph takes over the state of the old one."""
        rows: dict[str, list[Row]] = {name: [] for name in self.outputs()}

        def connect(graph: Graph) -> Graph:
            for name in rows:
                graph.subscribe(name, lambda batch, name=name: rows[name].extend(as_rows(batch)))
            return graph

        graph = connect(self.graph())
        for stream, what in events:
            parts = [what] if isinstance(what, int) else list(cut(what) if cut else [what])
            for part in parts:
                self.send(graph, stream, part)
                if restart:
                    state = graph.snapshot()
                    graph = connect(self.graph())
                    graph.restore(state)
        self.state = graph.snapshot()
        assert not graph.missing()  # docs/counts.md: the law holds at any time
        if finish:
            graph.finish()
        assert not graph.missing()
        self.counters = graph.counters()
        return rows

    def check_batching(self, events: Sequence[Event], seed: int = 0) -> dict[str, list[Row]]:
        """Run whole, row by row, in random pieces and with restarts; all must agree. The common result."""
        chance = random.Random(seed)
        whole, counted = self.run(events), self.counters
        assert self.run(events, cut=one_by_one) == whole
        assert self.counters == counted
        assert self.run(events, cut=lambda rows: pieces(rows, chance)) == whole
        assert self.counters == counted
        assert self.run(events, cut=lambda rows: pieces(rows, chance), restart=True) == whole
        assert self.counters == counted
        return whole


def one_by_one(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Each row alone."""
    for row in rows:
        yield [row]


def pieces(rows: Sequence[Row], chance: random.Random) -> Iterator[Sequence[Row]]:
    """Pieces of random lengths."""
    begin = 0
    while begin < len(rows):
        end = begin + chance.randint(1, 1 + min(7, len(rows) - begin))
        yield rows[begin:end]
        begin = end


@pytest.fixture
def runner() -> type[Runner]:
    return Runner


@pytest.fixture
def at() -> Callable[[str], int]:
    return clock


@pytest.fixture
def times() -> Callable[[list[Row]], list[Row]]:
    """Rows with ROWTIME as `08:00:45`."""
    return lambda rows: [(clock_text(row[0]), *row[1:]) for row in rows]
