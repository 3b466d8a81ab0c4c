"""Key columns → dense integers, and back to the key values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.operator import State
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, whole
from streamsql.kernels.groups import Grouping, GroupTable

Place = tuple[int, int]
"""A column of batches: its position, and the id of its Arrow type."""
Codes = npt.NDArray[np.int32]


class Keys:
    """The keys seen so far, numbered in order of first appearance. Null equals null.

    There may be 2³¹ - 1; a row with a key beyond them has code -1.
    """

    def __init__(self, types: Sequence[pa.DataType]) -> None:
        self._types = list(types)
        self._table = GroupTable()
        self._values: list[list[pa.Array]] = [[] for _ in types]
        self._single = not types
        self._any = False  # without key columns: whether the one group exists

    def __len__(self) -> int:
        return int(self._any) if self._single else len(self._table)

    def encode(self, columns: Sequence[pa.Array], length: int) -> Codes:
        """The number of each row's key."""
        if self._single:
            self._any = self._any or length > 0
            return np.zeros(length, dtype=np.int32)
        codes, fresh = self._table.encode(columns, length)
        if len(fresh):
            self._add(columns, fresh)
        return codes

    def group(self, batch: Rows, places: Sequence[Place]) -> Grouping:
        """The same for a batch and those of its columns that are the key."""
        if self._single:
            self._any = self._any or batch.num_rows > 0
            return Grouping.single(batch.num_rows)
        groups = self._table.group(batch, places)
        fresh = groups.fresh()
        if fresh is not None:
            columns = whole(batch).columns
            self._add([columns[position] for position, _ in places], fresh)
        return groups

    def _add(self, columns: Sequence[pa.Array], fresh: npt.NDArray[np.int64]) -> None:
        """Remember the keys of these rows."""
        rows = pc.from_numpy(fresh)
        for values, column in zip(self._values, columns, strict=True):
            values.append(pc.take(column, rows))

    def values(self, ids: Codes) -> list[pa.Array]:
        """The key columns of the keys `ids`."""
        rows = pc.from_numpy(ids)
        return [pc.take(column, rows) for column in self._compact()]

    def _compact(self) -> list[pa.Array]:
        for position, (values, type_) in enumerate(zip(self._values, self._types, strict=True)):
            if len(values) != 1:
                self._values[position] = [pa.concat_arrays(values) if values else pa.array([], type_)]
        return [values[0] for values in self._values]

    def keep(self, ids: Codes) -> None:
        """Forget all keys but `ids`, which become 0, 1, 2 …"""
        if not len(ids):
            self._any = False
            self._table.clear()
            self._values = [[] for _ in self._types]
            return
        self._values = [[column] for column in self.values(ids)]
        if not self._single:
            self._table.keep(ids)

    def snapshot(self) -> State:
        """All keys."""
        return {"any": self._any, "table": self._table.save(), "values": self._compact()}

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._any = state["any"]
        self._table.load(state["table"])
        self._values = [[column] for column in state["values"]]


def without_nulls(keys: Sequence[pa.Array], length: int) -> npt.NDArray[np.bool_]:
    """Rows that can be equal to another: no key is null."""
    valid = np.ones(length, dtype=bool)
    for key in keys:
        if key.null_count:
            valid &= pc.is_valid(key).to_numpy(zero_copy_only=False)
    return valid
