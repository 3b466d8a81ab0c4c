from typing import Any

import numpy as np
import numpy.typing as npt

class GroupAccumulator:
    """One aggregate over many groups.

    `what`: "count all", "count", "sum", "sum decimal", "average", "average decimal", "variance population",
    "variance sample", "deviation population", "deviation sample", "first", "last", "least", "greatest".
    `argument` and `result` are Arrow types; `shift` is the number of digits that "average decimal" adds;
    `ignore_nulls` belongs to "first" and "last".
    """

    def __init__(
        self, what: str, argument: Any, result: Any, *, ignore_nulls: bool = False, shift: int = 0
    ) -> None: ...
    def __len__(self) -> int: ...
    def update(self, groups: npt.NDArray[np.int32], total: int, column: Any = None) -> None:
        """Add the rows of the Arrow array `column`; `groups[i]` < `total`, or negative for a row in no group."""

    def result(self, ids: npt.NDArray[np.int32] | None = None) -> tuple[Any, npt.NDArray[np.bool_]]:
        """One value for each of the groups `ids` (None: all) as an Arrow array, and which of them are out of the
        result type's range."""

    def clear(self) -> None:
        """Forget all groups."""

    def keep(self, ids: npt.ArrayLike) -> None:
        """Forget all groups but `ids` (distinct), which become 0, 1, 2 …"""

    def save(self) -> bytes:
        """All state."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
