"""Several ordered inputs → one: UNION ALL, and a stream with several writers.

Rows come out in the order (ROWTIME, input number, order in the input). A row of input i at time t is released
when every earlier input's bound is above t and every later input's bound is at or above t, so that how and when
the inputs deliver never changes the order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, Batches, State
from streamsql.exec.time import last_rowtime, rowtimes
from streamsql.kernels import compute as pc


class Merge:
    """Rows that wait for slower inputs. An input that is not active holds nobody back."""

    def __init__(self, inputs: int) -> None:
        self._waiting: list[list[pa.RecordBatch]] = [[] for _ in range(inputs)]
        self._bounds = [START_OF_TIME] * inputs
        self._active = [True] * inputs
        self._newest = START_OF_TIME  # ROWTIME of the last row released

    @property
    def bound(self) -> int:
        """No later row will be older than this."""
        bounds = [bound for bound, active in zip(self._bounds, self._active, strict=True) if active]
        return max(min(bounds, default=END_OF_TIME), self._newest)

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return sum(batch.num_rows for batches in self._waiting for batch in batches)

    def late(self, batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        """Which rows are older than a row already released."""
        return rowtimes(batch) < self._newest

    def add(self, number: int, batch: pa.RecordBatch) -> None:
        """Take rows of input `number`, none of them late. They may be older than rows of it that wait, if it
        was not active for a while: then it may have begun anew."""
        waiting = self._waiting[number]
        overtakes = waiting and rowtimes(batch)[0] < last_rowtime(waiting[-1])
        waiting.append(batch)
        if overtakes:
            waiting[:] = [_in_order(waiting)]
        self.advance(number, last_rowtime(batch))

    def advance(self, number: int, time: int) -> None:
        """No later row of input `number` will be older than `time`."""
        self._bounds[number] = max(self._bounds[number], time)

    def activate(self, number: int, active: bool, time: int = START_OF_TIME) -> None:
        """Let input `number` hold others back, from `time` on, or no longer."""
        self._active[number] = active
        if active:
            self._bounds[number] = time

    def release(self) -> Batches:
        """The rows that wait for nobody any more."""
        parts: Batches = []
        sources = 0
        for number, waiting in enumerate(self._waiting):
            if waiting and (released := self._cut(waiting, self._limit(number))):
                parts += released
                sources += 1
        if not parts:
            return []
        if sources > 1:
            parts = [_in_order(parts)]
        self._newest = last_rowtime(parts[-1])
        return parts

    def waits(self, number: int) -> bool:
        """Whether rows of input `number` may have to wait for another one."""
        return self._limit(number) < END_OF_TIME

    def _limit(self, number: int) -> int:
        """Rows of input `number` up to this time are released."""
        limit = END_OF_TIME
        for other, (bound, active) in enumerate(zip(self._bounds, self._active, strict=True)):
            if active and other != number and bound != END_OF_TIME:
                limit = min(limit, bound - 1 if other < number else bound)
        return limit

    @staticmethod
    def _cut(waiting: Batches, limit: int) -> Batches:
        """Take the rows up to time `limit` off `waiting`."""
        released: Batches = []
        while waiting:
            batch = waiting[0]
            count = batch.num_rows
            if last_rowtime(batch) > limit:
                count = int(np.searchsorted(rowtimes(batch), limit, side="right"))
            if count < batch.num_rows:
                if count:
                    released.append(batch.slice(0, count))
                    waiting[0] = batch.slice(count)
                break
            released.append(waiting.pop(0))
        return released

    def snapshot(self) -> State:
        """All state."""
        return {
            "waiting": [list(batches) for batches in self._waiting],
            "bounds": list(self._bounds),
            "active": list(self._active),
            "newest": self._newest,
        }

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._waiting = [list(batches) for batches in state["waiting"]]
        self._bounds = list(state["bounds"])
        self._active = list(state["active"])
        self._newest = state["newest"]


def _in_order(parts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """The rows of `parts`, which are in the order of inputs, sorted by time; ties stay as they are."""
    whole = pa.concat_batches(parts)
    order = np.argsort(rowtimes(whole), kind="stable")
    return pc.take(whole, pc.from_numpy(order))
