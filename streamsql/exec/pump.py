"""One pump: the operators of its plan, connected as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING

import pyarrow as pa

from streamsql.errors import StateError
from streamsql.exec.build import build
from streamsql.exec.chain import Chain, chained
from streamsql.exec.context import Context
from streamsql.exec.counts import Counts
from streamsql.exec.operator import END_OF_TIME, Columns, Reject, State, united
from streamsql.exec.operators.values import Constant
from streamsql.exec.stage import Advance, Emit, Stage
from streamsql.functions.failures import Failures
from streamsql.kernels.batches import Rows
from streamsql.plan import nodes
from streamsql.plan.memory import rules
from streamsql.record import record, replace

if TYPE_CHECKING:
    from streamsql.exec.gate import Gate

WAYS = 4
"""In which an operator gets rid of rows."""


@record
class Surroundings:
    """What a pump needs of the graph: a context for each of its operators and where its rows go.

    `context(path)` has the seed of that operator and no way to reject rows yet; `failed(place, batch, columns,
    failures)` takes rejected rows, and each operator has `WAYS` places; `hidden(stream)` is the number of hidden
    columns of a stream.
    """

    context: Callable[[str], Context]
    failed: Callable[[int, pa.RecordBatch, list[int], Failures], None]
    emit: Emit
    advance: Advance
    hidden: Callable[[str], int]


class Pump:
    """The running form of one plan.

    `inputs` are its ends: for each Source in the plan, from left to right, the stream, and where its rows go in;
    `ports` are these by stream, `needed` the columns of each that are read while nothing goes wrong.
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
        self.inputs: list[tuple[str, Stage | Chain, int]] = []
        self.needed: dict[str, Columns] = {}
        self._connect(self.root, "0", self._emit, self._surroundings.advance)
        self.ports: dict[str, list[tuple[Stage | Chain, int]]] = {}
        for stream, entry, port in self.inputs:
            self.ports.setdefault(stream, []).append((entry, port))

    def _emit(self, batch: Rows) -> None:
        self.counts.rows_out += batch.num_rows
        self._surroundings.emit(batch)

    def _connect(self, node: nodes.Node, path: str, emit: Emit, advance: Advance, wanted: Columns = None) -> None:
        number = len(self.stages)
        context = self._surroundings.context(path)
        counts = Counts(), self.counts
        no_room, reject_values, reject, reject_result = self._rejections(number, node, counts)

        def filtered(rows: int) -> None:
            for each in counts:
                each.filtered += rows

        def gathered(rows: int) -> None:
            for each in counts:
                each.gathered += rows

        context = replace(context, reject_values=reject_values, reject=reject, reject_result=reject_result)
        context = replace(context, filtered=filtered, gathered=gathered)
        gate = _gate(node, replace(context, reject=no_room))
        stage = Stage(path, node, build(node, context), counts, gate, emit, advance)
        self.stages.append(stage)
        entry = chained(self.stages, self._emit) or stage
        for port, child in enumerate(node.inputs):
            needed = stage.needed(port, wanted)
            if isinstance(child, nodes.Source):
                self.needed[child.stream] = united([needed, self.needed.get(child.stream, frozenset())])
                self.inputs.append((child.stream, entry, port))
            else:
                below = partial(entry.push, port), partial(entry.watermark, port)
                self._connect(child, f"{path}.{port}", *below, None if stage.keeps else needed)

    def _rejections(self, number: int, node: nodes.Node, counts: Sequence[Counts]) -> list[Reject]:
        """How an operator gets rid of rows for which there is no room, whose expressions fail, that it cannot take
        for other reasons, and that it made. Each way has a place of its own in the order of errors: a batch goes
        all of one way before it goes the next, and of row after row that could not be seen."""
        visible = {len(child.schema): self._visible(child) for child in node.inputs}

        def reject(way: int, batch: pa.RecordBatch, failures: Failures) -> None:
            # What an operator without inputs computes is made by it.
            results = len(failures.rows) if way == WAYS - 1 or not node.inputs else 0
            for each in counts:
                each.results += results
                each.refuse(failures)
            columns = visible.get(batch.num_columns, list(range(1, batch.num_columns)))
            self._surroundings.failed(number * WAYS + way, batch, columns, failures)

        return [partial(reject, way) for way in range(WAYS)]

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

    @property
    def held(self) -> int:
        """Rows that wait to pass."""
        return sum(stage.held for stage in self.stages)

    def forget(self) -> None:
        """Drop the rows that wait to pass."""
        for stage in self.stages:
            held = stage.held
            stage.counts.filtered += held
            self.counts.filtered += held

    def gaps(self) -> Iterator[tuple[str, int]]:
        """The pump and its operators, and how many rows each has lost: 0, unless there is a bug."""
        for stage in self.stages:
            place = f"pump {self.name}, {type(stage.node).__name__} (operator {stage.path})"
            yield place, stage.counts.missing(stage.held)
        yield f"pump {self.name}", self.counts.missing(self.held)

    def constants(self) -> Iterator[Stage]:
        """The stages that produce rows by themselves."""
        return (stage for stage in self.stages if isinstance(stage.operator, Constant))

    # --- state ---------------------------------------------------------------------------------------------

    def snapshot(self) -> State:
        """The state of every operator by its path, with a fingerprint of its plan node."""
        operators = {
            stage.path: {
                "fingerprint": stage.fingerprint,
                "layout": stage.operator.layout,
                "bounds": list(stage.bounds),
                "counts": vars(stage.counts).copy(),
                "state": stage.operator.snapshot(),
                "gate": [] if stage.gate is None else stage.gate.snapshot(),
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
            stage.check_layout(self.name, own.get("layout", 0))
            stage.bounds = list(own["bounds"])
            stage.operator.restore(own["state"])
            if stage.gate is not None:
                stage.gate.restore(own["gate"])
        for stage in self.stages:
            own = saved.get(stage.path)
            if stage not in stateful and own is not None and len(own["bounds"]) == len(stage.bounds):
                stage.bounds = list(own["bounds"])
        self.running = state["running"]
        vars(self.counts).update(state["counts"])  # the object stays: the stages count in it
        same = [own["fingerprint"] for own in saved.values()] == [stage.fingerprint for stage in self.stages]
        for stage in self.stages:
            # After a change of the SQL an operator has had no rows but those that it holds.
            counts = saved[stage.path]["counts"] if same else {"rows_in": stage.held}
            vars(stage.counts).update(counts)


def _gate(node: nodes.Node, context: Context) -> Gate | None:
    """What stands before an operator when memory is limited; None: nothing has to."""
    if context.room is None:
        return None
    from streamsql.exec.gate import Gate  # most runs have no limit

    return Gate(type(node).__name__, rules(node), context, context.room) or None
