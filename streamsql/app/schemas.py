"""The columns of an input, however the user states them, and Arrow data brought into that shape."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from streamsql.errors import ConfigError, nearest
from streamsql.io.format import InputSchema, RecordColumn
from streamsql.kernels import compute as pc
from streamsql.record import fields
from streamsql.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_CHARACTERS,
    REAL,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TINYINT,
    Column,
    Kind,
    SqlType,
    decimal,
    parse_type,
    varchar,
)

SchemaLike: TypeAlias = InputSchema | pa.Schema | str | Mapping[str, Any] | Sequence[Column]
"""An InputSchema; an Arrow schema; DDL text such as '"PRICE" DOUBLE, "TICKER" VARCHAR(8)'; the path of an AWS
InputSchema file (.json) or its content; or columns."""

_FROM_ARROW: tuple[tuple[Any, SqlType], ...] = (
    (pa.types.is_boolean, BOOLEAN),
    (pa.types.is_int8, TINYINT),
    (pa.types.is_int16, SMALLINT),
    (pa.types.is_uint8, SMALLINT),
    (pa.types.is_int32, INTEGER),
    (pa.types.is_uint16, INTEGER),
    (pa.types.is_integer, BIGINT),
    (pa.types.is_float16, REAL),
    (pa.types.is_float32, REAL),
    (pa.types.is_float64, DOUBLE),
    (pa.types.is_timestamp, TIMESTAMP),
    (pa.types.is_date, DATE),
    (pa.types.is_time, TIME),
    (pa.types.is_null, varchar()),
    (pa.types.is_string, varchar()),
    (pa.types.is_large_string, varchar()),
    (pa.types.is_string_view, varchar()),
    (pa.types.is_binary, SqlType(Kind.VARBINARY, length=MAX_CHARACTERS)),
    (pa.types.is_large_binary, SqlType(Kind.VARBINARY, length=MAX_CHARACTERS)),
)


def input_schema(given: SchemaLike) -> InputSchema:
    """The schema that `given` states. Raises ConfigError that names the column or the file."""
    from streamsql.io.formats.schema import schema_from_aws, schema_from_ddl

    if isinstance(given, InputSchema):
        return given
    if isinstance(given, pa.Schema):
        return InputSchema(tuple(RecordColumn(field.name, sql_type(field)) for field in given))
    if isinstance(given, Mapping):
        return schema_from_aws(given)
    if isinstance(given, str):
        return schema_from_aws(_json_file(given)) if given.endswith(".json") else schema_from_ddl(given)
    return InputSchema(tuple(RecordColumn(column.name, column.type) for column in given))


def _json_file(path: str) -> Mapping[str, Any]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            document = json.load(file)
    except OSError as error:
        raise ConfigError(f"cannot read the schema {path!r}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"the schema {path!r} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"the schema {path!r} is not an AWS InputSchema: it holds no object")
    return document


def sql_type(field: pa.Field) -> SqlType:
    """The SQL type for values of an Arrow field. Raises ConfigError for one that SQL has no type for."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_decimal(kind) and kind.precision <= 19:
        return decimal(kind.precision, kind.scale)
    for matches, type_ in _FROM_ARROW:
        if matches(kind):
            return type_
    raise ConfigError(f'column "{field.name}" is of Arrow type {field.type}, for which there is no SQL type')


def columns_of(schema: InputSchema) -> tuple[Column, ...]:
    """The schema's columns as the plan sees them."""
    return tuple(Column(column.name, column.type) for column in schema.columns)


def batches_of(data: Any) -> Iterator[pa.RecordBatch]:
    """The record batches of anything that speaks Arrow: a batch, a table, a data frame, a DuckDB relation, an
    object with `__arrow_c_stream__` or `__arrow_c_array__`, or an iterable of these."""
    if isinstance(data, pa.RecordBatch):
        yield data
    elif isinstance(data, (pa.Table, pa.RecordBatchReader)):
        yield from (data.to_batches() if isinstance(data, pa.Table) else data)
    elif hasattr(data, "__arrow_c_stream__"):
        yield from pa.RecordBatchReader.from_stream(data)
    elif hasattr(data, "__arrow_c_array__"):
        yield pa.record_batch(data)
    elif isinstance(data, Iterator) or (isinstance(data, Sequence) and not isinstance(data, (str, bytes))):
        for part in data:
            yield from batches_of(part)
    else:
        raise ConfigError(
            f"cannot read rows from a {type(data).__name__}",
            hint="give Arrow data, a data frame, an iterable of batches, or in run() the path of a file",
        )


def conform(batch: pa.RecordBatch, columns: Sequence[Column], stream: str) -> list[pa.Array]:
    """The arrays of `columns`, found in `batch` by name and brought to their types.

    Raises ConfigError that names the missing column with the nearest there is, or the one that does not convert.
    """
    return [_converted(_column(batch, column.name, stream), column, stream) for column in columns]


def _column(batch: pa.RecordBatch, name: str, stream: str) -> pa.Array:
    number = batch.schema.get_field_index(name)
    if number >= 0:
        return batch.column(number)
    names = batch.schema.names
    guess = nearest(name, names)
    hint = f'did you mean "{guess}"?' if guess else ""
    raise ConfigError(f'the rows for {stream} have no column "{name}" (they have {", ".join(names)})', hint=hint)


def _converted(array: pa.Array, column: Column, stream: str) -> pa.Array:
    target = column.type.arrow
    if column.type.is_character and column.type.length < MAX_CHARACTERS:
        return _fitted(pc.cast(array, pa.string()), column.type)
    if array.type.equals(target):
        return array
    if pa.types.is_timestamp(target):
        return to_timestamp(array, f'column "{column.name}" of {stream}')
    try:
        if pa.types.is_time(target):
            return pc.cast(array, target, safe=False)
        return pc.cast(array, target)
    except pa.ArrowException as error:
        raise ConfigError(
            f'column "{column.name}" of {stream} does not convert from {array.type} to {column.type}: {error}'
        ) from None


def _fitted(array: pa.Array, type_: SqlType) -> pa.Array:
    """Text cut to its column's length, and for CHAR filled up with blanks, as a record's would be."""
    array = pc.utf8_slice_codeunits(array, 0, type_.length)
    return pc.utf8_rpad(array, type_.length) if type_.kind is Kind.CHAR else array


def to_timestamp(array: pa.Array, what: str) -> pa.Array:
    """Timestamps in whole ms (finer digits cut towards the past), UTC, without a zone."""
    try:
        if pa.types.is_timestamp(array.type) and array.type.unit in ("us", "ns"):
            array = pc.floor_temporal(array, unit="millisecond")
        if pa.types.is_timestamp(array.type) and array.type.tz:
            array = pc.cast(array, pa.timestamp(array.type.unit, "UTC"))
        return pc.cast(array, pa.timestamp("ms"), safe=False)
    except pa.ArrowException as error:
        raise ConfigError(f"{what} does not convert from {array.type} to TIMESTAMP: {error}") from None


def schema_state(schema: InputSchema) -> dict[str, Any]:
    """An input schema as plain data, for a checkpoint."""
    columns = [[column.name, str(column.type), column.mapping] for column in schema.columns]
    return {**{item.name: getattr(schema, item.name) for item in fields(schema)}, "columns": columns}


def schema_from_state(state: Mapping[str, Any]) -> InputSchema:
    """The input schema that `schema_state` gave."""
    columns = tuple(RecordColumn(name, parse_type(type_), mapping) for name, type_, mapping in state["columns"])
    return InputSchema(**{**state, "columns": columns})
