"""The patterns of FAST_REGEX_LOG_PARSE: matched piece by piece from the left, each as short as possible, without
ever going back to an earlier one.

The pattern is split at the borders of its groups; what has a fixed length at the start of such a part belongs to
the piece before it, so a piece begins with the first element of a part that can have different lengths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa

from streamsql.functions.log_columns import LogColumn, plain_columns
from streamsql.functions.similar import BadPattern, check_regex
from streamsql.kernels import compute as pc

_NAMED = (
    *("Digit", "Upper", "Lower", "ASCII", "Alpha", "Alnum", "Punct"),
    *("Blank", "Space", "Cntrl", "XDigit", "Print", "Graph"),
)
_REPEAT = re.compile(r"[?*+]|\{\d+(?:,\d*)?\}")


@dataclass(frozen=True)
class Element:
    """A part of the pattern in RE2's form; `fixed`: all its matches have one length."""

    regex: str
    fixed: bool
    group: int = 0  # 0: outside of groups


@dataclass(frozen=True)
class PieceRows:
    """Fields are the groups of a pattern that is matched piece by piece."""

    columns: tuple[LogColumn, ...]
    pieces: tuple[tuple[str, tuple[int, ...]], ...]  # the regular expression, and the group of each named part

    def split(self, texts: pa.Array) -> tuple[list[pa.Array], pa.Array]:
        """One text per column, and whether every piece matched."""
        parts: list[list[pa.Array]] = [[] for _ in range(len(self.columns) + 1)]
        rest = texts
        for regex, groups in self.pieces:
            found = pc.extract_regex(rest, regex)
            for place, group in enumerate(groups):
                parts[group].append(pc.struct_field(found, f"p{place}"))
            rest = pc.struct_field(found, "rest")
        known = pc.is_valid(rest)
        fields = [reduce(lambda a, b: pc.binary_join_element_wise(a, b, ""), part) for part in parts[1:]]
        return [pc.if_else(known, field, pa.scalar(None, pa.string())) for field in fields], known


def piece_rows(pattern: str) -> PieceRows:
    """The parser for a pattern; its columns are the groups. Raises BadPattern."""
    segments, count = _Reader(pattern).segments()
    if not count:
        raise BadPattern(f"'{pattern}' has no groups")
    pieces: list[list[Element]] = [[]]
    for segment in segments:
        for place, element in enumerate(segment):
            if pieces[-1] and not element.fixed and all(before.fixed for before in segment[:place]):
                pieces.append([])
            pieces[-1].append(element)
    compiled = tuple(_compile(piece, last=piece is pieces[-1]) for piece in pieces)
    for regex, _ in compiled:
        check_regex(regex, pattern)
    return PieceRows(plain_columns(count), compiled)


def _compile(piece: list[Element], *, last: bool) -> tuple[str, tuple[int, ...]]:
    regex, groups = "", []
    for place, element in enumerate(piece):
        regex += f"(?P<p{place}>{element.regex})"
        groups.append(element.group)
    return f"(?s)^{regex}(?P<rest>{'' if last else '.*'})$", tuple(groups)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0
        self.count = 0

    def segments(self) -> tuple[list[list[Element]], int]:
        """The elements between the borders of groups, and the number of groups."""
        segments: list[list[Element]] = [[]]
        while self.place < len(self.pattern):
            inner = self._group() if self._next("(") else None
            if inner is None:
                segments[-1].append(self._element())
            else:
                segments += [inner, []]
        return segments, self.count

    def _group(self) -> list[Element] | None:
        """The elements of a group that makes a column; None when it is repeated and so only holds together."""
        start = self.place
        self.place += 1
        elements = self._until_close()
        if _REPEAT.match(self.pattern, self.place):
            self.place = start
            return None
        self.count += 1
        return [Element(element.regex, element.fixed, self.count) for element in elements]

    def _until_close(self) -> list[Element]:
        options: list[list[Element]] = [[]]
        while not self._next(")"):
            if self.place >= len(self.pattern):
                raise BadPattern(f"'{self.pattern}' has a ( without its )")
            if self._next("|"):
                self.place += 1
                options.append([])
            else:
                options[-1].append(self._element())
        self.place += 1
        if len(options) == 1:
            return options[0] or [Element("", True)]
        return [Element("|".join("".join(part.regex for part in option) for option in options), False)]

    def _element(self) -> Element:
        element = self._atom()
        found = _REPEAT.match(self.pattern, self.place)
        if not found:
            return element
        self.place = found.end()
        exact = found[0].startswith("{") and "," not in found[0]
        return Element(f"(?:{element.regex}){found[0]}{'' if exact else '?'}", element.fixed and exact)

    def _atom(self) -> Element:
        char = self.pattern[self.place]
        if char == "(":
            self.place += 1
            parts = self._until_close()
            return Element(f"(?:{''.join(part.regex for part in parts)})", all(part.fixed for part in parts))
        if char == "[":
            return self._class()
        if char in '"<':
            return self._enclosed('"' if char == '"' else ">")
        if char in "#&)|":
            raise BadPattern(f"'{char}' in '{self.pattern}' is not supported here")
        self.place += 1
        if char == "@":
            return Element(".*?", False)
        if char == "\\":
            char = self.pattern[self.place : self.place + 1]
            self.place += 1
            return Element(re.escape(char), True)
        return Element("." if char == "." else re.escape(char), True)

    def _enclosed(self, end: str) -> Element:
        stop = self.pattern.find(end, self.place + 1)
        text = self.pattern[self.place + 1 : stop]
        if stop < 0:
            raise BadPattern(f"'{self.pattern}' has a part without its {end}")
        self.place = stop + 1
        if end == '"':
            return Element(re.escape(text), True)
        if text not in _NAMED:
            raise BadPattern(f"<{text}> in '{self.pattern}' is not supported; there are {', '.join(_NAMED)}")
        return Element(f"[[:{text.lower()}:]]", True)

    def _class(self) -> Element:
        found = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]", re.S).match(self.pattern, self.place)
        if not found:
            raise BadPattern(f"'{self.pattern}' has a [ without its ]")
        self.place = found.end()
        return Element(found[0][0] + found[0][1:].replace("[", r"\["), True)

    def _next(self, char: str) -> bool:
        return self.pattern.startswith(char, self.place)
