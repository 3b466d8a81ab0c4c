"""Stream to reference table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.operator import Batches, Operator
from streamsql.functions.failures import Failures
from streamsql.kernels.groups import GroupTable
from streamsql.plan import nodes
from streamsql.plan.nodes import Schema
from streamsql.types import ROWTIME

Rows = npt.NDArray[np.int64]


class TableReader(Operator):
    """Finds the rows of a reference table that match rows of a stream; `pairs` are both sides' columns."""

    def __init__(self, node: nodes.Lookup | nodes.Exists, pairs: Schema, context: Context) -> None:
        self._context = context
        self._name = node.table
        self._pair_schema = arrow_schema(pairs)
        self._stream_keys = context.computation([left for left, _ in node.keys])
        of_table = replace(context, reject=self._reject_table_rows)
        self._table_keys = of_table.computation([right for _, right in node.keys])
        self._condition = None if node.condition is None else context.computation([node.condition])
        self._table: pa.RecordBatch | None = None

    def _reject_table_rows(self, table: pa.RecordBatch, failures: Failures) -> None:
        """A row of a table has no ROWTIME: in the error stream it stands before all rows."""
        rowtime = pa.array(np.zeros(table.num_rows, dtype="datetime64[ms]"))
        names = [ROWTIME.name, *table.schema.names]
        self._context.reject(pa.RecordBatch.from_arrays([rowtime, *table.columns], names=names), failures)

    def bound(self) -> str:
        return "the reference table"

    def _reload(self) -> None:
        """Index the table as it is now: rows ordered by key, and where each key's rows begin."""
        table = self._context.table(self._name)
        if table is self._table:
            return
        self._table = table
        self._good, keys = self._table_keys.values(table)
        self._index = GroupTable()
        codes, _ = self._index.encode(keys, self._good.num_rows)
        if not keys:
            codes = np.zeros(self._good.num_rows, dtype=np.int32)
        valid = _without_nulls(keys, self._good.num_rows)
        rows = np.flatnonzero(valid)
        self._ordered: Rows = rows[np.argsort(codes[rows], kind="stable")]
        counts = np.bincount(codes[rows], minlength=max(len(self._index), 1))
        self._begins: Rows = np.concatenate([[0], np.cumsum(counts)])

    def _matches(self, keys: list[pa.Array], length: int) -> tuple[Rows, Rows]:
        """For each row of the stream where in `_ordered` those with equal keys begin, and how many they are."""
        if keys:
            codes, _ = self._index.encode(keys, length, add=False)
            codes[~_without_nulls(keys, length)] = -1
        else:
            codes = np.zeros(length, dtype=np.int32)
        known = codes >= 0
        begins = np.where(known, self._begins[codes], 0)
        return begins, np.where(known, self._begins[codes + 1], 0) - begins

    def _pairs(self, batch: pa.RecordBatch, begins: Rows, counts: Rows) -> tuple[Rows, Rows]:
        """Rows of the stream and of the table that match, in order of the stream; the condition is met."""
        length = batch.num_rows
        left = np.repeat(np.arange(length), counts)
        within = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
        right = self._ordered[np.repeat(begins, counts) + within]
        if self._condition is None:
            return left, right
        holds = self._condition.truths(self._joined(batch, left, right))
        return left[holds], right[holds]

    def _joined(self, batch: pa.RecordBatch, left: Rows, right: Rows) -> pa.RecordBatch:
        """The rows of both sides beside each other; -1 on the right is a row of nulls."""
        same = len(left) == batch.num_rows and bool((left == np.arange(len(left))).all())
        stream = batch if same else batch.take(pa.array(left))
        places = pa.array(right, mask=right < 0)
        columns = [column.take(places) for column in self._good.columns]
        return pa.RecordBatch.from_arrays([*stream.columns, *columns], schema=self._pair_schema)


class Lookup(TableReader):
    """For each row of the stream the rows of the table that match it, in the table's order, at once."""

    def __init__(self, node: nodes.Lookup, context: Context) -> None:
        super().__init__(node, node.schema, context)
        self._outer = node.kind == "LEFT"

    def on_batch(self, port: int, batch: pa.RecordBatch) -> Batches:
        self._reload()
        batch, keys = self._stream_keys.values(batch)
        if not batch.num_rows:
            return []
        left, right = self._pairs(batch, *self._matches(keys, batch.num_rows))
        if self._outer:
            left, right = _with_unmatched(left, right, batch.num_rows)
        else:
            matched = np.zeros(batch.num_rows, dtype=bool)
            matched[left] = True
            self._context.filtered(batch.num_rows - int(matched.sum()))
        return [self._joined(batch, left, right)] if len(left) else []


def _without_nulls(keys: list[pa.Array], length: int) -> npt.NDArray[np.bool_]:
    """Rows that can be equal to another: no key is null."""
    valid = np.ones(length, dtype=bool)
    for key in keys:
        if key.null_count:
            valid &= pc.is_valid(key).to_numpy(zero_copy_only=False)
    return valid


def _with_unmatched(left: Rows, right: Rows, length: int) -> tuple[Rows, Rows]:
    """Each row of the stream that is in no pair added with nothing on the right, in its place."""
    matched = np.zeros(length, dtype=bool)
    matched[left] = True
    alone = np.flatnonzero(~matched)
    left = np.concatenate([left, alone])
    right = np.concatenate([right, np.full(len(alone), -1)])
    order = np.argsort(left, kind="stable")
    return left[order], right[order]
