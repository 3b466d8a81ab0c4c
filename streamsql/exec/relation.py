"""The rows of a finite plan: a pump that has come to its end, run again when a table that it reads was loaded."""

from __future__ import annotations

import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.pump import Pump, Surroundings
from streamsql.functions.failures import Failures
from streamsql.kernels.batches import whole
from streamsql.plan import nodes
from streamsql.plan.relations import tables
from streamsql.record import replace

TIME = 0
"""ROWTIME of all rows: in the error stream those that cannot be computed stand before all rows of streams."""


class Relation:
    """What a finite plan gives, without ROWTIME. Rows that cannot be computed are rejected by `context`."""

    def __init__(self, plan: nodes.Node, context: Context) -> None:
        self._context = context
        self._names = tables(plan)
        self._tables: list[pa.RecordBatch] = []
        self._found: list[pa.RecordBatch] = []
        self._schema = arrow_schema(plan.schema)
        self._rows: pa.RecordBatch | None = None
        self._pump = None if isinstance(plan, nodes.Table) else Pump("relation", plan, self._surroundings())

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            context=lambda path: replace(self._context, room=None),
            failed=self._failed,
            emit=lambda batch: self._found.append(whole(batch)),
            advance=lambda time: None,
            hidden=lambda stream: 0,
        )

    def _failed(self, number: int, batch: pa.RecordBatch, columns: list[int], failures: Failures) -> None:
        self._context.reject_result(batch.select([0, *columns]), failures)

    def rows(self) -> pa.RecordBatch:
        """The rows as the tables are now; the same object as long as no table was loaded."""
        loaded = [self._context.table(name) for name in self._names]
        if self._pump is None:
            return loaded[0]
        if self._rows is None or any(new is not old for new, old in zip(loaded, self._tables, strict=True)):
            self._tables, self._rows = loaded, self._run(self._pump)
        return self._rows

    def _run(self, pump: Pump) -> pa.RecordBatch:
        self._found.clear()
        pump.build()
        for stage in pump.constants():
            stage.start(TIME)
        rows = pa.Table.from_batches(self._found, self._schema).combine_chunks()
        batches = rows.to_batches()
        found = batches[0] if batches else pa.RecordBatch.from_pylist([], schema=self._schema)
        return found.select(list(range(1, found.num_columns)))
