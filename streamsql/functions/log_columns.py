"""The columns that a log parser makes: read from its description, and filled from texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from streamsql.errors import ConfigError
from streamsql.functions.call import CallContext, Mask
from streamsql.functions.conversion import converter
from streamsql.functions.date_pattern import compile_pattern
from streamsql.functions.datetext import parsed
from streamsql.functions.similar import BadPattern
from streamsql.kernels import compute as pc
from streamsql.record import record
from streamsql.types import DATETIME, Kind, SqlType, parse_type, varchar

_COLUMN = re.compile(
    r"""\s*(?:"(?P<quoted>[^"]+)"|(?P<name>[A-Za-z_][\w$]*))
        \s+(?:TYPE\s+)?(?P<type>(?!TYPE\b)[A-Za-z]+(?:\s+(?:PRECISION|VARYING))?\s*(?:\([\d\s,]+\))?)
        (?:\s+(?P<quote>['"])(?P<format>.*?)(?P=quote))?
        (?P<required>\s+NOT\s+NULL)?
        (?:\s+START\s+(?P<start>\d+)(?:\s+FOR\s+(?P<count>\d+))?)?\s*\Z""",
    re.I | re.X,
)
_PARTS = re.compile(r"""(?:'[^']*'|"[^"]*"|\([^)]*\)|[^,'"(])+""")

TEXT = varchar(1024)
"""The type of a field that nobody described."""


@record
class LogColumn:
    """One field of the row: its name, its type, the date pattern of its text, and where a fixed one stands."""

    name: str
    type: SqlType
    format: str = ""
    required: bool = False
    start: int | None = None
    count: int | None = None


def row_type(columns: Sequence[LogColumn]) -> SqlType:
    """The ROW of these columns."""
    return SqlType(Kind.ROW, fields=tuple((column.name, column.type) for column in columns))


def plain_columns(count: int) -> tuple[LogColumn, ...]:
    """COLUMN1, COLUMN2 …"""
    return tuple(LogColumn(f"COLUMN{number}", TEXT) for number in range(1, count + 1))


def parse_columns(description: str) -> tuple[LogColumn, ...]:
    """The columns of `name TYPE type ['pattern'] [NOT NULL] [START n [FOR m]], …`. Raises BadPattern."""
    return tuple(_parse_column(part) for part in _PARTS.findall(description))


def _parse_column(text: str) -> LogColumn:
    found = _COLUMN.match(text)
    if not found:
        raise BadPattern(f"'{text.strip()}' does not describe a column (name TYPE type)")
    try:
        type_ = parse_type(found["type"], default_length=1024)
    except ConfigError as problem:
        raise BadPattern(problem.message) from None
    if found["format"]:
        if type_.kind not in DATETIME:
            raise BadPattern(f"a pattern belongs to DATE, TIME or TIMESTAMP, not to {type_}")
        compile_pattern(found["format"], parsing=True)
    start, count = (int(found[name]) if found[name] else None for name in ("start", "count"))
    name = found["quoted"] or found["name"].upper()
    return LogColumn(name, type_, found["format"] or "", bool(found["required"]), start, count)


def rows(call: CallContext, columns: Sequence[LogColumn], texts: Sequence[pa.Array], known: pa.Array) -> pa.Array:
    """The row values with these texts as fields, null where `known` is false."""
    fields = [_field(call, column, text) for column, text in zip(columns, texts, strict=True)]
    struct = pa.StructArray.from_arrays(fields, fields=list(call.result.arrow))
    return struct if pc.all(known).as_py() else pc.if_else(known, struct, pa.scalar(None, struct.type))


def _field(call: CallContext, column: LogColumn, text: pa.Array) -> pa.Array:
    if not column.type.is_character:
        text = pc.utf8_trim(text, " ")
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    if column.required and text.null_count:
        call.fail(pc.is_null(text), "RUN-005", f"the field {column.name} has no value")
    inner = CallContext(
        call.length, column.type, (varchar(),), call.failures, call.times, lambda: _wanted(call, text), call.memo
    )
    if column.format:
        value = parsed(inner, column.format, text)
    else:
        convert = converter(varchar(), column.type, assignment=True)
        value = convert(inner, text) if convert is not None else text
    if value.null_count == text.null_count:
        return value
    return pc.if_else(pc.is_valid(text), value, pa.scalar(None, value.type))


def _wanted(call: CallContext, text: pa.Array) -> Mask:
    wanted: Mask = pc.is_valid(text).to_numpy(zero_copy_only=False)
    outer = call.needed() if call.needed is not None else None
    return wanted if outer is None else wanted & outer
