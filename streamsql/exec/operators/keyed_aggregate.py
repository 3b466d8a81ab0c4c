"""WINDOWED BY STAGGER, and the extensions HOP and SESSION: aggregates over windows that belong to a key."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from streamsql.errors import StateError
from streamsql.exec.aggregates import Aggregates
from streamsql.exec.context import Context, arrow_schema, failed_rows
from streamsql.exec.keys import Keys
from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, Batches, Columns, Operator, State
from streamsql.exec.time import last_rowtime, rowtimes, timestamps
from streamsql.exec.windows.keyed import Memberships, kind_of
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, by_column, whole
from streamsql.kernels.windows import KeyedWindows
from streamsql.plan import nodes, windows
from streamsql.plan.expressions import columns_used

SPARE = 1024
"""Closed windows are swept out when they are more than the open ones and than this."""


class KeyedAggregate(Operator):
    """A row or watermark at the end of a window, whatever its key, releases the window with that ROWTIME."""

    fate = "gather"
    lazy = True
    layout = 2

    def __init__(self, node: nodes.Aggregate, context: Context) -> None:
        self._context = context
        self._schema = arrow_schema(node.schema)
        self._kind = kind_of(node.window)
        self._calls = node.aggregates
        arguments = [arg for call in node.aggregates for arg in call.args[:1]]
        computed = [*node.keys, *arguments]
        self._expressions = context.computation(computed)
        self._reads = columns_used(*computed) | {0}
        self._width = len(node.keys)
        types = [key.type.arrow for key in node.keys]
        if isinstance(node.window, windows.Hopping):
            types.append(pa.int64())
        self._keys = Keys(types)
        self._windows = KeyedWindows(extend=self._kind.extend)
        self._aggregates = Aggregates(node.aggregates)
        self._open = 0

    def needed(self, port: int, wanted: Columns) -> Columns:
        return self._reads

    def on_batch(self, port: int, batch: Rows) -> Batches:
        batch, columns = self._expressions.values(by_column(batch))
        if not batch.num_rows:
            return []
        times = rowtimes(batch)
        entries = self._kind.memberships(times)
        if entries.rows is not None:
            rows = pc.from_numpy(entries.rows)
            columns = [pc.take(column, rows) for column in columns]
            times = times[entries.rows]
        self._add(batch, entries, times, columns)
        return self._release(last_rowtime(batch))

    def _add(self, batch: Rows, entries: Memberships, times: np.ndarray, columns: list[pa.Array]) -> None:
        key_columns = columns[: self._width]
        if entries.starts is not None:
            key_columns = [*key_columns, pc.from_numpy(entries.starts)]
        keys = self._keys.encode(key_columns, len(times))
        full = keys < 0
        refused = 0
        if full.any():
            rejected = np.zeros(batch.num_rows, dtype=bool)
            rejected[full if entries.rows is None else entries.rows[full]] = True
            refused = int(rejected.sum())
            self._context.drop(whole(batch), failed_rows(batch.num_rows, rejected, "RUN-006", "too many groups"))
        before = len(self._windows)
        groups = self._windows.assign(keys, len(self._keys), times, entries.ends)
        self._open += len(self._windows) - before
        self._context.gathered(batch.num_rows - refused)
        arguments = iter(columns[self._width :])
        self._aggregates.update(
            groups, len(self._windows), [next(arguments) if call.args else None for call in self._calls]
        )

    def on_watermark(self, port: int, time: int) -> tuple[Batches, int]:
        released = self._release(time)
        if time in (START_OF_TIME, END_OF_TIME):
            return released, time
        return released, self._windows.next_end(self._kind.earliest_end(time))

    def _release(self, time: int) -> Batches:
        """The windows that are over at `time`."""
        closed, keys, ends = self._windows.close(time)
        if not len(closed):
            return []
        arrays, failures = self._aggregates.results(closed)
        key_values = self._keys.values(keys)[: self._width]
        batch = pa.RecordBatch.from_arrays([timestamps(ends), *key_values, *arrays], schema=self._schema)
        if failures:
            batch = pc.filter(batch, pc.from_numpy(self._context.drop_results(batch, failures)))
        self._open -= len(closed)
        if len(self._windows) > 2 * self._open + SPARE:
            self._compact()
        return [batch] if batch.num_rows else []

    def _compact(self) -> None:
        kept, keys = self._windows.compact()
        self._aggregates.keep(kept)
        self._keys.keep(keys)

    def snapshot(self) -> State:
        """Closed windows too: whoever goes on with it has the time to sweep them out, the run has not."""
        return {
            "keys": self._keys.snapshot(),
            "windows": self._windows.save(),
            "aggregates": self._aggregates.snapshot(),
        }

    def restore(self, state: State) -> None:
        self._keys.restore(state["keys"])
        self._aggregates.restore(state["aggregates"])
        try:
            self._windows.load(state["windows"])
        except RuntimeError as error:
            raise StateError(f"windows: {error}") from error
        self._compact()
        self._open = len(self._windows)
