"""Rows that could not be computed: which, why, and with which code of the language page (RUN-001 …)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class RowError(NamedTuple):
    """Why one row failed."""

    code: str
    message: str


ERROR_NAMES = {
    "RUN-001": "Division by zero",
    "RUN-002": "Numeric overflow",
    "RUN-003": "Conversion error",
    "RUN-004": "Rows out of order",
    "RUN-005": "Null constraint violation",
    "RUN-006": "Invalid argument",
    "RUN-007": "Row too large",
    "RUN-008": "Coercion error",
}
"""ERROR_NAME of the error stream for each run-time code."""


class Failures:
    """Failed rows of one batch of `length` rows; the first failure of a row is the one that counts."""

    __slots__ = ("length", "rows")

    def __init__(self, length: int, rows: dict[int, RowError] | None = None) -> None:
        self.length = length
        self.rows: dict[int, RowError] = {} if rows is None else rows

    def __bool__(self) -> bool:
        return bool(self.rows)

    def add(self, row: int, code: str, message: str) -> None:
        """Note that `row` failed."""
        self.rows.setdefault(row, RowError(code, message))

    def add_all(self, rows: Sequence[int], code: str, message: str) -> None:
        """Note that `rows` failed, all for the same reason."""
        self.merge(Failures(self.length, dict.fromkeys(rows, RowError(code, message))))

    def mask(self) -> npt.NDArray[np.bool_]:
        """True where a row failed, shape (length,)."""
        mask = np.zeros(self.length, dtype=bool)
        mask[list(self.rows)] = True
        return mask

    def only(self, keep: npt.NDArray[np.bool_]) -> Failures:
        """The failures of rows where `keep` is true (the others were not needed)."""
        return Failures(self.length, {row: error for row, error in self.rows.items() if keep[row]})

    def merge(self, other: Failures) -> None:
        """Take over the failures of `other`, a batch of the same rows."""
        self.rows = {**self.rows, **other.rows, **self.rows} if self.rows else dict(other.rows)
