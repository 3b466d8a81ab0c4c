from typing import Any

import numpy as np
import numpy.typing as npt

class RollingFrame:
    """The sizes of the sliding windows of many partitions: the last `preceding` ms (both ends inclusive) or the
    last `preceding` rows before the current one; None: all."""

    preceding: int | None
    def __init__(self, rows: bool, preceding: int | None) -> None: ...
    def advance(
        self, partitions: npt.NDArray[np.int32], total: int, times: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For rows in order of arrival, with their partition (< `total`) and time in ms: how many rows leave the
        window before each enters, and how many are inside once it has."""

    def alive(self, time: int) -> npt.NDArray[np.int32]:
        """The partitions whose window is not empty for a row at `time`."""

    def keep(self, ids: npt.NDArray[np.int32]) -> None:
        """Forget all partitions but `ids`, which become 0, 1, 2 …"""

    def save(self) -> bytes:
        """All state."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""

class RollingAggregate:
    """One aggregate over the sliding windows of many partitions.

    `what`: "count", "sum", "sum decimal", "average", "average decimal", "variance population",
    "variance sample", "deviation population", "deviation sample", "least", "greatest", "from first" and
    "from last" (the `n`-th row from there), "lag" (`n` rows back), "decay" (weights halve every `n` ms).
    `forever`: no row ever leaves. `distinct` belongs to the sums, `ignore_nulls` to the picks.
    """

    def __init__(
        self,
        what: str,
        argument: Any,
        result: Any,
        *,
        forever: bool = False,
        distinct: bool = False,
        ignore_nulls: bool = False,
        n: int = 1,
        shift: int = 0,
    ) -> None: ...
    def update(
        self,
        partitions: npt.NDArray[np.int32],
        total: int,
        leaving: npt.NDArray[np.int64],
        times: npt.NDArray[np.int64],
        values: Any,
        defaults: Any = None,
    ) -> tuple[Any, npt.NDArray[np.bool_]]:
        """One value per row as an Arrow array, and which rows are out of the result type's range. `leaving` is
        what `RollingFrame.advance` says of the same rows; `defaults` is for "lag"."""

    def keep(self, ids: npt.NDArray[np.int32]) -> None:
        """Forget all partitions but `ids`, which become 0, 1, 2 …"""

    def save(self) -> bytes:
        """All state."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
