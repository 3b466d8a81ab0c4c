"""Sliding windows: aggregates with OVER."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from streamsql.errors import StateError
from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.keys import Keys, Place
from streamsql.exec.operator import Columns, Operator, Released, State, among, united
from streamsql.exec.time import last_rowtime
from streamsql.functions import registry
from streamsql.functions.aggregate import RollingCall, Window
from streamsql.functions.failures import Failures
from streamsql.functions.registry import NOT_CONSTANT, Argument
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import LazyBatch, Rows, extended, whole
from streamsql.kernels.groups import Grouping
from streamsql.kernels.rolling import RollingFrame
from streamsql.plan import nodes
from streamsql.plan.expressions import Column, Expression, Frame, Literal, WindowCall, columns_used

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
        columns: dict[Expression, int] = {Column(node.input.schema[0].type, 0): 0}  # ROWTIME
        self._windows = [
            _Windows(keys, frame, [(position, node.calls[position]) for position in positions], columns, context)
            for (keys, frame), positions in groups.items()
        ]
        self._width = len(node.input.schema)
        self._reads = columns_used(*columns)
        arguments = pa.schema([(str(position), each.type.arrow) for each, position in columns.items()])
        self._arguments = context.computation(list(columns)).rows_from(arrow_schema(node.input.schema), arguments)

    def needed(self, port: int, wanted: Columns) -> Columns:
        return united([among(wanted, 0, self._width), self._reads])

    def on_batch(self, port: int, rows: Rows) -> Released:
        rows, arguments = self._admitted(*self._arguments.of(rows))
        if not rows.num_rows:
            return []
        results: dict[int, LazyBatch] = {}
        failures = Failures(rows.num_rows)
        for windows in self._windows:
            for position, column, failed in windows.advance(arguments):
                results[position] = column
                if failed:
                    call = self._calls[position]
                    failures.add_all(failed, "RUN-002", f"{call.function} is out of range of {call.type}")
        columns = [results[position] for position in range(len(self._calls))]
        result = extended(rows, columns, self._schema)
        if not failures:
            return [result]
        passed = pc.filter(result.whole(), pc.from_numpy(self._context.drop(whole(rows), failures)))
        return [passed] if passed.num_rows else []

    def _admitted(self, rows: Rows, arguments: Rows) -> tuple[Rows, Rows]:
        """Find the partitions of the rows; rows for which there is no room are rejected."""
        full = {row for windows in self._windows for row in windows.find(arguments)}
        if not full:
            return rows, arguments
        failures = Failures(rows.num_rows)
        failures.add_all(sorted(full), "RUN-006", "too many partitions")
        keep = pc.from_numpy(self._context.drop(whole(rows), failures))
        return self._admitted(pc.filter(whole(rows), keep), pc.filter(whole(arguments), keep))

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
        self._key_columns = [_place(key, columns) for key in keys]
        self._keys = Keys([key.type.arrow for key in keys])
        self._frame = RollingFrame(frame.rows, frame.preceding)
        self._calls = [(position, _rolling(call), call) for position, call in calls]
        self._inputs = [_inputs(rolling, call, columns) for _, rolling, call in self._calls]
        self._groups = Grouping.single(0)
        self._sweep_at = SWEEP

    def find(self, arguments: Rows) -> list[int]:
        """Look for the partitions of the next rows. The numbers of those for whose partition there is no room."""
        self._groups = self._keys.group(arguments, self._key_columns)
        return [] if self._groups.complete else self._groups.unknown().tolist()

    def advance(self, arguments: Rows) -> Iterator[tuple[int, LazyBatch, list[int]]]:
        """For each call: its position, a column of its values for the rows whose partitions were found, and the
        numbers of those that are out of range."""
        total = len(self._keys)
        steps = self._frame.advance(self._groups, total, arguments)
        for (position, rolling, _), inputs in zip(self._calls, self._inputs, strict=True):
            if rolling.aggregate is None:
                yield position, steps.sizes, []
            else:
                yield position, *rolling.aggregate.update(steps, *inputs)
        if total >= self._sweep_at:
            self._sweep(last_rowtime(arguments))

    def _sweep(self, time: int) -> None:
        """Forget partitions whose windows are empty for all rows to come."""
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


def _inputs(rolling: RollingCall, call: WindowCall, columns: dict[Expression, int]) -> list[Place]:
    """The arguments that the call reads for every row, among the computed columns."""
    read = [each for each in (rolling.values, rolling.defaults) if each is not None]
    return [_place(call.args[argument], columns) for argument in read]


def _place(expression: Expression, columns: dict[Expression, int]) -> Place:
    """The column that has the expression's values; a new one if there is none yet."""
    return columns.setdefault(expression, len(columns)), expression.type.arrow.id
