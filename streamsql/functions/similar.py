"""SQL's patterns as RE2 regular expressions."""

from __future__ import annotations

import re

import pyarrow as pa

from streamsql.kernels import compute as pc

MAX_PATTERN = 4096
"""Characters of a LIKE pattern or a regular expression."""

_LAST = 0x10FFFF
_FLAGS = "(?s)"


class BadPattern(Exception):
    """The text is not a pattern; the message says why."""


def split_like(pattern: str) -> tuple[str, str | None, str | None] | None:
    """(start, middle, end) of a LIKE pattern without escapes that needs no regular expression: `abc` (end is
    None), `a%z`, `%mid%` (start and end empty). None for other patterns."""
    if "_" in pattern:
        return None
    parts = pattern.split("%")
    if len(parts) == 1:
        return pattern, None, None
    if len(parts) == 2:
        return parts[0], "", parts[1]
    if len(parts) == 3 and not parts[0] and not parts[2]:
        return "", parts[1], ""
    return None


def like_regex(pattern: str, escape: str) -> str:
    """The RE2 form of a LIKE pattern; `escape` is one character or empty."""
    _check_escape(escape)
    check_size(pattern)
    regex, place = [], 0
    while place < len(pattern):
        char = pattern[place]
        if char == escape:
            place += 1
            if place == len(pattern) or pattern[place] not in ("_", "%", escape):
                raise BadPattern(f"the escape character in '{pattern}' hides nothing")
            regex.append(re.escape(pattern[place]))
        else:
            regex.append({"_": ".", "%": ".*"}.get(char) or re.escape(char))
        place += 1
    return f"{_FLAGS}^(?:{''.join(regex)})$"


def similar_regex(pattern: str, escape: str) -> str:
    """The RE2 form of a SIMILAR TO pattern, matching the whole text."""
    return f"{_FLAGS}^(?:{similar_part(pattern, escape)})$"


def similar_part(pattern: str, escape: str) -> str:
    """The RE2 form of a SIMILAR TO pattern, not anchored."""
    _check_escape(escape)
    regex, place = [], 0
    while place < len(pattern):
        char = pattern[place]
        if char == escape:
            place += 1
            if place == len(pattern):
                raise BadPattern(f"'{pattern}' ends in its escape character")
            regex.append(re.escape(pattern[place]))
        elif char == "[":
            end, text = _bracket(pattern, place, escape)
            regex.append(text)
            place = end
        elif char == "{":
            end = pattern.find("}", place)
            if end < 0 or not re.fullmatch(r"\{\d+(,\d*)?\}", pattern[place : end + 1]):
                raise BadPattern(f"'{pattern}' has a {{ that is no repetition")
            regex.append(pattern[place : end + 1])
            place = end
        elif char in "_%":
            regex.append("." if char == "_" else ".*")
        else:
            regex.append(char if char in "()|*+?" else re.escape(char))
        place += 1
    text = "".join(regex)
    check_regex(text, pattern)
    return text


def check_size(pattern: str) -> None:
    """Raises BadPattern for a pattern that is very long: matching takes time in proportion to it."""
    if len(pattern) > MAX_PATTERN:
        shown = f"{pattern[:20]}…"
        raise BadPattern(f"the pattern '{shown}' has {len(pattern)} characters; at most {MAX_PATTERN} are allowed")


def check_regex(regex: str, pattern: str) -> None:
    """Raises BadPattern, naming `pattern`, when RE2 does not take `regex`."""
    check_size(pattern)
    try:
        pc.match_substring_regex(pa.array([""]), regex)
    except pa.ArrowInvalid as problem:
        raise BadPattern(f"'{pattern}' is not a pattern: {str(problem).split(': ', 1)[-1]}") from None


def _check_escape(escape: str) -> None:
    if len(escape) > 1:
        raise BadPattern(f"the escape '{escape}' is not one character")


def _bracket(pattern: str, start: int, escape: str) -> tuple[int, str]:
    """The class that begins at `start`: where it ends, and its RE2 form. `[a-e^c]` is a to e without c."""
    keep: list[tuple[int, int]] = []
    drop: list[tuple[int, int]] = []
    into, place = keep, start + 1
    while place < len(pattern) and pattern[place] != "]":
        if pattern[place] == "^":
            into = drop
            place += 1
            continue
        if pattern[place] in "()[":
            raise BadPattern(f"'{pattern[place]}' in brackets in '{pattern}'")
        low, place = _member(pattern, place, escape)
        high = low
        if pattern[place : place + 1] == "-" and pattern[place + 1 : place + 2] not in ("]", ""):
            high, place = _member(pattern, place + 1, escape)
        if high < low:
            raise BadPattern(f"an empty range in brackets in '{pattern}'")
        into.append((low, high))
    if place >= len(pattern) or not (keep or drop):
        raise BadPattern(f"brackets without an end or empty in '{pattern}'")
    ranges = _without(keep or [(0, _LAST)], drop)
    if not ranges:
        return place, r"[^\x{0}-\x{10FFFF}]"
    return place, "[" + "".join(rf"\x{{{low:X}}}-\x{{{high:X}}}" for low, high in ranges) + "]"


def _member(pattern: str, place: int, escape: str) -> tuple[int, int]:
    if escape and pattern[place] == escape:
        place += 1
        if place >= len(pattern):
            raise BadPattern(f"'{pattern}' ends in its escape character")
    return ord(pattern[place]), place + 1


def _without(keep: list[tuple[int, int]], drop: list[tuple[int, int]]) -> list[tuple[int, int]]:
    for first, last in drop:
        keep = [
            part
            for low, high in keep
            for part in ((low, min(high, first - 1)), (max(low, last + 1), high))
            if part[0] <= part[1]
        ]
    return keep
