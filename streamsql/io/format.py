"""Formats: bytes of the outside world ⇄ record batches. A format never opens anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import pyarrow as pa

from streamsql.kernels.batches import Rows, whole
from streamsql.record import record
from streamsql.types import SqlType


@record
class RecordColumn:
    """One column of an input schema: its name as configured, its type, and its JSON path (empty: `$.name`)."""

    name: str
    type: SqlType
    mapping: str = ""


@record
class InputSchema:
    """How records become rows: the AWS InputSchema (docs/spec/kinesis-application.md, section 3)."""

    columns: tuple[RecordColumn, ...]
    format: Literal["JSON", "CSV"] = "JSON"
    row_path: str = "$"
    row_delimiter: str = "\n"
    column_delimiter: str = ","


@record
class Reject:
    """A record that gives no row: one row of the error stream.

    `before` is the number of good rows of the same `Decoded` that came before it; `name` is the ERROR_NAME
    ("Parse error", "Coercion error").
    """

    before: int
    record: bytes
    name: str
    message: str


class Decoded(NamedTuple):
    """Rows (the schema's columns in order, no ROWTIME) and rejects of some complete records, in input order."""

    rows: Rows
    rejects: Sequence[Reject] = ()
    records: int = 0

    @property
    def batch(self) -> pa.RecordBatch:
        """The rows as a record batch."""
        return whole(self.rows)


class Decoder(Protocol):
    """Bytes in any pieces → rows. The pieces never change the result."""

    def feed(self, data: bytes, wanted: Collection[int] | None = None) -> Decoded:
        """Decode the records that are complete with `data`; the rest is kept for the next call.

        `wanted` are the columns that will probably be read (None: all): the others are made when somebody asks for
        them. It never changes the result, and pays where `data` is long."""
        ...

    def finish(self) -> Decoded:
        """Decode what is left: the last record may lack its delimiter."""
        ...

    def snapshot(self) -> Mapping[str, Any]:
        """What is remembered between two calls, as plain data."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where a decoder of the same schema stopped."""
        ...


class Encoder(Protocol):
    """Rows → bytes. `start` and `finish` are what stands before the first and after the last row."""

    def start(self) -> bytes: ...

    def encode(self, batch: Rows) -> bytes: ...

    def finish(self) -> bytes: ...
