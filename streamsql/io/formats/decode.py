"""Bytes in any pieces → record batches and rejects, for the formats that an input schema can name.

The reading itself is the compiled `streamsql.kernels.decode_records`; this module tells it the schema.

Where docs/spec/kinesis-application.md (section 3) leaves a choice, it is this:
- A number whose value has no fraction is an integer: `1e3` and `12.0` fit INTEGER, `123.4` does not.
- Text is trimmed before it is read as a number or moment; `NaN` and `Infinity` are no numbers, underflow is zero.
- BINARY(n) is filled up with zero bytes; longer binary values are cut, as text is.
- Moments may have a zone (`Z`, `±hh`, `±hhmm`, `±hh:mm`) after a time, with a blank or a `T` before it.
- Half of a surrogate pair becomes U+FFFD. A document is an object or array of at most 128 levels.
- A record that cannot be read costs the line it begins on: that line is the reject, and reading goes on after it.
- A row path that ends in `[0:]` makes each element a row; a column of that very path is the element itself. A
  flattened value that is no array counts as an array of that one element, null as an empty one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

import pyarrow as pa

from streamsql.errors import ConfigError, StateError
from streamsql.io.format import Decoded, InputSchema, Reject
from streamsql.io.formats.paths import plan_paths
from streamsql.io.formats.schema import check_schema
from streamsql.kernels.decode_records import CsvRecords, JsonRecords
from streamsql.types import Kind

MAX_RECORD = 16 << 20
"""Bytes that one record may have; longer ones are rejected, so that memory stays bounded."""

PARSE_ERROR = "Parse error"
COERCION_ERROR = "Coercion error"

CsvHeader = Literal["auto", "yes", "no"]
_HEADERS: dict[CsvHeader, int] = {"no": 0, "auto": 1, "yes": 2}

# The order of `enum class Type` in kernels/decode_columns.h.
_CODES = {
    kind: code
    for code, kind in enumerate(
        (
            Kind.BOOLEAN,
            Kind.TINYINT,
            Kind.SMALLINT,
            Kind.INTEGER,
            Kind.BIGINT,
            Kind.DECIMAL,
            Kind.REAL,
            Kind.DOUBLE,
            Kind.CHAR,
            Kind.VARCHAR,
            Kind.BINARY,
            Kind.VARBINARY,
            Kind.DATE,
            Kind.TIME,
            Kind.TIMESTAMP,
        )
    )
}


class RecordDecoder:
    """Decodes one stream of bytes; the pieces it is fed in never change the result. See `decoder`."""

    def __init__(self, records: JsonRecords | CsvRecords) -> None:
        self._records = records

    def feed(self, data: bytes, wanted: Collection[int] | None = None) -> Decoded:
        """The rows and rejects of all records that are complete with `data`; `wanted`: see `Decoder.feed`."""
        try:
            rows, rejects, records = self._records.feed(data, wanted)
        except OverflowError as error:
            raise ConfigError(str(error), hint="feed smaller pieces, or shorten the column") from None
        return Decoded(rows, [_reject(*reject) for reject in rejects] if rejects else (), records)

    def finish(self) -> Decoded:
        """The rows and rejects of what is left: the last record may lack its delimiter."""
        rows, rejects, records = self._records.finish()
        return Decoded(rows, [_reject(*reject) for reject in rejects], records)

    def snapshot(self) -> dict[str, Any]:
        """The bytes of the record that is not complete, and what the header said."""
        return self._records.save()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where a decoder of the same schema stopped. Raises StateError for a state that does not fit."""
        try:
            self._records.load(state)
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"the saved place inside a record does not fit: {error}") from None


def decoder(schema: InputSchema, *, csv_header: CsvHeader = "no", max_record: int = MAX_RECORD) -> RecordDecoder:
    """A decoder for records of `schema`.

    `csv_header` says whether the first CSV row may name the columns: if it holds exactly their names (case,
    punctuation and `COL_` aside), fields go by name; otherwise "yes" skips it and "auto" takes it as data. Records
    longer than `max_record` bytes are rejected.
    Raises ConfigError for a schema that cannot be read.
    """
    check_schema(schema)
    if csv_header not in _HEADERS:
        raise ConfigError(f"csv_header is {csv_header!r}; it can be auto, yes or no")
    columns = [
        (
            _CODES[column.type.kind],
            column.type.precision,
            column.type.scale,
            column.type.length,
            f'column "{column.name}" {column.type}',
        )
        for column in schema.columns
    ]
    names = [column.name for column in schema.columns]
    rows = pa.schema([(column.name, column.type.arrow) for column in schema.columns])
    records: JsonRecords | CsvRecords
    if schema.format == "JSON":
        plan = plan_paths(schema)
        records = JsonRecords(columns, rows, plan.nodes, plan.places, plan.each, max_record)
    else:
        records = CsvRecords(
            columns, rows, names, schema.row_delimiter, schema.column_delimiter, _HEADERS[csv_header], max_record
        )
    return RecordDecoder(records)


def _reject(before: int, record: bytes, coercion: bool, message: str) -> Reject:
    return Reject(before, record, COERCION_ERROR if coercion else PARSE_ERROR, message)
