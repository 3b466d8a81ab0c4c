"""Rows of a relation found by key for the rows of a stream; shared by Lookup and by subqueries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.context import Context
from streamsql.exec.keys import without_nulls
from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.kernels.groups import GroupTable
from streamsql.plan import nodes
from streamsql.plan.expressions import Expression
from streamsql.record import replace
from streamsql.types import ROWTIME

Numbers = npt.NDArray[np.int64]


class Index:
    """The rows of a finite plan, ordered by the value of `keys`; without keys every row matches."""

    def __init__(self, plan: nodes.Node, keys: Sequence[Expression], context: Context) -> None:
        self._context = context
        self._relation = context.relation(plan)
        self._keys = replace(context, reject_values=self._reject).computation(keys)
        self._indexed: pa.RecordBatch | None = None

    def _reject(self, rows: pa.RecordBatch, failures: Failures) -> None:
        """A row of a relation has no ROWTIME: in the error stream it stands before all rows."""
        rowtime = pc.from_numpy(np.zeros(rows.num_rows, dtype="datetime64[ms]"))
        names = [ROWTIME.name, *rows.schema.names]
        self._context.reject_result(pa.RecordBatch.from_arrays([rowtime, *rows.columns], names=names), failures)

    def refresh(self) -> None:
        """Index the relation as it is now: rows ordered by key, and where each key's rows begin."""
        relation = self._relation.rows()
        if relation is self._indexed:
            return
        self._indexed = relation
        self.rows, keys = self._keys.values(relation)
        self._table = GroupTable()
        codes, _ = self._table.encode(keys, self.rows.num_rows)
        if not keys:
            codes = np.zeros(self.rows.num_rows, dtype=np.int32)
        rows = np.flatnonzero(without_nulls(keys, self.rows.num_rows))
        self._ordered: Numbers = rows[np.argsort(codes[rows], kind="stable")]
        counts = np.bincount(codes[rows], minlength=max(len(self._table), 1))
        self._begins: Numbers = np.concatenate([[0], np.cumsum(counts)])
        # Of keys that have one row each: that row; at the end, where -1 points, that there is none.
        self._only: Numbers | None = None
        if keys and counts.max(initial=0) <= 1:
            self._only = np.full(len(counts) + 1, -1)
            self._only[codes[rows]] = rows

    def only(self, keys: Sequence[pa.Array], length: int) -> Numbers | None:
        """The one row that matches each of `length` rows, -1: none; nothing if a key has several rows."""
        return None if self._only is None else self._only.take(self._codes(keys, length), mode="wrap")

    def _codes(self, keys: Sequence[pa.Array], length: int) -> npt.NDArray[np.int32]:
        """The number of each row's key, -1: the relation has no such key. A key with a null may have a number, and
        has no rows."""
        return self._table.encode(keys, length, add=False)[0]

    def matches(self, keys: Sequence[pa.Array], length: int) -> tuple[Numbers, Numbers]:
        """For each of `length` rows where in the order those with equal keys begin, and how many they are."""
        codes = self._codes(keys, length) if keys else np.zeros(length, dtype=np.int32)
        known = codes >= 0
        begins = np.where(known, self._begins[codes], 0)
        return begins, np.where(known, self._begins[codes + 1], 0) - begins

    def pairs(self, begins: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
        """What `matches` gave as pairs of row numbers, in the order of the rows that ask."""
        left = np.repeat(np.arange(len(counts)), counts)
        within = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
        return left, self._ordered[np.repeat(begins, counts) + within]
