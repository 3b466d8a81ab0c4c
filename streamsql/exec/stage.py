"""One operator at work: rows go through it and are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from streamsql.errors import StateError
from streamsql.exec.counts import Counts
from streamsql.exec.fingerprint import fingerprint
from streamsql.exec.operator import END_OF_TIME, OTHER_STREAMSQL, START_OF_TIME, Columns, Operator, Released
from streamsql.exec.operators.values import Constant
from streamsql.kernels.batches import Rows, whole
from streamsql.plan import nodes

if TYPE_CHECKING:
    from streamsql.exec.gate import Gate

Emit = Callable[[Rows], None]
Advance = Callable[[int], None]


class Stage:
    """One operator, where its rows go, and what became of its rows: its own counts, and those of the pump."""

    def __init__(
        self,
        path: str,
        node: nodes.Node,
        operator: Operator,
        counts: tuple[Counts, Counts],
        gate: Gate | None,
        emit: Emit,
        advance: Advance,
    ) -> None:
        self.path = path
        self.node = node
        self.operator = operator
        self.counts, self._of_pump = counts
        self.gate = gate
        self.bounds = [START_OF_TIME] * operator.ports
        self._fingerprint = ""
        self._lazy = isinstance(operator, Operator) and operator.lazy and gate is None
        self._emit = emit
        self._advance = advance

    @property
    def fingerprint(self) -> str:
        """What the plan node means; see `fingerprint`."""
        self._fingerprint = self._fingerprint or fingerprint(self.node)
        return self._fingerprint

    def needed(self, port: int, wanted: Columns) -> Columns:
        """As that of the operator; all if it is given record batches."""
        return self.operator.needed(port, wanted) if self._lazy else None

    @property
    def keeps(self) -> bool:
        """As that of the operator."""
        return isinstance(self.operator, Operator) and self.operator.keeps

    def push(self, port: int, batch: Rows) -> None:
        """Give the operator rows, and pass on what it releases."""
        counts = self.counts
        counts.rows_in += batch.num_rows
        if not self._lazy:
            batch = whole(batch)
        if self.gate is not None:
            batch = self.gate.admitted(port, batch)
            if not batch.num_rows:
                return
        if self.operator.fate != "take":
            self._put_out(self.operator.on_batch(port, batch))
            return
        refused = counts.late + counts.in_error - counts.results
        released = self.operator.on_batch(port, batch)
        taken = batch.num_rows - (counts.late + counts.in_error - counts.results - refused)
        counts.gathered += taken
        self._of_pump.gathered += taken
        self._put_out(released)

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

    def _pass_on(self, released: Released, time: int) -> None:
        self._put_out(released)
        self._advance(time)

    def _put_out(self, released: Released) -> None:
        for batch in released:
            self.counts.rows_out += batch.num_rows
            if self.operator.fate != "pass":
                self.counts.results += batch.num_rows
                self._of_pump.results += batch.num_rows
            self._emit(batch)

    def check_layout(self, pump: str, saved: int) -> None:
        """Raises StateError for state whose layout (0: before they were counted) is not that of the operator."""
        if saved != self.operator.layout:
            age = "an older" if saved < self.operator.layout else "a newer"
            raise StateError(
                f"the saved state of pump {pump} is of {age} streamsql: its {type(self.node).__name__} (operator "
                f"{self.path}) has layout {saved}, and this streamsql reads layout {self.operator.layout}",
                hint=OTHER_STREAMSQL,
            )

    @property
    def held(self) -> int:
        """Rows that wait to pass."""
        return self.operator.held() if isinstance(self.operator, Operator) else 0
