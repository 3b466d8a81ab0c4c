"""ASOF JOIN: each row of the left with the last row of the right that is not after it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.keys import Keys
from streamsql.exec.operator import START_OF_TIME, Batches, Operator, State
from streamsql.exec.time import rowtimes
from streamsql.kernels import compute as pc
from streamsql.plan import nodes

LEFT, RIGHT = 0, 1
Rows = npt.NDArray[np.int64]


class AsOfJoin(Operator):
    """A left row at time t is answered once no right row at or before t can come any more: rows of equal ROWTIME
    on the right count, whichever side was pushed first. Of the right, the last row per key is kept."""

    ports = 2
    fate = "gather"

    def __init__(self, node: nodes.AsOfJoin, context: Context) -> None:
        self._context = context
        self._outer = node.kind == "LEFT"
        self._schema = arrow_schema(node.schema)
        self._computations = [context.computation([pair[side] for pair in node.keys]) for side in (LEFT, RIGHT)]
        self._keys = Keys([left.type.arrow for left, _ in node.keys])
        empty = (arrow_schema(node.left.schema).empty_table(), arrow_schema(node.right.schema).empty_table())
        self._rows = [pa.RecordBatch.from_arrays(_columns(table), schema=table.schema) for table in empty]
        self._codes = [np.empty(0, np.int32), np.empty(0, np.int32)]
        self._bounds = [START_OF_TIME, START_OF_TIME]

    def on_batch(self, port: int, batch: pa.RecordBatch) -> Batches:
        batch, keys = self._computations[port].values(batch)
        if not batch.num_rows:
            return []
        codes = self._keys.encode(keys, batch.num_rows)
        for key in keys:
            if key.null_count:
                codes = np.where(pc.is_valid(key).to_numpy(zero_copy_only=False), codes, -1).astype(np.int32)
        self._rows[port] = pa.concat_batches([self._rows[port], batch.cast(self._rows[port].schema)])
        self._codes[port] = np.concatenate([self._codes[port], codes])
        if port == RIGHT:
            self._context.gathered(batch.num_rows)
        self._bounds[port] = max(self._bounds[port], int(rowtimes(batch)[-1]))
        return self._answer()

    def on_watermark(self, port: int, time: int) -> tuple[Batches, int]:
        self._bounds[port] = max(self._bounds[port], time)
        answered = self._answer()
        waiting = self._rows[LEFT]
        bound = min(self._bounds)
        return answered, min(bound, int(rowtimes(waiting)[0])) if waiting.num_rows else bound

    def _answer(self) -> Batches:
        """The left rows that are older than anything the right can still bring, with their right rows."""
        times = rowtimes(self._rows[LEFT])
        count = int(np.searchsorted(times, self._bounds[RIGHT], side="left"))
        if not count:
            return []
        left = self._rows[LEFT].slice(0, count)
        found = self._last_before(times[:count], self._codes[LEFT][:count])
        if not self._outer:
            matched = np.flatnonzero(found >= 0)
            self._context.filtered(count - len(matched))
            left, found = pc.take(left, pc.from_numpy(matched)), found[matched]
        self._context.gathered(left.num_rows)
        joined = self._joined(left, found)
        self._rows[LEFT] = self._rows[LEFT].slice(count)
        self._codes[LEFT] = self._codes[LEFT][count:]
        self._trim(int(times[count - 1]))
        return [joined] if joined.num_rows else []

    def _last_before(self, times: Rows, codes: npt.NDArray[np.int32]) -> Rows:
        """For each left row the number of its right row, or -1."""
        right_times, right_codes = rowtimes(self._rows[RIGHT]), self._codes[RIGHT]
        both = np.concatenate([right_codes, codes])
        is_left = np.concatenate([np.zeros(len(right_codes), bool), np.ones(len(codes), bool)])
        order = np.lexsort((is_left, np.concatenate([right_times, times]), both))
        place = np.arange(len(order))
        last = np.maximum.accumulate(np.where(is_left[order], -1, place))
        candidate = order[np.maximum(last, 0)]
        good = (last >= 0) & (both[candidate] == both[order]) & (both[order] >= 0)
        found = np.full(len(both), -1)
        found[order] = np.where(good, candidate, -1)
        return found[len(right_codes) :]

    def _joined(self, left: pa.RecordBatch, found: Rows) -> pa.RecordBatch:
        right = pc.take(self._rows[RIGHT], pc.from_numpy(found, mask=found < 0))
        return pa.RecordBatch.from_arrays([left.column(0), *left.columns, *right.columns], schema=self._schema)

    def _trim(self, answered: int) -> None:
        """Of the right rows not after `answered`, before which no left row can come, keep the last of each key."""
        times, codes = rowtimes(self._rows[RIGHT]), self._codes[RIGHT]
        old = int(np.searchsorted(times, answered, side="right"))
        _, newest = np.unique(codes[:old][::-1], return_index=True)
        keep = np.concatenate([np.sort(old - 1 - newest), np.arange(old, len(times))])
        keep = keep[codes[keep] >= 0]
        if len(keep) < len(times):
            self._rows[RIGHT] = pc.take(self._rows[RIGHT], pc.from_numpy(keep))
            self._codes[RIGHT] = codes[keep]

    def snapshot(self) -> State:
        return {
            "keys": self._keys.snapshot(),
            "rows": list(self._rows),
            "codes": list(self._codes),
            "bounds": list(self._bounds),
        }

    def restore(self, state: State) -> None:
        self._keys.restore(state["keys"])
        self._rows = list(state["rows"])
        self._codes = list(state["codes"])
        self._bounds = list(state["bounds"])

    def held(self) -> int:
        return int(self._rows[LEFT].num_rows)


def _columns(table: pa.Table) -> list[pa.Array]:
    return [column.combine_chunks() for column in table.columns]
