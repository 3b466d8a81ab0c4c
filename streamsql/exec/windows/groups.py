"""GROUP BY in periods: the groups that rows belong to, when equal keys in one period are a group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.operator import State
from streamsql.kernels import compute as pc
from streamsql.kernels.groups import GroupTable
from streamsql.kernels.period_groups import PeriodGroups

MOST = 2**31 - 1
"""Groups that a period can have."""

SPARE = 1024
"""Keys without a group are swept out when there are more keys than this, and than twice the groups that ended."""

Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]


class Groups:
    """Groups of the open period, and of those that ended in the last batch until they are released.

    Null equals null. The table of keys is kept from one period to the next, because most come again; but a group's
    key is shown as it stands in the group's first row.
    """

    def __init__(self, types: Sequence[pa.DataType]) -> None:
        self._types = list(types)
        self._table = GroupTable()
        self._groups = PeriodGroups(MOST)
        self._values: list[list[pa.Array]] = [[] for _ in types]

    def __len__(self) -> int:
        return len(self._groups)

    def assign(self, columns: Sequence[pa.Array], length: int, starts: Sequence[int]) -> tuple[Codes, Numbers]:
        """The group of each row, -1: its period has too many; and how many groups there were before each of the
        rows `starts`, with which periods begin."""
        codes, known = np.zeros(length, dtype=np.int32), 1
        if columns:
            codes, _ = self._table.encode(columns, length)
            known = len(self._table)
        groups, fresh, edges = self._groups.assign(codes, starts, known)
        if len(fresh) and columns:
            rows = pc.from_numpy(fresh)
            for values, column in zip(self._values, columns, strict=True):
                values.append(pc.take(column, rows))
        return groups, edges

    def end(self) -> None:
        """The open period is over."""
        self._groups.begin()

    def values(self, count: int) -> list[pa.Array]:
        """The key columns of the first groups."""
        return [column.slice(0, count) for column in self._compact()]

    def forget(self, count: int) -> None:
        """Forget the first groups, of periods that are over; the others become 0, 1, 2 …"""
        self._values = [[pa.concat_arrays([column.slice(count)])] for column in self._compact()]
        self._groups.forget(count)
        if len(self._table) > max(2 * count, SPARE):
            self._sweep()

    def _compact(self) -> list[pa.Array]:
        for position, (values, type_) in enumerate(zip(self._values, self._types, strict=True)):
            if len(values) != 1:
                self._values[position] = [pa.concat_arrays(values) if values else pa.array([], type_)]
        return [values[0] for values in self._values]

    def _sweep(self) -> None:
        """Forget keys that have no group. All groups are of the open period."""
        self._table.keep(self._groups.codes)
        self._groups.renumber(len(self._groups))

    def snapshot(self) -> State:
        """The groups, all of the open period."""
        if self._types:
            self._sweep()
        return {"any": len(self) > 0, "table": self._table.save(), "values": self._compact()}

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._table.load(state["table"])
        self._values = [[column] for column in state["values"]]
        self._groups.renumber(len(self._table) if self._types else int(state["any"]))
