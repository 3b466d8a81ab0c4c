"""What a run has done so far, counted per stream."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from streamsql.app.intake import Counts
from streamsql.app.outputs import Output
from streamsql.exec.operator import State
from streamsql.record import field, record

if TYPE_CHECKING:
    from streamsql.app.tables import ReferenceFile


@record(frozen=False)
class ErrorCount:
    """Rows of the error stream: how many by place and name, and the first of them."""

    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)  # (pump or empty, ERROR_NAME) → rows
    first: str = ""

    def take(self, batch: pa.RecordBatch) -> None:
        """Count rows of the error stream."""
        pumps = batch.column(batch.schema.get_field_index("PUMP_NAME")).to_pylist()
        names = batch.column(batch.schema.get_field_index("ERROR_NAME")).to_pylist()
        if not self.first and names:
            message = batch.column(batch.schema.get_field_index("MESSAGE"))[0].as_py()
            self.first = f"{names[0]}: {message}"
        self.by_kind.update(
            ("" if pump in (None, "null") else pump, name) for pump, name in zip(pumps, names, strict=True)
        )

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())

    def snapshot(self) -> State:
        """The counts."""
        return {"first": self.first, "kinds": [[*kind, count] for kind, count in self.by_kind.items()]}

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self.first = state["first"]
        self.by_kind = Counter({(pump, name): count for pump, name, count in state["kinds"]})


@record
class Summary:
    """Rows in per input stream, rows out per output stream, rows in error, rows of reference tables; what became
    of all rows, and where some are unaccounted for."""

    inputs: Mapping[str, Counts]
    outputs: Sequence[tuple[str, Output]]
    errors: ErrorCount
    tables: Sequence[ReferenceFile] = ()
    counters: Callable[[], Mapping[str, Mapping[str, Mapping[str, int]]]] = dict
    missing: Callable[[], Sequence[str]] = list

    @property
    def rows_in(self) -> int:
        return sum(counts.rows + counts.rejected + counts.late for counts in self.inputs.values())

    @property
    def rows_out(self) -> int:
        return sum(output.rows for _, output in self.outputs)

    def one_line(self) -> str:
        """The three totals."""
        return f"{_rows(self.rows_in)} in, {_rows(self.rows_out)} out, {_rows(self.errors.total)} in error"

    def json(self) -> str:
        """Everything counted, as a JSON object (docs/counts.md)."""
        errors = [
            {"pump": pump or None, "error": name, "rows": rows}
            for (pump, name), rows in sorted(self.errors.by_kind.items())
        ]
        outputs = {name: output.rows for name, output in self.outputs}
        tables = {table.name: {"rows": table.rows, "rejected": table.rejected} for table in self.tables}
        counted = {**self.counters(), "tables": tables, "outputs": outputs, "errors": errors}
        return json.dumps({"balanced": not self.missing(), **counted}, indent=2) + "\n"

    def lines(self) -> list[str]:
        """The totals, then a line per stream, and what the first error was."""
        lines = [self.one_line()]
        for name, counts in self.inputs.items():
            text = f"  in    {name}: {_rows(counts.rows + counts.rejected + counts.late)}"
            if counts.rejected:
                text += f", {counts.rejected:,} not usable"
            if counts.late:
                text += f", {counts.late:,} late"
            lines.append(text)
        for table in self.tables:
            unusable = f", {table.rejected:,} not usable" if table.rejected else ""
            lines.append(f"  table {table.name}: {_rows(table.rows)}{unusable}")
        lines += [f"  out   {name}: {_rows(output.rows)}" for name, output in self.outputs]
        for (pump, kind), count in sorted(self.errors.by_kind.items()):
            lines.append(f"  error {f'pump {pump}' if pump else 'input'}: {_rows(count)}, {kind}")
        if self.errors.first:
            lines.append(f"  first error: {self.errors.first}")
        return lines


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
