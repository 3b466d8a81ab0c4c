"""Bytewax: a streaming dataflow over JSON lines, rows are Python objects. One worker; more need partitions."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main
from queries import task

AT_ONCE = int(os.environ.get("AT_ONCE", "1000"))
Row = dict[str, Any]
job = task()


class Lines(StatelessSourcePartition[bytes]):
    def __init__(self) -> None:
        self.file = open(job.paths["ticker"], "rb")  # noqa: SIM115 - open as long as the dataflow runs

    def next_batch(self) -> Iterable[bytes]:
        lines = list(islice(self.file, AT_ONCE))
        if not lines:
            raise StopIteration
        return lines


class Output(StatelessSinkPartition[bytes]):
    def __init__(self) -> None:
        self.file = open(job.output, "wb")  # noqa: SIM115

    def write_batch(self, items: list[bytes]) -> None:
        self.file.write(b"".join(items))
        self.file.flush()


class LineSource(DynamicSource[bytes]):
    def build(self, *_: object) -> Lines:
        return Lines()


class OutputSink(DynamicSink[bytes]):
    def build(self, *_: object) -> Output:
        return Output()


def encode(row: Row, **more: object) -> bytes:
    return (
        orjson.dumps({"EVENT_TIME": row["EVENT_TIME"], "TICKER": row["TICKER"], "PRICE": row["PRICE"], **more})
        + b"\n"
    )


def filtered(line: bytes) -> bytes | None:
    row: Row = orjson.loads(line)
    if row["PRICE"] <= 50:
        return None
    return encode(row, PREV=row["PRICE"] - row["CHANGE"], SECTOR=row["SECTOR"])


def keyed(line: bytes) -> tuple[str, Row]:
    row: Row = orjson.loads(line)
    return row["TICKER"], row


def slide(state: tuple[deque[Any], float] | None, row: Row) -> tuple[Any, bytes]:
    """One row out per row in; the window is a queue and a sum."""
    window, total = state or (deque(), 0.0)
    now = datetime.fromisoformat(row["EVENT_TIME"]).timestamp()
    window.append((now, row["PRICE"]))
    total += row["PRICE"]
    while window[0][0] < now - 60:
        total -= window.popleft()[1]
    return (window, total), encode(row, A=total / len(window), C=len(window))


flow = Dataflow("workload")
lines = op.input("lines", flow, LineSource())
if job.query == "w1":
    results = op.filter_map("filter", lines, filtered)
else:
    results = op.map("value", op.stateful_map("slide", op.map("key", lines, keyed), slide), lambda item: item[1])
op.output("output", results, OutputSink())
run_main(flow)
