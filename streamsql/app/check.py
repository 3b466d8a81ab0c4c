"""A script checked without running it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Literal

from streamsql.app.application import Application
from streamsql.app.inputs import bind_inputs, make_application, open_inputs
from streamsql.app.options import DEFAULT_INPUT, Person, RunOptions
from streamsql.app.schemas import input_schema
from streamsql.app.tables import open_references
from streamsql.errors import ScriptErrors, Span
from streamsql.record import record


def prepare(sql: str, options: RunOptions, person: Person) -> Application:
    """The application that `launch` would run, as far as its inputs are known; nothing is read but samples.

    Where the columns of a stream are not known, only the syntax has been checked (`missing_schemas` names it).
    Raises ScriptErrors, ConfigError, ConnectorError.
    """
    app = make_application(sql, options)
    for file in open_references(sql, options, person):
        app.declare_table(file.name, file.schema)
    tables = [name for name, _ in options.references]
    for name, given in options.schemas.items():
        if name not in tables:
            app.declare(name or DEFAULT_INPUT, input_schema(given))
    with ExitStack() as opened:
        inputs = open_inputs(sql, options.inputs, options, person, opened)
    for each in inputs:
        app.declare(each.stream, each.schema)
    if inputs or not app.missing_schemas:
        bind_inputs(app)
    return app


@record
class Finding:
    """Something about a script, at a place in it. Lines and columns count characters from 1; the end is behind the
    last one. What concerns the script as a whole is at its first character."""

    severity: Literal["error", "warning", "information"]
    code: str
    message: str
    line: int
    column: int
    end_line: int
    end_column: int
    hint: str = ""


def findings(sql: str, options: RunOptions, person: Person) -> list[Finding]:
    """All errors of a script; if there are none, its warnings and, as information, what the service did not have.

    Raises ConfigError, ConnectorError for what is wrong outside the script.
    """
    try:
        app = prepare(sql, options, person)
        if missing := app.missing_schemas:
            message = f"names and types were not checked: the columns of {', '.join(missing)} are not known"
            return [Finding("warning", "", message, *_place(sql, None))]
        notices = app.notices
    except ScriptErrors as errors:
        return [
            Finding("error", error.code, error.message, *_place(sql, error.span), error.hint)
            for error in errors.errors
        ]
    return [
        Finding(
            "warning" if notice.kind == "warning" else "information",
            notice.code,
            notice.message,
            *_place(sql, notice.span),
        )
        for notice in notices
    ]


def _place(sql: str, span: Span | None) -> tuple[int, int, int, int]:
    """First line and column, last line and the column behind the last character."""
    if span is None:
        return 1, 1, 1, 1
    before = sql[: span.end]
    return span.line, span.column, before.count("\n") + 1, span.end - before.rfind("\n")
