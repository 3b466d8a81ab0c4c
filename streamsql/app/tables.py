"""Reference tables from files: read when the run starts, and again when the file has changed.

A reload replaces all rows at once; rows of streams that come later see the new ones. What cannot be used of a
record is a row of the error stream, as with any input (docs/spec/kinesis-application.md, section 5).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

import pyarrow as pa

from streamsql.app.application import Application
from streamsql.app.inputs import open_input
from streamsql.app.options import STANDARD, Person, RunOptions
from streamsql.app.run import READ_AT_ONCE
from streamsql.app.sample import SampledSource, has_header
from streamsql.app.schemas import input_schema
from streamsql.errors import ConfigError, ConnectorError, StreamSQLError
from streamsql.io.file import FileSource
from streamsql.io.format import Decoded, InputSchema
from streamsql.io.formats import decoder, schema_to_ddl
from streamsql.record import field, record, replace

CHECK_EVERY = 1.0  # seconds between two looks at the files


@record(frozen=False)
class ReferenceFile:
    """A reference table and the file that its rows come from. `rows` and `rejected` count the last load."""

    name: str
    path: str
    schema: InputSchema
    rows: int = 0
    rejected: int = 0
    _seen: tuple[int, ...] = field(default=(), init=False)

    def load(self) -> Decoded:
        """All rows of the file as it is now. Raises ConnectorError."""
        self._seen = self._signature()
        source = SampledSource(FileSource(self.path))
        try:
            header = has_header(source.sample, self.schema)
            records = decoder(self.schema, csv_header="yes" if header else "auto")
            parts = []
            while (data := source.read(READ_AT_ONCE)) is not None:
                parts.append(records.feed(data))
            parts.append(records.finish())
        finally:
            source.close()
        rows = pa.concat_batches([part.batch for part in parts])
        rejects = tuple(reject for part in parts for reject in part.rejects)
        self.rows, self.rejected = rows.num_rows, len(rejects)
        return Decoded(rows, rejects, sum(part.records for part in parts))

    def has_changed(self) -> bool:
        """Whether the file is another one than at the last load or question; gone is another one too."""
        before, self._seen = self._seen, self._signature()
        return self._seen != before

    def _signature(self) -> tuple[int, ...]:
        try:
            found = os.stat(self.path)
        except OSError:
            return ()
        return found.st_ino, found.st_size, found.st_mtime_ns


class ReferenceTables:
    """The reference tables of a run, kept as their files are."""

    def __init__(
        self,
        app: Application,
        files: Sequence[ReferenceFile],
        person: Person,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._files = files
        self._person = person
        self._clock = clock
        self._next = 0.0

    def load(self) -> None:
        """Read every file. Raises ConnectorError."""
        for file in self._files:
            self._app.load_table(file.name, file.load())
        self._next = self._clock() + CHECK_EVERY

    def refresh(self) -> None:
        """Read the files that have changed, looking at most once in CHECK_EVERY.

        One that cannot be read leaves the table as it was, and is tried again when it changes again.
        """
        if not self._files or self._clock() < self._next:
            return
        self._next = self._clock() + CHECK_EVERY
        for file in self._files:
            if not file.has_changed():
                continue
            try:
                self._app.load_table(file.name, file.load())
            except StreamSQLError as error:
                self._person.note(f'reference table "{file.name}" keeps its rows: {error.message}')
            else:
                self._person.note(f'reference table "{file.name}" was read again: {file.rows:,} rows')


def open_references(sql: str, options: RunOptions, person: Person) -> list[ReferenceFile]:
    """The files of all reference tables, with their schemas: given, else discovered from their first records.

    Raises ConfigError, ConnectorError.
    """
    files: list[ReferenceFile] = []
    for name, path in options.references:
        if name in [file.name for file in files] or name in [stream for stream, _ in options.inputs]:
            raise ConfigError(f'"{name}" is given twice: once with --reference {name}={path}')
        if path == STANDARD or (os.path.exists(path) and not os.path.isfile(path)):
            raise ConfigError(f"--reference {name}: a reference table is read from a file, not from {path!r}")
        files.append(_open(sql, name, path, options, person))
    return files


def _open(sql: str, name: str, path: str, options: RunOptions, person: Person) -> ReferenceFile:
    given = options.schemas.get(name)
    schema = None if given is None else input_schema(given)
    by_content = replace(options, input_format="auto", csv_header="auto")
    try:
        found = open_input(sql, name, path, schema, by_content, keep_format=(given or "").endswith(".json"))
    except ConnectorError as error:
        raise ConnectorError(f"--reference {name}: {error.message}", hint=error.hint) from None
    found.source.close()
    if given is None:
        columns = schema_to_ddl(found.schema)
        person.note(f"reference table {name} is read as {found.schema.format} with the columns {columns}")
    return ReferenceFile(name, path, found.schema)
