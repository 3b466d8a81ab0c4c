"""Sliding windows: aggregates with OVER."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import StateError
from streamsql.exec.context import Context, arrow_schema, failed_rows
from streamsql.exec.keys import Codes, Keys
from streamsql.exec.operator import Operator, Released, State
from streamsql.exec.time import rowtimes
from streamsql.functions import registry
from streamsql.functions.aggregate import RollingCall, Window
from streamsql.functions.failures import Failures
from streamsql.functions.registry import NOT_CONSTANT, Argument
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, extended, whole
from streamsql.kernels.rolling import RollingFrame
from streamsql.plan import nodes
from streamsql.plan.expressions import Expression, Frame, Literal, WindowCall

SWEEP = 1024
"""Partitions are looked through for dead ones when their number has doubled since, and is above this."""


class Over(Operator):
    """One row out per row in, at once: the input's columns, then one value per call.

    Calls with the same partitions and frame share the windows' bookkeeping.
    """

    lazy = True

    def __init__(self, node: nodes.Over, context: Context) -> None:
        self._context = context
        self._schema = arrow_schema(node.schema)
        self._calls = node.calls
        groups: dict[tuple[tuple[Expression, ...], Frame], list[int]] = {}
        for position, call in enumerate(node.calls):
            groups.setdefault((call.partition_by, call.frame), []).append(position)
        columns: dict[Expression, int] = {}
        self._windows = [
            _Windows(keys, frame, [(position, node.calls[position]) for position in positions], columns, context)
            for (keys, frame), positions in groups.items()
        ]
        self._expressions = context.computation(list(columns))

    def on_batch(self, port: int, rows: Rows) -> Released:
        batch, columns = self._expressions.values(whole(rows))
        batch, columns = self._admit(batch, columns)
        if not batch.num_rows:
            return []
        if batch.num_rows < rows.num_rows:
            rows = batch
        times = rowtimes(batch)
        results: list[pa.Array] = [None] * len(self._calls)
        failures = Failures(batch.num_rows)
        for windows in self._windows:
            for position, array, failed in windows.advance(times, columns):
                results[position] = array
                if failed.any():
                    call = self._calls[position]
                    message = f"{call.function} is out of range of {call.type}"
                    failures.merge(failed_rows(batch.num_rows, failed, "RUN-002", message))
        result = extended(rows, results, self._schema)
        if not failures:
            return [result]
        passed = pc.filter(result.whole(), pc.from_numpy(self._context.drop(batch, failures)))
        return [passed] if passed.num_rows else []

    def _admit(self, batch: pa.RecordBatch, columns: list[pa.Array]) -> tuple[pa.RecordBatch, list[pa.Array]]:
        """Find the partitions of the rows; rows for which there is no room are rejected."""
        full = np.zeros(batch.num_rows, dtype=bool)
        for windows in self._windows:
            full |= windows.find(columns, batch.num_rows) < 0
        if not full.any():
            return batch, columns
        keep = pc.from_numpy(
            self._context.drop(batch, failed_rows(len(full), full, "RUN-006", "too many partitions"))
        )
        for windows in self._windows:
            windows.leave_out(full)
        return pc.filter(batch, keep), [pc.filter(column, keep) for column in columns]

    def snapshot(self) -> State:
        return {"windows": [windows.snapshot() for windows in self._windows]}

    def restore(self, state: State) -> None:
        for windows, saved in zip(self._windows, state["windows"], strict=True):
            windows.restore(saved)


class _Windows:
    """The windows of one PARTITION BY and frame, and the calls over them."""

    def __init__(
        self,
        keys: Sequence[Expression],
        frame: Frame,
        calls: Sequence[tuple[int, WindowCall]],
        columns: dict[Expression, int],
        context: Context,
    ) -> None:
        self._key_columns = [columns.setdefault(key, len(columns)) for key in keys]
        self._keys = Keys([key.type.arrow for key in keys])
        self._frame = RollingFrame(frame.rows, frame.preceding)
        self._calls = [(position, _rolling(call), call) for position, call in calls]
        self._inputs = [_inputs(rolling, call, columns) for _, rolling, call in self._calls]
        self._codes: Codes = np.empty(0, dtype=np.int32)
        self._sweep_at = SWEEP

    def find(self, columns: Sequence[pa.Array], length: int) -> Codes:
        """The partitions of the next rows; -1 where there is no room for another."""
        self._codes = self._keys.encode([columns[i] for i in self._key_columns], length)
        return self._codes

    def leave_out(self, rows: npt.NDArray[np.bool_]) -> None:
        """Forget some of the rows that were found."""
        self._codes = self._codes[~rows]

    def advance(
        self, times: npt.NDArray[np.int64], columns: Sequence[pa.Array]
    ) -> list[tuple[int, pa.Array, npt.NDArray[np.bool_]]]:
        """For each call: its position, its values for the rows found, and which of them are out of range."""
        total = len(self._keys)
        leaving, inside = self._frame.advance(self._codes, total, times)
        results = []
        for (position, rolling, _), inputs in zip(self._calls, self._inputs, strict=True):
            if rolling.aggregate is None:
                results.append((position, pc.from_numpy(inside), np.zeros(len(inside), dtype=bool)))
                continue
            values, defaults = (None if i is None else columns[i] for i in inputs)
            array, failed = rolling.aggregate.update(self._codes, total, leaving, times, values, defaults)
            results.append((position, array, failed))
        self._sweep(int(times[-1]))
        return results

    def _sweep(self, time: int) -> None:
        """Forget partitions whose windows are empty for all rows to come."""
        if len(self._keys) < self._sweep_at:
            return
        alive = self._frame.alive(time)
        if len(alive) < len(self._keys):
            self._keys.keep(alive)
            self._frame.keep(alive)
            for _, rolling, _ in self._calls:
                if rolling.aggregate is not None:
                    rolling.aggregate.keep(alive)
        self._sweep_at = max(SWEEP, 2 * len(alive))

    def snapshot(self) -> State:
        return {
            "keys": self._keys.snapshot(),
            "frame": self._frame.save(),
            "calls": [b"" if call.aggregate is None else call.aggregate.save() for _, call, _ in self._calls],
        }

    def restore(self, state: State) -> None:
        self._keys.restore(state["keys"])
        self._sweep_at = max(SWEEP, 2 * len(self._keys))
        try:
            self._frame.load(state["frame"])
            for (_, call, _), saved in zip(self._calls, state["calls"], strict=True):
                if call.aggregate is not None:
                    call.aggregate.load(saved)
        except (RuntimeError, ValueError) as error:
            raise StateError(f"sliding windows: {error}") from error


def _rolling(call: WindowCall) -> RollingCall:
    function = registry.aggregate_function(call.function)
    assert function is not None and function.rolling is not None
    arguments = [Argument(arg.type, arg.value if isinstance(arg, Literal) else NOT_CONSTANT) for arg in call.args]
    window = Window(
        forever=call.frame.preceding is None,
        rows=call.frame.rows,
        distinct=call.distinct,
        ignore_nulls=call.ignore_nulls,
        from_last=call.from_last,
    )
    rolling: RollingCall = function.rolling(arguments, call.type, window)
    return rolling


def _inputs(
    rolling: RollingCall, call: WindowCall, columns: dict[Expression, int]
) -> tuple[int | None, int | None]:
    """The positions, among the computed columns, of the arguments that the call reads for every row."""

    def position(argument: int | None) -> int | None:
        return None if argument is None else columns.setdefault(call.args[argument], len(columns))

    return position(rolling.values), position(rolling.defaults)
