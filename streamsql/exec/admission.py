"""Whether state may grow by a row: memory counted by rules, not measured, so that the answer is always the same.

What is counted are the keys and rows that an operator *has to* keep at a time, whatever it has let go of already
or not yet. So how rows are cut into batches, and restarts, change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.operator import State
from streamsql.exec.windows.tumbling import changes
from streamsql.kernels.groups import GroupTable

STEPS = 16
"""What is over gives its room back when ROWTIME passes the next multiple of this part of the span."""

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Admission:
    """Counts the bytes that the admitted rows occupy: each new key, and each row where rows are kept.

    Once `limit` is reached, a row that would make state grow is refused; one of a key that is there, where rows
    are not kept, never is. Keys and rows are needed for `span` ms after their ROWTIME, or, `with_key`, rows as
    long as their key; None: until the period changes, if there are periods.
    """

    def __init__(
        self, limit: int, span: int | None, period_type: pa.DataType | None = None, *, with_key: bool = False
    ) -> None:
        self._limit = limit
        self._span = span
        self._with_key = with_key
        self._step = max((span or 0) // STEPS, 1)
        self._period_type = period_type
        self._clear()
        self._period = pa.array([], period_type)  # the value of the last row's period

    def _clear(self) -> None:
        """Everything is over."""
        self._used = 0
        self._table = GroupTable()
        self._costs: Numbers = np.empty(0, np.int64)  # of each key, and of its rows if they stay with it
        self._seen: Numbers = np.empty(0, np.int64)  # ROWTIME of the last row of each key
        self._rows: dict[int, int] = {}  # bytes of the rows by the step of their ROWTIME

    def refused(
        self,
        keys: Sequence[pa.Array],
        costs: tuple[Numbers, Numbers],
        times: Numbers,
        period: pa.Array | None = None,
    ) -> Mask:
        """Which rows there is no room for. `costs`: what the key of each row takes if it is a new one, and what
        the row does; `period`: the value of its period, if there are periods."""
        length = len(times)
        starts = self._starts(times, period)
        if starts and not self._with_key and self._certainly_fits(costs, slice(0, length)):
            starts = starts[-1:] if period is not None else []
        refused = np.zeros(length, dtype=bool)
        for begin, end in pairwise([0, *starts, length]):
            if begin in starts and period is not None:
                self._clear()
            part = slice(begin, end)
            if end > begin:
                columns = [column.slice(begin, end - begin) for column in keys]
                refused[part] = self._add(columns, (costs[0][part], costs[1][part]), times[part])
        if period is not None and length:
            self._period = pa.concat_arrays([period.slice(length - 1)])
        return refused

    def _starts(self, times: Numbers, period: pa.Array | None) -> list[int]:
        """The rows before which something may be over."""
        differs = np.zeros(len(times), dtype=bool)
        if period is not None and len(times):
            differs[1:] = changes(period)
            differs[0] = len(self._period) > 0 and not self._period.equals(period.slice(0, 1))
        elif self._span is not None:
            differs[1:] = np.diff(times // self._step) > 0
        return [int(start) for start in np.flatnonzero(differs)]

    def _certainly_fits(self, costs: tuple[Numbers, Numbers], part: slice) -> bool:
        """Whether nothing can be refused even if all keys are new."""
        return self._used + int(costs[0][part].sum() + costs[1][part].sum()) < self._limit

    def _add(self, keys: Sequence[pa.Array], costs: tuple[Numbers, Numbers], times: Numbers) -> Mask:
        """Take rows between which nothing is over that matters; the mask of those that are refused."""
        length = len(times)
        if self._span is not None and (self._with_key or not self._certainly_fits(costs, slice(0, length))):
            self._let_go(int(times[0]))
        before = len(self._table)
        codes, fresh = self._table.encode(keys, length) if keys else (np.zeros(length, np.int32), times[:0])
        growth = costs[1].copy()
        growth[fresh] += costs[0][fresh]
        first = int(np.searchsorted(np.cumsum(growth) - growth, self._limit - self._used))  # that is too much
        kept = before + int(np.searchsorted(fresh, first))
        refused = (np.arange(length) >= first) & ((growth > 0) | (codes >= max(kept, 1)))
        if kept < len(self._table):
            self._table.keep(np.arange(kept, dtype=np.int32))
        taken = ~refused
        self._used += int(growth[taken].sum())
        if keys:
            fresh = fresh[: kept - before]
            self._costs = np.concatenate([self._costs, costs[0][fresh]])
            self._seen = np.concatenate([self._seen, times[fresh]])
            self._seen[codes[taken]] = times[taken]  # in order: the last one stays
        if self._with_key:
            np.add.at(self._costs, codes[taken], costs[1][taken])
        else:
            self._book(times[taken], costs[1][taken])
        return refused

    def _book(self, times: Numbers, row_costs: Numbers) -> None:
        """Note when the rows will be over."""
        if self._span is None or not row_costs.any():
            return
        steps, places = np.unique(times // self._step, return_inverse=True)
        sums = np.zeros(len(steps), np.int64)
        np.add.at(sums, places, row_costs)
        for step, size in zip(steps.tolist(), sums.tolist(), strict=True):
            self._rows[step] = self._rows.get(step, 0) + size

    def _let_go(self, time: int) -> None:
        """Give back the room of what was over when the step of `time` began."""
        assert self._span is not None
        horizon = time // self._step * self._step - self._span
        alive = np.flatnonzero(self._seen >= horizon)
        if len(alive) < len(self._seen):
            self._used -= int(self._costs.sum() - self._costs[alive].sum())
            self._table.keep(alive.astype(np.int32))
            self._costs, self._seen = self._costs[alive], self._seen[alive]
        over = [step for step in self._rows if (step + 1) * self._step <= horizon]
        self._used -= sum(self._rows.pop(step) for step in over)

    def snapshot(self) -> State:
        """All state."""
        rows = np.array(list(self._rows.items()), dtype=np.int64).reshape(-1, 2)
        return {
            "used": self._used,
            "table": self._table.save(),
            "costs": self._costs,
            "seen": self._seen,
            "rows": rows,
            "period": self._period,
        }

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._used = state["used"]
        self._table.load(state["table"])
        self._costs, self._seen = np.array(state["costs"]), np.array(state["seen"])
        self._rows = {int(step): int(size) for step, size in np.asarray(state["rows"]).tolist()}
        self._period = state["period"]


class LastRows:
    """Counts the bytes of the last `count` rows that were admitted.

    A row has room as long as those that are needed beside it take less than `limit`. Rows leave only when others
    come, so the first that is refused is followed by no other.
    """

    def __init__(self, limit: int, count: int) -> None:
        self._limit = limit
        self._count = count
        self._sizes: Numbers = np.empty(0, np.int64)

    def refused(
        self,
        keys: Sequence[pa.Array],
        costs: tuple[Numbers, Numbers],
        times: Numbers,
        period: pa.Array | None = None,
    ) -> Mask:
        """Which rows there is no room for; see `Admission.refused`."""
        before, length = len(self._sizes), len(times)
        sizes = np.concatenate([self._sizes, costs[1]])
        sums = np.concatenate([[0], np.cumsum(sizes)])
        places = np.arange(before, before + length)
        beside = sums[places] - sums[np.maximum(places - self._count + 1, 0)]
        refused: Mask = np.logical_or.accumulate(beside >= self._limit)
        self._sizes = sizes[: before + length - int(refused.sum())][-self._count :]
        return refused

    def snapshot(self) -> State:
        """All state."""
        return {"sizes": self._sizes}

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._sizes = np.array(state["sizes"])
