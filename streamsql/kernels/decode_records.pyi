from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from streamsql.kernels.batches import LazyBatch

_Column = tuple[int, int, int, int, str]

_Read = tuple[LazyBatch, Sequence[tuple[int, bytes, bool, str]], int]

class _Records:
    def feed(self, data: bytes | bytearray | memoryview, wanted: Iterable[int] | None = None) -> _Read: ...
    def finish(self) -> _Read: ...
    def save(self) -> dict[str, Any]: ...
    def load(self, state: Mapping[str, Any]) -> None: ...

class JsonRecords(_Records):
    def __init__(
        self,
        columns: Sequence[_Column],
        schema: pa.Schema,
        nodes: Sequence[tuple[int, str | int | None]],
        places: Sequence[int],
        each: int,
        max_record: int,
    ) -> None: ...

class CsvRecords(_Records):
    def __init__(
        self,
        columns: Sequence[_Column],
        schema: pa.Schema,
        names: Sequence[str],
        row_delimiter: str,
        column_delimiter: str,
        header: int,
        max_record: int,
    ) -> None: ...
