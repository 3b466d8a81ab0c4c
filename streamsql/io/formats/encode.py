"""Record batches → rows of text: JSON lines and CSV, written by `streamsql.kernels.encode_rows`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from streamsql.errors import ConfigError
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, whole
from streamsql.kernels.encode_rows import RowText

# The order of `enum class Shape` in kernels/encode_rows.h.
_SHAPES: Sequence[pa.DataType] = (
    pa.null(),
    pa.bool_(),
    pa.int8(),
    pa.int16(),
    pa.int32(),
    pa.int64(),
    pa.uint8(),
    pa.uint16(),
    pa.uint32(),
    pa.uint64(),
    pa.float32(),
    pa.float64(),
    None,  # decimals, of any size
    pa.string(),
    pa.binary(),
    pa.date32(),
    pa.time32("ms"),
    pa.timestamp("ms"),
)
_WRITTEN = len(_SHAPES)
"""Text that is JSON already: stands as it is in JSON, and is a field like any other in CSV."""
_CODES = {type_: code for code, type_ in enumerate(_SHAPES) if type_ is not None}
_DECIMAL = _SHAPES.index(None)


class RowEncoder:
    """One row of text per row; the base of the JSON and CSV encoders.

    Raises ConfigError for a column whose type has no text form.
    """

    def __init__(self, schema: pa.Schema, befores: Sequence[bytes], row_end: bytes, delimiter: bytes) -> None:
        self._plain = [_plain(field) for field in schema]
        self._arrays = {number: ArrayText(type_) for number, type_ in enumerate(self._plain) if _is_list(type_)}
        self._plain_schema = pa.schema(list(zip(schema.names, self._plain, strict=True)))
        self._known: pa.Schema | None = None
        self._text = RowText([_shape(type_) for type_ in self._plain], befores, row_end, delimiter)

    def start(self) -> bytes:
        """What stands before the first row."""
        return b""

    def encode(self, batch: Rows) -> bytes:
        """The rows of `batch`, each with its line end."""
        if batch.schema is not self._known:
            if self._arrays or not batch.schema.equals(self._plain_schema):
                batch = self._made_plain(whole(batch))
            else:
                self._known = batch.schema  # most likely that of the next batch too
        return self._text.of(batch)

    def _made_plain(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch with columns that can be written, arrays as text."""
        columns = [
            column if column.type.equals(type_) else pc.cast(column, type_, safe=False)
            for column, type_ in zip(batch.columns, self._plain, strict=True)
        ]
        for number, array_text in self._arrays.items():
            columns[number] = array_text.of(columns[number])
        return pa.RecordBatch.from_arrays(columns, batch.schema.names)

    def finish(self) -> bytes:
        """What stands after the last row."""
        return b""


class JsonEncoder(RowEncoder):
    """One JSON object per row and line, keys in the order of the columns.

    Timestamps are `yyyy-MM-dd HH:mm:ss.SSS`, dates `yyyy-MM-dd`, times `HH:mm:ss`, bytes base-64, decimals plain
    digits, doubles their shortest text that reads back the same (NaN and infinities are null).
    """

    def __init__(self, schema: pa.Schema, *, newline: bool = True) -> None:
        befores = [
            (("," if number else "{") + json.dumps(name, ensure_ascii=False) + ":").encode()
            for number, name in enumerate(schema.names)
        ]
        super().__init__(schema, befores, b"}\n" if newline else b"}", b"")


class CsvEncoder(RowEncoder):
    """Comma separated values with a header line; a field is quoted where it must be, null is empty, '' is `""`."""

    def __init__(self, schema: pa.Schema, *, with_header: bool = True, delimiter: str = ",") -> None:
        if len(delimiter.encode()) != 1 or delimiter in '"\r\n':
            raise ConfigError(f"the CSV delimiter {delimiter!r} is not one plain character")
        comma = delimiter.encode()
        befores = [b""] + [comma] * (len(schema) - 1)
        super().__init__(schema, befores, b"\n", comma)
        names = pa.RecordBatch.from_arrays([pa.array([name]) for name in schema.names], schema.names)
        text = [(_CODES[pa.string()], 0)] * len(schema)
        self._header = RowText(text, befores, b"\n", comma).of(names) if with_header else b""

    def start(self) -> bytes:
        return self._header


class ArrayText:
    """Arrays as JSON text: `[1,null,"x"]`."""

    def __init__(self, type_: pa.DataType) -> None:
        self._elements = RowEncoder(pa.schema([type_.value_field]), [b""], b"\n", b"")

    def of(self, arrays: pa.Array) -> pa.Array:
        """The text of each array, null for null."""
        elements = pa.RecordBatch.from_arrays([arrays.flatten()], ["element"])
        lines = pa.array([self._elements.encode(elements).decode()])
        # JSON has no line end inside a value, so each line is an element; behind the last one there is nothing.
        texts = pc.split_pattern(lines, "\n").values[: elements.num_rows]
        sizes = pc.fill_null(pc.list_value_length(arrays), 0)
        offsets = pc.cumulative_sum(pa.concat_arrays([pa.array([0], sizes.type), sizes]))
        joined = pc.binary_join(pa.ListArray.from_arrays(offsets, texts), ",")
        text = pc.binary_join_element_wise("[", joined, "]", "")
        return pc.if_else(pc.is_valid(arrays), text, pa.scalar(None, pa.string()))


def _shape(type_: pa.DataType) -> tuple[int, int]:
    """(shape code, scale) of a plain type."""
    if _is_list(type_):
        return _WRITTEN, 0
    return (_DECIMAL, type_.scale) if pa.types.is_decimal(type_) else (_CODES[type_], 0)


def _is_list(type_: pa.DataType) -> bool:
    return bool(pa.types.is_list(type_))


def _plain(field: pa.Field) -> pa.DataType:
    """The type that values of `field` are written as."""
    type_ = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if type_ in _CODES or pa.types.is_decimal128(type_):
        return type_
    if _is_list(type_):
        return pa.list_(_plain(type_.value_field.with_name(field.name)))
    for matches, plain in (
        (pa.types.is_large_string, pa.string()),
        (pa.types.is_string_view, pa.string()),
        (pa.types.is_large_binary, pa.binary()),
        (pa.types.is_fixed_size_binary, pa.binary()),
        (pa.types.is_timestamp, pa.timestamp("ms")),
        (pa.types.is_date, pa.date32()),
        (pa.types.is_time, pa.time32("ms")),
        (pa.types.is_float16, pa.float32()),
    ):
        if matches(type_):
            return plain
    raise ConfigError(f'column "{field.name}" is of Arrow type {field.type}, which has no text form')
