"""COUNT_DISTINCT_ITEMS_TUMBLING: how many different values a column has in each period.

Extension: PARTITION BY after the cursor counts for each key on its own; the key stands before the count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions.failures import Failures
from streamsql.functions.registry import Documentation, Keeps, Parameter, TableFunction, add_table_function
from streamsql.functions.table.columns import position_of
from streamsql.functions.table.tumbling import Numbered, PeriodRows, TumblingOperator
from streamsql.kernels.distinct_count import DistinctCounter
from streamsql.types import BIGINT, Column

NAME = "COUNT_DISTINCT_ITEMS_TUMBLING"
SKETCH = 1 << 18
"""Bytes of the items or the sketch of one key, with slack."""
PARAMETERS = (
    Parameter("column", str),
    Parameter("windowSeconds", int, low=1, high=3600),
)
COUNT = Column("NUMBER_OF_DISTINCT_ITEMS", BIGINT, nullable=False)


class DistinctItemCounter:
    """The different items of each key in the open period; nulls are left out."""

    def __init__(self, item: int, partition_by: Sequence[int]) -> None:
        self._item = item
        self._keys = Numbered(partition_by)
        self._counter = DistinctCounter()

    def add(self, batch: pa.RecordBatch, starts: npt.NDArray[np.int64]) -> PeriodRows:
        """Count the items of a batch."""
        owners, _ = self._keys.encode(batch)
        return self._counter.add(batch.column(self._item), owners, starts)

    def close(self) -> PeriodRows:
        """End the open period."""
        return self._counter.close()

    def columns(self, codes: npt.NDArray[np.int32]) -> list[pa.Array]:
        """The keys."""
        return self._keys.take(codes)

    def forget(self) -> None:
        """Keep the keys of the open period."""
        self._keys.keep(self._counter.renumber())

    def snapshot(self) -> dict[str, Any]:
        """Keys and counters."""
        return {"counts": self._counter.save(), **self._keys.snapshot("key")}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a snapshot."""
        self._counter.load(state["counts"])
        self._keys.restore("key", state)


def _columns(
    schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int] = ()
) -> tuple[Column, ...]:
    position_of(schema, arguments[0], NAME)
    return (schema[0], *(schema[index] for index in partition_by), COUNT)


def _operator(
    schema: Sequence[Column],
    arguments: Sequence[Any],
    partition_by: Sequence[int],
    seed: int,
    reject: Callable[[pa.RecordBatch, Failures], None],
) -> TumblingOperator:
    column, seconds = arguments
    names = [column.name for column in _columns(schema, arguments, partition_by)]
    counter = DistinctItemCounter(position_of(schema, column, NAME), partition_by)
    return TumblingOperator(names, seconds, counter)


def _keeps(schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int]) -> Keeps | None:
    return Keeps(tuple(partition_by), SKETCH, span=1000 * arguments[1]) if partition_by else None


def _bound(schema: Sequence[Column], arguments: Sequence[Any], partitioned: bool) -> str:
    each = " for each key" if partitioned else ""
    return f"the items of {arguments[1]} s{each}, at most 10000, then a sketch of 128 KiB"


add_table_function(
    TableFunction(
        Documentation(
            NAME,
            "TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM …) [PARTITION BY column, …], 'column', "
            "windowSeconds))",
            "At the end of every period of windowSeconds that had rows, one row with NUMBER_OF_DISTINCT_ITEMS: "
            "how many different values the column had, nulls left out. Exact up to 10000, beyond that estimated "
            "by HyperLogLog with a standard error of 0.3 %. With PARTITION BY, a row for each key, the key first.",
        ),
        PARAMETERS,
        _columns,
        _operator,
        row_by_row=False,
        bound=_bound,
        keeps=_keeps,
    )
)
