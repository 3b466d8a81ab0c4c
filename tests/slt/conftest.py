"""Runs the `.slt` files of this folder: what SQL means, written in SQL (README.md here describes the format).

Each test of a file becomes three: `whole` pushes the rows of a feed in one batch, `rows` one by one, `restart`
takes a snapshot after every feed and goes on with a new application that restored it.
"""

from __future__ import annotations

import datetime as dt
import shlex
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from streamsql.app.application import Application, system_clock
from streamsql.app.schemas import input_schema
from streamsql.errors import StreamSQLError
from streamsql.exec.errors import ERROR_SCHEMA
from streamsql.io.formats import decoder
from streamsql.types import Kind, SqlType

MODES = ("whole", "rows", "restart")
DAY = dt.datetime(2024, 1, 1)
DEFAULT_SCHEMA = {"S": '"A" INTEGER, "K" VARCHAR(8)'}
ERROR_COLUMNS = ("DATA_ROWTIME", "PUMP_NAME", "ERROR_NAME", "MESSAGE")


@dataclass
class Step:
    """One directive: its words, the lines below it, and the expected lines with their place in the file."""

    line: int
    words: list[str]
    body: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    expected_at: int = 0


def parse_file(path: Path) -> Iterator[tuple[str, list[Step]]]:
    """(name, steps) of every test in the file."""
    name, steps = "", []
    for step in parse_steps(path.read_text().splitlines()):
        if step.words[0] == "test":
            if steps:
                yield name, steps
            name, steps = " ".join(step.words[1:]), []
        else:
            steps.append(step)
    if steps:
        yield name, steps


def parse_steps(lines: list[str]) -> Iterator[Step]:
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if not line.strip() or line.startswith("#"):
            continue
        step = Step(number, line.split())
        if step.words[0] != "test" and not hasattr(Script, f"do_{step.words[0]}"):
            raise ValueError(f"line {number}: unknown directive {step.words[0]!r}")
        block: list[str] = step.body
        while number < len(lines) and lines[number].strip() and step.words[0] != "test":
            if lines[number].strip() == "----":
                block, step.expected_at = step.expected, number + 1
            else:
                block.append(lines[number])
            number += 1
        yield step


# ---------------------------------------------------------------- values as text


def parse_time(text: str) -> int:
    """ms since 1970 of `10:00:05.5` (on 2024-01-01) or `2024-01-02T10:00:05`."""
    stamp = dt.datetime.fromisoformat(text if "-" in text else f"2024-01-01T{text}")
    return round(stamp.replace(tzinfo=dt.UTC).timestamp() * 1000)


def format_time(stamp: dt.datetime) -> str:
    text = stamp.strftime("%H:%M:%S") if stamp.date() == DAY.date() else stamp.isoformat(timespec="seconds")
    return text + (f".{stamp.microsecond // 1000:03d}" if stamp.microsecond else "")


def parse_value(word: str, type_: SqlType) -> Any:
    if word == "NULL":
        return None
    word = shlex.split(word)[0] if word.startswith("'") else word
    if type_.kind is Kind.TIMESTAMP:
        return parse_time(word)
    if type_.kind is Kind.BOOLEAN:
        return {"TRUE": True, "FALSE": False}[word]
    if type_.kind is Kind.DECIMAL:
        return Decimal(word)
    if type_.is_integer:
        return int(word)
    if type_.is_approximate:
        return float(word)
    return {Kind.DATE: dt.date.fromisoformat, Kind.TIME: dt.time.fromisoformat}.get(type_.kind, str)(word)


def format_value(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime):
        return format_time(value)
    text = str(value)
    plain = text and not any(char.isspace() or char in "'\"\\#" for char in text) and text != "NULL"
    return text if plain or not isinstance(value, str) else "'" + text.replace("'", "'\\''") + "'"


