"""The slow, obvious twin of the decoders: whole input at once, one value at a time, Python's own numbers.

Gives (rows, rejects, records) with rows as tuples and rejects as (rows before, record, name, message); the message of
a parse error is left out, since only its being one is specified.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from streamsql.io.format import InputSchema
from streamsql.io.formats.paths import EACH, column_paths, flattened_array, parse_path
from streamsql.types import Kind, SqlType

BLANKS = " \t\n\v\f\r"
WIDE = Context(prec=5000, Emax=10**8, Emin=-(10**8))
INTEGER_BITS = {Kind.TINYINT: 7, Kind.SMALLINT: 15, Kind.INTEGER: 31, Kind.BIGINT: 63}


class Misfit(Exception):
    """A value that does not fit its column."""

    def __init__(self, text: str, out_of_range: bool = False) -> None:
        super().__init__(text)
        self.text, self.out_of_range = text, out_of_range


# ---- coercion ---------------------------------------------------------------------------------------------


@dataclass
class Value:
    """One JSON value: its kind (null, boolean, number, string, object, array), its source text and its content."""

    kind: str
    source: str
    content: Any = None


def coerce(value: Value | None, type_: SqlType) -> Any:
    if value is None or value.kind == "null":
        return None
    is_container = value.kind in ("object", "array")
    text = value.content if value.kind == "string" else value.source
    if type_.is_character:
        cut = text[: type_.length]
        return cut.ljust(type_.length) if type_.kind is Kind.CHAR else cut
    if is_container:
        raise Misfit(text)
    if type_.kind is Kind.BOOLEAN:
        if value.kind == "boolean":
            return value.source == "true"
        return number(text) != 0 if value.kind == "number" else text.lower() == "true" and text.isascii()
    if type_.is_numeric:
        return numeric({"true": "1", "false": "0"}[text] if value.kind == "boolean" else text, type_, text)
    if type_.is_binary:
        return binary(value, text, type_)
    if value.kind != "string":
        raise Misfit(text)
    return moment(text, type_)


def number(text: str) -> Decimal | None:
    stripped = text.strip(BLANKS)
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", stripped):
        return None
    mantissa, _, exponent = stripped.lower().partition("e")
    return WIDE.create_decimal(f"{mantissa}e{max(min(int(exponent or 0), 10**7), -(10**7))}")


def numeric(text: str, type_: SqlType, shown: str) -> Any:
    exact = number(text)
    if exact is None:
        raise Misfit(shown)
    if type_.kind is Kind.DOUBLE:
        result = float(text)
        if result in (float("inf"), float("-inf")):
            raise Misfit(shown, True)
        return result
    if type_.kind is Kind.REAL:
        return nearest_float32(exact, shown)
    scale = type_.scale
    rounded = exact.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, WIDE) if exact.adjusted() < 100 else exact
    if WIDE.subtract(exact, rounded) != 0:
        noise = type_.kind is Kind.DECIMAL and abs(WIDE.subtract(exact, rounded)) < Decimal("1e-9")
        if not noise:
            raise Misfit(shown)
    if type_.kind is Kind.DECIMAL:
        if rounded.copy_abs() >= Decimal(10) ** (type_.precision - scale):
            raise Misfit(shown, True)
        return rounded if rounded else rounded.copy_abs()
    limit = 2 ** INTEGER_BITS[type_.kind]
    if not -limit <= rounded < limit:
        raise Misfit(shown, True)
    return int(rounded)


def nearest_float32(exact: Decimal, shown: str) -> float:
    if not exact or exact.adjusted() < -60:
        return -0.0 if exact.is_signed() else 0.0
    if exact.adjusted() > 60:
        raise Misfit(shown, True)
    value = Fraction(exact)
    if abs(value) >= 2**128 - 2**103:
        raise Misfit(shown, True)
    guess = np.float32(min(max(float(exact), -3.4028234663852886e38), 3.4028234663852886e38))
    with np.errstate(over="ignore"):
        near = (guess, np.nextafter(guess, np.float32(-np.inf)), np.nextafter(guess, np.float32(np.inf)))
    best = min(
        (f for f in near if np.isfinite(f)), key=lambda f: (abs(Fraction(float(f)) - value), f.view(np.uint32) & 1)
    )
    return -0.0 if exact.is_signed() and best == 0 else float(best)


def binary(value: Value, text: str, type_: SqlType) -> bytes:
    width = type_.length if type_.kind is Kind.BINARY else 0
    if value.kind == "boolean":
        return (b"\1" if text == "true" else b"\0").rjust(width, b"\0")
    match = re.fullmatch(r"[xX]'((?:[0-9a-fA-F]{2})*)'", text.strip(BLANKS))
    if value.kind != "string" or not match:
        raise Misfit(text)
    return bytes.fromhex(match[1])[: type_.length].ljust(width, b"\0")


DATE = r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
CLOCK = r"([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?"
ZONE = r"(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2})?)?"


def moment(text: str, type_: SqlType) -> Any:
    stripped = text.strip(BLANKS)
    try:
        if type_.kind is Kind.DATE and re.fullmatch(DATE, stripped):
            return dt.date.fromisoformat(stripped)
        if type_.kind is Kind.TIME and (match := re.fullmatch(CLOCK, stripped)):
            return dt.time.fromisoformat(match[1]).replace(microsecond=milliseconds(match[2]) * 1000)
        if type_.kind is Kind.TIMESTAMP and (match := re.fullmatch(f"{DATE}(?:[ Tt]{CLOCK}{ZONE})?", stripped)):
            return timestamp(*match.groups())
    except (ValueError, OverflowError):
        pass
    raise Misfit(text)


def milliseconds(fraction: str | None) -> int:
    return int((fraction or "")[:3].ljust(3, "0"))


def timestamp(
    date: str,
    clock: str | None,
    fraction: str | None,
    _zulu: str | None,
    sign: str | None,
    hours: str | None,
    minutes: str | None,
) -> dt.datetime:
    result = dt.datetime.fromisoformat(f"{date} {clock or '00:00:00'}")
    result += dt.timedelta(milliseconds=milliseconds(fraction))
    if not hours:
        return result
    if int(hours) > 18 or int(minutes or 0) > 59:
        raise ValueError("no such zone")
    offset = dt.timedelta(hours=int(hours), minutes=int(minutes or 0))
    return result - offset if sign == "+" else result + offset


# ---- records ----------------------------------------------------------------------------------------------


@dataclass
class Result:
    rows: list[tuple[Any, ...]]
    rejects: list[tuple[int, bytes, str, str | None]]
    records: int = 0

    def take(self, schema: InputSchema, record: bytes, rows: list[list[Value | None]]) -> None:
        """Adds a record's rows, or its reject when a value does not fit."""
        self.records += 1
        done = []
        for row in rows:
            values, misfits = [], []
            for column, value in zip(schema.columns, row, strict=True):
                try:
                    values.append(coerce(value, column.type))
                except Misfit as misfit:
                    shown = misfit.text if len(misfit.text) <= 200 else misfit.text[:200] + "..."
                    why = ": out of range)" if misfit.out_of_range else ")"
                    misfits.append(f'For input string: "{shown}" (column "{column.name}" {column.type}{why}')
            if misfits:
                self.rejects.append((len(self.rows), record, "Coercion error", misfits[0]))
                return
            done.append(tuple(values))
        self.rows += done

    def reject_line(self, data: bytes, start: int, line_end: bytes, limit: int) -> int:
        """Adds the reject of the line at `start`; returns where the next one begins."""
        self.records += 1
        end = data.find(line_end, start)
        record = data[start:end] if end >= 0 else data[start:]
        if len(record) > limit:
            record = record[:limit]
        elif end >= 0:
            record = record.removesuffix(b"\r")
        self.rejects.append((len(self.rows), record, "Parse error", None))
        return end + len(line_end) if end >= 0 else len(data)


