"""TOP_K_ITEMS_TUMBLING: the most frequent values of a column in each period. Counts are exact.

Extension: PARTITION BY after the cursor ranks each key on its own; the key stands before the item.
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
from streamsql.kernels import compute as pc
from streamsql.kernels.groups import GroupTable
from streamsql.kernels.top_items import TopItems
from streamsql.types import BIGINT, Column

NAME = "TOP_K_ITEMS_TUMBLING"
ITEM = 256
"""Bytes of an item and its count, besides its value, with slack."""
PARAMETERS = (
    Parameter("column", str),
    Parameter("K", int, low=1, high=100_000),
    Parameter("windowSeconds", int, low=1, high=3600),
)


class ItemCounter:
    """Rows of each item in the open period; nulls are not counted."""

    def __init__(self, item: int, k: int, partition_by: Sequence[int]) -> None:
        self._item = item
        self._items = Numbered([*partition_by, item])
        self._top = TopItems(k)
        self._partition_by = list(partition_by)
        self._keys = GroupTable()
        self._owners = np.empty(0, np.int32)  # number of the key of each item; empty without PARTITION BY

    def add(self, batch: pa.RecordBatch, starts: npt.NDArray[np.int64]) -> PeriodRows:
        """Count the items of a batch."""
        codes, first = self._items.encode(batch)
        if self._partition_by and len(first):
            keys = batch.select(self._partition_by).take(pc.from_numpy(first))
            owners, _ = self._keys.encode(keys.columns, len(first))
            self._owners = np.concatenate([self._owners, owners])
        items = batch.column(self._item)
        if items.null_count:
            codes[items.is_null().to_numpy(zero_copy_only=False)] = -1
        return self._top.add(codes, starts, self._owners)

    def close(self) -> PeriodRows:
        """End the open period."""
        return self._top.close(self._owners)

    def columns(self, codes: npt.NDArray[np.int32]) -> list[pa.Array]:
        """The keys, then the items."""
        return self._items.take(codes)

    def forget(self) -> None:
        """Keep the items of the open period."""
        kept = self._top.renumber()
        self._items.keep(kept)
        if self._partition_by:
            present, owners = np.unique(self._owners[kept], return_inverse=True)
            self._owners = owners.astype(np.int32)
            self._keys.keep(present)

    def snapshot(self) -> dict[str, Any]:
        """Items, keys and counts."""
        keys = {"keys": self._keys.save(), "owners": self._owners} if self._partition_by else {}
        return {"counts": self._top.save(), **self._items.snapshot("item"), **keys}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a snapshot."""
        self._top.load(state["counts"])
        self._items.restore("item", state)
        if self._partition_by:
            self._keys.load(state["keys"])
            self._owners = state["owners"]


def _columns(
    schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int] = ()
) -> tuple[Column, ...]:
    item = schema[position_of(schema, arguments[0], NAME)]
    keys = [schema[index] for index in partition_by]
    return (
        schema[0],
        *keys,
        Column("ITEM", item.type, nullable=False),
        Column("ITEM_COUNT", BIGINT, nullable=False),
    )


def _aliases(schema: Sequence[Column], arguments: Sequence[Any]) -> dict[str, str]:
    item = schema[position_of(schema, arguments[0], NAME)].name
    return {item: "ITEM", "MOST_FREQUENT_VALUES": "ITEM_COUNT"}


def _operator(
    schema: Sequence[Column],
    arguments: Sequence[Any],
    partition_by: Sequence[int],
    seed: int,
    reject: Callable[[pa.RecordBatch, Failures], None],
) -> TumblingOperator:
    column, k, seconds = arguments
    names = [column.name for column in _columns(schema, arguments, partition_by)]
    return TumblingOperator(names, seconds, ItemCounter(position_of(schema, column, NAME), k, partition_by))


def _keeps(schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int]) -> Keeps:
    return Keeps((*partition_by, position_of(schema, arguments[0], NAME)), ITEM, span=1000 * arguments[2])


def _bound(schema: Sequence[Column], arguments: Sequence[Any], partitioned: bool) -> str:
    return f"every item{' of every key' if partitioned else ''} of {arguments[2]} s with its count"


add_table_function(
    TableFunction(
        Documentation(
            NAME,
            "TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM …) [PARTITION BY column, …], 'column', K, "
            "windowSeconds))",
            "At the end of every period of windowSeconds, the K most frequent values of the column as ITEM with "
            "their ITEM_COUNT (or MOST_FREQUENT_VALUES), most frequent first, ties by first appearance. Counts "
            "are exact; nulls are not counted. With PARTITION BY, K values for each key, the key first.",
        ),
        PARAMETERS,
        _columns,
        _operator,
        row_by_row=False,
        bound=_bound,
        keeps=_keeps,
        aliases=_aliases,
    )
)
