"""Replay: rows of several inputs put into one order, that of their ROWTIMEs.

Rows are taken in the order (ROWTIME, order of the inputs, order in the input), whatever the pieces in which they
come. An input's *bound* says that no row older than it will come: it is the newest ROWTIME seen minus the allowed
lateness, or what `advance` said. A row older than its input's bound is late and not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, State

Times = npt.NDArray[np.int64]


class _Input:
    """One input: its newest ROWTIME, its bound, and the rows that wait, in order."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.newest = START_OF_TIME
        self.bound = START_OF_TIME
        self.rows: pa.RecordBatch | None = None
        self.times: Times = np.empty(0, np.int64)

    def add(self, rows: pa.RecordBatch, times: Times) -> None:
        """Put rows behind those that wait; equal times keep the order in which they came."""
        if self.rows is not None:
            rows = pa.concat_batches([self.rows, rows])
            times = np.concatenate([self.times, times])
        if len(times) > 1 and (np.diff(times) < 0).any():
            order = np.argsort(times, kind="stable")
            rows, times = rows.take(pa.array(order)), times[order]
        self.rows, self.times = rows, times

    def take(self, count: int) -> None:
        """Forget the first `count` rows."""
        rest = len(self.times) - count
        self.rows = self.rows.slice(count) if rest and self.rows is not None else None
        self.times = self.times[count:]


class Replay:
    """Orders the rows of inputs that feed `streams` (one may be fed by several)."""

    def __init__(self, streams: Sequence[str], lateness: int = 0) -> None:
        self._inputs = [_Input(stream) for stream in streams]
        self._lateness = lateness

    def add(self, number: int, rows: pa.RecordBatch, times: Times) -> npt.NDArray[np.bool_]:
        """Take rows of input `number` with their ROWTIMEs in ms; returns the mask of those that are late."""
        source = self._inputs[number]
        newest = np.maximum.accumulate(np.concatenate([[source.newest], times]))
        bounds = np.maximum(newest[:-1], START_OF_TIME + self._lateness) - self._lateness
        late: npt.NDArray[np.bool_] = times < np.maximum(bounds, source.bound)
        if late.any():
            rows, times = rows.filter(pa.array(~late)), times[~late]
        if len(times):
            source.add(rows, times)
            source.newest = int(newest[-1])
            source.bound = max(source.bound, source.newest - self._lateness)
        return late

    def advance(self, number: int, time: int) -> None:
        """No row older than `time` will come from input `number`; at the end of input this is END_OF_TIME."""
        self._inputs[number].bound = max(self._inputs[number].bound, time)

    def finish(self) -> None:
        """Nothing comes any more."""
        for number in range(len(self._inputs)):
            self.advance(number, END_OF_TIME)

    @property
    def bound(self) -> int:
        """No row that `release` gives later is older than this."""
        return min(source.bound for source in self._inputs)

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
                state[f"{number}.rows"] = source.rows
                state[f"{number}.times"] = source.times
        return state

    def restore(self, state: State) -> None:
        """Take over a snapshot of a replay of the same inputs."""
        for number, source in enumerate(self._inputs):
            source.newest, source.bound = state[f"{number}.newest"], state[f"{number}.bound"]
            source.rows = state.get(f"{number}.rows")
            source.times = state.get(f"{number}.times", source.times[:0])

    @property
    def waiting(self) -> int:
        """Rows that are held."""
        return sum(len(source.times) for source in self._inputs)

    def release(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Stream and rows, in order, of all rows before which nothing can come any more."""
        counts = [self._releasable(number) for number in range(len(self._inputs))]
        if sum(count > 0 for count in counts) <= 1:
            for source, count in zip(self._inputs, counts, strict=True):
                if count:
                    yield source.stream, self._take(source, count)
            return
        which = np.repeat(np.arange(len(counts)), counts)
        times = np.concatenate([source.times[:n] for source, n in zip(self._inputs, counts, strict=True)])
        which = which[np.lexsort((which, times))]
        for number, length in _runs(which):
            yield self._inputs[number].stream, self._take(self._inputs[number], length)

    def _releasable(self, number: int) -> int:
        """How many waiting rows of an input have their place: nothing earlier, nor equal and of an earlier input,
        can come."""
        limit = min(
            source.bound - 1 if other < number and source.bound != START_OF_TIME else source.bound
            for other, source in enumerate(self._inputs)
        )
        return int(np.searchsorted(self._inputs[number].times, limit, side="right"))

    @staticmethod
    def _take(source: _Input, count: int) -> pa.RecordBatch:
        assert source.rows is not None
        rows = source.rows.slice(0, count)
        source.take(count)
        return rows


def _runs(values: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """(value, length) of each run of equal neighbours."""
    starts = np.flatnonzero(np.diff(values, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(values)], strict=True):
        yield int(values[start]), int(end - start)
