"""Character functions (kinesis-functions 2); parts of text are in `substring`, regular expressions in `regex`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from streamsql.functions.by_value import by_value
from streamsql.functions.call import CallContext, Datum
from streamsql.functions.convert_numbers import strings
from streamsql.functions.registry import Argument, Resolution, alias, cannot_apply, scalar
from streamsql.functions.signature import character, first_type, takes, text_like_first
from streamsql.functions.similar import BadPattern
from streamsql.functions.text import bytes_of, cut, longest
from streamsql.functions.vectors import array, column
from streamsql.kernels import compute as pc
from streamsql.kernels import substrings
from streamsql.types import INTEGER, MAX_CHARACTERS, Kind, SqlType, varchar


def _resolve_concatenation(args: Sequence[Argument]) -> Resolution:
    types = [arg.type for arg in args]
    known = [type_ for type_ in types if type_.kind is not Kind.NULL]
    if len(args) == 2 and all(type_.is_character for type_ in known):
        return Resolution(varchar(max(sum(type_.length for type_ in types), 1)), tuple(types))
    if len(args) == 2 and all(type_.is_binary for type_ in known):
        length = min(sum(type_.length for type_ in types), MAX_CHARACTERS)
        return Resolution(SqlType(Kind.VARBINARY, length=length), tuple(types))
    raise cannot_apply("||", args, "text || text, binary || binary")


@scalar("||", "s || t", _resolve_concatenation, examples=[("'a' || 'b'", "ab")])
def concatenate(call: CallContext, left: Datum, right: Datum) -> Datum:
    """Both texts (or binary values) one after the other."""
    separator = pa.scalar("" if call.result.is_character else b"", call.result.arrow)
    joined = pc.binary_join_element_wise(left, right, separator)
    if longest(joined) <= MAX_CHARACTERS:
        return joined
    return cut(joined, MAX_CHARACTERS) if call.result.is_character else pc.binary_slice(joined, 0, MAX_CHARACTERS)


@scalar(
    "CHAR_LENGTH",
    "CHAR_LENGTH(s)",
    takes("CHAR_LENGTH", "CHAR_LENGTH(text)", (character,), INTEGER),
    examples=[("CHAR_LENGTH('it''s')", "4"), ("CHAR_LENGTH(CAST('four' AS CHAR(16)))", "16")],
)
def char_length(call: CallContext, text: Datum) -> Datum:
    """The number of characters, the blanks that fill a CHAR included."""
    return pc.utf8_length(text)


alias("CHARACTER_LENGTH", "CHAR_LENGTH")


def _letters(name: str, kernel: Any, text: str, example: tuple[str, str]) -> None:
    def function(call: CallContext, value: Datum) -> Datum:
        return kernel(value)

    function.__doc__ = text
    resolve = takes(name, f"{name}(text)", (character,), first_type)
    scalar(name, f"{name}(s)", resolve, examples=[example])(function)


_letters("LOWER", pc.utf8_lower, "The text in small letters.", ("LOWER('aBc')", "abc"))
_letters("UPPER", pc.utf8_upper, "The text in capital letters.", ("UPPER('aBc')", "ABC"))


@scalar(
    "INITCAP",
    "INITCAP(s)",
    takes("INITCAP", "INITCAP(text)", (character,), first_type),
    examples=[("INITCAP('each FIRST letter-case')", "Each First Letter-case")],
)
def initcap(call: CallContext, text: Datum) -> Datum:
    """The first character of each word in capitals and all others small; words are separated by blanks."""
    text = column(text, call.length)
    parts = substrings.capitals(*bytes_of(pc.utf8_lower(text)), *bytes_of(pc.utf8_upper(text)))
    return strings(parts, text)


def _trim_type(types: Sequence[SqlType]) -> SqlType:
    return text_like_first(types[2:])


_TRIMS: dict[str, Callable[..., Any]] = {
    "BOTH": pc.utf8_trim,
    "LEADING": pc.utf8_ltrim,
    "TRAILING": pc.utf8_rtrim,
}


@scalar(
    "TRIM",
    "TRIM([[LEADING | TRAILING | BOTH] [c] FROM] s)",
    takes("TRIM", "TRIM(text)", (character, character, character), _trim_type),
    examples=[("TRIM(BOTH FROM '  a b ')", "a b"), ("TRIM(LEADING 'x' FROM 'xxaxx')", "axx")],
)
def trim(call: CallContext, mode: Datum, characters: Datum, text: Datum) -> Datum:
    """The text without the character c (a blank, if none is given) at its ends. c must be one character."""

    def trimmer(mode: str, character: str) -> Callable[[pa.Array], pa.Array]:
        if character is not None and len(character) != 1:
            raise BadPattern(f"TRIM takes away one character, not '{character}'")
        return lambda values: _TRIMS[mode](values, character or " ")

    return by_value(call, trimmer, (text,), (mode, characters), BadPattern)


@scalar(
    "POSITION",
    "POSITION(x IN s)",
    takes("POSITION", "POSITION(text IN text)", (character, character), INTEGER),
    examples=[("POSITION('findme' IN '1234findmeXXX')", "5"), ("POSITION('' IN 'abc')", "1")],
)
def position(call: CallContext, part: Datum, text: Datum) -> Datum:
    """Where x begins in s the first time, counted from 1; 0 when it is nowhere."""
    found = substrings.position(*bytes_of(part), *bytes_of(text))
    return array(found, pa.int32())
