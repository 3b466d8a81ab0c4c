"""SUBSTRING in its four forms, and OVERLAY (kinesis-functions 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions.by_value import by_value
from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.java_regex import java_regex, without_groups
from streamsql.functions.regex import refuse_bad
from streamsql.functions.registry import Argument, Resolution, Resolve, cannot_apply, scalar
from streamsql.functions.signature import character, number_as, takes
from streamsql.functions.similar import BadPattern, check_regex, similar_part
from streamsql.functions.text import bytes_of
from streamsql.functions.vectors import column, numbers
from streamsql.kernels import compute as pc
from streamsql.kernels import substrings
from streamsql.types import BIGINT, MAX_CHARACTERS, Kind, SqlType, varchar

_SYNTAX = "SUBSTRING(text FROM integer [FOR integer]), (text, integer [, integer]) or (text FROM 'regex')"
_REST = np.array([MAX_CHARACTERS * 4], dtype=np.int64)
"""A length beyond every text."""


def _result(type_: SqlType) -> SqlType:
    if type_.is_binary:
        return SqlType(Kind.VARBINARY, length=type_.length)
    return varchar(max(type_.length, 1))


def _resolve(args: Sequence[Argument]) -> Resolution:
    if not 2 <= len(args) <= 3:
        raise cannot_apply("SUBSTRING", args, _SYNTAX)
    text, rest = args[0].type, [arg.type for arg in args[1:]]
    known = text.is_character or text.is_binary or text.kind is Kind.NULL
    if not known or not all(type_.is_numeric or type_.kind is Kind.NULL for type_ in rest):
        raise cannot_apply("SUBSTRING", args, _SYNTAX)
    return Resolution(_result(text), (text, *(BIGINT for _ in rest)))


def _resolve_from(args: Sequence[Argument]) -> Resolution:
    if len(args) == 2 and args[0].type.is_character and args[1].type.is_character:
        refuse_bad("SUBSTRING", args[1], java_regex)
        return Resolution(_result(args[0].type), (args[0].type, args[1].type))
    return _resolve(args)


@scalar(
    "SUBSTRING",
    "SUBSTRING(s, p [, n])",
    _resolve,
    examples=[("SUBSTRING('123456789', 3, 4)", "3456"), ("SUBSTRING('123456789', 10, 4) IS NULL", "TRUE")],
)
def substring(call: CallContext, text: Datum, start: Datum, count: Datum | None = None) -> Datum:
    """n characters (or bytes) of s from the p-th on; without n, all that follow. A p below 1 takes away from n;
    a p behind the end gives null. A negative n is a row error."""
    part, beyond = _cut(call, text, start, count)
    return pc.if_else(pc.from_numpy(beyond), pa.scalar(None, part.type), part) if beyond.any() else part


@scalar(
    "SUBSTRING FROM",
    "SUBSTRING(s FROM p [FOR n]), SUBSTRING(s FROM 'regex')",
    _resolve_from,
    examples=[
        ("SUBSTRING('123456789' FROM -1 FOR 4)", "12"),
        ("SUBSTRING('123456789' FROM 17 FOR 4)", ""),
        ("SUBSTRING('123456789' FROM -1000000)", "123456789"),
        ("SUBSTRING('123456789' FROM '[3-5]+')", "345"),
    ],
)
def substring_from(call: CallContext, text: Datum, start: Datum, count: Datum | None = None) -> Datum:
    """n characters (or bytes) of s from the p-th on; without n, all that follow. A p below 1 takes away from n;
    a p behind the end gives an empty text. With a regular expression: its first match, or null."""
    if call.args[1].is_character:
        return by_value(call, _first_match, (text,), (start,), BadPattern)
    return _cut(call, text, start, count)[0]


def _first_match(pattern: str | None) -> Callable[[pa.Array], pa.Array]:
    if pattern is None:
        return lambda values: pa.nulls(len(values), values.type)
    regex = f"(?P<whole>{without_groups(java_regex(pattern))})"
    return lambda values: pc.struct_field(pc.extract_regex(values, regex), "whole")


def _cut(
    call: CallContext, text: Datum, start: Datum, count: Datum | None
) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    sizes = numbers(count) if count is not None else _REST
    negative = sizes < 0
    if negative.any():
        call.fail(
            np.broadcast_to(negative, call.length),
            "RUN-006",
            lambda row: f"SUBSTRING of length {value_at(count, row)}",
        )
    text = column(text, call.length)
    # Without a length nothing is taken away from it, however far before the text p lies.
    begin = numbers(start) if count is not None else np.maximum(numbers(start), 1)
    ends, data, beyond = substrings.cut(*bytes_of(text), begin, sizes, call.args[0].is_binary)
    return _array(text.type, ends, data), beyond


def _array(type_: pa.DataType, ends: npt.NDArray[np.int32], data: npt.NDArray[np.uint8]) -> pa.Array:
    return pa.Array.from_buffers(type_, len(ends) - 1, [None, pa.py_buffer(ends), pa.py_buffer(data)])


def split_similar(pattern: str, escape: str) -> str:
    """The RE2 form of `before#"part#"after`, the part in the group `part`."""
    parts = pattern.split(f'{escape}"') if escape else []
    if len(parts) != 3:
        raise BadPattern(f"""'{pattern}' does not hold {escape or "the escape character and "}" twice""")
    before, part, after = (f"(?:{without_groups(similar_part(piece, escape))})" for piece in parts)
    regex = f"(?s){before}(?P<part>{part}){after}"
    check_regex(regex, pattern)
    return regex


