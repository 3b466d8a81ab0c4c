"""What stands before operators with state under --max-memory: rows for which there is no room are rejected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.admission import Admission, LastRows
from streamsql.exec.context import Context, failed_rows
from streamsql.exec.operator import START_OF_TIME, State
from streamsql.exec.time import milliseconds, rowtimes
from streamsql.kernels import compute as pc
from streamsql.plan.memory import VALUE, Rule

Numbers = npt.NDArray[np.int64]


class Gate:
    """Lets the rows pass for which there is room in what `name` keeps: `limit` bytes for each rule."""

    def __init__(self, name: str, rules: Sequence[Rule], context: Context, limit: int) -> None:
        self._context = context
        self._name = name
        self._limit = limit
        self._places = [_Place(rule, context, limit) for rule in rules]

    def __bool__(self) -> bool:
        return bool(self._places)

    def admitted(self, port: int, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows of `batch` that may go in; the others are rejected."""
        refused = np.zeros(batch.num_rows, dtype=bool)
        for place in self._places:
            if place.rule.port == port and batch.num_rows:
                refused |= place.refused(batch)
        if not refused.any():
            return batch
        message = f"no room: {self._name} keeps {self._limit} bytes already, all that --max-memory leaves to it"
        return pc.filter(
            batch, pc.from_numpy(self._context.drop(batch, failed_rows(len(refused), refused, "RUN-006", message)))
        )

    def snapshot(self) -> list[State]:
        """What each rule has counted."""
        return [place.snapshot() for place in self._places]

    def restore(self, state: Sequence[State]) -> None:
        """Take over a snapshot."""
        for place, saved in zip(self._places, state, strict=True):
            place.restore(saved)


class _Place:
    """A rule at work."""

    def __init__(self, rule: Rule, context: Context, limit: int) -> None:
        self.rule = rule
        self._times = context.times
        self._keys = [context.compile(key) for key in rule.keys]
        self._values = [context.compile(value) for value in rule.values]
        self._period = None if rule.period is None else context.compile(rule.period)
        period = None if rule.period is None else rule.period.type.arrow
        self.admission: Admission | LastRows = (
            LastRows(limit, rule.count)
            if rule.count is not None
            else Admission(limit, rule.span, period, with_key=rule.with_key)
        )
        self._latest = START_OF_TIME

    def refused(self, batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        """The rows for which there is no room. Those that the operator itself cannot use are let through to it."""
        now = self._times()
        wanted = [*self._keys, *self._values, *([self._period] if self._period else [])]
        computed = [evaluate(batch, now) for evaluate in wanted]
        usable = np.ones(batch.num_rows, dtype=bool)
        for _, failures in computed:
            usable &= ~failures.mask()
        columns = [array for array, _ in computed]
        if not usable.all():
            keep = pc.from_numpy(usable)
            batch, columns = pc.filter(batch, keep), [pc.filter(column, keep) for column in columns]
        period = columns.pop() if self._period else None
        keys, values = columns[: len(self._keys)], columns[len(self._keys) :]
        key_costs = self.rule.key_bytes + 2 * sizes(keys, batch.num_rows)
        row_costs = self.rule.row_bytes + VALUE * len(values) + sizes(values, batch.num_rows)
        if self.rule.whole:
            row_costs += sizes(batch.columns, batch.num_rows)
        refused = np.zeros(len(usable), dtype=bool)
        refused[usable] = self.admission.refused(keys, (key_costs, row_costs), self._clock(batch), period)
        return refused

    def _clock(self, batch: pa.RecordBatch) -> Numbers:
        """The time by which room is given back: it does not go back."""
        if not self.rule.order:
            return rowtimes(batch)
        column = batch.column(self.rule.order)
        times = np.where(pc.is_valid(column).to_numpy(zero_copy_only=False), milliseconds(column), self._latest)
        times = np.maximum.accumulate(np.concatenate([[self._latest], times]))
        self._latest = int(times[-1])
        return np.asarray(times[1:], dtype=np.int64)

    def snapshot(self) -> State:
        """What was counted."""
        return {"latest": self._latest, "admission": self.admission.snapshot()}

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._latest = state["latest"]
        self.admission.restore(state["admission"])


def sizes(columns: Sequence[pa.Array], length: int) -> Numbers:
    """The bytes of the values of each row."""
    total = np.zeros(length, dtype=np.int64)
    for column in columns:
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            total += 8 + pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        elif pa.types.is_list(column.type):
            total += 8 + VALUE * pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        else:
            total += 8
    return total
