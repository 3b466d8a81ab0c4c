"""Everything of a run that moves, together: its engine, its inputs, its outputs, and what was counted."""

from __future__ import annotations

from collections.abc import Sequence

from streamsql.app.ahead import ReadAhead
from streamsql.app.engine import Engine
from streamsql.app.inputs import OpenInput
from streamsql.app.outputs import Output
from streamsql.app.run import RecordInput
from streamsql.app.schemas import schema_state
from streamsql.app.summary import ErrorCount
from streamsql.durable.parts import CommittedFile
from streamsql.exec.errors import ERROR_STREAM
from streamsql.exec.operator import State
from streamsql.record import field, record


@record(frozen=False)
class Running:
    """`opened` says how each of `inputs` is read; `outputs` are (stream, output)."""

    engine: Engine
    opened: Sequence[OpenInput]
    inputs: Sequence[RecordInput | ReadAhead]
    outputs: Sequence[tuple[str, Output]]
    errors: ErrorCount = field(default_factory=ErrorCount)

    @property
    def written(self) -> list[tuple[str, Output]]:
        """The outputs that are no error stream."""
        return [pair for pair in self.outputs if pair[0] != ERROR_STREAM]

    @property
    def files(self) -> list[CommittedFile]:
        """The outputs that are written in committed parts."""
        return [output.sink for _, output in self.outputs if isinstance(output.sink, CommittedFile)]

    def listen(self) -> None:
        """From now on rows of streams go to the outputs."""
        for name, output in self.outputs:
            self.engine.subscribe(name, output.take, lazy=True)
        self.engine.subscribe(ERROR_STREAM, self.errors.take)

    def begin(self) -> None:
        """Start with outputs that are empty. Raises ConnectorError."""
        for file in self.files:
            file.begin()
        for _, output in self.outputs:
            output.start()

    def snapshot(self) -> State:
        """All state, between two steps."""
        return {
            "schemas": [(schema_state(each.schema), each.csv_header) for each in self.opened],
            "inputs": [each.snapshot() for each in self.inputs],
            "engine": self.engine.snapshot(),
            "rows": [output.rows for _, output in self.outputs],
            "errors": self.errors.snapshot(),
        }

    def restore(self, state: State) -> None:
        """Take over a snapshot. Raises StateError, ConnectorError."""
        self.engine.restore(state["engine"])
        for source, saved in zip(self.inputs, state["inputs"], strict=True):
            source.restore(saved)
        for (_, output), rows in zip(self.outputs, state["rows"], strict=True):
            output.rows = rows
        self.errors.restore(state["errors"])
