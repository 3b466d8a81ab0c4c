"""Subqueries of expressions: for each row, whether a relation has rows for it, or the value of the only one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.matching import Index, Numbers
from streamsql.functions.call import Times
from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import LazyBatch, extended
from streamsql.kernels.kept_rows import numbered
from streamsql.plan.expressions import Subquery
from streamsql.types import Column

PAIRS_AT_ONCE = 1 << 20
"""Pairs are looked at in pieces, so that memory stays bounded also where every row meets every row."""

Answer = tuple[pa.Array, Failures]


class Searcher:
    """Runs the search of one subquery."""

    def __init__(self, subquery: Subquery, context: Context) -> None:
        search = subquery.search
        self._index = Index(search.relation, search.keys, context)
        self._key_count = len(search.keys)
        self._type = subquery.type.arrow
        self._condition = None if search.condition is None else context.compile(search.condition)
        self._value = None if search.value is None else context.compile(search.value)
        self._always = search.always
        arguments = [Column(f"${number}", arg.type) for number, arg in enumerate(subquery.args)]
        self._asking = arrow_schema(arguments)
        self._schema = arrow_schema([*arguments, *search.relation.schema[1:]])

    def answer(self, args: Sequence[pa.Array], length: int, times: Times) -> Answer:
        """One value per row, with the rows that failed."""
        self._index.refresh()
        begins, counts = self._index.matches(args[: self._key_count], length)
        if self._value is None and self._condition is None:
            return pc.from_numpy(counts > 0), Failures(length)
        failures = Failures(length)
        found = np.zeros(length, dtype=np.int64)
        places = np.full(length, -1, dtype=np.int64)
        for left, right in self._pairs(args, begins, counts, times, failures):
            found += np.bincount(left, minlength=length)
            places[left] = right
        if self._value is None:
            return pc.from_numpy(found > 0), failures
        for row in np.flatnonzero(found > 1).tolist():
            failures.add(row, "RUN-006", "a subquery used as a value has more than one row")
        return self._values(args, places, times, failures)

    def _pairs(
        self, args: Sequence[pa.Array], begins: Numbers, counts: Numbers, times: Times, failures: Failures
    ) -> Iterator[tuple[Numbers, Numbers]]:
        """Pairs of rows that meet the condition, as row numbers, piece by piece."""
        total = np.cumsum(counts)
        start = 0
        while start < len(counts):
            done = int(total[start - 1]) if start else 0
            end = max(start + 1, int(np.searchsorted(total, done + PAIRS_AT_ONCE, side="right")))
            left, right = self._index.pairs(begins[start:end], counts[start:end])
            left += start
            if self._condition is not None and len(left):
                truth, failed = self._condition(self._beside(args, left, right), times)
                for pair, error in failed.rows.items():
                    failures.add(int(left[pair]), *error)
                holds = np.asarray(pc.fill_null(truth, False))
                left, right = left[holds], right[holds]
            yield left, right
            start = end

    def _values(self, args: Sequence[pa.Array], places: Numbers, times: Times, failures: Failures) -> Answer:
        """The value of each row's place in the relation; -1: of no row."""
        assert self._value is not None
        asked = np.arange(len(places)) if self._always else np.flatnonzero(places >= 0)
        values, failed = self._value(self._beside(args, asked, places[asked]), times)
        for number, error in failed.rows.items():
            failures.add(int(asked[number]), *error)
        back = np.full(len(places), -1, dtype=np.int64)
        back[asked] = np.arange(len(asked))
        return pc.take(values, pc.from_numpy(back, mask=back < 0)), failures

    def _beside(self, args: Sequence[pa.Array], left: Numbers, right: Numbers) -> LazyBatch:
        found = numbered(self._index.rows, right)
        if not args:
            return found
        asking = pa.RecordBatch.from_arrays(args, schema=self._asking)
        return extended(numbered(asking, left), [found], self._schema)
