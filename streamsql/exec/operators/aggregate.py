"""GROUP BY over tumbling windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from streamsql.exec.aggregates import Aggregates
from streamsql.exec.context import Context, arrow_schema, failed_rows
from streamsql.exec.keys import Keys
from streamsql.exec.operator import Batches, Columns, Operator, State
from streamsql.exec.time import rowtimes, timestamps
from streamsql.exec.windows.tumbling import Periods, Span
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, by_column, whole
from streamsql.plan import nodes
from streamsql.plan.expressions import columns_used
from streamsql.plan.windows import Tumbling


class TumblingAggregate(Operator):
    """Groups of the open period are kept; the row or watermark that ends a period releases its groups.

    Periods that begin and end inside one batch are grouped and released together, however many there are.
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
        self._keys = Keys([key.type.arrow for key in self._grouped])
        self._aggregates = Aggregates(node.aggregates)

    def needed(self, port: int, wanted: Columns) -> Columns:
        return self._reads

    def on_batch(self, port: int, batch: Rows) -> Batches:
        batch, (values, *columns) = self._expressions.values(by_column(batch))
        if not batch.num_rows:
            return []
        spans = self._periods.spans(values, rowtimes(batch))
        released: Batches = []
        for span in spans:
            parts = [column.slice(span.begin, span.end - span.begin) for column in columns]
            if len(span.values) > 1:
                released += self._whole_periods(span, batch, parts)
            else:
                self._add(self._keys, self._aggregates, span, batch, parts[: len(self._grouped)], parts)
                if span.changed is not None:
                    released += self._release(span)
        return released

    def on_watermark(self, port: int, time: int) -> tuple[Batches, int]:
        span = self._periods.close(time)
        released = [] if span is None else self._release(span)
        return released, self._periods.bound(time)

    def _add(
        self,
        keys: Keys,
        aggregates: Aggregates,
        span: Span,
        batch: Rows,
        key_columns: Sequence[pa.Array],
        parts: Sequence[pa.Array],
    ) -> None:
        """Put rows `span` of a batch into their groups; rows for which there is no room are rejected."""
        groups = keys.encode(key_columns, span.end - span.begin)
        arguments = iter(parts[len(self._grouped) :])
        columns = [next(arguments) if call.args else None for call in self._calls]
        full = groups < 0
        if full.any():
            rows = whole(batch).slice(span.begin, span.end - span.begin)
            self._context.drop(rows, failed_rows(len(groups), full, "RUN-006", "too many groups"))
            keep = pc.from_numpy(~full)
            groups = groups[~full]
            columns = [column and pc.filter(column, keep) for column in columns]
        aggregates.update(groups, len(keys), columns)
        self._context.gathered(len(groups))

    def _release(self, span: Span) -> Batches:
        """The groups of the open period, which is over."""
        ids = np.arange(len(self._keys), dtype=np.int32)
        period = np.zeros(len(ids), dtype=np.int64)
        batches = self._results(span, period, self._keys.values(ids), self._aggregates)
        self._keys.keep(ids[:0])
        self._aggregates.keep(ids[:0])
        return batches

    def _whole_periods(self, span: Span, batch: Rows, parts: Sequence[pa.Array]) -> Batches:
        """The groups of periods all of whose rows are here: the period is one more key."""
        if span.changed is None:
            raise AssertionError("only the last period can be open")
        types = [pa.int64(), *(key.type.arrow for key in self._grouped)]
        keys, aggregates = Keys(types), Aggregates(self._calls)
        self._add(keys, aggregates, span, batch, [pc.from_numpy(span.period), *parts[: len(self._grouped)]], parts)
        period, *values = keys.values(np.arange(len(keys), dtype=np.int32))
        return self._results(span, period.to_numpy(), values, aggregates)

    def _results(
        self, span: Span, period: np.ndarray, key_values: Sequence[pa.Array], aggregates: Aggregates
    ) -> Batches:
        """One row per group of the periods of `span`; `period` is the number of each group's."""
        arrays, failures = aggregates.results(np.arange(len(period), dtype=np.int32))
        ends = timestamps(self._periods.ends(span)[period])
        grouped = iter(key_values)
        of_period = pc.take(span.values, pc.from_numpy(period))
        keys = [of_period if same else next(grouped) for same in self._is_period]
        batch = pa.RecordBatch.from_arrays([ends, *keys, *arrays], schema=self._schema)
        if failures:
            batch = pc.filter(batch, pc.from_numpy(self._context.drop_results(batch, failures)))
        return [batch] if batch.num_rows else []

    def snapshot(self) -> State:
        return {
            "periods": self._periods.snapshot(),
            "keys": self._keys.snapshot(),
            "aggregates": self._aggregates.snapshot(),
        }

    def restore(self, state: State) -> None:
        self._periods.restore(state["periods"])
        self._keys.restore(state["keys"])
        self._aggregates.restore(state["aggregates"])
