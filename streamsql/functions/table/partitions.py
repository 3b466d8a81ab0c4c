"""PARTITION BY of functions that keep state for each key for ever: numbered keys, with a cap."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.kernels.groups import GroupTable

MAX_PARTITIONS = 10_000


class Partitions:
    """Keys numbered 0, 1, 2 … in order of first appearance. Rows of keys beyond the cap go to `reject`."""

    def __init__(
        self, columns: Sequence[int], reject: Callable[[pa.RecordBatch, Failures], None], limit: int | None = None
    ) -> None:
        self._columns = list(columns)
        self._reject = reject
        self._limit = MAX_PARTITIONS if limit is None else limit
        self._table = GroupTable(self._limit)

    def split(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """The rows that have a number, their numbers, and the rows (of those) that brought new ones."""
        columns = [batch.column(index) for index in self._columns]
        codes, first = self._table.encode(columns, batch.num_rows)
        refused = codes < 0
        if refused.any():
            failures = Failures(batch.num_rows)
            for row in np.flatnonzero(refused).tolist():
                failures.add(row, "RUN-006", f"more than {self._limit} keys in PARTITION BY")
            self._reject(batch, failures)
            first = first - np.cumsum(refused)[first]
            batch, codes = pc.filter(batch, pc.from_numpy(~refused)), codes[~refused]
        return batch, codes, first

    def save(self) -> bytes:
        """All keys in order."""
        return self._table.save()

    def load(self, state: bytes) -> None:
        """Take over what `save` returned."""
        self._table.load(state)
