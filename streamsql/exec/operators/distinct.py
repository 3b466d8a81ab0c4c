"""SELECT DISTINCT."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa

from streamsql.exec.context import Context, failed_rows
from streamsql.exec.operator import Batches, Operator, State
from streamsql.exec.windows.tumbling import changes
from streamsql.kernels import compute as pc
from streamsql.kernels.groups import GroupTable
from streamsql.plan import nodes


class Distinct(Operator):
    """Lets the first of equal rows pass, at once. ROWTIME is not compared, nulls are equal; everything seen is
    forgotten when the monotonic column changes."""

    def __init__(self, node: nodes.Distinct, context: Context) -> None:
        self._context = context
        self._monotonic = node.monotonic
        self._compared = node.compared
        self._type = node.schema[node.monotonic].type.arrow
        self._seen = GroupTable()
        self._value: pa.Array | None = None  # of the monotonic column, in the last row

    def on_batch(self, port: int, batch: pa.RecordBatch) -> Batches:
        column = batch.column(self._monotonic)
        differs = np.zeros(batch.num_rows, dtype=bool)
        differs[1:] = changes(column)
        differs[0] = self._value is not None and not self._value.equals(column.slice(0, 1))
        starts = np.flatnonzero(differs).tolist()[-1:]  # periods that are over in the batch are compared together
        released: Batches = []
        edges = [0, *starts, batch.num_rows]
        for number, (begin, end) in enumerate(pairwise(edges)):
            if number:
                self._seen.clear()
            if begin < end:
                differs[begin] = False
                released += self._first_of_equal(batch.slice(begin, end - begin), np.cumsum(differs[begin:end]))
        self._value = pa.concat_arrays([column.slice(batch.num_rows - 1)])
        return released

    def _first_of_equal(self, rows: pa.RecordBatch, period: np.ndarray) -> Batches:
        """Rows not seen before in their period; period 0 is the one of the rows remembered."""
        codes, fresh = self._seen.encode(
            [pc.from_numpy(period), *(rows.column(i) for i in self._compared)], rows.num_rows
        )
        full = codes < 0
        if full.any():
            self._context.drop(rows, failed_rows(len(full), full, "RUN-006", "too many distinct rows"))
        if len(fresh) == rows.num_rows:
            return [rows]
        self._context.filtered(rows.num_rows - len(fresh) - int(full.sum()))
        return [pc.take(rows, pc.from_numpy(fresh))] if len(fresh) else []

    def snapshot(self) -> State:
        empty = pa.array([], self._type)
        return {"seen": self._seen.save(), "value": empty if self._value is None else self._value}

    def restore(self, state: State) -> None:
        self._seen.load(state["seen"])
        self._value = state["value"] if len(state["value"]) else None
