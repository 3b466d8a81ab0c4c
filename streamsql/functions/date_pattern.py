"""Java's date patterns, compiled to the steps that `kernels.date_patterns` runs."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from streamsql.functions.similar import BadPattern
from streamsql.record import record

_FORMATTED = "GyYMwWDdFEuaHkKhmsSzZX"
_PARSED = "GyMDdEuaHkKhmsSzZX"
_NUMERIC = "yYwWDdFuHkKhmsS"
_TOKEN = re.compile(r"''|'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+")


@record(eq=False)
class DatePattern:
    """A pattern as the kernels take it: steps of shape (n, 4) and the bytes of its literals."""

    steps: npt.NDArray[np.int32]
    literals: bytes


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, *, parsing: bool) -> DatePattern:
    """The steps of a pattern such as `yyyy-MM-dd'T'HH:mm`. Raises BadPattern for reserved letters, an open quote,
    and, with `parsing`, for fields that do not tell a date (Y, w, W, F)."""
    steps: list[list[int]] = []
    literals = b""
    place = 0
    while place < len(pattern):
        found = _TOKEN.match(pattern, place)
        if not found:
            raise BadPattern(f"the pattern '{pattern}' has a quote without an end")
        place, token = found.end(), found[0]
        if found[1]:
            _check_letter(found[1], pattern, parsing)
            steps.append([ord(found[1]), len(token), 0, 0])
        else:
            text = _literal(token).encode()
            steps.append([0, len(text), len(literals), 0])
            literals += text
    for step, following in pairwise(steps):
        step[3] = int(_is_numeric(step) and _is_numeric(following))
    return DatePattern(np.array(steps, dtype=np.int32).reshape(-1, 4), literals)


def _check_letter(letter: str, pattern: str, parsing: bool) -> None:
    if letter not in _FORMATTED:
        raise BadPattern(f"the letter {letter} in the pattern '{pattern}' is reserved (quote it as '{letter}')")
    if parsing and letter not in _PARSED:
        raise BadPattern(f"the letter {letter} in the pattern '{pattern}' is for formatting only")


def _literal(token: str) -> str:
    if token == "''":
        return "'"
    return token[1:-1].replace("''", "'") if token.startswith("'") else token


def _is_numeric(step: list[int]) -> bool:
    letter = chr(step[0])
    return step[0] != 0 and (letter in _NUMERIC or (letter == "M" and step[1] <= 2))
