"""WHERE and HAVING."""

from __future__ import annotations

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.operator import Columns, Operator, Released, united
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, by_column
from streamsql.kernels.chosen_rows import chosen
from streamsql.plan import nodes
from streamsql.plan.expressions import columns_used


class Filter(Operator):
    """Lets the rows pass for which the condition is TRUE; counts the others, rejects those that fail."""

    lazy = True

    def __init__(self, node: nodes.Filter, context: Context) -> None:
        self._condition = context.computation([node.condition])
        self.program = self._condition.condition(arrow_schema(node.input.schema))
        self._reads = columns_used(node.condition)
        self.dropped = context.filtered
        """Counts rows for which the condition is not TRUE."""

    def needed(self, port: int, wanted: Columns) -> Columns:
        return united([wanted, self._reads])

    def on_batch(self, port: int, batch: Rows) -> Released:
        rows = self.program.rows(batch) if self.program is not None else None
        if rows is None:
            return self._by_steps(by_column(batch), tried=self.program is not None)
        if rows.num_rows < batch.num_rows:
            self.dropped(batch.num_rows - rows.num_rows)
        return [rows] if rows.num_rows else []

    def _by_steps(self, batch: Rows, tried: bool) -> Released:
        batch, (condition,) = self._condition.values(batch, tried=tried)
        count = condition.true_count
        if count == batch.num_rows:
            return [batch] if count else []
        self.dropped(batch.num_rows - count)
        if condition.null_count:
            condition = pc.fill_null(condition, False)
        return [chosen(batch, condition)] if count else []
