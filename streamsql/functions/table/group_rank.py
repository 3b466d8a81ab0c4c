"""GROUP_RANK: ranks rows of equal ROWTIME by a column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.failures import Failures
from streamsql.functions.registry import Documentation, Keeps, Parameter, TableFunction, add_table_function
from streamsql.functions.table.columns import position_of
from streamsql.kernels import compute as pc
from streamsql.types import INTEGER, Column

NAME = "GROUP_RANK"
PARAMETERS = (
    Parameter("rankByColumn", str),
    Parameter("rankOutColumn", str),
    Parameter("sortOrder", str),
    Parameter("outputOrder", str),
    Parameter("maxIdle", int, low=0, high=2_147_483_647),
    Parameter("outputMax", int, low=0, high=2_147_483_647),
)
ORDERS = {"sortOrder": ("ASC", "DESC"), "outputOrder": ("ASC", "DESC", "")}


class GroupRankOperator:
    """Holds the rows of one ROWTIME back until a later row or watermark, then gives them their ranks.

    A watermark later than the rows comes no later than maxIdle would run out, so that needs no timer.
    """

    ports = 1
    fate = "take"
    layout = 1

    def __init__(
        self,
        schema: Sequence[Column],
        arguments: Sequence[Any],
        partition_by: Sequence[int],
        seed: int,
        reject: Callable[[pa.RecordBatch, Failures], None],
    ) -> None:
        by, name, sort, output, _, most = arguments
        self._names = [*(column.name for column in schema), name]
        self._by = position_of(schema, by, NAME)
        self._ascending = sort.upper() == "ASC"
        self._output = output.upper()
        self._most = most
        self._held: list[pa.RecordBatch] = []
        self._time = 0  # ROWTIME of the rows held

    def on_batch(self, port: int, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The ranked rows of every ROWTIME but the last."""
        if not batch.num_rows:
            return []
        times = batch.column(0).view(pa.int64()).to_numpy()
        last = int(np.searchsorted(times, times[-1]))
        done = self._release() if self._held and times[0] != self._time else []
        if last:
            done += self._ranked([*self._held, batch.slice(0, last)])
            self._held = []
        self._held.append(batch.slice(last))
        self._time = int(times[-1])
        return done

    def on_watermark(self, port: int, time: int) -> tuple[list[pa.RecordBatch], int]:
        """The rows held, if `time` has passed them."""
        return self._release() if self._held and time > self._time else [], time

    def snapshot(self) -> dict[str, Any]:
        """The rows held."""
        held = {"held": pa.concat_batches(self._held)} if self._held else {}
        return {"time": self._time, **held}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue exactly where `snapshot` was taken."""
        self._time = state["time"]
        self._held = [state["held"]] if "held" in state else []

    def _release(self) -> list[pa.RecordBatch]:
        held, self._held = self._held, []
        return self._ranked(held)

    def _ranked(self, batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
        batch = pa.concat_batches(batches)
        times = batch.column(0).view(pa.int64()).to_numpy()
        # Null is larger than everything.
        values = (
            pc.rank(batch.column(self._by), sort_keys="ascending", tiebreaker="dense").to_numpy().astype(np.int64)
        )
        ranks = ranks_within(times, values if self._ascending else -values)
        order = np.arange(len(times))
        if self._output:
            order = np.lexsort((ranks if self._output == "ASC" else -ranks, times))
        if self._most:
            order = order[np.arange(len(times)) - np.searchsorted(times, times) < self._most]
        ranked = [*batch.columns, pc.from_numpy(ranks.astype(np.int32))]
        return [pc.take(pa.RecordBatch.from_arrays(ranked, names=self._names), pc.from_numpy(order))]


def ranks_within(groups: npt.NDArray[np.int64], values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """RANK() of each value, (n,), among those of its group, (n,): from 1, equal values equal, with gaps.
    `groups` must not descend."""
    order = np.lexsort((values, groups))
    sorted_values = values[order]
    first = np.ones(len(values), bool)  # rows that are not equal to the one before
    first[1:] = (sorted_values[1:] != sorted_values[:-1]) | (groups[1:] != groups[:-1])
    place = np.maximum.accumulate(np.where(first, np.arange(len(values)), 0))
    ranks = np.empty(len(values), np.int64)
    ranks[order] = place - np.searchsorted(groups, groups) + 1
    return ranks


def _columns(
    schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int] = ()
) -> tuple[Column, ...]:
    by, name = arguments[:2]
    if partition_by:
        raise BindError(
            f"{NAME} takes no PARTITION BY: it ranks all rows of one ROWTIME together",
            code="FUN-001",
            hint="use one GROUP_RANK for each key, its cursor with WHERE",
        )
    position_of(schema, by, NAME)
    for parameter, value in zip(PARAMETERS[2:4], arguments[2:4], strict=True):
        if value.upper() not in ORDERS[parameter.name]:
            allowed = " or ".join(f"'{order.lower()}'" for order in ORDERS[parameter.name])
            raise BindError(f"{parameter.name} of {NAME} must be {allowed}, not '{value}'", code="FUN-001")
    if not name or any(column.name == name for column in schema):
        state = f"is a column of the cursor already: {name}" if name else "must not be empty"
        raise BindError(f"rankOutColumn of {NAME} {state}", code="FUN-001")
    return (*schema, Column(name, INTEGER, nullable=False))


def _bound(schema: Sequence[Column], arguments: Sequence[Any], partitioned: bool) -> str:
    return "the rows of one ROWTIME"


add_table_function(
    TableFunction(
        Documentation(
            NAME,
            "TABLE(GROUP_RANK(CURSOR(SELECT STREAM …), 'rankByColumn', 'rankOutColumn', 'asc'|'desc', "
            "'asc'|'desc'|'', maxIdle, outputMax))",
            "Ranks the rows of each ROWTIME by a column, from 1, equal values equal, with gaps after them, and "
            "adds the rank as column rankOutColumn. The rows come out once ROWTIME has moved on, in the order of "
            "their rank ('' keeps the order of arrival), at most outputMax of them (0: all). Nulls are the "
            "largest values.",
        ),
        PARAMETERS,
        _columns,
        GroupRankOperator,
        row_by_row=False,
        bound=_bound,
        keeps=lambda *_: Keeps(rows=True, span=0),
    )
)
