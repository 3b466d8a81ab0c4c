import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.int64]

class Pairing:
    """Rows of two sides (0: left, 1: right), numbered from 0 on each side, and which of them meet.

    A side is `(rows, preceding, following, outer)`: a window of the last `preceding` ms, or if `rows` of the last
    `preceding` + 1 rows; the other side's rows wait `following` ms for this side; `outer`: its unmatched rows are
    wanted. Rows are taken in the order of time, at equal times right before left.
    """

    def __init__(self, left: tuple[bool, int, int, bool], right: tuple[bool, int, int, bool]) -> None: ...
    def add(self, side: int, times: Numbers, keys: pa.Array) -> None:
        """Add rows in order of time. The keys are integers or moments, of which null matches nothing."""

    def process(self, left_bound: int, right_bound: int) -> tuple[int, Numbers, Numbers, Numbers]:
        """Take the rows that can be taken when no row older than its side's bound will be added: the time before
        which all is done, and the numbers of left and right rows that met, with the time of each pair."""

    def mark(self, side: int, numbers: Numbers) -> None:
        """Note rows that are in a pair for good."""

    def expire(self, side: int, frontier: int) -> tuple[Numbers, Numbers]:
        """The rows of an outer side that are in no pair and can meet nobody any more, given what `process`
        returned; and the time of each one's result. Each is returned once."""

    def trim(self, side: int) -> int:
        """Forget rows that are not needed any more; the number of the first that is."""

    def keys_alive(self) -> npt.NDArray[np.int32]:
        """The keys of the rows that are left, ascending, each below 2³¹."""

    def renumber(self, ids: npt.NDArray[np.int32]) -> None:
        """The keys `ids`, all that are alive, become 0, 1, 2 …"""

    def save(self) -> bytes:
        """All state."""

    def load(self, saved: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
