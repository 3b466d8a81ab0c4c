"""GROUP BY over tumbling windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from streamsql.exec.aggregates import Aggregates
from streamsql.exec.context import Context, arrow_schema, failed_rows
from streamsql.exec.operator import Batches, Columns, Operator, State
from streamsql.exec.time import rowtimes, timestamps
from streamsql.exec.windows.groups import Groups, Numbers
from streamsql.exec.windows.tumbling import Periods, Span
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, by_column, whole
from streamsql.plan import nodes
from streamsql.plan.expressions import columns_used
from streamsql.plan.windows import Tumbling


class TumblingAggregate(Operator):
    """Groups of the open period are kept; the row or watermark that ends a period releases its groups.

    Rows of all periods of a batch are grouped together, and what is over is released together.
    """

    fate = "gather"
    lazy = True

    def __init__(self, node: nodes.Aggregate, context: Context) -> None:
        assert isinstance(node.window, Tumbling)
        self._context = context
        self._schema = arrow_schema(node.schema)
        self._periods = Periods(node.window, context)
        # Keys that are the period's value are the same in all its groups and need no grouping.
        self._is_period = [key == node.window.value for key in node.keys]
        self._grouped = [key for key, same in zip(node.keys, self._is_period, strict=True) if not same]
        self._calls = node.aggregates
        arguments = [arg for call in node.aggregates for arg in call.args[:1]]
        computed = [node.window.value, *self._grouped, *arguments]
        self._expressions = context.computation(computed)
        self._reads = columns_used(*computed) | {0}
        self._groups = Groups([key.type.arrow for key in self._grouped])
        self._aggregates = Aggregates(node.aggregates)

    def needed(self, port: int, wanted: Columns) -> Columns:
        return self._reads

    def on_batch(self, port: int, batch: Rows) -> Batches:
        batch, (values, *columns) = self._expressions.values(by_column(batch))
        if not batch.num_rows:
            return []
        goes_on = self._periods.is_open
        spans = self._periods.spans(values, rowtimes(batch))
        starts = np.concatenate([span.starts for span in spans])[int(goes_on) :]
        edges = self._add(batch, columns, starts)
        over = [span for span in spans if span.changed is not None]
        return self._release(over, np.diff(edges, prepend=0)[int(not goes_on) :]) if over else []

    def on_watermark(self, port: int, time: int) -> tuple[Batches, int]:
        span = self._periods.close(time)
        released: Batches = []
        if span is not None:
            self._groups.end()
            released = self._release([span], np.array([len(self._groups)]))
        return released, self._periods.bound(time)

    def _add(self, batch: Rows, columns: Sequence[pa.Array], starts: Numbers) -> Numbers:
        """Put rows into their groups; rows for which there is no room are rejected. Returns how many groups there
        were before each of the rows `starts`, with which periods begin."""
        keys, arguments = columns[: len(self._grouped)], iter(columns[len(self._grouped) :])
        groups, edges = self._groups.assign(keys, batch.num_rows, starts.tolist())
        refused = groups < 0
        if refused.any():
            self._context.drop(whole(batch), failed_rows(len(groups), refused, "RUN-006", "too many groups"))
        taken = [next(arguments) if call.args else None for call in self._calls]
        self._aggregates.update(groups, len(self._groups), taken)
        self._context.gathered(len(groups) - int(refused.sum()))
        return edges

    def _release(self, spans: Sequence[Span], sizes: Numbers) -> Batches:
        """The groups of the periods of `spans`, which are over; `sizes` are how many each period has."""
        count = int(sizes.sum())
        arrays, failures = self._aggregates.results(np.arange(count, dtype=np.int32))
        period = np.repeat(np.arange(len(sizes)), sizes)
        ends = np.concatenate([self._periods.ends(span) for span in spans])[period]
        grouped = iter(self._groups.values(count))
        of_period = pc.take(pa.concat_arrays([span.values for span in spans]), pc.from_numpy(period))
        keys = [of_period if same else next(grouped) for same in self._is_period]
        batch = pa.RecordBatch.from_arrays([timestamps(ends), *keys, *arrays], schema=self._schema)
        if failures:
            batch = pc.filter(batch, pc.from_numpy(self._context.drop_results(batch, failures)))
        self._aggregates.keep(np.arange(count, len(self._groups), dtype=np.int32))
        self._groups.forget(count)
        return [batch] if batch.num_rows else []

    def snapshot(self) -> State:
        return {
            "periods": self._periods.snapshot(),
            "keys": self._groups.snapshot(),
            "aggregates": self._aggregates.snapshot(),
        }

    def restore(self, state: State) -> None:
        self._periods.restore(state["periods"])
        self._groups.restore(state["keys"])
        self._aggregates.restore(state["aggregates"])
