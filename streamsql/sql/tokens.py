"""What the lexer cuts a text into."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from streamsql.errors import Span


class TokenType(Enum):
    """The kinds of tokens; each has the name that sqlglot gives it."""

    VAR = "VAR"
    IDENTIFIER = "IDENTIFIER"
    STRING = "STRING"
    UNICODE_STRING = "UNICODE_STRING"
    HEX_STRING = "HEX_STRING"
    NUMBER = "NUMBER"
    SEMICOLON = "SEMICOLON"
    UNKNOWN = "UNKNOWN"
    SENTINEL = "SENTINEL"  # behind the last token; never comes out of the lexer


class Token(NamedTuple):
    """A piece of the text. `line` and `col` are those of its first character, from 1; `start` and `end` are the
    offsets of its first and last character."""

    token_type: TokenType
    text: str
    line: int
    col: int
    start: int
    end: int

    def span(self, last: Token | None = None) -> Span:
        """Where it stands, or the place from it to `last`."""
        return Span(self.start, (last or self).end + 1, self.line, self.col)
