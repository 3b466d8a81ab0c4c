"""Rows that are kept for a while and fetched by number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.operator import State
from streamsql.kernels import compute as pc
from streamsql.kernels.select_rows import Numbered

Numbers = npt.NDArray[np.int64]


class RowStore:
    """Rows numbered in the order in which they came; the oldest are forgotten first.

    Small batches are joined as they come, so that there are few of them and each row is copied a few times only.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._chunks: list[pa.RecordBatch] = []
        self._first = 0  # the number of the oldest row

    def append(self, batch: pa.RecordBatch) -> None:
        """Add rows at the end."""
        self._chunks.append(pa.RecordBatch.from_arrays(batch.columns, schema=self._schema))
        while len(self._chunks) > 1 and self._chunks[-2].num_rows <= 2 * self._chunks[-1].num_rows:
            self._chunks[-2:] = [pa.concat_batches(self._chunks[-2:])]

    def take(self, numbers: Numbers) -> pa.RecordBatch:
        """The rows with these numbers; -1 is a row of nulls."""
        if not self._chunks:
            return _take(pa.RecordBatch.from_pylist([], schema=self._schema), numbers, np.zeros(0, dtype=bool))
        missing = numbers < 0
        offsets = np.where(missing, 0, numbers - self._first)
        if len(self._chunks) == 1:
            return _take(self._chunks[0], offsets, missing)
        starts = np.cumsum([0, *(chunk.num_rows for chunk in self._chunks[:-1])])
        places = np.searchsorted(starts, offsets, side="right") - 1
        used = np.flatnonzero(np.bincount(places, minlength=len(starts))).tolist()
        if len(used) < 2:
            place = used[0] if used else 0
            return _take(self._chunks[place], offsets - starts[place], missing)
        parts = []
        back = np.empty(len(numbers), dtype=np.int64)
        done = 0
        for place in used:
            rows = np.flatnonzero(places == place)
            parts.append(_take(self._chunks[place], offsets[rows] - starts[place], missing[rows]))
            back[rows] = np.arange(done, done + len(rows))
            done += len(rows)
        return pc.take(pa.concat_batches(parts), pc.from_numpy(back))

    def trim(self, first: int) -> None:
        """Forget the rows before number `first`."""
        while self._chunks and self._first + self._chunks[0].num_rows <= first:
            self._first += self._chunks.pop(0).num_rows
        surplus = first - self._first
        if self._chunks and 2 * surplus > self._chunks[0].num_rows:
            rest = self._chunks[0].slice(surplus)
            self._chunks[0] = pc.take(rest, pc.from_numpy(np.arange(rest.num_rows)))  # a copy: the rest is freed
            self._first = first

    def snapshot(self) -> State:
        """All rows."""
        return {"first": self._first, "chunks": list(self._chunks)}

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._first = state["first"]
        self._chunks = list(state["chunks"])


def _take(rows: pa.RecordBatch, numbers: Numbers, missing: npt.NDArray[np.bool_]) -> pa.RecordBatch:
    if not rows.num_rows:
        nothing = [pa.nulls(len(numbers), field.type) for field in rows.schema]
        return pa.RecordBatch.from_arrays(nothing, schema=rows.schema)
    if missing.any():
        return pc.take(rows, pc.from_numpy(numbers, mask=missing))
    chosen = Numbered(numbers)
    return pa.RecordBatch.from_arrays([chosen.of(column) for column in rows.columns], schema=rows.schema)
