"""Formats: `decoder` and `encoder`, and what they are called.

One file per concern; a format is one entry of FORMATS. Schemas are in `schema`, guessing one in `discover`.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from streamsql.errors import ConfigError, nearest
from streamsql.io.format import Encoder
from streamsql.io.formats.decode import MAX_RECORD, RecordDecoder, decoder
from streamsql.io.formats.discover import discover
from streamsql.io.formats.encode import CsvEncoder, JsonEncoder
from streamsql.io.formats.schema import schema_from_aws, schema_from_ddl, schema_to_aws, schema_to_ddl
from streamsql.record import record

__all__ = [
    "FORMATS",
    "MAX_RECORD",
    "Format",
    "RecordDecoder",
    "decoder",
    "discover",
    "encoder",
    "schema_from_aws",
    "schema_from_ddl",
    "schema_to_aws",
    "schema_to_ddl",
]


@record
class Format:
    """One format: what it is, whether records of it can be decoded, and what encodes rows into it."""

    name: str
    summary: str
    decodes: bool
    encode: Callable[[pa.Schema, bool, int], Encoder]


def _arrow(schema: pa.Schema, with_header: bool, width: int) -> Encoder:
    from streamsql.io.formats.containers import ArrowEncoder

    return ArrowEncoder(schema)


def _parquet(schema: pa.Schema, with_header: bool, width: int) -> Encoder:
    from streamsql.io.formats.containers import ParquetEncoder

    return ParquetEncoder(schema)


def _table(schema: pa.Schema, with_header: bool, width: int) -> Encoder:
    from streamsql.io.formats.table import TableEncoder

    return TableEncoder(schema, with_header=with_header, width=width)


FORMATS = {
    format.name: format
    for format in (
        Format("json", "one JSON object per row and line", True, lambda schema, *_: JsonEncoder(schema)),
        Format(
            "csv",
            "comma separated values with a header line",
            True,
            lambda schema, with_header, _: CsvEncoder(schema, with_header=with_header),
        ),
        Format("arrow", "an Arrow IPC stream", False, _arrow),
        Format("parquet", "a Parquet file", False, _parquet),
        Format("table", "aligned columns for people", False, _table),
    )
}
"""Every format by its name."""


def encoder(format: str, schema: pa.Schema, *, with_header: bool = True, width: int = 0) -> Encoder:
    """An encoder for batches of `schema`, which holds exactly the columns to write.

    `with_header` is for CSV and tables; `width` is the width of the terminal that a table must fit, 0 for none.
    Raises ConfigError for a format that does not exist, or a column that it cannot hold.
    """
    found = FORMATS.get(format.lower())
    if found is None:
        guess = nearest(format, FORMATS)
        raise ConfigError(
            f"there is no format {format!r} (there are {', '.join(FORMATS)})",
            hint=f"did you mean {guess}?" if guess else "",
        )
    if not schema.names:
        raise ConfigError("there is no column to write")
    return found.encode(schema, with_header, width)
