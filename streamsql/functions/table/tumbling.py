"""Table functions that count over periods of fixed length and answer at the end of each, at its ROWTIME.

Periods are aligned to 1970-01-01 00:00:00, as those of GROUP BY STEP(ROWTIME BY …). What is counted is a kernel's
business; what it is counted for (items, keys) is numbered here, anew in every period.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.kernels import compute as pc
from streamsql.kernels.groups import GroupTable

PeriodRows = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]
"""Which of the periods that ended, number of the item or key, count."""


class Numbered:
    """Distinct combinations of some columns, numbered 0, 1, 2 … by first appearance, with their values."""

    def __init__(self, columns: Sequence[int]) -> None:
        self._columns = list(columns)
        self._table = GroupTable()
        self._values: list[list[pa.Array]] = [[] for _ in columns]

    def encode(self, batch: pa.RecordBatch) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Each row's number, and the rows that brought new ones."""
        columns = [batch.column(index) for index in self._columns]
        codes, first = self._table.encode(columns, batch.num_rows)
        if len(first):
            for chunks, column in zip(self._values, columns, strict=True):
                _append(chunks, pc.take(column, pc.from_numpy(first)))
        return codes, first

    def take(self, codes: npt.NDArray[np.int32]) -> list[pa.Array]:
        """The values that belong to numbers, one array a column."""
        return [pc.take(pa.concat_arrays(chunks), pc.from_numpy(codes)) for chunks in self._values]

    def keep(self, codes: npt.NDArray[np.int32]) -> None:
        """Forget all numbers but `codes`, which become 0, 1, 2 …"""
        if len(self._table):
            self._values = [[values] for values in self.take(codes)]
        self._table.keep(codes)

    def snapshot(self, name: str) -> dict[str, Any]:
        """The keys and their values; the names in the state begin with `name`."""
        values = {f"{name}_{i}": pa.concat_arrays(chunks) for i, chunks in enumerate(self._values) if chunks}
        return {f"{name}s": self._table.save(), **values}

    def restore(self, name: str, state: dict[str, Any]) -> None:
        """Take over a snapshot."""
        self._table.load(state[f"{name}s"])
        for i, chunks in enumerate(self._values):
            chunks[:] = [state[f"{name}_{i}"]] if f"{name}_{i}" in state else []


def _append(chunks: list[pa.Array], values: pa.Array) -> None:
    """Add a chunk, joined with its smaller neighbours, so that there are few and each is copied a few times."""
    chunks.append(values)
    while len(chunks) > 1 and len(chunks[-2]) <= 2 * len(chunks[-1]):
        chunks[-2:] = [pa.concat_arrays(chunks[-2:])]


class Counter(Protocol):
    """What is counted: the part in which tumbling functions differ."""

    def add(self, batch: pa.RecordBatch, starts: npt.NDArray[np.int64]) -> PeriodRows:
        """Count a batch in which periods begin at the rows `starts`; the answers of those that ended by that."""

    def close(self) -> PeriodRows:
        """End the open period."""

    def columns(self, codes: npt.NDArray[np.int32]) -> list[pa.Array]:
        """The values to which the numbers in the answers belong."""

    def forget(self) -> None:
        """Drop what only ended periods needed."""

    def snapshot(self) -> dict[str, Any]:
        """The state of the open period."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a snapshot."""


class TumblingOperator:
    """Feeds a counter period by period. Its watermark is the end of the period that contains the input's."""

    ports = 1
    fate = "take"
    layout = 1

    def __init__(self, names: Sequence[str], seconds: int, counter: Counter) -> None:
        self._names = list(names)
        self._length = 1000 * seconds
        self._counter = counter
        self._open: int | None = None  # number of the period that has rows and has not ended

    def on_batch(self, port: int, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The answers of the periods that the rows end."""
        if not batch.num_rows:
            return []
        periods = batch.column(0).view(pa.int64()).to_numpy() // self._length
        before = np.concatenate([[periods[0] if self._open is None else self._open], periods[:-1]])
        starts = np.flatnonzero(periods != before)
        found = self._counter.add(batch, starts)
        self._open = int(periods[-1])
        return self._answers(found, before[starts]) if len(starts) else []

    def on_watermark(self, port: int, time: int) -> tuple[list[pa.RecordBatch], int]:
        """The answer of the open period once `time` has reached its end."""
        found: list[pa.RecordBatch] = []
        if self._open is not None and time // self._length > self._open:
            found = self._answers(self._counter.close(), np.array([self._open]))
            self._open = None
        return found, max(time, min((time // self._length + 1) * self._length, (1 << 63) - 1))

    def snapshot(self) -> dict[str, Any]:
        """The open period and its counts."""
        return {"open": self._open, **self._counter.snapshot()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue exactly where `snapshot` was taken."""
        self._open = state["open"]
        self._counter.restore(state)

    def _answers(self, found: PeriodRows, ended: npt.NDArray[np.int64]) -> list[pa.RecordBatch]:
        periods, codes, counts = found
        batches = []
        if len(codes):
            ends = pc.from_numpy(((ended[periods] + 1) * self._length).astype("datetime64[ms]"))
            columns = [ends, *self._counter.columns(codes), pc.from_numpy(counts)]
            batches = [pa.RecordBatch.from_arrays(columns, names=self._names)]
        self._counter.forget()
        return batches
