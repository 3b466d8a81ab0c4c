"""ORDER BY on a stream."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.operator import Columns, Operator, Released, State, united
from streamsql.exec.time import rowtimes, timestamps
from streamsql.exec.windows.tumbling import Periods, Span
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import LazyBatch, Rows, Tail, by_column, timed
from streamsql.kernels.kept_rows import KeptRows
from streamsql.plan import nodes
from streamsql.plan.expressions import columns_used
from streamsql.record import replace


class Sort(Operator):
    """Gathers the rows of a period and releases them sorted (stably) when it is over."""

    lazy = True
    keeps = True
    layout = 2

    def __init__(self, node: nodes.Sort, context: Context) -> None:
        self._schema = arrow_schema(node.schema)
        self._keys = node.keys
        self._keep_rowtime = node.keep_rowtime
        self._periods = Periods(node.period, context)
        computed = [node.period.value, *(key.expression for key in node.keys)]
        self._expressions = context.computation(computed)
        self._reads = columns_used(*computed) | {0}
        self._tail = Tail(1)
        self._rows = KeptRows(arrow_schema(node.input.schema))
        self._first = 0  # the number of the first row of the open period
        self._columns: list[pa.RecordBatch] = []  # ROWTIME and sort keys of the rows of the open period

    def needed(self, port: int, wanted: Columns) -> Columns:
        return united([wanted, self._reads])

    def on_batch(self, port: int, batch: Rows) -> Released:
        batch, (values, *columns) = self._expressions.values(by_column(batch))
        if not batch.num_rows:
            return []
        self._rows.append(batch)
        names = ["ROWTIME", *(f"key {number}" for number in range(len(columns)))]
        keys = pa.RecordBatch.from_arrays([batch.column(0), *columns], names=names)
        released: list[Rows] = []
        for span in self._periods.spans(values, rowtimes(batch)):
            part = keys.slice(span.begin, span.end - span.begin)
            if len(span.values) > 1:
                released.append(self._sorted(part, span))
                continue
            if part.num_rows:
                self._columns.append(part)
            if span.changed is not None:
                released += self._release(span)
        self._rows.trim(self._first)
        return released

    def on_watermark(self, port: int, time: int) -> tuple[Released, int]:
        span = self._periods.close(time)
        released = [] if span is None else self._release(span)
        if not self._keep_rowtime:
            return released, self._periods.bound(time)
        return released, int(rowtimes(self._columns[0])[0]) if self._columns else time

    def _release(self, span: Span) -> list[Rows]:
        keys = pa.concat_batches(self._columns)
        self._columns = []
        return [self._sorted(keys, replace(span, begin=0, end=keys.num_rows, starts=np.zeros(1, dtype=np.int64)))]

    def _sorted(self, keys: pa.RecordBatch, span: Span) -> LazyBatch:
        """The next rows, with these keys, of whole periods, each period sorted for itself."""
        order = _order(keys.columns[1:], self._keys, span)
        rows = self._rows.rows(self._first + order)
        self._first += len(order)
        if self._keep_rowtime:
            return rows
        return timed(self._tail.of(rows), timestamps(self._periods.ends(span)[span.period]), self._schema)

    def snapshot(self) -> State:
        return {
            "periods": self._periods.snapshot(),
            "rows": self._rows.snapshot(),
            "first": self._first,
            "columns": list(self._columns),
        }

    def restore(self, state: State) -> None:
        self._periods.restore(state["periods"])
        self._rows.restore(state["rows"])
        self._first, self._columns = state["first"], list(state["columns"])

    def held(self) -> int:
        return sum(columns.num_rows for columns in self._columns)


def _order(columns: Sequence[pa.Array], keys: Sequence[nodes.SortKey], span: Span) -> npt.NDArray[np.int64]:
    """Row numbers in the wanted order."""
    rows = span.end - span.begin
    if not columns or rows == len(span.values):
        return np.arange(rows)
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
    order = pc.sort_indices(table, sort_keys=list(zip(names, directions, strict=True)))
    return np.asarray(order, dtype=np.int64)
