"""ORDER BY on a stream."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.operator import Batches, Operator, State
from streamsql.exec.time import retimed, rowtimes
from streamsql.exec.windows.tumbling import Periods, Span
from streamsql.kernels import compute as pc
from streamsql.plan import nodes


class Sort(Operator):
    """Gathers the rows of a period and releases them sorted (stably) when it is over."""

    def __init__(self, node: nodes.Sort, context: Context) -> None:
        self._schema = arrow_schema(node.schema)
        self._keys = node.keys
        self._keep_rowtime = node.keep_rowtime
        self._periods = Periods(node.period, context)
        self._expressions = context.computation([node.period.value, *(key.expression for key in node.keys)])
        self._gathered: list[pa.RecordBatch] = []  # rows of the open period, then their sort keys

    def on_batch(self, port: int, batch: pa.RecordBatch) -> Batches:
        batch, (values, *columns) = self._expressions.values(batch)
        if not batch.num_rows:
            return []
        names = [*batch.schema.names, *(f"key {number}" for number in range(len(columns)))]
        rows = pa.RecordBatch.from_arrays([*batch.columns, *columns], names=names)
        released: Batches = []
        for span in self._periods.spans(values, rowtimes(batch)):
            part = rows.slice(span.begin, span.end - span.begin)
            if len(span.values) > 1:
                released.append(self._sorted(part, span))
                continue
            if part.num_rows:
                self._gathered.append(part)
            if span.changed is not None:
                released += self._release(span)
        return released

    def on_watermark(self, port: int, time: int) -> tuple[Batches, int]:
        span = self._periods.close(time)
        released = [] if span is None else self._release(span)
        if not self._keep_rowtime:
            return released, self._periods.bound(time)
        return released, int(rowtimes(self._gathered[0])[0]) if self._gathered else time

    def _release(self, span: Span) -> Batches:
        rows = pa.concat_batches(self._gathered)
        self._gathered = []
        return [self._sorted(rows, Span(0, rows.num_rows, span.values, _one_period(rows), span.changed))]

    def _sorted(self, rows: pa.RecordBatch, span: Span) -> pa.RecordBatch:
        """Rows of whole periods, each period sorted for itself."""
        width = len(self._schema)
        result = pa.RecordBatch.from_arrays(rows.columns[:width], schema=self._schema)
        if not self._keep_rowtime:
            result = retimed(result, self._periods.ends(span)[span.period])
        order = _order(rows.columns[width:], self._keys, span)
        return result if order is None else pc.take(result, order)

    def snapshot(self) -> State:
        return {"periods": self._periods.snapshot(), "gathered": list(self._gathered)}

    def restore(self, state: State) -> None:
        self._periods.restore(state["periods"])
        self._gathered = list(state["gathered"])

    def held(self) -> int:
        return sum(rows.num_rows for rows in self._gathered)


def _one_period(rows: pa.RecordBatch) -> np.ndarray:
    return np.zeros(rows.num_rows, dtype=np.int64)


def _order(columns: Sequence[pa.Array], keys: Sequence[nodes.SortKey], span: Span) -> pa.Array | None:
    """Row numbers in the wanted order; None: as they are."""
    if not columns or len(span.period) == len(span.values):
        return None
    arrays: list[pa.Array] = []
    directions: list[str] = []
    if len(span.values) > 1:
        arrays.append(pc.from_numpy(span.period))
        directions.append("ascending")
    for column, key in zip(columns, keys, strict=True):
        if column.null_count:
            arrays.append(pc.cast(pc.is_valid(column), pa.int8()))
            directions.append("ascending" if key.nulls_first else "descending")
        arrays.append(pc.cast(column, pa.int8()) if pa.types.is_boolean(column.type) else column)
        directions.append("descending" if key.descending else "ascending")
    names = [str(number) for number in range(len(arrays))]
    table = pa.RecordBatch.from_arrays(arrays, names=names)
    return pc.sort_indices(table, sort_keys=list(zip(names, directions, strict=True)))
