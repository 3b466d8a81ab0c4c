"""LIMIT and OFFSET."""

from __future__ import annotations

import pyarrow as pa

from streamsql.exec.context import Context
from streamsql.exec.operator import Batches, Operator, State
from streamsql.plan import nodes


class Limit(Operator):
    """Lets the first rows of a stream's whole life pass; counts the others as filtered."""

    def __init__(self, node: nodes.Limit, context: Context) -> None:
        self._first = node.offset
        self._end = None if node.count is None else node.offset + node.count
        self._seen = 0
        self._filtered = context.filtered

    def on_batch(self, port: int, batch: pa.RecordBatch) -> Batches:
        start = max(self._first - self._seen, 0)
        end = batch.num_rows if self._end is None else min(self._end - self._seen, batch.num_rows)
        self._seen += batch.num_rows
        kept = batch.slice(start, max(end - start, 0))
        if kept.num_rows < batch.num_rows:
            self._filtered(batch.num_rows - kept.num_rows)
        return [kept] if kept.num_rows else []

    def snapshot(self) -> State:
        return {"seen": self._seen}

    def restore(self, state: State) -> None:
        self._seen = state["seen"]
