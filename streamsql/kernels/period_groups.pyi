from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]

class PeriodGroups:
    """Groups by key and period, numbered in the order of their first rows: 0 is the oldest not forgotten."""

    def __init__(self, most: int) -> None:
        """`most`: groups that a period can have."""

    def __len__(self) -> int: ...
    @property
    def codes(self) -> Codes:
        """The number of the key of each group."""

    def assign(self, codes: Codes, starts: Iterable[int], known: int) -> tuple[Codes, Numbers, Numbers]:
        """The group of each row, given the number of its key (below `known`; -1: none). A period begins before
        each of the rows `starts`, ascending. -1: the row has no key, or its period too many groups.

        Also the rows with which groups begin, and how many groups there were before each of `starts`. ValueError:
        `starts` are not ascending numbers of rows."""

    def begin(self) -> None:
        """A period begins."""

    def forget(self, count: int) -> None:
        """Forget the first groups; the others become 0, 1, 2 … ValueError: one of them is of the open period."""

    def renumber(self, count: int) -> None:
        """There are so many groups, all of the open period; the key of each has the group's number from now on."""
