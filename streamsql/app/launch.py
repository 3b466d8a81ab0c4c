"""From options, as a person writes them, to a run: files opened, schemas found, outputs chosen, rows flowing."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from streamsql.app.ahead import ReadAhead
from streamsql.app.application import ERROR_STREAM, Application
from streamsql.app.behind import WriteBehind
from streamsql.app.engine import Engine
from streamsql.app.inputs import OpenInput, bind_inputs, check_names, make_application, open_inputs
from streamsql.app.options import DEFAULT_INPUT, STANDARD, Person, RunOptions
from streamsql.app.outputs import Output, default_output, format_of, output_stream
from streamsql.app.paths import check_paths
from streamsql.app.run import Hooks, Limits, RecordInput, run
from streamsql.app.running import Running
from streamsql.app.summary import Summary
from streamsql.app.tables import ReferenceTables, open_references
from streamsql.durable.outside import Outside, System
from streamsql.durable.parts import CommittedFile
from streamsql.errors import ConfigError, nearest
from streamsql.io.connector import Sink
from streamsql.io.file import FileSink
from streamsql.io.formats import decoder, encoder
from streamsql.io.stdio import StdoutSink

if TYPE_CHECKING:  # imported where a checkpoint is wanted
    from streamsql.app.checkpoint import Checkpoints


def launch(sql: str, options: RunOptions, person: Person, outside: Outside | None = None) -> Summary:
    """Run `sql` as the options say, to its end. Raises ScriptErrors, ConfigError, ConnectorError, StateError."""
    outside = outside or System()
    app = make_application(sql, options)
    wanted = options.inputs or ((DEFAULT_INPUT, STANDARD),)
    check_names(options.schemas, wanted, options.references)
    check_paths(wanted, options)
    files = open_references(sql, options, person)
    for file in files:
        app.declare_table(file.name, file.schema)
    if options.checkpoint:
        # Imported here: hashing and the folders of checkpoints are a part of the start that most runs do not need.
        from streamsql.app.checkpoint import Checkpoints, fingerprint_of, open_store, resume
    with ExitStack() as opened:
        store, saved = open_store(options, outside, person, opened) if options.checkpoint else (None, None)
        inputs = open_inputs(sql, wanted, options, person, opened, outside, saved.state if saved else None)
        running = _assemble(app, inputs, [path for _, path in wanted], options, opened, outside)
        tables = ReferenceTables(app, files, person)
        fingerprint = fingerprint_of(app) if store else b""
        if store is not None and saved is not None:
            tables.load()  # while nobody listens: what there is to report of them has been reported
            resume(running, saved, fingerprint, store, person)
            running.listen()
        else:
            running.listen()
            running.begin()
            tables.load()
        engine = running.engine
        summary = Summary(
            engine.intake.counts, running.written, running.errors, files, engine.counters, engine.missing
        )
        if saved is None or not saved.state["finished"]:
            checkpoints = Checkpoints(store, running, fingerprint, options, outside) if store else None
            _run(running, checkpoints, tables, summary, options, person)
    _account(summary, options, person)
    return summary


def _account(summary: Summary, options: RunOptions, person: Person) -> None:
    """Check that every row is accounted for, and write the counts to who wants them. Raises ConnectorError."""
    for place in summary.missing():
        person.warn(f"rows are unaccounted for, a bug in streamsql: {place}")
    if options.summary:
        sink = StdoutSink() if options.summary == STANDARD else FileSink(options.summary)
        sink.write(summary.json().encode())
        sink.close()


def _run(
    running: Running,
    checkpoints: Checkpoints | None,
    tables: ReferenceTables,
    summary: Summary,
    options: RunOptions,
    person: Person,
) -> None:
    def between_steps() -> None:
        tables.refresh()
        person.progress(summary)
        if checkpoints is not None:
            checkpoints.between_steps()

    ended = checkpoints.finish if checkpoints is not None else lambda finished: None
    limits = Limits(options.batch_size, options.flush, resumes=checkpoints is not None)
    hooks = Hooks(person.interrupted, between_steps, ended)
    _keep_what_is_there()
    try:
        run(running.engine, running.inputs, [output for _, output in running.outputs], limits, hooks)
    finally:
        gc.unfreeze()
        if checkpoints is not None:
            checkpoints.abandon()


def _keep_what_is_there() -> None:
    """Modules, plan and operators live to the end: the garbage collector need not look at them again, which makes
    its pauses short."""
    gc.freeze()
    gc.enable()


def _assemble(
    app: Application,
    inputs: Sequence[OpenInput],
    paths: Sequence[str],
    options: RunOptions,
    opened: ExitStack,
    outside: Outside,
) -> Running:
    """Everything that moves, connected but for the outputs, which do not listen yet."""
    for each in inputs:
        app.declare(each.stream, each.schema)
    bind_inputs(app)
    _check_rowtime(inputs, options)
    engine = app.engine([(each.stream, _rowtime(each.stream, options)) for each in inputs], keep=())
    records = [_records(each, path, options, outside, engine) for each, path in zip(inputs, paths, strict=True)]
    is_batch = all(isinstance(each, ReadAhead) for each in records)
    return Running(
        engine, inputs, records, _open_outputs(app, engine, options, opened, outside, is_batch=is_batch)
    )


def _records(
    each: OpenInput, path: str, options: RunOptions, outside: Outside, engine: Engine
) -> RecordInput | ReadAhead:
    """Files are read ahead if there is a core to do it; not in a world whose calls are counted."""
    records = decoder(each.schema, csv_header=each.csv_header)
    source = RecordInput(each.source, records, options.batch_size, partial(engine.needed, each.stream))
    is_whole = path != STANDARD and os.path.isfile(path) and not options.follow
    if is_whole and isinstance(outside, System) and (os.cpu_count() or 1) > 1:
        return ReadAhead(source)
    return source


def _rowtime(stream: str, options: RunOptions) -> str:
    return options.rowtime.get(stream, options.rowtime.get("", ""))


def _check_rowtime(inputs: Sequence[OpenInput], options: RunOptions) -> None:
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
    app: Application, engine: Engine, options: RunOptions, opened: ExitStack, outside: Outside, *, is_batch: bool
) -> list[tuple[str, Output]]:
    """A sink and an encoder for every stream that is written. `is_batch`: all inputs are files, to be read as fast
    as they can be; what comes of them is written behind."""
    outputs: list[tuple[str, Output]] = []
    for number, (name, path, format_) in enumerate(_wanted_outputs(app, options)):
        sink = _sink(path, format_, number, options, outside)
        opened.callback(sink.close)
        first = 0 if options.with_rowtime or name == ERROR_STREAM else 1
        limit = None if name == ERROR_STREAM else options.limit
        encoded = encoder(format_, pa.schema(list(engine.schema(name))[first:]), width=options.width)
        if is_batch and limit is None and isinstance(sink, FileSink):
            outputs.append((name, WriteBehind(sink, encoded, first)))
        else:
            outputs.append((name, Output(sink, encoded, first, limit)))
    return outputs


def _wanted_outputs(app: Application, options: RunOptions) -> list[tuple[str, str, str]]:
    """Stream, path and format of every output. Raises ConfigError."""
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
    return list(zip(names, places, formats, strict=True))


def _sink(path: str, format_: str, number: int, options: RunOptions, outside: Outside) -> Sink:
    if options.checkpoint:
        from streamsql.app.checkpoint import check_format

        check_format(format_, path, path != STANDARD)
    if path == STANDARD:
        return StdoutSink()
    return CommittedFile(outside, path, options.checkpoint, number) if options.checkpoint else FileSink(path)


def _format(path: str, options: RunOptions) -> str:
    if options.output_format:
        return options.output_format
    if path == STANDARD:
        return "table" if options.terminal else "json"
    return format_of(path, "json")
