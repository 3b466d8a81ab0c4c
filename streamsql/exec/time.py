"""ROWTIME as numbers: ms since 1970-01-01. The clock itself belongs to `app`; nothing here reads one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.kernels.batches import LazyBatch, Rows
from streamsql.types import TIMESTAMP

Times = npt.NDArray[np.int64]


def milliseconds(array: pa.Array) -> Times:
    """The values of a TIMESTAMP array without nulls, as a view of its memory."""
    return np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array)]


def rowtimes(batch: Rows) -> Times:
    """ROWTIME of every row: column 0."""
    return milliseconds(batch.column(0)) if batch.num_rows else np.empty(0, dtype=np.int64)


def timestamps(times: npt.NDArray[np.int64]) -> pa.Array:
    """A TIMESTAMP array of these times."""
    times = np.ascontiguousarray(times, dtype=np.int64)
    return pa.Array.from_buffers(TIMESTAMP.arrow, len(times), [None, pa.py_buffer(times)])


def last_rowtime(batch: Rows) -> int:
    """ROWTIME of the last row of a batch that is not empty."""
    if isinstance(batch, LazyBatch):
        return batch.last_time()
    return int(batch.column(0)[batch.num_rows - 1].value)


def retimed(batch: pa.RecordBatch, times: npt.NDArray[np.int64]) -> pa.RecordBatch:
    """The rows with other ROWTIMEs."""
    return pa.RecordBatch.from_arrays([timestamps(times), *batch.columns[1:]], schema=batch.schema)
