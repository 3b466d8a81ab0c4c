from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from streamsql.kernels.batches import Rows

class Grouping:
    """The group of each row of a batch, as a `GroupTable` numbers them."""

    complete: bool
    """Whether there is a group for every row."""
    @staticmethod
    def single(length: int) -> Grouping:
        """Rows that are all of group 0."""

    def unknown(self) -> npt.NDArray[np.int64]:
        """The numbers of the rows without a group."""

    def fresh(self) -> npt.NDArray[np.int64] | None:
        """The numbers of the rows that brought a new key; None: there are none."""

class GroupTable:
    """Keys seen so far, numbered 0, 1, 2 … in order of first appearance; at most `limit` of them."""

    def __init__(self, limit: int = ...) -> None: ...
    def __len__(self) -> int: ...
    def encode(
        self, columns: Sequence[Any], length: int, *, add: bool = True
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Group number of each of `length` rows of the Arrow arrays `columns` (the same types in every call),
        and the rows that brought a new key. -1: not known, and `add` is false or the table is full."""

    def group(self, batch: Rows, columns: Sequence[tuple[int, int]]) -> Grouping:
        """The groups of the rows of a batch by some of its columns, each given by its position and the id of its
        Arrow type. Rows with a new key have none when the table is full."""

    def keep(self, ids: npt.ArrayLike) -> None:
        """Forget all groups but `ids`, which become 0, 1, 2 …"""

    def clear(self) -> None:
        """Forget all groups."""

    def save(self) -> bytes:
        """All keys in order."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
