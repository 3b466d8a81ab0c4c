"""Stream to the rows of a reference table, or of any other finite plan."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.matching import Index, Numbers
from streamsql.exec.operator import Columns, Operator, Released, among, united
from streamsql.kernels.batches import LazyBatch, Rows, by_column, extended
from streamsql.kernels.kept_rows import numbered
from streamsql.plan import nodes
from streamsql.plan.expressions import columns_used


class Lookup(Operator):
    """For each row of the stream the rows of the relation that match it, in the relation's order, at once."""

    fate = "gather"
    lazy = True

    def __init__(self, node: nodes.Lookup, context: Context) -> None:
        self._context = context
        self._schema = arrow_schema(node.schema)
        self._index = Index(node.relation, [right for _, right in node.keys], context)
        keys = [left for left, _ in node.keys]
        self._keys = context.computation(keys)
        conditions = [] if node.condition is None else [node.condition]
        self._condition = context.computation(conditions) if conditions else None
        self._outer = node.kind == "LEFT"
        self._width = len(node.input.schema)
        self._reads = columns_used(*keys)
        self._compares = columns_used(*conditions)

    def needed(self, port: int, wanted: Columns) -> Columns:
        return united([self._reads, among(united([wanted, self._compares]), 0, self._width)])

    def on_batch(self, port: int, batch: Rows) -> Released:
        self._index.refresh()
        batch, keys = self._keys.values(by_column(batch))
        if not batch.num_rows:
            return []
        left, right = self._pairs(batch, keys)
        if self._condition is not None:
            holds = self._condition.truths(self._joined(batch, left, right))
            left, right = _all_of(left, batch.num_rows)[holds], right[holds]
        if self._outer:
            self._context.gathered(batch.num_rows)
            if left is not None:
                left, right = _with_unmatched(left, right, batch.num_rows)
        else:
            found = _distinct(left, right)
            self._context.gathered(found)
            self._context.filtered(batch.num_rows - found)
        return [self._joined(batch, left, right)] if len(right) else []

    def _pairs(self, batch: Rows, keys: list[pa.Array]) -> tuple[Numbers | None, Numbers]:
        """The rows of both sides that match, in the order of the left; None: every row of the batch once, which
        for an outer join, without further conditions, may have nothing (-1) on the right."""
        only = self._index.only(keys, batch.num_rows)
        if only is None:
            return self._index.pairs(*self._index.matches(keys, batch.num_rows))
        found = only >= 0
        if found.all() or (self._outer and self._condition is None):
            return None, only
        return np.flatnonzero(found), only[found]

    def _joined(self, batch: Rows, left: Numbers | None, right: Numbers) -> LazyBatch:
        """The rows of both sides beside each other; on the left None stands for each row once."""
        rows = batch if left is None else numbered(batch, left)
        return extended(rows, [numbered(self._index.rows, right)], self._schema)


def _all_of(left: Numbers | None, length: int) -> Numbers:
    return np.arange(length) if left is None else left


def _distinct(left: Numbers | None, right: Numbers) -> int:
    """How many rows of the left, which are in order, are in a pair."""
    if left is None:
        return len(right)
    return len(left) and 1 + int(np.count_nonzero(np.diff(left)))


def _with_unmatched(left: Numbers, right: Numbers, length: int) -> tuple[Numbers, Numbers]:
    """Each row of the stream that is in no pair added with nothing on the right, in its place."""
    matched = np.zeros(length, dtype=bool)
    matched[left] = True
    alone = np.flatnonzero(~matched)
    left = np.concatenate([left, alone])
    right = np.concatenate([right, np.full(len(alone), -1)])
    order = np.argsort(left, kind="stable")
    return left[order], right[order]
