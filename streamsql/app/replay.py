"""Replay: the rows of each stream put into the order of their ROWTIMEs.

A stream's rows are taken in the order (ROWTIME, order of its inputs, order in the input), whatever the pieces in
which they come. An input's *bound* says that no row older than it will come: it is the newest ROWTIME seen minus
the allowed lateness, or what `advance` said. A row older than its input's bound is late and not used. Rows of
different streams need no common order here: whatever brings streams together (joins, UNION ALL, several pumps into
one) orders them by ROWTIME itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, State
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, whole
from streamsql.plan.memory import ROW

if TYPE_CHECKING:
    from streamsql.exec.admission import Admission

Times = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class _Input:
    """One input: its newest ROWTIME, its bound, and the rows that wait, in order."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.newest = START_OF_TIME
        self.bound = START_OF_TIME
        self.rows: Rows | None = None
        self.times: Times = np.empty(0, np.int64)
        self.admission: Admission | None = None

    def append(self, rows: Rows, times: Times) -> None:
        """Put rows behind those that wait."""
        if self.rows is not None:
            rows = pa.concat_batches([whole(self.rows), whole(rows)])
            times = np.concatenate([self.times, times])
        self.rows, self.times = rows, times

    def add(self, rows: pa.RecordBatch, times: Times) -> None:
        """Put rows among those that wait; equal times keep the order in which they came."""
        self.append(rows, times)
        assert self.rows is not None
        rows, times = self.rows, self.times
        if len(times) > 1 and (np.diff(times) < 0).any():
            order = np.argsort(times, kind="stable")
            self.rows, self.times = pc.take(whole(rows), pc.from_numpy(order)), times[order]

    def take(self, count: int) -> None:
        """Forget the first `count` rows."""
        rest = len(self.times) - count
        self.rows = whole(self.rows).slice(count) if rest and self.rows is not None else None
        self.times = self.times[count:]


