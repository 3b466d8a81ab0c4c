from collections.abc import Sequence

import pyarrow as pa

def encode_rows(
    arrays: Sequence[pa.Array],
    shapes: Sequence[tuple[int, int]],
    befores: Sequence[bytes],
    row_end: bytes,
    delimiter: bytes,
    row_bytes: float = 0,
) -> bytes: ...
