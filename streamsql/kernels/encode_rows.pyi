from collections.abc import Sequence

from streamsql.kernels.batches import Rows

class RowText:
    """Rows of text: `shapes` are (shape code, scale) of each column as in encode_rows.h, `befores` the bytes that
    stand before each value in a row. `delimiter` is empty for JSON, else the CSV column delimiter."""

    def __init__(
        self, shapes: Sequence[tuple[int, int]], befores: Sequence[bytes], row_end: bytes, delimiter: bytes
    ) -> None: ...
    def of(self, batch: Rows) -> bytes:
        """The rows of a batch whose columns have these shapes."""
