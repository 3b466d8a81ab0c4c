"""The inputs of a run: opened, their columns found, and the application told of them."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from typing import Any, Literal

from streamsql.app.application import Application
from streamsql.app.options import DEFAULT_INPUT, STANDARD, Person, RunOptions
from streamsql.app.run import BatchInput, Input, RecordInput
from streamsql.app.sample import SampledSource, guess_format, has_header, is_array, plain_names, words_of
from streamsql.app.schemas import batches_of, input_schema, schema_from_state
from streamsql.durable.outside import Outside
from streamsql.errors import ConfigError, ScriptErrors, StreamSQLError, nearest
from streamsql.exec.operator import State
from streamsql.io.connector import Source
from streamsql.io.file import FileSource
from streamsql.io.format import InputSchema
from streamsql.io.formats import decoder, discover, schema_to_aws, schema_to_ddl
from streamsql.io.memory import MemorySource
from streamsql.io.stdio import StdinSource
from streamsql.record import record, replace


@record
class OpenInput:
    """An input that is open, and how its records become rows."""

    stream: str
    source: Source
    schema: InputSchema
    csv_header: Literal["auto", "yes", "no"]


def discover_schema(path: str, input_format: Literal["auto", "csv", "json"] = "auto") -> str:
    """The AWS InputSchema of a sample, as JSON text. Raises ConfigError, ConnectorError."""
    with ExitStack() as opened:
        source: Source = StdinSource() if path == STANDARD else FileSource(path)
        opened.callback(source.close)
        sampled = SampledSource(source)
        format_ = input_format if input_format != "auto" else guess_format(path, sampled.sample)
        return json.dumps(schema_to_aws(_discover(sampled, format_, path, roomy=False)), indent=2)


def make_application(sql: str, options: RunOptions) -> Application:
    """The application, its inputs not known yet. Raises ScriptErrors for errors of syntax."""
    everywhere = options.rowtime.get("")
    return Application(
        sql,
        seed=options.seed,
        rowtime=everywhere or options.rowtime,
        lateness=options.lateness,
        strict_kinesis=options.strict_kinesis,
        max_memory=options.max_memory,
    )


def bind_inputs(app: Application) -> None:
    """Bind the application, its inputs and tables being known. Raises ScriptErrors, with a hint how to feed what
    nothing feeds."""
    missing = app.missing_schemas
    try:
        _ = app.plan
    except ScriptErrors as errors:
        for error in errors.errors:
            name = next((name for name in missing if f'"{name}"' in error.message), "")
            if error.code == "NAM-001" and name:
                outside = f"--input {name}=PATH feeds a stream from outside, --reference {name}=PATH loads a table"
                meant = "" if error.hint.startswith("there are") else error.hint
                error.hint = f"{meant}; {outside}" if meant else outside
        raise


def open_inputs(
    sql: str,
    wanted: Sequence[tuple[str, str]],
    options: RunOptions,
    person: Person,
    opened: ExitStack,
    outside: Outside | None = None,
    saved: State | None = None,
) -> list[OpenInput]:
    """Open every input and find its schema: the one of the `saved` run that is gone on with, else the one that was
    given, else one discovered from its first records."""
    if sum(path == STANDARD for _, path in wanted) > 1:
        raise ConfigError("standard input can feed one stream only")
    if saved is not None:
        return [_reopen(number, wanted, saved, options, opened, outside) for number in range(len(wanted))]
    inputs: list[OpenInput] = []
    known = {stream or DEFAULT_INPUT: input_schema(given) for stream, given in options.schemas.items()}
    for stream, path in wanted:
        stream = stream or DEFAULT_INPUT
        given = options.schemas.get(stream, options.schemas.get("", "") if stream == DEFAULT_INPUT else "")
        keep_format = given.endswith(".json")
        found = open_input(sql, stream, path, known.get(stream), options, keep_format, outside)
        opened.callback(found.source.close)
        if stream not in known:
            known[stream] = found.schema
            columns = schema_to_ddl(found.schema)
            person.note(f"{stream} is read as {found.schema.format} with the columns {columns}")
        inputs.append(found)
    return inputs


def _reopen(
    number: int,
    wanted: Sequence[tuple[str, str]],
    saved: State,
    options: RunOptions,
    opened: ExitStack,
    outside: Outside | None,
) -> OpenInput:
    """An input as the saved run read it; one that was at its end is not needed any more."""
    stream, path = wanted[number]
    schema, header = saved["schemas"][number]
    ended = saved["inputs"][number]["ended"]
    source: Source = MemorySource([], path) if ended else _open(path, options, outside)
    opened.callback(source.close)
    return OpenInput(stream or DEFAULT_INPUT, source, schema_from_state(schema), header)


def _open(path: str, options: RunOptions, outside: Outside | None) -> Source:
    return StdinSource() if path == STANDARD else FileSource(path, outside, follow=options.follow)


def open_input(
    sql: str,
    stream: str,
    path: str,
    schema: InputSchema | None,
    options: RunOptions,
    keep_format: bool = False,
    outside: Outside | None = None,
) -> OpenInput:
    """Open one input. Without a schema its columns are discovered; with one, only whether it is JSON or CSV, and
    not even that with `keep_format`. Raises ConfigError, ConnectorError."""
    source = _open(path, options, outside)
    if schema is not None and keep_format and options.input_format == "auto":
        return OpenInput(stream, source, schema, options.csv_header)
    try:
        return _sampled_input(sql, stream, path, source, schema, options)
    except StreamSQLError:
        source.close()
        raise


def _sampled_input(
    sql: str, stream: str, path: str, source: Source, schema: InputSchema | None, options: RunOptions
) -> OpenInput:
    sampled = SampledSource(source)
    format_ = options.input_format if options.input_format != "auto" else guess_format(path, sampled.sample)
    if schema is None:
        schema = plain_names(_discover(sampled, format_, path, names=words_of(sql)), sql)
    else:
        schema = replace(schema, format="CSV" if format_ == "csv" else "JSON")
        if schema.format == "JSON" and schema.row_path == "$" and is_array(sampled.sample):
            schema = replace(schema, row_path="$[0:]")  # the rows are what the array holds
        if path.removesuffix(".gz").endswith(".tsv"):
            schema = replace(schema, column_delimiter="\t")
    header = options.csv_header
    if header == "auto" and has_header(sampled.sample, schema):
        header = "yes"
    return OpenInput(stream, sampled, schema, header)


def _discover(
    source: SampledSource,
    format_: Literal["csv", "json"],
    path: str,
    roomy: bool = True,
    names: Collection[str] = (),
) -> InputSchema:
    where = "standard input" if path == STANDARD else repr(path)
    if not source.sample:
        raise ConfigError(
            f"{where} is empty, so there is nothing to find its columns from",
            hint="give them with --schema '\"COLUMN\" TYPE, …'",
        )
    try:
        return discover(source.records, format=format_, roomy=roomy, names=names)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", hint=error.hint) from None


def row_input(app: Application, stream: str, data: Any) -> Input:
    """An input of `Application.run`: a file by its path, or Arrow data; the application learns its columns."""
    schema = app.schema_of(stream)
    if isinstance(data, str | os.PathLike):
        found = open_input(app.sql, stream, os.fspath(data), schema, RunOptions())
        if schema is None:
            app.declare(stream, found.schema)
        records = decoder(found.schema, csv_header=found.csv_header)
        return RecordInput(found.source, records, needed=lambda: app.engine().needed(stream))
    batches = batches_of(data)
    if schema is None:
        first = next(batches, None)
        if first is None:
            raise ConfigError(f"there are no rows for {stream} to take its columns from")
        app.declare(stream, first.schema)
        batches = chain([first], batches)
    return BatchInput(app.conformed(stream, batch) for batch in batches)


def check_names(
    schemas: Mapping[str, str], wanted: Sequence[tuple[str, str]], references: Sequence[tuple[str, str]] = ()
) -> None:
    """Every schema is for a stream that an input feeds, or for a reference table.

    Raises ConfigError that offers the nearest.
    """
    streams = [*(stream or DEFAULT_INPUT for stream, _ in wanted), *(table for table, _ in references)]
    for stream in schemas:
        stream = stream or DEFAULT_INPUT
        if stream not in streams:
            guess = nearest(stream, streams)
            raise ConfigError(
                f'--schema is given for "{stream}", which no --input feeds and no --reference loads',
                hint=f"did you mean {guess}?" if guess else f"there are {', '.join(streams)}",
            )
