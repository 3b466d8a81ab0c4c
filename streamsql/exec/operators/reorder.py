"""ORDER BY time WITHIN delay: a stream in the order of another time than the one in which its rows came."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from streamsql.exec.context import Context, failed_rows
from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, Batches, Operator, State
from streamsql.exec.time import milliseconds, retimed
from streamsql.kernels import compute as pc
from streamsql.plan import nodes


class Reorder(Operator):
    """Holds rows until no earlier one is allowed any more: `delay` ms before the latest time seen."""

    def __init__(self, node: nodes.Reorder, context: Context) -> None:
        self._context = context
        self._column = node.time
        self._delay = node.delay
        self._latest = START_OF_TIME
        self._held: pa.RecordBatch | None = None

    def on_batch(self, port: int, batch: pa.RecordBatch) -> Batches:
        batch = self._accepted(batch)
        if not batch.num_rows:
            return []
        rows = batch if self._held is None else pa.concat_batches([self._held, batch])
        times = milliseconds(rows.column(self._column))
        order = np.argsort(times, kind="stable")
        ready = int(np.searchsorted(times[order], self._bound(), side="right"))
        rows = pc.take(rows, pc.from_numpy(order))
        self._held = rows.slice(ready)
        return self._released(rows.slice(0, ready))

    def _accepted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rows that have a time and are not late, when they are taken one after the other."""
        column = batch.column(self._column)
        missing = pc.is_null(column).to_numpy(zero_copy_only=False)
        times = np.where(missing, START_OF_TIME, milliseconds(column))
        latest = np.maximum.accumulate(np.concatenate([[self._latest], times]))
        # Nothing is late before the first row; the bound of START_OF_TIME would be out of range.
        bounds = np.where(latest == START_OF_TIME, START_OF_TIME, latest - self._delay)[:-1]
        late = (times < bounds) & ~missing
        self._latest = int(latest[-1])
        if not (late.any() or missing.any()):
            return batch
        message = f"the time is more than {self._delay} ms before that of an earlier row"
        failures = failed_rows(len(late), late, "RUN-004", message)
        failures.merge(failed_rows(len(missing), missing, "RUN-005", "ROWTIME is null"))
        return pc.filter(batch, pc.from_numpy(self._context.drop(batch, failures)))

    def _bound(self) -> int:
        """No row that is accepted from now on has an earlier time."""
        return START_OF_TIME if self._latest == START_OF_TIME else self._latest - self._delay

    def _released(self, rows: pa.RecordBatch) -> Batches:
        return [retimed(rows, milliseconds(rows.column(self._column)))] if rows.num_rows else []

    def on_watermark(self, port: int, time: int) -> tuple[Batches, int]:
        if time != END_OF_TIME:
            return [], self._bound()
        rows, self._held = self._held, None
        return ([] if rows is None else self._released(rows)), END_OF_TIME

    def snapshot(self) -> State:
        held = [] if self._held is None else [self._held]
        return {"latest": self._latest, "held": held}

    def restore(self, state: State) -> None:
        self._latest = state["latest"]
        self._held = state["held"][0] if state["held"] else None

    def held(self) -> int:
        return 0 if self._held is None else int(self._held.num_rows)
