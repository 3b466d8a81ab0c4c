"""ASOF JOIN: each row of the left with the last row of the right that is not after it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.keys import Keys, without_nulls
from streamsql.exec.operator import (
    START_OF_TIME,
    Columns,
    Operator,
    Released,
    State,
    among,
    united,
)
from streamsql.exec.time import last_rowtime, rowtimes, timestamps
from streamsql.kernels.asof import last_before, still_needed
from streamsql.kernels.batches import LazyBatch, Rows, by_column, extended, timed, whole
from streamsql.kernels.kept_rows import KeptRows, numbered
from streamsql.plan import nodes
from streamsql.plan.expressions import columns_used

LEFT, RIGHT = 0, 1
Numbers = npt.NDArray[np.int64]


class AsOfJoin(Operator):
    """A left row at time t is answered once no right row at or before t can come any more: rows of equal ROWTIME
    on the right count, whichever side was pushed first. Of the right, the last row per key is kept."""

    ports = 2
    fate = "gather"
    lazy = True
    keeps = True
    layout = 2

    def __init__(self, node: nodes.AsOfJoin, context: Context) -> None:
        self._context = context
        self._outer = node.kind == "LEFT"
        self._schema = arrow_schema(node.schema)
        self._pair = pa.schema(list(self._schema)[1:])
        self._computations = [context.computation([pair[side] for pair in node.keys]) for side in (LEFT, RIGHT)]
        self._reads = columns_used(*(left for left, _ in node.keys)) | {0}
        self._width = len(node.left.schema)
        self._keys = Keys([left.type.arrow for left, _ in node.keys])
        self._waiting = KeptRows(arrow_schema(node.left.schema))
        self._first = 0  # the number of the first left row that waits
        self._right = pa.RecordBatch.from_pylist([], schema=arrow_schema(node.right.schema))
        self._times = [np.empty(0, np.int64), np.empty(0, np.int64)]
        self._codes = [np.empty(0, np.int32), np.empty(0, np.int32)]
        self._bounds = [START_OF_TIME, START_OF_TIME]

    def needed(self, port: int, wanted: Columns) -> Columns:
        if port == RIGHT:  # rows are kept one by one
            return None
        return united([among(wanted, 1, self._width), self._reads])

    def on_batch(self, port: int, batch: Rows) -> Released:
        batch, keys = self._computations[port].values(by_column(batch))
        if not batch.num_rows:
            return []
        codes = self._keys.encode(keys, batch.num_rows)
        codes[~without_nulls(keys, batch.num_rows)] = -1
        if port == LEFT:
            self._waiting.append(batch)
        else:
            self._right = pa.concat_batches([self._right, whole(batch).cast(self._right.schema)])
            self._context.gathered(batch.num_rows)
        self._times[port] = np.concatenate([self._times[port], rowtimes(batch)])
        self._codes[port] = np.concatenate([self._codes[port], codes])
        self._bounds[port] = max(self._bounds[port], last_rowtime(batch))
        return self._answer()

    def on_watermark(self, port: int, time: int) -> tuple[Released, int]:
        self._bounds[port] = max(self._bounds[port], time)
        answered = self._answer()
        bound = min(self._bounds)
        return answered, min(bound, int(self._times[LEFT][0])) if self.held() else bound

    def _answer(self) -> Released:
        """The left rows that are older than anything the right can still bring, with their right rows."""
        times = self._times[LEFT]
        count = int(np.searchsorted(times, self._bounds[RIGHT], side="left"))
        if not count:
            return []
        right = self._times[RIGHT], self._codes[RIGHT]
        left, found = (
            np.arange(count),
            last_before(times[:count], self._codes[LEFT][:count], *right, len(self._keys)),
        )
        if not self._outer:
            left = np.flatnonzero(found >= 0)
            found = found[left]
            self._context.filtered(count - len(left))
        self._context.gathered(len(left))
        joined = self._joined(left, found)
        self._first += count
        self._waiting.trim(self._first)
        self._times[LEFT] = times[count:]
        self._codes[LEFT] = self._codes[LEFT][count:]
        self._trim(int(times[count - 1]))
        return [joined] if len(left) else []

    def _joined(self, left: Numbers, found: Numbers) -> LazyBatch:
        """Waiting rows, by their number among these, beside those found; -1 is a row of nulls."""
        rows = extended(self._waiting.rows(self._first + left), [numbered(self._right, found)], self._pair)
        return timed(rows, timestamps(self._times[LEFT][left]), self._schema)

    def _trim(self, answered: int) -> None:
        """Of the right rows not after `answered`, before which no left row can come, keep the last of each key."""
        times, codes = self._times[RIGHT], self._codes[RIGHT]
        keep = still_needed(times, codes, answered, len(self._keys))
        if len(keep) < len(times):
            self._right = numbered(self._right, keep).whole()
            self._times[RIGHT], self._codes[RIGHT] = times[keep], codes[keep]

    def snapshot(self) -> State:
        return {
            "keys": self._keys.snapshot(),
            "waiting": self._waiting.snapshot(),
            "first": self._first,
            "right": self._right,
            "times": list(self._times),
            "codes": list(self._codes),
            "bounds": list(self._bounds),
        }

    def restore(self, state: State) -> None:
        self._keys.restore(state["keys"])
        self._waiting.restore(state["waiting"])
        self._first, self._right = state["first"], state["right"]
        self._times, self._codes = list(state["times"]), list(state["codes"])
        self._bounds = list(state["bounds"])

    def held(self) -> int:
        return len(self._times[LEFT])
