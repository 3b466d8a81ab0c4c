from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.kernels.batches import LazyBatch, Rows

CHUNK: int
"""Rows up to which small batches are joined, so that there are few: each row is copied a few times only."""

class KeptRows:
    """Rows of one schema, numbered in the order in which they came; the oldest are forgotten first."""

    def __init__(self, schema: pa.Schema) -> None: ...
    def append(self, batch: Rows) -> None:
        """Add rows at the end. Raises TypeError for columns of other types."""

    def trim(self, first: int) -> None:
        """Forget the rows before number `first`, batch by batch: some of them stay with their neighbours."""

    def rows(self, numbers: npt.NDArray[np.int64]) -> LazyBatch:
        """The rows with these numbers, in this order, as `numbered` gives them."""

    def snapshot(self) -> dict[str, Any]:
        """All rows."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a snapshot."""

def numbered(batch: Rows, numbers: npt.NDArray[np.int64]) -> LazyBatch:
    """The rows of a batch with these numbers, in this order; -1 is a row of nulls. Each column is copied when
    somebody asks for it.

    Raises IndexError for a number that there is not, and OverflowError, then, for more than 2 GiB of text.
    """

def joined(
    schema: pa.Schema,
    times: pa.Array,
    left: KeptRows,
    left_numbers: npt.NDArray[np.int64],
    right: KeptRows,
    right_numbers: npt.NDArray[np.int64],
) -> LazyBatch:
    """A batch of `times` and, row by row, the kept rows with these numbers, as `numbered` gives them."""
