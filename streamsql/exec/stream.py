"""A stream of an application: its writers, merged by ROWTIME when there are several, and its readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from streamsql.errors import StateError
from streamsql.exec.context import Context, failed_rows
from streamsql.exec.fingerprint import fingerprint
from streamsql.exec.merge import Merge
from streamsql.exec.operator import START_OF_TIME, State
from streamsql.exec.pump import Pump
from streamsql.exec.time import last_rowtime
from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, whole
from streamsql.plan import nodes
from streamsql.plan.memory import OUTSIDE, waiting
from streamsql.record import replace

if TYPE_CHECKING:
    from streamsql.exec.gate import Gate

Callback = Callable[[Rows], None]
Failed = Callable[[nodes.Stream, str, pa.RecordBatch, Failures], None]
"""Takes rows that the stream does not: the stream, their writer, a batch, and which rows of it."""


class Stream:
    """An in-application stream: its writers, merged by ROWTIME when there are several, and its readers."""

    def __init__(self, node: nodes.Stream, plans: Mapping[str, nodes.Node], failed: Failed) -> None:
        """`plans`: the writers in the order in which rows of one ROWTIME stand, and what they run."""
        self.node = node
        self.writers = list(plans)
        self.merge = Merge(len(plans)) if len(plans) > 1 else None
        self.readers: list[Pump] = []
        self.callbacks: list[Callback] = []
        self.bound = START_OF_TIME
        self.written = 0
        self.fed = 0
        self.rows = 0
        self.late = 0
        self.in_error = 0
        self._plans = plans
        self._gates: dict[str, Gate] = {}
        self._failed = failed

    def limit(self, context: Context) -> None:
        """Let only those rows wait for which there is room, if `context` says that it is limited."""
        if self.merge is None or context.room is None:
            return
        from streamsql.exec.gate import Gate  # most runs have no limit

        for writer, rule in zip(self.writers, waiting(list(self._plans.values())), strict=True):
            if rule is not None:
                at_gate = replace(context, reject=partial(self._refused, writer))
                self._gates[writer] = Gate(f"stream {self.node.name}", [rule], at_gate, context.room)

    def _refused(self, writer: str, batch: pa.RecordBatch, failures: Failures) -> None:
        self.in_error += len(failures.rows)
        self._failed(self.node, writer, batch, failures)

    def write(self, writer: str, batch: Rows, last: int | None = None) -> None:
        """Rows of one writer; `last` is the last ROWTIME, if it is at hand."""
        self.written += batch.num_rows
        if writer == OUTSIDE:
            self.fed += batch.num_rows
        if self.merge is None:
            self._deliver(batch, last)
            return
        batch = whole(batch)
        late = self.merge.late(batch)
        if late.any():
            self.late += int(late.sum())
            self._failed(self.node, writer, batch, failed_rows(len(late), late, "RUN-004", self._late_message()))
            batch = pc.filter(batch, pc.from_numpy(~late))
        if batch.num_rows:
            self._wait(self.merge, writer, batch)
            self._release(self.merge)

    def _wait(self, merge: Merge, writer: str, batch: pa.RecordBatch) -> None:
        """Let the rows wait for which there is room; time comes to the others too."""
        number, time = self.writers.index(writer), last_rowtime(batch)
        if writer in self._gates and merge.waits(number):
            batch = self._gates[writer].admitted(0, batch)
        if batch.num_rows:
            merge.add(number, batch)
        merge.advance(number, time)

    @property
    def waiting(self) -> int:
        """Rows that wait for a slower writer."""
        return self.merge.waiting if self.merge else 0

    def _late_message(self) -> str:
        return f"ROWTIME is earlier than that of a row already in {self.node.name}"

    def advance(self, writer: str, time: int) -> None:
        """No later row of this writer will be older than `time`."""
        if self.merge is not None:
            self.merge.advance(self.writers.index(writer), time)
            self._release(self.merge)
        else:
            self._tell(time)

    def activate(self, writer: str, active: bool) -> None:
        """Whether others have to wait for this writer."""
        if self.merge is not None:
            self.merge.activate(self.writers.index(writer), active, self.bound)
            self._release(self.merge)

    def _release(self, merge: Merge) -> None:
        for batch in merge.release():
            self._deliver(batch)
        self._tell(merge.bound)

    def _deliver(self, batch: Rows, last: int | None = None) -> None:
        self.rows += batch.num_rows
        for callback in self.callbacks:
            callback(batch)
        for pump in self.readers:
            if pump.running:
                for stage, port in pump.ports[self.node.name]:
                    pump.counts.rows_in += batch.num_rows
                    stage.push(port, batch)
        if self.readers or self.node.is_input:  # nobody else asks how far time has come
            self._tell(last_rowtime(batch) if last is None else last)

    def _tell(self, time: int) -> None:
        """Every row that follows is at `time` or later."""
        if time <= self.bound:
            return
        self.bound = time
        for pump in self.readers:
            if pump.running:
                for stage, port in pump.ports[self.node.name]:
                    stage.watermark(port, time)

    def counted(self) -> dict[str, int]:
        """What became of the rows (docs/counts.md)."""
        counts = {"written": self.written, "fed": self.fed, "rows": self.rows}
        return {**counts, "late": self.late, "in_error": self.in_error, "held": self.waiting}

    def missing(self) -> int:
        """How many rows were written and are not accounted for: 0, unless there is a bug."""
        return self.written - self.rows - self.late - self.in_error - self.waiting

    def snapshot(self) -> State:
        """All state."""
        state: State = {"bound": self.bound, "late": self.late, "in_error": self.in_error}
        state |= {"written": self.written, "fed": self.fed, "rows": self.rows}
        if self.merge:
            state |= {"merge": self.merge.snapshot(), "fingerprint": self._fingerprint()}
            state["gates"] = {writer: gate.snapshot() for writer, gate in self._gates.items()}
        return state

    def restore(self, state: State) -> None:
        """Take over a snapshot. Raises StateError if it is not one of the same writers and columns."""
        if state.get("fingerprint", "") != self._fingerprint():
            raise StateError(f"the writers or columns of stream {self.node.name} are not those of the saved state")
        self.bound, self.late, self.in_error = state["bound"], state["late"], state["in_error"]
        self.written, self.fed, self.rows = state["written"], state["fed"], state["rows"]
        if self.merge:
            self.merge.restore(state["merge"])
        for writer, gate in self._gates.items():
            gate.restore(state["gates"][writer])

    def _fingerprint(self) -> str:
        """Equal for two streams that merge the same columns of the same writers; empty if nothing is merged."""
        return f"{self.writers} {fingerprint(nodes.Source(self.node.schema, ''))}" if self.merge else ""
