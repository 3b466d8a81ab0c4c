"""The first records of a source, looked at before the run: enough to find out format and columns."""

from __future__ import annotations

import re
import select
import time
from typing import Literal

from streamsql.app.outputs import format_of
from streamsql.io.connector import Position, Source
from streamsql.io.format import InputSchema, RecordColumn
from streamsql.io.formats.names import RESERVED
from streamsql.record import replace

SAMPLE_BYTES = 1 << 16
_NAMES = re.compile(r"""'[^']*'|(?:--|//)[^\n]*|/\*.*?\*/|"([^"]+)"|([^\W\d][\w$]*)""", re.DOTALL)
LOOK_AGAIN = 0.05  # seconds between two looks at a file that is followed
PATIENCE = 1.0  # seconds to wait for a second record when the first is here


class SampledSource:
    """A source whose first bytes were read already; they come again."""

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.sample = b""
        self._source = source
        self._ended = False
        self._given = 0
        self._gather()

    def _gather(self) -> None:
        """Read until there is a full sample, the end, or at least one record and nothing more for a moment."""
        first_record = 0.0
        while len(self.sample) < SAMPLE_BYTES and not self._ended:
            records = self.sample.count(b"\n")
            if records and not first_record:
                first_record = time.monotonic()
            descriptor = self._source.descriptor()
            if descriptor is not None:
                is_enough = records >= 2 or (records and self.sample.lstrip()[:1] in (b"{", b"["))
                wait = 0.0 if is_enough else first_record + PATIENCE - time.monotonic() if records else None
                if not select.select([descriptor], [], [], None if wait is None else max(wait, 0))[0]:
                    return
            data = self._source.read(SAMPLE_BYTES)
            self._ended = data is None
            self.sample += data or b""
            if data == b"" and descriptor is None:  # a followed file, which has nothing more yet
                if records:
                    return
                time.sleep(LOOK_AGAIN)

    @property
    def records(self) -> bytes:
        """The sample, its last record marked as complete when the source is at its end."""
        return self.sample + b"\n" if self._ended else self.sample

    def read(self, limit: int) -> bytes | None:
        if self._given < len(self.sample):
            data = self.sample[self._given : self._given + limit]
            self._given += len(data)
            return data
        return None if self._ended else self._source.read(limit)

    def descriptor(self) -> int | None:
        return None if self._given < len(self.sample) or self._ended else self._source.descriptor()

    def position(self) -> Position:
        rest = len(self.sample) - self._given
        return {"offset": self._source.position()["offset"] - rest}

    def seek(self, position: Position) -> None:
        self._source.seek(position)
        self.sample, self._given, self._ended = b"", 0, False

    def close(self) -> None:
        self._source.close()


def plain_names(schema: InputSchema, sql: str) -> InputSchema:
    """A discovered schema with the names that the data has.

    Discovery renames a column called by a reserved word as the service did (`user` → `COL_user`). Names of input
    columns count as quoted, so the plain word works as well; the service's is kept where the SQL uses it.
    """
    taken = {column.name for column in schema.columns}

    def plain(column: RecordColumn) -> RecordColumn:
        word = column.name.removeprefix("COL_")
        if word == column.name or word.upper() not in RESERVED or word in taken or column.name in sql:
            return column
        return replace(column, name=word)

    return replace(schema, columns=tuple(map(plain, schema.columns)))


def words_of(sql: str) -> set[str]:
    """The names in a SQL text, in upper case; words of the language, texts and comments are not among them."""
    return {(quoted or plain).upper() for quoted, plain in _NAMES.findall(sql)} - RESERVED


def has_header(sample: bytes, schema: InputSchema) -> bool:
    """Whether the first CSV line names the schema's columns in their places; further names may follow."""
    line = sample.removeprefix(b"\xef\xbb\xbf").split(schema.row_delimiter.encode(), 1)[0]
    cells = line.decode(errors="replace").strip("\r").split(schema.column_delimiter)
    names = [cell.strip().strip('"').upper() for cell in cells]
    return schema.format == "CSV" and names[: len(schema.columns)] == [c.name.upper() for c in schema.columns]


def is_array(sample: bytes) -> bool:
    """Whether JSON begins with an array."""
    return sample.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def guess_format(path: str, sample: bytes) -> Literal["csv", "json"]:
    """`csv` or `json`, by the path's ending, else by how the sample begins."""
    named = format_of(path, "")
    if named == "json":
        return "json"
    if named == "csv" or path.removesuffix(".gz").endswith((".tsv", ".txt")):
        return "csv"
    return "json" if sample.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else "csv"