def _resolve_similar(args: Sequence[Argument]) -> Resolution:
    syntax = "SUBSTRING(text SIMILAR text ESCAPE text)"
    resolution = takes("SUBSTRING", syntax, (character,) * 3, lambda types: _result(types[0]))(args)
    if args[2].is_constant:
        refuse_bad("SUBSTRING", args[1], lambda pattern: split_similar(pattern, args[2].constant or ""))
    return resolution


@scalar(
    "SUBSTRING SIMILAR",
    "SUBSTRING(s SIMILAR pattern ESCAPE c)",
    _resolve_similar,
    examples=[("""SUBSTRING('123456789' SIMILAR '23#"456#"78' ESCAPE '#')""", "456")],
)
def substring_similar(call: CallContext, text: Datum, pattern: Datum, escape: Datum) -> Datum:
    """The part of s that lies between the two escaped quotes of the pattern, where the pattern matches first; null
    where it does not match."""

    def matcher(pattern: str | None, escape: str | None) -> Callable[[pa.Array], pa.Array]:
        if pattern is None or escape is None:
            return lambda values: pa.nulls(len(values), values.type)
        regex = split_similar(pattern, escape)
        return lambda values: pc.struct_field(pc.extract_regex(values, regex), "part")

    return by_value(call, matcher, (text,), (pattern, escape), BadPattern)


def _overlay_type(types: Sequence[SqlType]) -> SqlType:
    return varchar(max(types[0].length + types[1].length, 1))


def _resolve_overlay() -> Resolve:
    syntax = "OVERLAY(text PLACING text FROM integer [FOR integer])"
    whole = number_as(BIGINT)
    return takes("OVERLAY", syntax, (character, character, whole, whole), _overlay_type, optional=1)


@scalar(
    "OVERLAY",
    "OVERLAY(s PLACING r FROM p [FOR n])",
    _resolve_overlay(),
    examples=[
        ("OVERLAY('12345' PLACING 'foo' FROM 3)", "12foo"),
        ("OVERLAY('12345' PLACING 'foo' FROM 0)", "foo345"),
        ("OVERLAY('12345' PLACING 'foo' FROM -2)", "foo12345"),
        ("OVERLAY('12345' PLACING 'foo' FROM 9)", "12345foo"),
    ],
)
def overlay(call: CallContext, text: Datum, new: Datum, start: Datum, count: Datum | None = None) -> Datum:
    """s with n characters from the p-th on replaced by r; without n, as many as r has."""
    begin: Any = numbers(start)
    size = numbers(count) if count is not None else numbers(pc.utf8_length(new)).astype(np.int64)
    negative = np.broadcast_to(size < 0, call.length)
    if negative.any():
        call.fail(negative, "RUN-006", lambda row: f"OVERLAY of length {value_at(count, row)}")
    text = column(text, call.length)
    one = np.ones(1, dtype=np.int64)
    low, high = -MAX_CHARACTERS, MAX_CHARACTERS
    begin, size = np.clip(begin, low, high), np.clip(size, 0, high)
    head = substrings.cut(*bytes_of(text), one, begin - 1, False)[:2]
    tail = substrings.cut(*bytes_of(text), np.maximum(begin + size, 1), _REST, False)[:2]
    return pc.binary_join_element_wise(_array(text.type, *head), new, _array(text.type, *tail), "")
