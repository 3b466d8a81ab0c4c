"""A script checked without running it."""

from __future__ import annotations

from contextlib import ExitStack

from streamsql.app.application import Application
from streamsql.app.inputs import bind_inputs, make_application, open_inputs
from streamsql.app.options import DEFAULT_INPUT, Person, RunOptions
from streamsql.app.schemas import input_schema
from streamsql.app.tables import open_references


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
