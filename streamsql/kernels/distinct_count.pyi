import numpy as np
import numpy.typing as npt
import pyarrow as pa

PeriodRows = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]
"""Rows of periods that ended: which of those that ended in this call, the owner, and its count."""

class DistinctCounter:
    """Counts the different values of a column for each owner and period: exactly up to 10 000, beyond that by
    HyperLogLog with a standard error of 0.3 %."""

    def __init__(self) -> None: ...
    def add(self, column: pa.Array, owners: npt.NDArray[np.int32], starts: npt.NDArray[np.int64]) -> PeriodRows:
        """Count the values of `column` (n, nulls left out) for their `owners` (n numbers from 0). The open period
        ends before each of the rows `starts` (ascending); returns the rows of those that ended, one for every
        owner with rows in the period."""

    def close(self) -> PeriodRows:
        """End the open period."""

    def renumber(self) -> npt.NDArray[np.int32]:
        """The owners of the open period in the order of their first rows; from now on they are 0, 1, 2 …"""

    def save(self) -> bytes:
        """The counts of the open period."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
