"""What an implementation of a scalar function is given besides its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from streamsql.functions.failures import Failures
from streamsql.types import SqlType

Datum = pa.Array | pa.Scalar
"""One value per row, or one value for all rows."""


@dataclass(frozen=True)
class Times:
    """The engine's clock readings that SQL can ask for, in ms since 1970-01-01 UTC."""

    query_start: int
    row: int


@dataclass
class CallContext:
    """One evaluation of one call over a batch: its types, the number of rows, and where failures go."""

    length: int
    result: SqlType
    args: Sequence[SqlType]
    failures: Failures
    times: Times

    def fail(self, rows: Any, code: str, message: str | Callable[[int], str]) -> None:
        """Mark rows as failed. `rows` is a boolean mask (NumPy or Arrow) or row numbers; the message may be a
        function of the row number."""
        if isinstance(rows, (pa.Array, pa.ChunkedArray)):
            rows = rows.fill_null(False).to_numpy(zero_copy_only=False)
        rows = np.asarray(rows)
        for row in (np.flatnonzero(rows) if rows.dtype == np.bool_ else rows).tolist():
            self.failures.add(row, code, message if isinstance(message, str) else message(row))
