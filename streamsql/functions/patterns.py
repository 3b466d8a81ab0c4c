"""LIKE and SIMILAR TO (section 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.by_value import by_value
from streamsql.functions.call import CallContext, Datum
from streamsql.functions.registry import Argument, Resolution, Resolve, scalar
from streamsql.functions.signature import character, takes
from streamsql.functions.similar import BadPattern, like_regex, similar_regex, split_like
from streamsql.functions.text import bytes_of
from streamsql.kernels import compute as pc
from streamsql.kernels import substrings
from streamsql.types import BOOLEAN

Translate = Callable[[str, str], str]


def _resolve(name: str, translate: Translate) -> Resolve:
    resolve = takes(name, f"s {name} pattern [ESCAPE c]", (character,) * 3, BOOLEAN, optional=1)

    def checked(args: Sequence[Argument]) -> Resolution:
        resolution = resolve(args)
        if all(arg.is_constant for arg in args[1:]) and args[1].constant is not None:
            try:
                translate(args[1].constant, _escape(arg.constant for arg in args[2:]))
            except BadPattern as problem:
                raise BindError(f"{name}: {problem}", code="RUN-006") from None
        return resolution

    return checked


def _escape(given: object) -> str:
    """The escape character among the optional third argument's value; empty: none."""
    value = next(iter(given), None)  # type: ignore[call-overload]
    return str(value) if value is not None else ""


@scalar(
    "LIKE",
    "s LIKE pattern [ESCAPE c]",
    _resolve("LIKE", like_regex),
    examples=[(r"'ab' LIKE 'a\_' ESCAPE '\'", "FALSE"), (r"'a_' LIKE 'a\_' ESCAPE '\'", "TRUE")],
    handles_nulls=True,
)
def like(call: CallContext, text: Datum, pattern: Datum, escape: Datum | None = None) -> Datum:
    """Whether the text matches: `_` is one character, `%` any run of characters, and what follows the escape
    character stands for itself. Letters of different case differ."""
    if isinstance(pattern, pa.Scalar) and pattern.is_valid and not _present(escape):
        pieces = split_like(pattern.as_py())
        if pieces is not None:
            return _simple(text, *pieces)
    return _match(call, like_regex, text, pattern, escape)


@scalar(
    "SIMILAR TO",
    "s SIMILAR TO pattern [ESCAPE c]",
    _resolve("SIMILAR TO", similar_regex),
    examples=[("'cd' SIMILAR TO '[a-e^c]d'", "FALSE"), ("'accccd' SIMILAR TO 'ab*c+d'", "TRUE")],
    handles_nulls=True,
)
def similar_to(call: CallContext, text: Datum, pattern: Datum, escape: Datum | None = None) -> Datum:
    """Whether the whole text matches a SQL regular expression: `_ % ( ) | * + ? {n,m} [a-z] [^a] [a-e^c]`."""
    return _match(call, similar_regex, text, pattern, escape)


def _present(escape: Datum | None) -> bool:
    """Whether there is an ESCAPE; the binder writes an untyped NULL for none."""
    return escape is not None and not pa.types.is_null(escape.type)


def _simple(text: Datum, start: str, middle: str | None, end: str | None) -> Datum:
    """`start`, `start%`, `%middle%`, `%end` without a regular expression."""
    if end is None:
        return pc.equal(text, start)
    if middle:
        return _contains(text, middle)
    found = pc.starts_with(text, start) if start or not end else None
    ends = pc.ends_with(text, end) if end else None
    if found is None or ends is None:
        return found if ends is None else ends
    long = pc.greater_equal(pc.binary_length(text), len(start.encode()) + len(end.encode()))
    return pc.and_(pc.and_(found, ends), long)


def _contains(text: Datum, part: str) -> Datum:
    if isinstance(text, pa.Scalar):
        return pc.match_substring(text, part)
    found = pc.from_numpy(substrings.contains(part.encode(), *bytes_of(text)))
    return pc.if_else(pc.is_valid(text), found, None) if text.null_count else found


def _match(call: CallContext, translate: Translate, text: Datum, pattern: Datum, escape: Datum | None) -> Datum:
    present = _present(escape)

    def matcher(*constants: str | None) -> Callable[[pa.Array], pa.Array]:
        if None in constants:
            return lambda values: pa.nulls(len(values), pa.bool_())
        regex = translate(constants[0] or "", _escape(constants[1:]))
        return lambda values: pc.match_substring_regex(values, regex)

    return by_value(call, matcher, (text,), (pattern, escape) if present else (pattern,), BadPattern)
