"""The select list."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema, failed_rows
from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, Batches, Columns, Operator, Released, State
from streamsql.exec.time import milliseconds
from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, by_column, whole
from streamsql.kernels.programs import SelectList
from streamsql.plan import nodes
from streamsql.plan.expressions import columns_used


class Project(Operator):
    """One expression per output column; the first is ROWTIME."""

    lazy = True

    def __init__(self, node: nodes.Project, context: Context) -> None:
        self._expressions = context.computation(node.expressions)
        self._reads = columns_used(*node.expressions)
        self._schema = arrow_schema(node.schema)
        self._input_schema = arrow_schema(node.input.schema)
        self._rows = self._expressions.rows_from(self._input_schema, self._schema)

    def needed(self, port: int, wanted: Columns) -> Columns:
        return self._reads

    def on_batch(self, port: int, batch: Rows) -> Released:
        _, rows = self._rows.of(batch)
        return [rows] if rows.num_rows else []

    def select_list(self, result: pa.Schema) -> SelectList | None:
        """What makes batches of schema `result`, if each expression is a column or computed by a program."""
        return self._expressions.select_list(self._input_schema, result) if self._expressions.is_plain else None


class RetimedProject(Project):
    """A select list with `AS ROWTIME`: a row earlier than one before it is rejected (RUN-004), and so is one
    without a time."""

    def __init__(self, node: nodes.Project, context: Context) -> None:
        super().__init__(node, context)
        self._context = context
        self._last = START_OF_TIME

    def select_list(self, result: pa.Schema) -> SelectList | None:
        return None  # each row is looked at

    def on_batch(self, port: int, batch: Rows) -> Batches:
        batch, arrays = self._expressions.values(by_column(batch))
        missing = pc.is_null(arrays[0]).to_numpy(zero_copy_only=False)
        times = np.where(missing, START_OF_TIME, milliseconds(arrays[0]) if len(arrays[0]) else 0)
        newest = np.maximum.accumulate(np.concatenate([[self._last], times]))
        late = (times < newest[:-1]) & ~missing
        self._last = int(newest[-1])
        if late.any() or missing.any():
            keep = pc.from_numpy(self._context.drop(whole(batch), _failures(late, missing)))
            arrays = [pc.filter(array, keep) for array in arrays]
        return [pa.RecordBatch.from_arrays(arrays, schema=self._schema)] if len(arrays[0]) else []

    def on_watermark(self, port: int, time: int) -> tuple[Batches, int]:
        return [], END_OF_TIME if time == END_OF_TIME else self._last

    def snapshot(self) -> State:
        return {"last": self._last}

    def restore(self, state: State) -> None:
        self._last = state["last"]


def _failures(late: np.ndarray, missing: np.ndarray) -> Failures:
    failures = failed_rows(len(late), late, "RUN-004", "ROWTIME is earlier than that of the row before")
    failures.merge(failed_rows(len(missing), missing, "RUN-005", "ROWTIME is null"))
    return failures
