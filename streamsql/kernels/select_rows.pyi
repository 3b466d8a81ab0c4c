import pyarrow as pa

class Selection:
    """The rows for which `mask`, a boolean array without nulls, is true; `length` is how many they are."""

    def __init__(self, mask: pa.BooleanArray) -> None: ...
    @property
    def length(self) -> int: ...
    def of(self, column: pa.Array) -> pa.Array:
        """These rows of a column as long as the mask, of any type."""
