"""What an implementation of a scalar function is given besides its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.types import SqlType

Datum: TypeAlias = "pa.Array | pa.Scalar"
"""One value per row, or one value for all rows."""

Mask = npt.NDArray[np.bool_]

MOST_PREPARED = 4096
"""Prepared values that are kept for one call."""


class Times(NamedTuple):
    """The engine's clock readings that SQL can ask for, in ms since 1970-01-01 UTC."""

    query_start: int
    row: int


class CallContext:
    """One evaluation of one call over a batch: its types, the number of rows, and where failures go.

    `needed`: the rows whose failure counts (None: all); the others are null, or in a branch that is not taken.
    `memo` is what the implementation prepared once for this call (a compiled pattern …); it lives as long as the
    plan.
    """

    __slots__ = ("args", "failures", "length", "memo", "needed", "result", "times")

    def __init__(
        self,
        length: int,
        result: SqlType,
        args: Sequence[SqlType],
        failures: Failures,
        times: Times,
        needed: Callable[[], Mask | None] | None = None,
        memo: dict[Any, Any] | None = None,
    ) -> None:
        self.length = length
        self.result = result
        self.args = args
        self.failures = failures
        self.times = times
        self.needed = needed
        self.memo: dict[Any, Any] = {} if memo is None else memo

    def fail(self, rows: Any, code: str, message: str | Callable[[int], str]) -> None:
        """Mark rows as failed. `rows` is a boolean mask (NumPy or Arrow) or row numbers; the message may be a
        function of the row number."""
        if isinstance(rows, (pa.Array, pa.ChunkedArray)):
            rows = pc.fill_null(rows, False).to_numpy(zero_copy_only=False)
        rows = np.asarray(rows)
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        needed = self.needed() if self.needed is not None else None
        if needed is not None:
            rows = rows[needed[rows]]
        if isinstance(message, str):
            self.failures.add_all(rows.tolist(), code, message)
            return
        for row in rows.tolist():
            self.failures.add(row, code, message(row))

    def prepared(self, key: Any, make: Callable[[], Any]) -> Any:
        """`make()`, computed once for each `key` of this call (as long as there are not too many of them)."""
        if key not in self.memo:
            if len(self.memo) >= MOST_PREPARED:
                self.memo.clear()
            self.memo[key] = make()
        return self.memo[key]


def value_at(datum: Datum, row: int) -> Any:
    """The Python value of `datum` in `row`, for messages."""
    scalar = datum if isinstance(datum, pa.Scalar) else datum[row]
    try:
        return scalar.as_py()
    except OverflowError:  # an interval of more days than a timedelta has
        return f"{scalar.value} ms"
