import numpy as np
import numpy.typing as npt
import pyarrow as pa

class Selection:
    """The rows for which `mask`, a boolean array without nulls, is true; `length` is how many they are."""

    def __init__(self, mask: pa.BooleanArray) -> None: ...
    @property
    def length(self) -> int: ...
    def of(self, column: pa.Array) -> pa.Array:
        """These rows of a column as long as the mask, of any type."""

class Numbered:
    """The rows with these numbers, shape (rows,), each below 2³¹ and below the length of every column."""

    def __init__(self, numbers: npt.NDArray[np.int64]) -> None: ...
    @property
    def length(self) -> int: ...
    def of(self, column: pa.Array) -> pa.Array:
        """These rows of a column of any type. Raises OverflowError for more than 2 GiB of text."""
