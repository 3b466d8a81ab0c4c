"""The numeric columns of a stream as points: what RANDOM_CUT_FOREST and HOTSPOTS read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.kernels import compute as pc
from streamsql.types import APPROXIMATE, INTEGERS, Column, Kind

MEASURED = (*INTEGERS, *APPROXIMATE)
MAX_COLUMNS = 30
MAX_ROWS = 16_384
"""Rows of one output batch: 65535 bytes of text in each still fit into one Arrow array."""


def numeric_columns(schema: Sequence[Column], name: str, partition_by: Sequence[int] = ()) -> list[int]:
    """Positions of the columns that are measured; those of PARTITION BY only tell whose the row is.

    Raises BindError FUN-001, in the name of function `name`, for none, too many, or a DECIMAL.
    """
    candidates = [i for i in range(len(schema)) if i not in partition_by]
    for i in candidates:
        if schema[i].type.kind is Kind.DECIMAL:
            raise BindError(
                f'{name} does not take DECIMAL, the type of column "{schema[i].name}"',
                code="FUN-001",
                hint=f'CAST("{schema[i].name}" AS DOUBLE) in the cursor',
            )
    numeric = [i for i in candidates if schema[i].type.kind in MEASURED]
    if not 1 <= len(numeric) <= MAX_COLUMNS:
        raise BindError(
            f"{name} needs 1 to {MAX_COLUMNS} numeric columns, the cursor has {len(numeric)}", code="FUN-001"
        )
    return numeric


def matrix(batch: pa.RecordBatch, columns: Sequence[int]) -> npt.NDArray[np.float64]:
    """Columns as float64, shape (rows, columns); a NULL becomes NaN."""
    points = np.empty((batch.num_rows, len(columns)))
    for k, index in enumerate(columns):
        numbers = pc.cast(batch.column(index), pa.float64(), safe=False)
        points[:, k] = numbers.to_numpy(zero_copy_only=False)
    return points


def pieces(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    """The batch in pieces of at most MAX_ROWS rows."""
    return [batch.slice(start, MAX_ROWS) for start in range(0, batch.num_rows, MAX_ROWS)]
