"""A bound plan at work: the graph, the way of rows into it, and its error stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from streamsql.app.intake import Feed, InputError, Intake
from streamsql.app.rowtime import ArrivalTimes, Clock
from streamsql.errors import StateError
from streamsql.exec.context import arrow_schema
from streamsql.exec.errors import ERROR_SCHEMA, ERROR_STREAM, Errors
from streamsql.exec.graph import Graph
from streamsql.exec.operator import END_OF_TIME, OTHER_STREAMSQL, Columns, State
from streamsql.exec.stream import Callback
from streamsql.functions.call import Times
from streamsql.io.format import Reject
from streamsql.plan.nodes import Application as Plan

STATE_VERSION = 1
BEFORE_INPUTS = -1  # the place of reference tables in the order of the error stream


class Engine:
    """Takes rows of inputs by their number; gives the rows of streams to whoever subscribed.

    `feeds` are the inputs in their order; `lateness` is in ms, `max_memory` in bytes; `tables` are
    the rows of the reference tables.
    """

    def __init__(
        self,
        plan: Plan,
        feeds: Sequence[Feed],
        *,
        seed: int,
        clock: Clock,
        lateness: int = 0,
        max_memory: int | None = None,
        tables: Mapping[str, pa.RecordBatch] | None = None,
    ) -> None:
        self.plan = plan
        self._feeds = feeds
        self._arrival = ArrivalTimes(clock)
        self._started = clock()
        is_replay = any(feed.rowtime for feed in feeds)
        self._replay = is_replay
        self._waits = is_replay and lateness > 0
        waiting = len(feeds) if self._waits else 0
        self.graph = Graph(
            plan, times=self._times, seed=seed, replay=is_replay, max_memory=max_memory, inputs=waiting
        )
        for name, rows in (tables or {}).items():
            self.graph.set_table(name, rows)
        push, watermark = self.graph.push, self.graph.watermark
        self.intake = Intake(feeds, self._arrival, lateness, push, watermark, self._report, self.graph.room)

    def _times(self) -> Times:
        return Times(self._started, self._arrival.now())

    def _report(self, stream: str, errors: Sequence[InputError]) -> None:
        """Rows of the error stream."""
        self.graph.report(stream, Errors(*zip(*errors, strict=True)))

    def report_table(self, table: str, rejects: Sequence[Reject]) -> None:
        """Rows of the error stream for records of a reference table. They have no ROWTIME; in a replay they stand
        before all rows, at 1970-01-01."""
        if not rejects:
            return
        count = len(rejects)
        times = [0 if self._replay else self._arrival.now()] * count
        names, records = [reject.name for reject in rejects], [reject.record for reject in rejects]
        messages = [f'reference table "{table}": {reject.message}' for reject in rejects]
        self.graph.errors.add(BEFORE_INPUTS, "null", Errors(times, names, messages, records, ["WARNING"] * count))

    def schema(self, stream: str) -> pa.Schema:
        """The Arrow schema of a stream's rows, ROWTIME first; hidden columns of inputs left out."""
        if stream == ERROR_STREAM:
            return ERROR_SCHEMA
        found = next(each for each in self.plan.streams if each.name == stream)
        return arrow_schema(found.schema[: len(found.schema) - found.hidden])

    def needed(self, stream: str) -> Columns:
        """The columns of what is fed to an input stream, by number, that are read while nothing goes wrong."""
        feed, *others = (each for each in self._feeds if each.stream.name == stream)
        if feed.stream.hidden or self._waits or others:  # rows that wait for others are put among them whole
            return None
        found = self.graph.needed(stream)
        if found is None:
            return None
        names = [column.name for column in feed.stream.schema[1:]]
        rowtime = {names.index(feed.rowtime)} if feed.rowtime in names else frozenset[int]()
        return frozenset(number - 1 for number in found if number) | rowtime

    def subscribe(self, stream: str, callback: Callback, *, lazy: bool = False) -> None:
        """Have `callback` called with every batch of a stream, or of ERROR_STREAM: a record batch, if it is not
        `lazy`."""
        self.graph.subscribe(stream, callback, lazy=lazy)

    def drain(self) -> None:
        """Nothing comes any more: push every row that waits, report every error; open windows stay open."""
        self.intake.drain()
        self.graph.errors.release(END_OF_TIME)

    def finish(self) -> None:
        """Nothing comes any more: push every row that waits, and emit every open window."""
        self.intake.drain()
        self.graph.finish()

    def counters(self) -> dict[str, dict[str, dict[str, int]]]:
        """Rows by input, stream and pump (docs/counts.md)."""
        inputs = {
            name: {**vars(counts), "held": self.intake.waiting(name)}
            for name, counts in self.intake.counts.items()
        }
        return {"inputs": inputs, **self.graph.counters()}

    def missing(self) -> list[str]:
        """Where rows went in of which nobody knows what became, in words; empty, unless there is a bug."""
        missing = [*self.intake.missing(), *self.graph.missing()]
        counters = self.counters()
        for name, counts in counters["inputs"].items():
            rows, fed = counts["rows"] - counts["held"], counters["streams"][name]["fed"]
            if rows != fed:
                missing.append(f"input {name}: {rows:,} rows went in, stream {name} was fed {fed:,}")
        return missing

    def snapshot(self) -> State:
        """All state; `restore` of an engine with the same plan and feeds goes on from there."""
        return {
            "version": STATE_VERSION,
            "started": self._started,
            "intake": self.intake.snapshot(),
            "graph": self.graph.snapshot(),
        }

    def restore(self, state: State) -> None:
        """Take over a snapshot. Raises StateError if it does not fit."""
        if state.get("version") != STATE_VERSION:
            version = state.get("version")
            raise StateError(
                f"saved state has version {version}; this is version {STATE_VERSION}", hint=OTHER_STREAMSQL
            )
        self._started = state["started"]
        self.intake.restore(state["intake"])
        self.graph.restore(state["graph"])
