"""A sample of records → the input schema that fits it (docs/spec/kinesis-application.md, section 9).

Discovery looks at a sample only; what comes later may be larger. `roomy` therefore widens every type to the
largest of its family, for running on a stream whose schema nobody wrote down.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from streamsql.errors import ConfigError
from streamsql.io.format import InputSchema, RecordColumn
from streamsql.io.formats.discover_types import Values
from streamsql.io.formats.names import discovered_name, unique
from streamsql.io.formats.schema import MAX_COLUMNS, check_schema

SampleFormat = Literal["auto", "json", "csv"]


def discover(
    sample: bytes, *, format: SampleFormat = "auto", roomy: bool = False, names: Collection[str] = ()
) -> InputSchema:
    """The schema of the records in `sample`, whose last record may be cut off.

    `format` is "json", "csv" or "auto". A CSV header in the sample gives the names and is not taken as data;
    decode with `csv_header="auto"` or "yes" then. With `roomy`, types have room for values that the sample does
    not show: BIGINT, DOUBLE and VARCHAR(65535). `names`, in upper case, are those that columns are expected to
    have: a first CSV row that holds one of them is a header, also above nothing but text.
    Raises ConfigError that says what to do when there is no schema to find.
    """
    text = _text(sample)
    if not text.strip():
        raise ConfigError(
            "there is no record to find a schema in", hint="send at least one record, or give the schema"
        )
    if format == "json" or (format == "auto" and text.lstrip()[0] in "{["):
        schema = _json_schema(text, roomy)
    elif format in ("csv", "auto"):
        schema = _csv_schema(text, roomy, names)
    else:
        raise ConfigError(f"the sample's format is {format!r}; it can be auto, json or csv")
    check_schema(schema)
    return schema


def _text(sample: bytes) -> str:
    """The sample as text; a character cut off at its end does not count."""
    if sample.startswith(b"\xef\xbb\xbf"):
        sample = sample[3:]
    try:
        return sample.decode()
    except UnicodeDecodeError as error:
        if error.end >= len(sample) and len(sample) - error.start < 4:
            return sample[: error.start].decode()
        raise ConfigError(
            f"the sample is not UTF-8 (byte {error.start})", hint="convert the input to UTF-8"
        ) from None


def _json_schema(text: str, roomy: bool) -> InputSchema:
    from streamsql.io.formats.discover_json import json_columns, json_documents

    documents, array = json_documents(text)
    if not documents:
        raise ConfigError(
            "the sample holds no JSON object", hint="check the input, or say that it is CSV, or give the schema"
        )
    columns: list[RecordColumn] = []
    prefix = "$[0:]" if array else "$"
    for name, path, values in json_columns(documents, prefix)[:MAX_COLUMNS]:
        name = unique(discovered_name(name, len(columns)), (column.name for column in columns))
        columns.append(RecordColumn(name, values.sql_type(roomy=roomy), path))
    if not columns:
        raise ConfigError("the JSON objects of the sample are empty", hint="give the schema")
    return InputSchema(tuple(columns), "JSON", row_path=prefix)


def _csv_schema(text: str, roomy: bool, names: Collection[str]) -> InputSchema:
    from streamsql.io.formats.discover_csv import csv_layout

    layout = csv_layout(text, names)
    columns: list[RecordColumn] = []
    for position, header in enumerate(layout.header[:MAX_COLUMNS]):
        name = unique(discovered_name(header, position), (column.name for column in columns))
        values = Values()
        for row in layout.rows:
            values.add_text(row[position] if position < len(row) else "")
        columns.append(RecordColumn(name, values.sql_type(roomy=roomy, least_integer="INTEGER")))
    return InputSchema(
        tuple(columns), "CSV", row_delimiter=layout.row_delimiter, column_delimiter=layout.column_delimiter
    )
