"""The one error family, with a place in the SQL text where there is one.

A message states the fact, names the thing as the user wrote it and offers what exists; `render` adds the
source line with a caret. Errors in *rows* are never exceptions: they become rows of the error stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from streamsql.record import record

COMPARED = 300  # the names that are compared with one that does not exist
BEFORE, BEHIND = 200, 400  # the characters that an error shows of its line, before and behind its place


@record
class Span:
    """A half-open range of characters in a SQL text; `line` and `column` count from 1."""

    start: int
    end: int
    line: int
    column: int


class StreamSQLError(Exception):
    """Base of every error that streamsql raises on purpose."""

    default_code = ""

    def __init__(self, message: str, *, code: str = "", span: Span | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.span = span
        self.hint = hint

    def render(self, text: str = "", path: str = "") -> str:
        """The message for a person: code, place, text, source line, caret, hint.

        `text` is the SQL that `span` points into and `path` the name to show for it.
        """
        where = ""
        if self.span is not None:
            where = f"{path or 'SQL'}:{self.span.line}:{self.span.column}: "
        elif path:
            where = f"{path}: "
        lines = [f"{where}{self.code + ': ' if self.code else ''}{self.message}"]
        if self.span is not None and text:
            lines += _pointer(text, self.span)
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def __str__(self) -> str:
        place = f"line {self.span.line}, column {self.span.column}: " if self.span else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.code + ': ' if self.code else ''}{place}{self.message}{hint}"


class ParseError(StreamSQLError):
    """The text is not a statement of the language."""

    default_code = "SYN-001"


class BindError(StreamSQLError):
    """A name, a type or a rule of streaming SQL does not hold."""


class UnsupportedError(BindError):
    """A form that the engine does not run, refused by name."""

    default_code = "UNS-001"


class ConfigError(StreamSQLError):
    """An option, a schema or an argument is wrong."""


class ConnectorError(StreamSQLError):
    """The outside world did not answer; `retryable` says whether a second try may help."""

    def __init__(self, message: str, *, retryable: bool = False, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


class StateError(StreamSQLError):
    """A saved state is damaged, foreign, or does not fit the plan."""


class ScriptErrors(StreamSQLError):
    """All errors of one SQL script, in the order of their places."""

    def __init__(self, errors: Sequence[StreamSQLError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(str(error) for error in self.errors))

    def render(self, text: str = "", path: str = "") -> str:
        """Every error rendered, one after the other."""
        return "\n".join(error.render(text, path) for error in self.errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The candidate most like `name` (case aside), or an empty string; of very many only the first count."""
    folded = {candidate.upper(): candidate for candidate in candidates}
    if name.upper() in folded:
        return folded[name.upper()]
    folded = dict(islice(folded.items(), COMPARED))
    import difflib  # nobody needs it before the first mistake

    match = difflib.get_close_matches(name.upper(), list(folded), n=1, cutoff=0.6)
    return folded[match[0]] if match else ""


def _pointer(text: str, span: Span) -> list[str]:
    """The source line of `span` and a line of carets below it (tabs kept, so that both line up).

    Of a long line only what stands around the place is shown.
    """
    begin, first = text.rfind("\n", 0, span.start) + 1, span.start - BEFORE
    end, last = text.find("\n", span.start), span.start + BEHIND
    end = end if end >= 0 else len(text)
    cut_before, cut_behind = first - 1 > begin, last + 1 < end
    begin, end = (first if cut_before else begin), (last if cut_behind else end)
    line = "…" * cut_before + text[begin:end].rstrip("\r") + "…" * cut_behind
    place = span.start - begin + cut_before
    width = max(1, min(span.end - span.start, len(line) - cut_behind - place))
    padding = "".join(char if char == "\t" else " " for char in line[:place])
    return [f"  {line}", f"  {padding}{'^' * width}"]
