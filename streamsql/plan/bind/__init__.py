"""Binding: a parsed script and the inputs it may read → a typed, frozen application."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from streamsql.errors import BindError, ParseError, ScriptErrors, StreamSQLError
from streamsql.plan.bind.statement import StatementBinder
from streamsql.plan.catalog import HIDDEN_COLUMNS, Catalog, input_stream
from streamsql.plan.limits import check_chains
from streamsql.plan.nodes import Application, Notice, Schema
from streamsql.sql import Script, nodes, span_of
from streamsql.sql.lexer import MAX_ERRORS

__all__ = ["bind", "unknown_sources"]


def bind(
    script: Script,
    inputs: Mapping[str, Schema],
    *,
    tables: Mapping[str, Schema] | None = None,
    strict: bool = False,
) -> Application:
    """The application that `script` defines.

    `inputs` and `tables` are the declared columns of the input streams and reference tables, without ROWTIME;
    `strict` refuses every form that the service refused. Raises ScriptErrors with all errors of the script, or
    the first hundred.
    """
    hidden = _hidden_names(script)
    catalog = Catalog(strict=strict, tables=dict(tables or {}))
    for name, columns in inputs.items():
        catalog.streams[name] = input_stream(name, columns, hidden)
    errors: list[StreamSQLError] = list(script.errors)
    if strict:
        errors += [ParseError(message, span=span) for message, span in script.warnings]
    broken = _broken_names(script)
    for statement in script.statements:
        if len(errors) >= MAX_ERRORS:
            break
        try:
            _bind_statement(statement, catalog)
        except BindError as error:
            defined = _defined(statement)
            if not _follows_from(error, broken):
                errors.append(error)
            if defined:
                broken.add(defined)
    try:
        check_chains(catalog.streams.values(), catalog.pumps.values())
    except BindError as error:
        errors.append(error)
    if errors:
        raise ScriptErrors(sorted(errors, key=lambda error: error.span.start if error.span else 0))
    warnings = tuple(Notice("warning", message, "", span) for message, span in script.warnings)
    return Application(
        tuple(catalog.streams.values()),
        tuple(catalog.pumps.values()),
        tuple(catalog.inserts),
        tuple(catalog.tables.items()),
        (*warnings, *catalog.notices),
    )


def _bind_statement(statement: Any, catalog: Catalog) -> None:
    try:
        StatementBinder(catalog).bind(statement)
    except RecursionError:
        message = "the statement is nested too deeply, views and tables of WITH put in"
        raise BindError(message, code="SYN-005", span=span_of(statement)) from None


def unknown_sources(script: Script) -> list[str]:
    """The streams and tables that the script reads and does not create, in the order of their first use."""
    created: set[str] = set()
    read: dict[str, None] = {}
    for statement in script.statements:
        own = {table.this.this for table in statement.find_all(nodes.CommonTable)}
        for reference in statement.find_all(nodes.TableRef):
            name = reference.this.last
            if name not in created and name not in own and name.upper() != "ERROR_STREAM":
                read.setdefault(name)
        if defined := _defined(statement):
            created.add(defined)
    return [name for name in read if name not in created]


def _defined(statement: Any) -> str:
    """The stream or view that a statement would define."""
    return statement.this.last if isinstance(statement, nodes.CreateStream | nodes.CreateView) else ""


def _broken_names(script: Script) -> set[str]:
    """Names that statements with syntax errors may have defined: what is in quotes or follows STREAM there."""
    ends: dict[int, int] = {}  # the start of a statement → where its last error ends
    for error in script.errors:
        if error.span is not None:
            start = script.text.rfind(";", 0, error.span.start) + 1
            ends[start] = max(error.span.end, ends.get(start, 0))
    names = set()
    for start, end in ends.items():
        defined = r'\b(?:STREAM|VIEW)\s+(?:"((?:[^"]|"")+)"|(\w+))'
        for match in re.finditer(defined, script.text[start:end], re.IGNORECASE):
            names.add(match[1] or match[2].upper())
    return names


def _follows_from(error: StreamSQLError, broken: set[str]) -> bool:
    """Whether an error is only the shadow of an earlier one: a name is missing whose definition failed."""
    return error.code == "NAM-001" and any(f'"{name}"' in error.message for name in broken)


def _hidden_names(script: Script) -> Sequence[str]:
    """Which of the hidden input columns the script names anywhere."""
    used = {part for name in _names(script) for part in name.parts}
    return [column.name for column in HIDDEN_COLUMNS if column.name in used]


def _names(script: Script) -> Iterator[nodes.Name]:
    for statement in script.statements:
        yield from statement.find_all(nodes.Name)
