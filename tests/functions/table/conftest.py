"""Runs a table function's operator over a batch, cut in any way, with restarts."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest

from streamsql.functions import registry
from streamsql.functions.failures import Failures
from streamsql.types import Column

END_OF_TIME = (1 << 63) - 1
Rejected = list[tuple[pa.RecordBatch, Failures]]


class Runner:
    """One table function over one schema, with its arguments."""

    def __init__(self, name: str, schema: Sequence[Column], arguments: Sequence[Any], keys: Sequence[int]) -> None:
        function = registry.table_function(name)
        assert function is not None
        self.columns = function.columns(schema, arguments, keys)
        self._make = lambda reject: function.operator(schema, arguments, keys, 7, reject)
        self.rejected: Rejected = []

    def operator(self) -> Any:
        return self._make(lambda batch, failures: self.rejected.append((batch, failures)))

    def run(self, batch: pa.RecordBatch, sizes: Sequence[int] = (), *, restart: bool = False) -> pa.Table:
        """All output rows. The batch comes in pieces of `sizes` rows, then the rest; then time ends."""
        operator = self.operator()
        found: list[pa.RecordBatch] = []
        start = 0
        for size in [*sizes, batch.num_rows]:
            found += operator.on_batch(0, batch.slice(start, size))
            start = min(start + size, batch.num_rows)
            if restart:
                state = operator.snapshot()
                operator = self.operator()
                operator.restore(state)
        released, watermark = operator.on_watermark(0, END_OF_TIME)
        assert watermark == END_OF_TIME
        schema = pa.schema([(column.name, column.type.arrow) for column in self.columns])
        return pa.Table.from_batches([*found, *released], schema)


@pytest.fixture(scope="session")
def runner() -> Callable[..., Runner]:
    """`runner(name, schema, arguments, keys=())`: see Runner. The output's schema is checked against `columns`."""

    def make(name: str, schema: Sequence[Column], arguments: Sequence[Any], keys: Sequence[int] = ()) -> Runner:
        return Runner(name, schema, arguments, keys)

    return make


@pytest.fixture(scope="session")
def rows_of() -> Callable[..., pa.RecordBatch]:
    """`rows_of(schema, rows)`: a batch of tuples, the first value of each its ROWTIME in ms."""

    def make(schema: Sequence[Column], rows: Sequence[tuple[Any, ...]]) -> pa.RecordBatch:
        arrays = [pa.array([row[i] for row in rows], column.type.arrow) for i, column in enumerate(schema)]
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in schema])

    return make