def decode_json(data: bytes, schema: InputSchema, limit: int = 16 << 20) -> Result:
    result = Result([], [])
    data = data.removeprefix(b"\xef\xbb\xbf")
    position = 0
    while True:
        while data[position : position + 1] in (b" ", b"\t", b"\r", b"\n"):
            position += 1
        if position == len(data):
            return result
        found = json_document(data, position)
        if found is None or found[1] - position > limit:
            position = result.reject_line(data, position, b"\n", limit)
            continue
        value, end = found
        result.take(schema, data[position:end], json_rows(value, schema))
        position = end


def json_document(data: bytes, start: int) -> tuple[Value, int] | None:
    """The object or array at `start` and its end; None if there is none."""
    if data[start : start + 1] not in (b"{", b"["):
        return None

    def refuse(name: str) -> None:
        raise ValueError(name)

    strict = json.JSONDecoder(parse_constant=refuse, parse_int=str, parse_float=str)
    try:  # in Latin-1 each byte is one character, so positions agree
        _, end = strict.raw_decode(data.decode("latin-1"), start)
        text = data[start:end].decode()
    except (ValueError, RecursionError):
        return None
    value, used, depth = read_value(text, 0)
    assert used == len(text)
    return (value, end) if depth <= 128 else None


TOKEN = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[-+.0-9eE]+|true|false|null|[\[{:,\]}])', re.DOTALL)


