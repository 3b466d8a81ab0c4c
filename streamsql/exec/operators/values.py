"""Leaves of plans that produce their rows by themselves: VALUES, and reference tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.operator import Batches, Operator
from streamsql.exec.time import timestamps
from streamsql.plan import nodes


class Constant(Operator):
    """Base: rows produced once, and then no more."""

    ports = 0
    fate = "gather"  # of nothing

    def start(self, time: int) -> Batches:
        """The rows, with ROWTIME `time`."""
        raise NotImplementedError


class Values(Constant):
    """Constant rows."""

    def __init__(self, node: nodes.Values, context: Context) -> None:
        self._schema = arrow_schema(node.schema)
        self._rows = [context.computation(row) for row in node.rows]

    def start(self, time: int) -> Batches:
        rowtime = timestamps(np.array([time]))
        now = pa.RecordBatch.from_arrays([rowtime], names=["ROWTIME"])
        rows = []
        for computation in self._rows:
            kept, arrays = computation.values(now)
            if kept.num_rows:
                rows.append(pa.RecordBatch.from_arrays([rowtime, *arrays], schema=self._schema))
        return [pa.concat_batches(rows)] if rows else []


class Table(Constant):
    """The rows of a reference table as they are now."""

    def __init__(self, node: nodes.Table, context: Context) -> None:
        self._schema = arrow_schema(node.schema)
        self._name = node.table
        self._context = context

    def start(self, time: int) -> Batches:
        rows = self._context.table(self._name)
        rowtime = timestamps(np.full(rows.num_rows, time))
        return [pa.RecordBatch.from_arrays([rowtime, *rows.columns], schema=self._schema)] if len(rowtime) else []
