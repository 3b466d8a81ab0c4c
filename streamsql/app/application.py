"""Application: a SQL script that runs inside your program. Rows go in, rows come out, step by step."""

from __future__ import annotations

import datetime as dt
import os
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from streamsql.app.intake import Feed
from streamsql.app.rowtime import Clock
from streamsql.app.schemas import SchemaLike, batches_of, columns_of, conform, input_schema, sql_type
from streamsql.errors import ConfigError, ScriptErrors, StateError, nearest
from streamsql.exec.evaluate import constant
from streamsql.exec.operator import State
from streamsql.functions.call import Times
from streamsql.io.format import Decoded, InputSchema
from streamsql.plan import bind, explain, rewrite, unknown_sources
from streamsql.plan.memory import explain_room
from streamsql.plan.nodes import Application as Plan
from streamsql.plan.nodes import Notice, Stream
from streamsql.sql import parse
from streamsql.types import Column

if TYPE_CHECKING:
    from streamsql.app.engine import Engine

ERROR_STREAM = "ERROR_STREAM"
FeedSpec = tuple[str, str]
"""An input: the stream it feeds, and the column that holds ROWTIME (empty: the time of arrival)."""


def system_clock() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


class Application:
    """A Kinesis SQL application, running.

    >>> app = Application('CREATE STREAM "OUT" ("PRICE" DOUBLE);'
    ...     'CREATE PUMP p AS INSERT INTO "OUT" SELECT STREAM "PRICE" FROM "IN" WHERE "PRICE" > 10',
    ...     schemas={"IN": '"PRICE" DOUBLE'})
    >>> app.feed("IN", pa.table({"PRICE": [5.0, 20.0]}))
    >>> app.read("OUT")["PRICE"].to_pylist()
    [20.0]

    Parameters
    ----------
    sql: the script.
    schemas: the columns of each input stream: DDL text, an Arrow schema, an AWS InputSchema, or the path of one.
        None: each stream takes them from the first data that is fed to it.
    seed: for everything random. The same script, rows and seed give the same results.
    rowtime: replay: the column that holds ROWTIME, one for all streams or by stream. Without: the time of arrival.
    lateness: replay: seconds by which rows may be out of order; what comes later still is an error row.
    references: the reference tables, as Arrow data by name; `schemas` may state their columns too, else the data
        does. `set_table` replaces the rows of one later.
    strict_kinesis: refuse what the service refused.
    max_memory: bytes that state may take: rows that would need more are error rows (docs/memory.md).
    clock: ms since 1970-01-01 UTC; the system's if not given.

    Raises ScriptErrors with everything that is wrong in the SQL, ConfigError for the other arguments.
    """

    def __init__(
        self,
        sql: str,
        schemas: Mapping[str, SchemaLike] | None = None,
        *,
        seed: int = 0,
        rowtime: str | Mapping[str, str] | None = None,
        lateness: float = 0,
        references: Mapping[str, Any] | None = None,
        strict_kinesis: bool = False,
        max_memory: int | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.sql = sql
        self._script = parse(sql)
        self._schemas = {name: input_schema(given) for name, given in (schemas or {}).items()}
        self._tables: dict[str, pa.RecordBatch] = {}
        self._table_schemas: dict[str, InputSchema] = {}
        self._rowtime = rowtime
        self._lateness = round(lateness * 1000)
        self._seed = seed
        self._strict = strict_kinesis
        self._max_memory = max_memory
        self._clock = clock
        self._engine: Engine | None = None
        self._broken = ""  # what a call ended with that left the state half changed
        self._kept: dict[str, list[pa.RecordBatch]] = {}
        self._plan: Plan | None = None
        for name, data in (references or {}).items():
            if name in self._schemas:
                self.declare_table(name, self._schemas.pop(name))
            self.set_table(name, data)
        self._plan = None
        if schemas is not None or not self.missing_schemas:
            self._plan = self._bind()
        elif self._script.errors:
            raise ScriptErrors(self._script.errors)

    # ------------------------------------------------------------ what it is

    @property
    def missing_schemas(self) -> list[str]:
        """The streams that the script reads and whose columns are not known yet."""
        if self._plan is not None:
            return []
        known = {*self._schemas, *self._table_schemas}
        return [name for name in unknown_sources(self._script) if name not in known]

    @property
    def plan(self) -> Plan:
        """The bound plan. Raises ScriptErrors; streams whose columns are not known are errors too."""
        if self._plan is None:
            self._plan = self._bind()
        return self._plan

    @property
    def streams(self) -> list[str]:
        """The streams that can be read: all but the inputs."""
        return [stream.name for stream in self.plan.streams if not stream.is_input]

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Warnings, and which forms the service did not have."""
        return self.plan.notices

    def columns(self, stream: str) -> tuple[Column, ...]:
        """The declared columns of a stream, without ROWTIME."""
        found = self._stream(stream)
        return found.schema[1 : len(found.schema) - found.hidden]

    def explain(self) -> str:
        """The plan, as text."""
        inputs = [stream.name for stream in self.plan.streams if stream.is_input] if self._lateness else []
        late = inputs if any(map(self.rowtime_of, inputs)) else []
        return explain(self.plan) + explain_room(self.plan, self._max_memory, late)

    def declare(self, stream: str, schema: SchemaLike) -> None:
        """State the columns of an input stream. Raises ConfigError once rows have been fed."""
        if self._engine is not None:
            raise ConfigError(f'"{stream}" cannot be declared: the application runs already')
        self._schemas[stream] = input_schema(schema)
        self._plan = None

    # ------------------------------------------------------------ reference tables

    def declare_table(self, name: str, schema: SchemaLike) -> None:
        """State the columns of a reference table. Raises ConfigError once the application runs."""
        if self._engine is not None:
            raise ConfigError(f'table "{name}" cannot be declared: the application runs already')
        self._table_schemas[name] = input_schema(schema)
        self._plan = None

    def set_table(self, name: str, data: Any) -> None:
        """Load a reference table, or replace all of its rows: rows of streams that come later see the new ones.

        `data` is whatever `feed` takes. Without a schema for the table its columns are those of the first data.
        """
        batches = list(batches_of(data))
        if name not in self._table_schemas:
            if not batches and not isinstance(data, pa.Table):
                raise ConfigError(f"there are no rows for {name} to take its columns from")
            self.declare_table(name, batches[0].schema if batches else data.schema)
        columns = columns_of(self._table_schemas[name])
        if batches:
            arrays = conform(pa.concat_batches(batches), columns, name)
        else:
            arrays = [pa.array([], column.type.arrow) for column in columns]
        self._tables[name] = pa.record_batch(arrays, names=[column.name for column in columns])
        if self._engine is not None:
            with self._changing() as engine:
                engine.graph.set_table(name, self._tables[name])

    def load_table(self, name: str, decoded: Decoded) -> None:
        """`set_table` with decoded records; those that gave no row go to the error stream."""
        self.set_table(name, decoded.batch)
        self.engine().report_table(name, decoded.rejects)

    # ------------------------------------------------------------ rows in

    def feed(self, stream: str, data: Any) -> None:
        """Push rows into an input stream: a record batch, a table, a data frame, anything with
        `__arrow_c_stream__`, or an iterable of these. Columns are found by name.

        In a replay the ROWTIME column may be one that the stream does not declare.
        """
        for batch in batches_of(data):
            if self._engine is None and stream in self.missing_schemas:
                self.declare(stream, batch.schema)
            self.engine()
            number, rows = self._number(stream), self.conformed(stream, batch)
            with self._changing() as engine:
                engine.intake.take(number, rows)

    @property
    def schemas(self) -> Mapping[str, InputSchema]:
        """The schemas of the input streams that are known."""
        return self._schemas

    def schema_of(self, stream: str) -> InputSchema | None:
        """The schema of an input stream, if it is known."""
        return self._schemas.get(stream)

    def conformed(self, stream: str, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch in the shape of the stream: its declared columns, then hidden ones and the ROWTIME column
        where the batch has them."""
        columns = self.columns(stream)
        arrays = conform(batch, columns, stream)
        names = [column.name for column in columns]
        found = self._stream(stream)
        hidden = found.schema[len(found.schema) - found.hidden :]
        extra = tuple(column for column in hidden if column.name in batch.schema.names)
        rowtime = self.rowtime_of(stream)
        if rowtime and rowtime not in names:
            field = batch.schema.field(rowtime) if rowtime in batch.schema.names else pa.field(rowtime, pa.int64())
            extra = (*extra, Column(rowtime, sql_type(field)))
        arrays += conform(batch, extra, stream)
        return pa.record_batch(arrays, names=[*names, *(column.name for column in extra)])

    def watermark(self, time: int | dt.datetime, stream: str = "") -> None:
        """Say that no row older than `time` (ms since 1970, or a datetime; naive is UTC) will come: for `stream`,
        or for all inputs."""
        if isinstance(time, dt.datetime):
            time = round(time.replace(tzinfo=time.tzinfo or dt.UTC).timestamp() * 1000)
        if stream:
            self._number(stream)
        with self._changing() as engine:
            engine.intake.advance(stream, time)

    def tick(self) -> None:
        """Live: let windows close that the clock has passed. Call it now and then while no row comes."""
        with self._changing() as engine:
            engine.intake.tick()

    def finish(self) -> None:
        """No row will come any more: emit everything that is open.

        Warns, as of a bug in streamsql, if there is a row of which nobody knows what became.
        """
        with self._changing() as engine:
            engine.finish()
        if missing := engine.missing():
            warnings.warn(f"rows are unaccounted for, a bug in streamsql: {'; '.join(missing)}", stacklevel=2)

    def run(self, inputs: Mapping[str, Any], *, flush: bool = True) -> None:
        """Feed whole inputs, by stream, and finish; then `read` the results.

        An input is the path of a file (its columns are discovered unless the stream has a schema), or whatever
        `feed` takes. Several are read side by side, so that a replay never holds more rows than it must.
        """
        from streamsql.app.inputs import row_input
        from streamsql.app.run import Limits, run

        opened = [row_input(self, stream, data) for stream, data in inputs.items()]
        engine = self.engine([(stream, self.rowtime_of(stream)) for stream in inputs])
        with self._changing():
            run(engine, opened, (), Limits(flush=flush))

    def counters(self) -> dict[str, dict[str, dict[str, int]]]:
        """What became of all rows so far, by input, stream and pump (docs/counts.md)."""
        return self.engine().counters()

    # ------------------------------------------------------------ rows out

    def read(self, stream: str) -> pa.Table:
        """The rows of a stream since the last call, ROWTIME first."""
        self.engine()
        name = ERROR_STREAM if stream.upper() == ERROR_STREAM else self._stream(stream).name
        if name not in self._kept:
            raise ConfigError(f'the rows of "{name}" are not kept')
        batches, self._kept[name][:] = list(self._kept[name]), []
        return pa.Table.from_batches(batches, self.engine().schema(name))

    def errors(self) -> pa.Table:
        """The rows of the error stream since the last call (docs/spec/kinesis-application.md, section 4)."""
        return self.read(ERROR_STREAM)

    def snapshot(self) -> State:
        """All state of a running application, as plain data; results that were not read are not part of it."""
        return self.engine().snapshot()

    def restore(self, state: State) -> None:
        """Go on from a snapshot of an application with the same script and arguments. Raises StateError."""
        with self._changing() as engine:
            engine.restore(state)

    def save(self, folder: str | os.PathLike[str], note: Any = None) -> None:
        """Save all state in a directory of checkpoints (docs/checkpoints.md), so that it survives a crash.

        `note` is yours: numbers, text, bytes, Arrow and NumPy arrays, in lists and dicts, such as how far your
        inputs were read. Results that were not read are not saved. Raises ConnectorError, StateError.
        """
        from streamsql.app.save import save

        save(self, folder, note)

    def load(self, folder: str | os.PathLike[str]) -> Any:
        """Go on from the newest whole checkpoint in a directory: its note; None where there is no checkpoint.

        Raises StateError for a checkpoint that does not fit the SQL, or when there are only damaged ones.
        """
        from streamsql.app.save import load

        return load(self, folder)

    # ------------------------------------------------------------ inside

    def engine(self, feeds: Sequence[FeedSpec] | None = None, keep: Iterable[str] | None = None) -> Engine:
        """The running engine; built at the first call. `feeds`: the inputs in order, where they are not simply
        all input streams; `keep`: the streams whose rows are kept for `read` (not given: all).

        Raises StateError once a call has broken off: what is half changed must be neither used nor saved.
        """
        if self._broken:
            raise StateError(
                f"an earlier call broke off ({self._broken}), and the state is not whole any more",
                hint="make the application anew, and load its newest checkpoint",
            )
        if self._engine is None:
            if feeds is None:
                inputs = [stream.name for stream in self.plan.streams if stream.is_input]
                feeds = [(name, self.rowtime_of(name)) for name in inputs]
            from streamsql.app.engine import Engine  # the operators are not needed to check or explain

            self._engine = Engine(
                self.plan,
                [Feed(self._stream(name), rowtime) for name, rowtime in feeds],
                seed=self._seed,
                clock=self._clock,
                lateness=self._lateness,
                max_memory=self._max_memory,
                tables=self._tables,
            )
            for name in [*self.streams, ERROR_STREAM] if keep is None else keep:
                self._kept[name] = []
                self._engine.subscribe(name, self._kept[name].append)
        return self._engine

    @contextmanager
    def _changing(self) -> Iterator[Engine]:
        """The engine, for a call that changes its state: nothing but that may stand in the block."""
        engine = self.engine()
        try:
            yield engine
        except ConfigError:  # before anything was changed
            raise
        except BaseException as error:
            self._broken = type(error).__name__
            raise

    def rowtime_of(self, stream: str) -> str:
        """The ROWTIME column of an input stream; empty: the time of arrival."""
        if self._rowtime is None or isinstance(self._rowtime, str):
            return self._rowtime or ""
        return self._rowtime.get(stream, "")

    def _bind(self) -> Plan:
        inputs = {name: columns_of(schema) for name, schema in self._schemas.items()}
        tables = {name: columns_of(schema) for name, schema in self._table_schemas.items()}
        bound = bind(self._script, inputs, tables=tables, strict=self._strict)
        return rewrite(bound, lambda expression: constant(expression, Times(0, 0)))

    def _stream(self, name: str) -> Stream:
        streams = {stream.name: stream for stream in self.plan.streams}
        found = streams.get(name) or streams.get(name.upper())
        if found is None:
            guess = nearest(name, streams)
            hint = f'did you mean "{guess}"?' if guess else f"there are {', '.join(sorted(streams))}"
            raise ConfigError(f'there is no stream "{name}"', hint=hint)
        return found

    def _number(self, stream: str) -> int:
        inputs = [found.name for found in self.plan.streams if found.is_input]
        if stream not in inputs:
            raise ConfigError(f'"{stream}" is no input stream (inputs are {", ".join(inputs) or "none"})')
        return inputs.index(stream)
