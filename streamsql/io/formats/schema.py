"""Input schemas from and to the two texts people write: the AWS `InputSchema` document and DDL.

Both versions of the AWS API share the document (docs/spec/kinesis-application.md, section 3). Names count as
quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from streamsql.errors import ConfigError, nearest
from streamsql.io.format import InputSchema, RecordColumn
from streamsql.io.formats.paths import plan_paths
from streamsql.types import SqlType, parse_type

MAX_COLUMNS = 1000


def check_schema(schema: InputSchema) -> None:
    """Raises ConfigError, naming the column, when records cannot be read with `schema`."""
    if not 1 <= len(schema.columns) <= MAX_COLUMNS:
        raise ConfigError(f"a schema has 1 to {MAX_COLUMNS} columns, not {len(schema.columns)}")
    seen: set[str] = set()
    for column in schema.columns:
        if not column.name:
            raise ConfigError(f"column {len(seen) + 1} has no name")
        if column.name == "ROWTIME":
            raise ConfigError("a column cannot be called ROWTIME: every stream has that column already")
        if column.name in seen:
            raise ConfigError(f"two columns are called {column.name!r}")
        seen.add(column.name)
    if schema.format == "JSON":
        plan_paths(schema)
    elif schema.format == "CSV":
        _check_delimiters(schema.row_delimiter, schema.column_delimiter)
    else:
        raise ConfigError(f"the record format is {schema.format!r}; it can be JSON or CSV")


def _check_delimiters(row: str, column: str) -> None:
    for name, text in (("row", row), ("column", column)):
        if not text:
            raise ConfigError(f"the {name} delimiter is empty")
        if '"' in text:
            raise ConfigError(f"the {name} delimiter {text!r} holds a quote")
    if row == column:
        raise ConfigError(f"rows and columns have the same delimiter {row!r}")


# ---- the AWS document -------------------------------------------------------------------------------------


def schema_from_aws(document: Mapping[str, Any]) -> InputSchema:
    """The schema of an AWS `InputSchema` (or `ReferenceSchema`) document, alone or inside its input.

    Raises ConfigError for anything missing, unknown or out of range.
    """
    for wrapper in ("InputSchema", "ReferenceSchema"):
        if wrapper in document:
            document = _object(document, wrapper, "the input")
    _known(document, "the schema", ("RecordFormat", "RecordEncoding", "RecordColumns"))
    if document.get("RecordEncoding", "UTF-8") != "UTF-8":
        raise ConfigError(f"RecordEncoding is {document['RecordEncoding']!r}; it can only be UTF-8")
    record_format = _object(document, "RecordFormat", "the schema")
    _known(record_format, "RecordFormat", ("RecordFormatType", "MappingParameters"))
    columns = document.get("RecordColumns")
    if not isinstance(columns, Sequence) or isinstance(columns, str):
        raise ConfigError("the schema has no list RecordColumns")
    kind = record_format.get("RecordFormatType")
    if kind not in ("JSON", "CSV"):
        raise ConfigError(f"RecordFormatType is {kind!r}; it can be JSON or CSV")
    parameters = record_format.get("MappingParameters") or {}
    _known(parameters, "MappingParameters", ("JSONMappingParameters", "CSVMappingParameters"))
    json = parameters.get("JSONMappingParameters") or {}
    csv = parameters.get("CSVMappingParameters") or {}
    _known(json, "JSONMappingParameters", ("RecordRowPath",))
    _known(csv, "CSVMappingParameters", ("RecordRowDelimiter", "RecordColumnDelimiter"))
    schema = InputSchema(
        tuple(_column(number, column) for number, column in enumerate(columns, 1)),
        kind,
        json.get("RecordRowPath", "$"),
        csv.get("RecordRowDelimiter", "\n"),
        csv.get("RecordColumnDelimiter", ","),
    )
    check_schema(schema)
    return schema


def schema_to_aws(schema: InputSchema) -> dict[str, Any]:
    """The AWS `InputSchema` document of `schema`."""
    if schema.format == "JSON":
        parameters = {"JSONMappingParameters": {"RecordRowPath": schema.row_path}}
    else:
        delimiters = {
            "RecordRowDelimiter": schema.row_delimiter,
            "RecordColumnDelimiter": schema.column_delimiter,
        }
        parameters = {"CSVMappingParameters": delimiters}
    columns = []
    for column in schema.columns:
        entry = {"Name": column.name, "SqlType": str(column.type)}
        if column.mapping:
            entry["Mapping"] = column.mapping
        columns.append(entry)
    return {
        "RecordFormat": {"RecordFormatType": schema.format, "MappingParameters": parameters},
        "RecordEncoding": "UTF-8",
        "RecordColumns": columns,
    }


def _column(number: int, document: Any) -> RecordColumn:
    if not isinstance(document, Mapping):
        raise ConfigError(f"RecordColumns: entry {number} is not an object")
    _known(document, f"RecordColumns, entry {number}", ("Name", "SqlType", "Mapping"))
    name, sql_type, mapping = (document.get(key) for key in ("Name", "SqlType", "Mapping"))
    if not isinstance(name, str) or not name:
        raise ConfigError(f"RecordColumns: entry {number} has no Name")
    if not isinstance(sql_type, str):
        raise ConfigError(f"column {name!r} has no SqlType")
    if mapping is not None and not isinstance(mapping, str):
        raise ConfigError(f"column {name!r}: Mapping is not text")
    return RecordColumn(name, column_type(name, sql_type), mapping or "")


def column_type(name: str, text: str) -> SqlType:
    """The type of input column `name`, as written. Raises ConfigError naming the column."""
    if re.search(r"\bNOT\s+NULL\s*$", text, re.IGNORECASE):
        raise ConfigError(f"column {name!r}: NOT NULL cannot be given for an input column")
    if re.search(r"\bARRAY\s*$", text, re.IGNORECASE):
        raise ConfigError(f"column {name!r}: an ARRAY cannot be read from an input")
    try:
        return parse_type(text)
    except ConfigError as error:
        raise ConfigError(f"column {name!r}: {error.message}") from None


def _object(document: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
    value = document.get(key)
    if not isinstance(value, Mapping):
        raise ConfigError(f"{place} has no object {key}")
    return value


def _known(document: Any, place: str, keys: Sequence[str]) -> None:
    if not isinstance(document, Mapping):
        raise ConfigError(f"{place} is not an object")
    for key in document:
        if key not in keys:
            close = nearest(str(key), keys)
            hint = f"did you mean {close}?" if close else f"known: {', '.join(keys)}"
            raise ConfigError(f"{place} has an unknown entry {key!r}", hint=hint)


# ---- DDL --------------------------------------------------------------------------------------------------

_IDENTIFIER = r'\s*(?:"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$]*))\s+'
_TYPE_TEXT = r"[^,()]*(?:\([^()]*\))?[^,()]*"


def schema_from_ddl(
    text: str,
    format: Literal["JSON", "CSV"] = "JSON",
    *,
    row_path: str = "$",
    row_delimiter: str = "\n",
    column_delimiter: str = ",",
) -> InputSchema:
    """The schema that `"price" DOUBLE, TICKER VARCHAR(8)` declares; unquoted names fold to upper case.

    The list may stand in parentheses. Raises ConfigError with the text that is not understood.
    """
    body = text.strip()
    if body.startswith("(") and body.endswith(")"):
        body = body[1:-1]
    columns: list[RecordColumn] = []
    position = 0
    while True:
        match = re.compile(_IDENTIFIER).match(body, position)
        if not match:
            raise ConfigError(f'expected a column such as "PRICE" DOUBLE, not {body[position:].strip()[:40]!r}')
        name = match[1].replace('""', '"') if match[1] is not None else match[2].upper()
        type_text = re.compile(_TYPE_TEXT).match(body, match.end())
        assert type_text is not None  # it matches the empty text too
        columns.append(RecordColumn(name, column_type(name, type_text[0])))
        position = type_text.end()
        if position == len(body):
            break
        if body[position] != ",":
            raise ConfigError(f"column {name!r}: {body[position:][:40]!r} does not belong after its type")
        position += 1
    schema = InputSchema(tuple(columns), format, row_path, row_delimiter, column_delimiter)
    check_schema(schema)
    return schema


def schema_to_ddl(schema: InputSchema) -> str:
    """The columns as DDL, every name quoted: `"price" DOUBLE, "TICKER" VARCHAR(8)`."""
    columns = ((column.name.replace('"', '""'), column.type) for column in schema.columns)
    return ", ".join(f'"{name}" {type_}' for name, type_ in columns)
