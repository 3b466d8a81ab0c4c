import numpy as np
import numpy.typing as npt

PeriodRows = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]
"""Rows of periods that ended: which of those that ended in this call, the item's number, and its count."""

class TopItems:
    """Counts numbered items and ranks them at the end of each period: the `k` most frequent, ties by first row.

    `owners` says to whom each number belongs, (numbers,): every owner has a ranking of its own. None: one for all.
    """

    def __init__(self, k: int) -> None: ...
    def add(
        self,
        codes: npt.NDArray[np.int32],
        starts: npt.NDArray[np.int64],
        owners: npt.NDArray[np.int32] | None = None,
    ) -> PeriodRows:
        """Count `codes` (n, below 0: nothing to count). The open period ends before each of the rows `starts`
        (ascending), where the next begins; returns the rows of those that ended."""

    def close(self, owners: npt.NDArray[np.int32] | None = None) -> PeriodRows:
        """End the open period."""

    def renumber(self) -> npt.NDArray[np.int32]:
        """The numbers of the open period in the order of their first rows; from now on they are 0, 1, 2 …"""

    def save(self) -> bytes:
        """The counts of the open period."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
