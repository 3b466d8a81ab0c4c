"""REGEX_REPLACE (kinesis-functions 2): Java's patterns, run by RE2 in linear time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.by_value import by_value
from streamsql.functions.call import CallContext, Datum
from streamsql.functions.java_regex import java_regex, java_replacement
from streamsql.functions.registry import Argument, Resolution, scalar
from streamsql.functions.signature import character, number_as, takes
from streamsql.functions.similar import BadPattern
from streamsql.functions.text import cut
from streamsql.kernels import compute as pc
from streamsql.types import INTEGER, MAX_CHARACTERS, varchar

_MOST = 1000
"""The greatest occurrence: RE2 repeats no part of a pattern more often."""

_MOST_BYTES = 8 << 20
"""What the replacements of one text may take; and of several texts that are worked on at once."""

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
    constants = (pattern, replacement, start, occurrence)
    result = by_value(call, _replacer, (text,), constants, BadPattern)
    if result.null_count:
        _fail_long(call, result, (text, *constants))
    return result


def _fail_long(call: CallContext, result: pa.Array, given: Sequence[Datum]) -> None:
    """Mark the rows that the replacer left out: there is no result although nothing was null."""
    left_out = pc.is_null(result)
    for datum in given:
        left_out = pc.and_(left_out, pc.is_valid(datum))
    call.fail(left_out, "RUN-006", f"REGEX_REPLACE would give more than {_MOST_BYTES} bytes")


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
        if start > 1:
            replaced = pc.binary_join_element_wise(pc.utf8_slice_codeunits(values, 0, start - 1), replaced, "")
        return cut(replaced, MAX_CHARACTERS)

    return lambda values: _in_portions(values, regex, rewrite, replace)


def _in_portions(values: pa.Array, regex: str, rewrite: str, replace: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """`replace` for so many rows at a time that their results take little memory; null for a text whose own result
    would have more than _MOST_BYTES."""
    most = _most_bytes(values, regex, rewrite)
    if int(most.sum()) <= _MOST_BYTES:
        return replace(values)
    kept = pc.if_else(pc.from_numpy(most <= _MOST_BYTES), values, pa.scalar(None, values.type))
    portions = np.cumsum(np.minimum(most, _MOST_BYTES)) // _MOST_BYTES
    begins = [0, *(np.flatnonzero(np.diff(portions)) + 1).tolist(), len(values)]
    return pa.concat_arrays([replace(kept[begin:end]) for begin, end in pairwise(begins)])


def _most_bytes(values: pa.Array, regex: str, rewrite: str) -> npt.NDArray[np.int64]:
    """The most bytes that each result can have, the marks of `_only` included."""
    sizes: npt.NDArray[np.int64] = pc.fill_null(pc.binary_length(values), 0).to_numpy().astype(np.int64)
    copies = 2 + rewrite.count("\\")
    each = len(rewrite.encode()) + len(_MARKS.encode())
    if int((sizes * (copies + each) + each).sum()) <= _MOST_BYTES:  # even if every byte were a match
        return sizes * copies
    matches: npt.NDArray[np.int64] = (
        pc.fill_null(pc.count_substring_regex(values, regex), 0).to_numpy().astype(np.int64)
    )
    return sizes * copies + matches * each


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
