"""From options, as a person writes them, to a run: files opened, schemas found, outputs chosen, rows flowing."""

from __future__ import annotations

from contextlib import ExitStack

import pyarrow as pa

from streamsql.app.application import ERROR_STREAM, Application
from streamsql.app.engine import Engine
from streamsql.app.inputs import OpenInput, bind_inputs, check_names, make_application, open_inputs
from streamsql.app.options import DEFAULT_INPUT, STANDARD, Person, RunOptions
from streamsql.app.outputs import Output, default_output, format_of, output_stream
from streamsql.app.run import Limits, RecordInput, run
from streamsql.app.summary import ErrorCount, Summary
from streamsql.app.tables import ReferenceTables, open_references
from streamsql.errors import ConfigError, nearest
from streamsql.io.connector import Sink
from streamsql.io.file import FileSink
from streamsql.io.format import Encoder
from streamsql.io.formats import decoder, encoder
from streamsql.io.stdio import StdoutSink


def launch(sql: str, options: RunOptions, person: Person) -> Summary:
    """Run `sql` as the options say, to its end. Raises ScriptErrors, ConfigError, ConnectorError."""
    app = make_application(sql, options)
    wanted = options.inputs or ((DEFAULT_INPUT, STANDARD),)
    check_names(options.schemas, wanted, options.references)
    files = open_references(sql, options, person)
    for file in files:
        app.declare_table(file.name, file.schema)
    with ExitStack() as opened:
        inputs = open_inputs(sql, wanted, options, person, opened)
        for each in inputs:
            app.declare(each.stream, each.schema)
        bind_inputs(app)
        _check_rowtime(inputs, options)
        engine = app.engine([(each.stream, _rowtime(each.stream, options)) for each in inputs], keep=())
        outputs = _open_outputs(app, engine, options, opened)
        errors = ErrorCount()
        engine.subscribe(ERROR_STREAM, errors.take)
        summary = Summary(
            engine.intake.counts, [pair for pair in outputs if pair[0] != ERROR_STREAM], errors, files
        )
        tables = ReferenceTables(app, files, person)
        tables.load()

        def between_steps() -> None:
            tables.refresh()
            person.progress(summary)

        run(
            engine,
            [RecordInput(each.source, decoder(each.schema, csv_header=each.csv_header)) for each in inputs],
            [output for _, output in outputs],
            Limits(options.batch_size, options.flush),
            person.interrupted,
            between_steps,
        )
    return summary


def _rowtime(stream: str, options: RunOptions) -> str:
    return options.rowtime.get(stream, options.rowtime.get("", ""))


def _check_rowtime(inputs: list[OpenInput], options: RunOptions) -> None:
    """Every --rowtime names a column; either all inputs have one or none."""
    streams = [each.stream for each in inputs]
    for stream in options.rowtime:
        if stream and stream not in streams:
            raise ConfigError(f'--rowtime is given for "{stream}", which no --input feeds')
    for each in inputs:
        column, names = _rowtime(each.stream, options), [column.name for column in each.schema.columns]
        if not column and options.rowtime:
            raise ConfigError(
                f"{each.stream} has no --rowtime column and the other inputs have one",
                hint="in a replay every input needs one",
            )
        if column and column not in names:
            guess = nearest(column, names)
            hint = f'did you mean "{guess}"?' if guess else f"it has {', '.join(names)}"
            raise ConfigError(f'--rowtime: {each.stream} has no column "{column}"', hint=hint)


def _open_outputs(
    app: Application, engine: Engine, options: RunOptions, opened: ExitStack
) -> list[tuple[str, Output]]:
    """Open every sink and hang it on its stream."""
    plan = app.plan
    wanted = list(options.outputs) or [(default_output(plan).name, STANDARD)]
    names = [
        ERROR_STREAM if name.upper() == ERROR_STREAM else output_stream(plan, name).name for name, _ in wanted
    ]
    places = [path for _, path in wanted]
    if options.errors:
        names, places = [*names, ERROR_STREAM], [*places, options.errors]
    formats = [_format(path, options) for path in places]
    if sum(path == STANDARD for path in places) > 1 and "json" not in formats:
        raise ConfigError("only JSON lines of several streams can share standard output; give paths")
    outputs = []
    for name, path, format_ in zip(names, places, formats, strict=True):
        sink: Sink = StdoutSink() if path == STANDARD else FileSink(path)
        opened.callback(sink.close)
        first = 0 if options.with_rowtime or name == ERROR_STREAM else 1
        limit = None if name == ERROR_STREAM else options.limit
        output = Output(sink, _encoder(format_, engine.schema(name), first, options), first, limit)
        engine.subscribe(name, output.take)
        outputs.append((name, output))
    return outputs


def _encoder(format_: str, schema: pa.Schema, first: int, options: RunOptions) -> Encoder:
    return encoder(format_, pa.schema(list(schema)[first:]), width=options.width)


def _format(path: str, options: RunOptions) -> str:
    if options.output_format:
        return options.output_format
    if path == STANDARD:
        return "table" if options.terminal else "json"
    return format_of(path, "json")