def words_of(line: str) -> list[str]:
    """Words separated by blanks; one in single quotes keeps its quotes, so that 'NULL' is text."""
    lexer = shlex.shlex(line, posix=False, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.quotes = True, "", "'"
    return list(lexer)


def format_rows(table: pa.Table) -> list[str]:
    columns = [column.to_pylist() for column in table.columns]
    return [" ".join(map(format_value, row)) for row in zip(*columns, strict=True)]


# ---------------------------------------------------------------- running


class Script:
    """One test as it runs: the SQL so far, and the application once rows have come."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.sql: list[str] = []
        self.schemas: dict[str, str] = {}
        self.references: dict[str, pa.Table] = {}
        self.strict = False
        self.length = 0
        self.now: int | None = None  # the clock of a live test, ms since 1970; None: a replay
        self.app: Application | None = None
        self.unread: dict[str, list[str]] = {}
        self.unread_errors: pa.Table = ERROR_SCHEMA.empty_table()

    def make(self, extra: str = "") -> Application:
        live = self.now is not None
        return Application(
            ";\n".join([*self.sql, extra]).ljust(self.length),
            schemas=self.schemas or DEFAULT_SCHEMA,
            references=self.references,
            rowtime=None if live else "ROWTIME",
            strict_kinesis=self.strict,
            clock=(lambda: self.now or 0) if live else system_clock,
        )

    def started(self) -> Application:
        self.app = self.app or self.make()
        return self.app

    def run(self, step: Step) -> list[str] | None:
        """Do one step; the lines that stand for its outcome, if it has one."""
        return getattr(self, f"do_{step.words[0]}")(step, *step.words[1:])

    def do_schema(self, step: Step, stream: str) -> None:
        self.schemas[stream] = " ".join(step.body)

    def do_length(self, _step: Step, characters: str) -> None:
        self.length = int(characters)

    def do_strict(self, _step: Step, switch: str) -> None:
        self.strict = switch == "on"

    def do_reference(self, step: Step, name: str, *columns: str) -> None:
        rows = [[None if word == "NULL" else word for word in words_of(line)] for line in step.body]
        arrays = [pa.array([row[number] for row in rows]) for number in range(len(columns))]
        self.references[name] = pa.table(arrays, names=list(columns))
        if self.app is not None:
            self.app.set_table(name, self.references[name])

    def do_statement(self, step: Step, outcome: str, *message: str) -> None:
        sql = "\n".join(step.body)
        if outcome == "ok":
            self.make(sql)
            self.sql.append(sql)
            return
        wanted = " ".join(message)
        with pytest.raises(StreamSQLError) as caught:
            self.make(sql)
        assert wanted in str(caught.value), f"line {step.line}: got {caught.value}"

    def do_feed(self, step: Step, stream: str, times: str = "1") -> None:
        app = self.started()
        lines = [line.replace("{n}", str(n)) for n in range(1, int(times) + 1) for line in step.body]
        rows = self.rows(app, stream, lines)
        for batch in self.batches(rows):
            if self.now is not None:
                self.now = batch["ROWTIME"][0].value
                batch = batch.drop_columns(["ROWTIME"])
            app.feed(stream, batch)
        if self.mode == "restart":
            self.restart()

    def batches(self, rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The rows as they are pushed: one by one, or all at once; live, those that come at the same time."""
        starts = list(range(rows.num_rows)) if self.mode == "rows" else [0][: rows.num_rows]
        if self.now is not None and self.mode != "rows":
            times = rows["ROWTIME"].to_pylist()
            starts = [number for number in range(len(times)) if not number or times[number] != times[number - 1]]
        for start, end in zip(starts, [*starts[1:], rows.num_rows], strict=True):
            yield rows.slice(start, end - start)

    def do_records(self, step: Step, stream: str, format_: str) -> None:
        app = self.started()
        schema = replace(input_schema(self.schemas[stream]), format=format_)
        inputs = [found.name for found in app.plan.streams if found.is_input]
        decode = decoder(schema, csv_header="no")
        lines = [line.encode() + b"\n" for line in step.body]
        pieces = lines if self.mode == "rows" else [b"".join(lines)]
        for decoded in [*(decode.feed(piece) for piece in pieces), decode.finish()]:
            app.engine().intake.take(inputs.index(stream), decoded.batch, decoded.rejects)
        if self.mode == "restart":
            self.restart()

    def do_clock(self, _step: Step, time: str) -> None:
        self.now = parse_time(time)
        if self.app is not None:
            self.app.tick()

    def do_pump(self, _step: Step, name: str, state: str) -> None:
        graph = self.started().engine().graph
        {"start": graph.start_pump, "stop": graph.stop_pump}[state](name)

    @staticmethod
    def rows(app: Application, stream: str, lines: list[str]) -> pa.RecordBatch:
        columns = app.columns(stream)
        words = [words_of(line) for line in lines]
        arrays = [pa.array([parse_time(row[0]) for row in words], pa.timestamp("ms"))]
        for number, column in enumerate(columns, 1):
            values = [parse_value(row[number], column.type) for row in words]
            arrays.append(pa.array(values, column.type.arrow))
        return pa.record_batch(arrays, names=["ROWTIME", *(column.name for column in columns)])

    def missing(self) -> list[str]:
        """Rows that are unaccounted for (docs/counts.md)."""
        return [] if self.app is None or self.app.missing_schemas else self.app.engine().missing()

    def restart(self) -> None:
        old = self.started()
        for stream in old.streams:
            self.unread.setdefault(stream, []).extend(format_rows(old.read(stream)))
        self.unread_errors = pa.concat_tables([self.unread_errors, old.errors()])
        self.app = self.make()
        self.app.restore(old.snapshot())

    def do_restart(self, _step: Step) -> None:
        self.restart()

    def do_watermark(self, _step: Step, *words: str) -> None:
        self.started().watermark(parse_time(words[-1]), *words[:-1])

    def do_finish(self, _step: Step) -> None:
        self.started().finish()

    def do_query(self, _step: Step, stream: str) -> list[str]:
        return self.unread.pop(stream, []) + format_rows(self.started().read(stream))

    def do_errors(self, _step: Step, *columns: str) -> list[str]:
        table = pa.concat_tables([self.unread_errors, self.started().errors()])
        self.unread_errors = ERROR_SCHEMA.empty_table()
        return format_rows(table.select(list(columns or ERROR_COLUMNS)))

    def do_explain(self, _step: Step) -> list[str]:
        return [line for line in self.started().explain().splitlines() if line]


class SltItem(pytest.Item):
    def __init__(self, *, steps: list[Step], mode: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.steps = steps
        self.mode = mode

    def runtest(self) -> None:
        script = Script(self.mode)
        for step in self.steps:
            got = script.run(step)
            assert not script.missing(), f"{self.path.name}:{step.line}: {script.missing()}"
            if got is None or [" ".join(words_of(line)) for line in step.expected] == got or got == step.expected:
                continue
            if self.config.getoption("--update-golden"):
                self.parent.corrections[step.expected_at] = (len(step.expected), got)
                continue
            raise AssertionError(
                f"{self.path.name}:{step.line}: {' '.join(step.words)}\n  expected:\n    "
                + "\n    ".join(step.expected)
                + "\n  got:\n    "
                + "\n    ".join(got)
            )

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if isinstance(excinfo.value, (AssertionError, StreamSQLError)):
            return str(excinfo.value)
        return "".join(traceback.format_exception(excinfo.value)[-8:])

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.steps[0].line - 1, self.name


class SltFile(pytest.File):
    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.corrections: dict[int, tuple[int, list[str]]] = {}

    def collect(self) -> Iterator[SltItem]:
        modes = MODES[:1] if self.config.getoption("--update-golden") else MODES
        for name, steps in parse_file(self.path):
            for mode in modes:
                yield SltItem.from_parent(self, name=f"{name} [{mode}]", steps=steps, mode=mode)

    def teardown(self) -> None:
        if self.corrections:
            lines = self.path.read_text().splitlines()
            for at, (count, got) in sorted(self.corrections.items(), reverse=True):
                lines[at : at + count] = got
            self.path.write_text("\n".join(lines) + "\n")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SltFile | None:
    return SltFile.from_parent(parent, path=file_path) if file_path.suffix == ".slt" else None