def read_value(text: str, at: int) -> tuple[Value, int, int]:
    """The value at `at` of a valid document, its end, and how deep it goes."""
    match = TOKEN.match(text, at)
    assert match
    token, end = match[1], match.end()
    start = match.start(1)
    if token not in "[{":
        kinds = {'"': "string", "t": "boolean", "f": "boolean", "n": "null"}
        kind = kinds.get(token[0], "number")
        content = re.sub("[\ud800-\udfff]", "\ufffd", json.loads(token)) if kind == "string" else None
        return Value(kind, token, content), end, 0
    members: Any = {} if token == "{" else []
    deepest = 0
    while (match := TOKEN.match(text, end)) and match[1] not in "]}":
        if match[1] == ",":
            end = match.end()
        key = None
        if token == "{":
            match = TOKEN.match(text, end)
            assert match
            key = re.sub("[\ud800-\udfff]", "\ufffd", json.loads(match[1]))
            colon = TOKEN.match(text, match.end())
            assert colon
            end = colon.end()
        value, end, depth = read_value(text, end)
        deepest = max(deepest, depth)
        if token == "{":
            members[key] = value
        else:
            members.append(value)
    assert match
    return (
        Value("object" if token == "{" else "array", text[start : match.end()], members),
        match.end(),
        deepest + 1,
    )


def json_rows(document: Value, schema: InputSchema) -> list[list[Value | None]]:
    paths = column_paths(schema)
    row_path = parse_path(schema.row_path)
    paths = tuple(path if path == row_path or path[-1:] != (EACH,) else path[:-1] for path in paths)
    array = flattened_array(schema, paths)
    if array is None:
        return [[pick(document, path) for path in paths]]
    each = (*array, EACH)
    found = pick(document, array)
    elements: list[Value | None] = [found]
    if found is None or found.kind == "null":
        elements = [None]
    elif found.kind == "array":
        elements = list(found.content) or [None]
    return [
        [pick(element, path[len(each) :]) if path[: len(each)] == each else pick(document, path) for path in paths]
        for element in elements
    ]


def pick(value: Value | None, path: tuple[Any, ...]) -> Value | None:
    for step in path:
        if isinstance(step, int):
            is_there = value is not None and value.kind == "array" and step < len(value.content)
            value = value.content[step] if value is not None and is_there else None
            continue
        while value is not None and value.kind == "array":
            value = value.content[0] if value.content else None
        value = value.content.get(step) if value is not None and value.kind == "object" else None
    return value


def decode_csv(data: bytes, schema: InputSchema, limit: int = 16 << 20) -> Result:
    result = Result([], [])
    data = data.removeprefix(b"\xef\xbb\xbf")
    line_end, comma = schema.row_delimiter.encode(), schema.column_delimiter.encode()
    returns = line_end == b"\n"
    position = 0
    while position < len(data):
        if data.startswith(line_end, position):
            position += len(line_end)
            continue
        if returns and (data[position:] == b"\r" or data.startswith(b"\r\n", position)):
            position += 1
            continue
        found = csv_row(data, position, line_end, comma)
        if found is None or found[1] - position > limit:
            position = result.reject_line(data, position, line_end, limit)
            continue
        fields, end, after = found
        row: list[Value | None] = []
        for number_, column in enumerate(schema.columns):
            text = fields[number_] if number_ < len(fields) else None
            if text is not None and not column.type.is_character:
                text = text.strip(BLANKS) or None
            row.append(None if text is None else Value("string", text, text))
        result.take(schema, data[position:end], [row])
        position = after
    return result


def csv_row(data: bytes, start: int, line_end: bytes, comma: bytes) -> tuple[list[str], int, int] | None:
    """The fields of the row at `start`, its end, and where the next row begins; None if it is not well-formed."""
    fields: list[bytes] = []
    at = start
    while True:
        is_quoted = data[at : at + 1] == b'"'
        field = b""
        if is_quoted:
            at += 1
            while data[at : at + 1] != b'"' or data[at : at + 2] == b'""':
                if at >= len(data):
                    return None
                field += data[at : at + 1]
                at += 2 if data[at : at + 2] == b'""' else 1
            at += 1
        while at < len(data) and not data.startswith(line_end, at) and not data.startswith(comma, at):
            field += data[at : at + 1]
            if is_quoted:
                allowed = b" \t\r" if line_end == b"\n" else b" \t"
                if data[at : at + 1] not in [allowed[i : i + 1] for i in range(len(allowed))]:
                    return None
                field = field[:-1]
            at += 1
        fields.append(field)
        if data.startswith(line_end, at) or at >= len(data):
            break
        at += len(comma)
    end = at
    if line_end == b"\n" and data[start:end].endswith(b"\r") and (is_quoted or field):
        end -= 1
        if not is_quoted:
            fields[-1] = fields[-1][:-1]
    try:
        data[start:end].decode()
    except UnicodeDecodeError:
        return None
    return [field.decode() for field in fields], end, min(len(data), at + len(line_end))