class Replay:
    """Orders the rows of inputs; input n feeds `streams[n]`, and a stream may be fed by several. `room`: the bytes
    that the rows of each input may take which wait for late ones (docs/memory.md); None: any."""

    def __init__(self, streams: Sequence[str], lateness: int = 0, room: int | None = None) -> None:
        self._inputs = [_Input(stream) for stream in streams]
        self._lateness = lateness
        self._room = room if lateness else None
        if self._room is not None:
            from streamsql.exec.admission import Admission  # most runs have no limit

            for source in self._inputs:
                source.admission = Admission(self._room, lateness)

    def add(self, number: int, rows: pa.RecordBatch, times: Times, refused: Mask | None = None) -> Mask:
        """Take rows of input `number` with their ROWTIMEs in ms, but for those `refused`, whose time counts all
        the same; returns the mask of those that are late."""
        source = self._inputs[number]
        late, newest = self._late(source, times)
        if not late.all():
            keep = ~late if refused is None else ~(late | refused)
            if not keep.all():
                rows, times = pc.filter(rows, pc.from_numpy(keep)), times[keep]
            source.add(rows, times)
            source.newest = int(newest[-1])
            source.bound = max(source.bound, source.newest - self._lateness)
        return late

    def refused(self, number: int, rows: pa.RecordBatch, times: Times) -> Mask | None:
        """Which of the next rows of input `number` are not late and have no room to wait; None: all have room."""
        source = self._inputs[number]
        if source.admission is None:
            return None
        from streamsql.exec.gate import sizes

        late, newest = self._late(source, times)
        costs = (ROW + sizes(rows.columns, rows.num_rows))[~late]
        refused = np.zeros_like(late)
        refused[~late] = source.admission.refused([], (np.zeros_like(costs), costs), newest[~late])
        return refused

    def _late(self, source: _Input, times: Times) -> tuple[Mask, Times]:
        """Which of the next rows are late, and the newest ROWTIME after each."""
        newest = np.maximum.accumulate(np.concatenate([[source.newest], times]))
        bounds = np.maximum(newest[:-1], START_OF_TIME + self._lateness) - self._lateness
        return times < np.maximum(bounds, source.bound), newest[1:]

    def continues(self, number: int, times: Times) -> bool:
        """Whether rows with these ROWTIMEs are in order and not older than any that came of input `number`, and
        any number of them may wait."""
        source = self._inputs[number]
        in_order = self._room is None and len(times) > 0 and times[0] >= max(source.newest, source.bound)
        return bool(in_order and (times[1:] >= times[:-1]).all())

    def append(self, number: int, rows: Rows, times: Times) -> None:
        """Take rows for which `continues` holds: as `add`, where none is late."""
        source = self._inputs[number]
        source.append(rows, times)
        source.newest = int(times[-1])
        source.bound = max(source.bound, source.newest - self._lateness)

    def advance(self, number: int, time: int) -> None:
        """No row older than `time` will come from input `number`; at the end of input this is END_OF_TIME."""
        self._inputs[number].bound = max(self._inputs[number].bound, time)

    def finish(self) -> None:
        """Nothing comes any more."""
        for number in range(len(self._inputs)):
            self.advance(number, END_OF_TIME)

    def bounds(self) -> dict[str, int]:
        """For each stream the time that no row which `release` gives later is older than."""
        bounds: dict[str, int] = {}
        for source in self._inputs:
            bounds[source.stream] = min(bounds.get(source.stream, END_OF_TIME), source.bound)
        return bounds

    @property
    def slowest(self) -> int:
        """The input that holds the others back most."""
        return min(range(len(self._inputs)), key=lambda number: self._inputs[number].bound)

    def newest(self, number: int) -> int:
        """The newest ROWTIME that input `number` has had; START_OF_TIME before its first row."""
        return self._inputs[number].newest

    def snapshot(self) -> State:
        """What waits and how far each input is; see `restore`."""
        state: State = {}
        for number, source in enumerate(self._inputs):
            state[f"{number}.newest"], state[f"{number}.bound"] = source.newest, source.bound
            if source.rows is not None:
                state[f"{number}.rows"] = whole(source.rows)
                state[f"{number}.times"] = source.times
            if source.admission is not None:
                state[f"{number}.admission"] = source.admission.snapshot()
        return state

    def restore(self, state: State) -> None:
        """Take over a snapshot of a replay of the same inputs."""
        for number, source in enumerate(self._inputs):
            source.newest, source.bound = state[f"{number}.newest"], state[f"{number}.bound"]
            source.rows = state.get(f"{number}.rows")
            source.times = state.get(f"{number}.times", source.times[:0])
            if source.admission is not None:
                source.admission.restore(state[f"{number}.admission"])

    def waiting(self, stream: str) -> int:
        """Rows of a stream that are held."""
        return sum(len(source.times) for source in self._inputs if source.stream == stream)

    def release(self) -> Iterator[tuple[str, Rows]]:
        """For each stream all rows before which nothing can come any more, in order."""
        for stream in dict.fromkeys(source.stream for source in self._inputs):
            numbers = [number for number, source in enumerate(self._inputs) if source.stream == stream]
            counts = {number: self._releasable(number, numbers) for number in numbers}
            parts = [
                (self._inputs[n].times[:count], self._take(self._inputs[n], count))
                for n, count in counts.items()
                if count
            ]
            if len(parts) == 1:
                yield stream, parts[0][1]
            elif parts:
                order = np.argsort(np.concatenate([times for times, _ in parts]), kind="stable")
                yield stream, pc.take(pa.concat_batches([whole(rows) for _, rows in parts]), pc.from_numpy(order))

    def _releasable(self, number: int, group: Sequence[int]) -> int:
        """How many waiting rows of an input have their place: nothing earlier, nor equal and of an earlier input,
        can come from the inputs `group` of the same stream."""
        limit = END_OF_TIME
        for other in group:
            bound = self._inputs[other].bound
            limit = min(limit, bound - 1 if other < number and bound != START_OF_TIME else bound)
        return int(np.searchsorted(self._inputs[number].times, limit, side="right"))

    @staticmethod
    def _take(source: _Input, count: int) -> Rows:
        rows = source.rows
        assert rows is not None
        if count < len(source.times):
            rows = whole(rows).slice(0, count)
        source.take(count)
        return rows
