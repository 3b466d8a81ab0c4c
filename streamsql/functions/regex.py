"""REGEX_REPLACE (kinesis-functions 2): Java's patterns, run by RE2 in linear time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.by_value import by_value
from streamsql.functions.call import CallContext, Datum
from streamsql.functions.java_regex import java_regex, java_replacement
from streamsql.functions.registry import Argument, Resolution, scalar
from streamsql.functions.signature import character, number_as, takes
from streamsql.functions.similar import BadPattern
from streamsql.kernels import compute as pc
from streamsql.types import INTEGER, varchar

_MOST = 1000
"""The greatest occurrence: RE2 repeats no part of a pattern more often."""

_MARKS = "\ufdd0\ufdd1\ufdd2"
"""Characters that no text holds (Unicode keeps them for internal use): around a match and its replacement."""


def refuse_bad(name: str, pattern: Argument, translate: Callable[[str], str]) -> None:
    """BindError for a constant pattern that cannot be used."""
    if not pattern.is_constant or pattern.constant is None:
        return
    try:
        translate(pattern.constant)
    except BadPattern as problem:
        raise BindError(f"{name}: {problem}", code="RUN-006") from None


def _resolve(args: Sequence[Argument]) -> Resolution:
    syntax = "REGEX_REPLACE(text, pattern, replacement, start, occurrence)"
    whole = number_as(INTEGER)
    accepts = (character, character, character, whole, whole)
    resolution = takes("REGEX_REPLACE", syntax, accepts, varchar())(args)
    refuse_bad("REGEX_REPLACE", args[1], java_regex)
    return resolution


@scalar(
    "REGEX_REPLACE",
    "REGEX_REPLACE(s, pattern, replacement, start, occurrence)",
    _resolve,
    examples=[
        ("REGEX_REPLACE('TestTest', 'T(est)', '$1', 1, 0)", "estest"),
        ("REGEX_REPLACE('TestTestTest', 'T', '', 1, 2)", "TestestTest"),
        ("REGEX_REPLACE('aaa', 'a', 'b', 2, 0)", "abb"),
    ],
)
def regex_replace(
    call: CallContext, text: Datum, pattern: Datum, replacement: Datum, start: Datum, occurrence: Datum
) -> Datum:
    """s with the matches of a Java regular expression replaced; `$1` in the replacement is the first group. The
    search begins at the start-th character; occurrence 0 replaces all matches, k only the k-th. Look-around, back
    references and possessive quantifiers are refused."""
    return by_value(call, _replacer, (text,), (pattern, replacement, start, occurrence), BadPattern)


def _replacer(
    pattern: str | None, replacement: str | None, start: int | None, occurrence: int | None
) -> Callable[[pa.Array], pa.Array]:
    if pattern is None or replacement is None or start is None or occurrence is None:
        return lambda values: pa.nulls(len(values), pa.string())
    if start < 1:
        raise BadPattern(f"REGEX_REPLACE cannot start at character {start}")
    if not 0 <= occurrence <= _MOST:
        raise BadPattern(f"REGEX_REPLACE of occurrence {occurrence} (it takes 0 to {_MOST})")
    regex = java_regex(pattern)
    rewrite = java_replacement(replacement, regex)

    def replace(values: pa.Array) -> pa.Array:
        searched = values if start == 1 else pc.utf8_slice_codeunits(values, start - 1)
        if occurrence == 0:
            replaced = pc.replace_substring_regex(searched, regex, rewrite)
        else:
            replaced = _only(searched, regex, rewrite, occurrence)
        if start == 1:
            return replaced
        return pc.binary_join_element_wise(pc.utf8_slice_codeunits(values, 0, start - 1), replaced, "")

    return replace


def _only(values: pa.Array, regex: str, rewrite: str, occurrence: int) -> pa.Array:
    """Replace the match number `occurrence`: mark all matches, take the replacement of one, drop the others."""
    first, middle, last = tuple(_MARKS)
    marked = pc.replace_substring_regex(values, regex, rf"{first}\0{middle}{rewrite}{last}")
    wrapped = f"[^{first}]*{first}[^{last}]*{last}"
    chosen = pc.replace_substring_regex(
        marked,
        rf"(?s)^((?:{wrapped}){{{occurrence - 1}}}[^{first}]*){first}[^{middle}]*{middle}([^{last}]*){last}(.*)$",
        r"\1\2\3",
    )
    return pc.replace_substring_regex(chosen, f"{first}([^{middle}]*){middle}[^{last}]*{last}", r"\1")
