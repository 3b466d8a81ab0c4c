"""One pump: the operators of its plan, connected as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import partial
from hashlib import blake2b
from itertools import zip_longest
from typing import Any

import pyarrow as pa

from streamsql.errors import StateError
from streamsql.exec.build import build
from streamsql.exec.context import Context
from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, Batches, Operator, State
from streamsql.exec.operators.values import Constant
from streamsql.functions.failures import Failures
from streamsql.plan import nodes
from streamsql.record import record

Emit = Callable[[pa.RecordBatch], None]
Advance = Callable[[int], None]


@record(frozen=False)
class Counts:
    """Rows of one pump: taken in, put out, dropped by a condition, late, and in error."""

    rows_in: int = 0
    rows_out: int = 0
    filtered: int = 0
    late: int = 0
    in_error: int = 0


class Stage:
    """One operator and where its rows go."""

    def __init__(self, path: str, node: nodes.Node, operator: Operator, emit: Emit, advance: Advance) -> None:
        self.path = path
        self.node = node
        self.operator = operator
        self.bounds = [START_OF_TIME] * operator.ports
        self._fingerprint = ""
        self._emit = emit
        self._advance = advance

    @property
    def fingerprint(self) -> str:
        """What the plan node means; see `fingerprint`."""
        self._fingerprint = self._fingerprint or fingerprint(self.node)
        return self._fingerprint

    def push(self, port: int, batch: pa.RecordBatch) -> None:
        """Give the operator rows, and pass on what it releases."""
        for released in self.operator.on_batch(port, batch):
            self._emit(released)

    def watermark(self, port: int, time: int) -> None:
        """Tell the operator how far time has come, and pass on what that releases."""
        if time <= self.bounds[port]:
            return
        self.bounds[port] = time
        released, own = self.operator.on_watermark(port, time)
        self._pass_on(released, own)

    def start(self, time: int) -> None:
        """For an operator without inputs: its rows, and the end of them."""
        assert isinstance(self.operator, Constant)
        self._pass_on(self.operator.start(time), END_OF_TIME)

    def _pass_on(self, released: Batches, time: int) -> None:
        for batch in released:
            self._emit(batch)
        self._advance(time)


@record
class Surroundings:
    """What a pump needs of the graph: a context for each of its operators and where its rows go.

    `context(path)` has the seed of that operator and no way to reject rows yet; `failed(stage number, batch,
    columns, failures)` takes rejected rows; `hidden(stream)` is the number of hidden columns of a stream.
    """

    context: Callable[[str], Context]
    failed: Callable[[int, pa.RecordBatch, list[int], Failures], None]
    emit: Emit
    advance: Advance
    hidden: Callable[[str], int]


class Pump:
    """The running form of one plan.

    `inputs` are its ends: for each Source in the plan, from left to right, the stream, the stage and its port.
    """

    def __init__(self, name: str, root: nodes.Node, surroundings: Surroundings, *, running: bool = True) -> None:
        self.name = name
        self.root = root
        self.running = running
        self.counts = Counts()
        self._surroundings = surroundings
        self.build()

    def build(self) -> None:
        """Make all operators anew: a pump that was stopped starts without memory."""
        self.stages: list[Stage] = []
        self.inputs: list[tuple[str, Stage, int]] = []
        self._connect(self.root, "0", self._emit, self._surroundings.advance)

    def _emit(self, batch: pa.RecordBatch) -> None:
        self.counts.rows_out += batch.num_rows
        self._surroundings.emit(batch)

    def _connect(self, node: nodes.Node, path: str, emit: Emit, advance: Advance) -> None:
        number = len(self.stages)
        context = self._surroundings.context(path)
        visible = {len(child.schema): self._visible(child) for child in node.inputs}

        def reject(batch: pa.RecordBatch, failures: Failures) -> None:
            late = sum(error.code == "RUN-004" for error in failures.rows.values())
            self.counts.late += late
            self.counts.in_error += len(failures.rows) - late
            columns = visible.get(batch.num_columns, list(range(1, batch.num_columns)))
            self._surroundings.failed(number, batch, columns, failures)

        def filtered(rows: int) -> None:
            self.counts.filtered += rows

        context = replace(context, reject=reject, filtered=filtered)
        stage = Stage(path, node, build(node, context), emit, advance)
        self.stages.append(stage)
        for port, child in enumerate(node.inputs):
            if isinstance(child, nodes.Source):
                self.inputs.append((child.stream, stage, port))
            else:
                below = partial(stage.push, port), partial(stage.watermark, port)
                self._connect(child, f"{path}.{port}", *below)

    def _visible(self, node: nodes.Node) -> list[int]:
        """Positions of the columns that an error row shows: all but ROWTIME and hidden ones."""
        match node:
            case nodes.Source(stream=stream):
                return list(range(1, len(node.schema) - self._surroundings.hidden(stream)))
            case nodes.Filter() | nodes.Sort() | nodes.Distinct():
                return self._visible(node.input)
        return list(range(1, len(node.schema)))

    @property
    def bound(self) -> int:
        """No error of this pump will have an earlier ROWTIME."""
        if not self.running:
            return END_OF_TIME
        return min((bound for stage in self.stages for bound in stage.bounds), default=END_OF_TIME)

    def constants(self) -> Iterator[Stage]:
        """The stages that produce rows by themselves."""
        return (stage for stage in self.stages if isinstance(stage.operator, Constant))

    # --- state ---------------------------------------------------------------------------------------------

    def snapshot(self) -> State:
        """The state of every operator by its path, with a fingerprint of its plan node."""
        operators = {
            stage.path: {
                "fingerprint": stage.fingerprint,
                "bounds": list(stage.bounds),
                "state": stage.operator.snapshot(),
            }
            for stage in self.stages
        }
        return {"running": self.running, "counts": vars(self.counts).copy(), "operators": operators}

    def restore(self, state: State) -> None:
        """Take over a snapshot. Operators with state must be the same, in the same order; others may differ.

        Raises StateError naming the operator that does not fit.
        """
        saved = state["operators"]
        kept = [each for each in saved.values() if each["state"]]
        stateful = [stage for stage in self.stages if stage.operator.snapshot()]
        for stage, own in zip_longest(stateful, kept):
            if stage is None:
                raise StateError(f"the saved state of pump {self.name} has operators that its SQL has not")
            if own is None or own["fingerprint"] != stage.fingerprint:
                raise StateError(
                    f"the saved state of pump {self.name} does not fit its {type(stage.node).__name__} "
                    f"(operator {stage.path}): the SQL has changed"
                )
            stage.bounds = list(own["bounds"])
            stage.operator.restore(own["state"])
        for stage in self.stages:
            own = saved.get(stage.path)
            if stage not in stateful and own is not None and len(own["bounds"]) == len(stage.bounds):
                stage.bounds = list(own["bounds"])
        self.running = state["running"]
        self.counts = Counts(**state["counts"])


def fingerprint(node: nodes.Node) -> str:
    """Equal for two nodes that mean the same and read the same columns, wherever these come from."""
    children = [id(child) for child in node.inputs]
    parts = [("reads", _plain([child.schema for child in node.inputs]))]
    parts += [
        (item.name, _plain(getattr(node, item.name)))
        for item in fields(node)
        if id(getattr(node, item.name)) not in children and item.name != "sources"
    ]
    return blake2b(repr((type(node).__name__, parts)).encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    """A dataclass as its name and the fields that count for equality."""
    if is_dataclass(value):
        parts = [_plain(getattr(value, item.name)) for item in fields(value) if item.compare]
        return (type(value).__name__, *parts)
    return [_plain(part) for part in value] if isinstance(value, (tuple, list)) else value
