from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

class GroupTable:
    """Keys seen so far, numbered 0, 1, 2 … in order of first appearance; at most `limit` of them."""

    def __init__(self, limit: int = ...) -> None: ...
    def __len__(self) -> int: ...
    def encode(
        self, columns: Sequence[Any], length: int, *, add: bool = True
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Group number of each of `length` rows of the Arrow arrays `columns` (the same types in every call),
        and the rows that brought a new key. -1: not known, and `add` is false or the table is full."""

    def keep(self, ids: npt.ArrayLike) -> None:
        """Forget all groups but `ids`, which become 0, 1, 2 …"""

    def clear(self) -> None:
        """Forget all groups."""

    def save(self) -> bytes:
        """All keys in order."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
