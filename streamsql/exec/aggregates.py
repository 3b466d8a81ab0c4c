"""The aggregate calls of one GROUP BY: their state for all groups, fed with columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import StateError
from streamsql.exec.operator import State
from streamsql.functions import registry
from streamsql.functions.aggregate import Accumulator
from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.kernels.groups import GroupTable
from streamsql.plan.calls import arguments
from streamsql.plan.expressions import AggregateCall

Groups = npt.NDArray[np.int32]
Serials = npt.NDArray[np.int64]


class Aggregates:
    """All calls of one node. Groups are numbered from 0 without gaps."""

    def __init__(self, calls: Sequence[AggregateCall]) -> None:
        self._calls = calls
        self._states = [_accumulator(call) for call in calls]
        # Of a DISTINCT call only the first of equal values of a group reaches the accumulator.
        self._seen = [GroupTable() if call.distinct and call.args else None for call in calls]
        self._seen_in: list[Serials] = [np.empty(0, dtype=np.int64) for _ in calls]  # of which group
        # Groups are renumbered by `keep`, their serial numbers never change.
        self._serials = np.empty(0, dtype=np.int64)
        self._next = 0

    def update(self, groups: Groups, total: int, columns: Sequence[pa.Array | None]) -> None:
        """Add rows to groups (< `total`, or negative: to none); one column per call, None for COUNT(*)."""
        self._grow(total)
        for number, (state, column) in enumerate(zip(self._states, columns, strict=True)):
            seen = self._seen[number]
            if seen is None or column is None:
                state.update(groups, total, column)
                continue
            serials = np.where(groups < 0, -1, self._serials[groups])
            _, fresh = seen.encode([pc.from_numpy(serials), column], len(groups))
            self._seen_in[number] = np.concatenate([self._seen_in[number], serials[fresh]])
            state.update(groups[fresh], total, pc.take(column, pc.from_numpy(fresh)))

    def _grow(self, total: int) -> None:
        added = total - len(self._serials)
        if added > 0:
            self._serials = np.concatenate([self._serials, np.arange(self._next, self._next + added)])
            self._next += added

    def results(self, ids: Groups) -> tuple[list[pa.Array], Failures]:
        """One array per call with the values of the groups `ids`; groups with a value out of range are failed."""
        arrays = []
        failures = Failures(len(ids))
        for call, state in zip(self._calls, self._states, strict=True):
            array, failed = state.result(ids)
            arrays.append(array)
            for row in np.flatnonzero(failed).tolist():
                failures.add(row, "RUN-002", f"{call.function} is out of range of {call.type}")
        return arrays, failures

    def keep(self, ids: Groups) -> None:
        """Forget all groups but `ids`, which become 0, 1, 2 …"""
        self._serials = self._serials[ids]
        for state in self._states:
            state.keep(ids)
        for number, seen in enumerate(self._seen):
            if seen is not None:
                alive = np.flatnonzero(np.isin(self._seen_in[number], self._serials))
                self._seen_in[number] = self._seen_in[number][alive]
                seen.keep(alive)

    def snapshot(self) -> State:
        """All state."""
        return {
            "serials": self._serials,
            "next": self._next,
            "states": [state.save() for state in self._states],
            "seen": [b"" if seen is None else seen.save() for seen in self._seen],
            "seen_in": list(self._seen_in),
        }

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._serials = np.array(state["serials"], dtype=np.int64)
        self._next = state["next"]
        self._seen_in = [np.array(serials, dtype=np.int64) for serials in state["seen_in"]]
        try:
            for accumulator, saved in zip(self._states, state["states"], strict=True):
                accumulator.load(saved)
            for seen, saved in zip(self._seen, state["seen"], strict=True):
                if seen is not None:
                    seen.load(saved)
        except (RuntimeError, ValueError) as error:
            raise StateError(f"aggregates: {error}") from error


def _accumulator(call: AggregateCall) -> Accumulator:
    function = registry.aggregate_function(call.function)
    assert function is not None and function.accumulator is not None
    accumulator: Accumulator = function.accumulator(arguments(call.args), call.type, call.ignore_nulls)
    return accumulator
