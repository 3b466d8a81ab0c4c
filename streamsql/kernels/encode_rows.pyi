from collections.abc import Sequence

import pyarrow as pa

class RowText:
    """Rows of text: `shapes` are (shape code, scale) of each column as in encode_rows.h, `befores` the bytes that
    stand before each value in a row. `delimiter` is empty for JSON, else the CSV column delimiter."""

    def __init__(
        self, shapes: Sequence[tuple[int, int]], befores: Sequence[bytes], row_end: bytes, delimiter: bytes
    ) -> None: ...
    def of(self, batch: pa.RecordBatch) -> bytes:
        """The rows of a batch whose columns have these shapes."""
