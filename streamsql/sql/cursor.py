"""The place in the tokens of one statement, and how an error there is told.

The grammar asks `at`, `take` and `expect` for words and punctuation; literals and quoted names are asked for by
their token type, so a quoted name is never taken for a keyword.
"""

from __future__ import annotations

import re
from typing import NoReturn, TypeVar

from streamsql.errors import ParseError, Span
from streamsql.sql.lexer import Lexed
from streamsql.sql.tokens import Token, TokenType
from streamsql.sql.tree import Expression

MAX_NESTING = 64
_SYMBOLS = (TokenType.VAR, TokenType.UNKNOWN)
_SWALLOWED = r"[);]|\bFROM\b"
_KEYWORDS = ("SELECT", "FROM", "WHERE", "INSERT", "CREATE")
N = TypeVar("N", bound=Expression)


class Cursor:
    """A position in `tokens`, the tokens of one statement without its semicolon.

    `end` is the offset of that semicolon, or of the end of the text.
    """

    def __init__(self, lexed: Lexed, tokens: list[Token], end: int) -> None:
        self.lexed = lexed
        self.warnings: list[tuple[str, Span]] = []
        self._limit = end
        at = tokens[-1].end + 1 if tokens and not lexed.text.startswith(";", end) else end
        self._end = Token(TokenType.SENTINEL, "", *lexed.place(at), at, at)
        self._tokens = tokens
        self._symbols = [token.text if token.token_type in _SYMBOLS else "" for token in tokens] + [""]
        self._index = 0
        self._nesting = 0
        self._open: list[Token] = []

    @property
    def current(self) -> Token:
        """The token ahead, or a token of type SENTINEL behind the last one."""
        return self._tokens[self._index] if self._index < len(self._tokens) else self._end

    @property
    def previous(self) -> Token:
        """The token that was taken last."""
        return self._tokens[self._index - 1]

    @property
    def symbol(self) -> str:
        """The word or punctuation ahead, words in upper case; empty before anything else."""
        return self._symbols[self._index]

    def symbol_after(self, distance: int) -> str:
        """Like `symbol`, that many tokens further on."""
        index = self._index + distance
        return self._symbols[index] if index < len(self._symbols) else ""

    def type_after(self, distance: int) -> TokenType:
        """The type of the token that many tokens further on."""
        index = self._index + distance
        return self._tokens[index].token_type if index < len(self._tokens) else TokenType.SENTINEL

    def advance(self) -> Token:
        """Take the token ahead, whatever it is."""
        token = self.current
        self._index += 1
        return token

    def at(self, *symbols: str) -> bool:
        """Whether these words or marks stand ahead, one after the other."""
        index = self._index
        if self._symbols[index] != symbols[0]:
            return False
        return len(symbols) == 1 or self._symbols[index : index + len(symbols)] == list(symbols)

    def at_any(self, *symbols: str) -> bool:
        """Whether one of these words or marks stands ahead."""
        return self._symbols[self._index] in symbols

    def take(self, *symbols: str) -> Token | None:
        """Take these words or marks if they stand ahead; returns the first of their tokens."""
        if not self.at(*symbols):
            return None
        token = self.current
        self._index += len(symbols)
        return token

    def take_any(self, *symbols: str) -> Token | None:
        """Take the token ahead if it is one of these words or marks."""
        return self.advance() if self._symbols[self._index] in symbols else None

    def take_type(self, token_type: TokenType) -> Token | None:
        """Take the token ahead if it is of this type."""
        return self.advance() if self.current.token_type is token_type else None

    def expect(self, *symbols: str) -> Token:
        """Take these words or marks, or fail."""
        token = self.take(*symbols)
        if token is None:
            self.unexpected(f'"{" ".join(symbols)}"')
        return token

    def expect_type(self, token_type: TokenType, what: str) -> Token:
        """Take a token of this type, or fail with `what` as the thing that was expected."""
        token = self.take_type(token_type)
        if token is None:
            self.unexpected(what)
        return token

    def open(self) -> Token:
        """Take an opening parenthesis and remember it until `close`."""
        token = self.expect("(")
        self._open.append(token)
        return token

    def close(self) -> Token:
        """Take the closing parenthesis that belongs to the last `open`."""
        token = self.take(")")
        if token is None:
            self.unexpected('")"')
        self._open.pop()
        return token

    def nest(self) -> None:
        """Enter one more level of nested queries or expressions; the caller leaves it with `unnest`."""
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            self.fail(f"expressions and queries may be nested {MAX_NESTING} levels deep")

    def unnest(self) -> None:
        self._nesting -= 1

    def place(self, node: N, first: Token, last: Token | None = None) -> N:
        """Note in `node` that it stands from `first` to `last`; returns it."""
        node.span = first.span(last)
        return node

    def raw(self, token: Token) -> str:
        """The token as the user wrote it."""
        return self.lexed.text[token.start : token.end + 1]

    def span(self, token: Token, last: Token | None = None) -> Span:
        return token.span(last)

    def warn(self, message: str, token: Token) -> None:
        self.warnings.append((message, self.span(token)))

    def fail(self, message: str, token: Token | None = None, *, code: str = "SYN-001", hint: str = "") -> NoReturn:
        """Raise a ParseError at `token`, by default the one ahead."""
        raise ParseError(message, code=code, span=self.span(token or self.current), hint=hint)

    def unexpected(self, expected: str) -> NoReturn:
        """Raise a ParseError for the token ahead, with the likely cause where one is known."""
        self.fail(f"unexpected {self._shown()}; expected {expected}", hint=self.likely_cause())

    def _shown(self) -> str:
        if self.current is self._end:
            at_semicolon = self.lexed.text.startswith(";", self._limit)
            return 'end of the statement (";")' if at_semicolon else "end of the text"
        raw = self.raw(self.current)
        return f'"{raw}"' if len(raw) <= 40 else f'"{raw[:40]}…"'

    def _glued_keyword(self) -> str:
        """A word just before the error that ends in a keyword: a lost blank or line end."""
        for token in self._tokens[max(0, self._index - 1) : self._index + 1]:
            for keyword in _KEYWORDS if token.token_type is TokenType.VAR else ():
                before = token.text.removesuffix(keyword)
                if before not in ("", token.text) and not before.endswith("_"):
                    return f'is a blank missing in "{self.raw(token)}", before {keyword}?'
        return ""

    def likely_cause(self) -> str:
        """What may have gone wrong here, as a hint; empty when nothing known fits."""
        if self.at(".", "."):
            return "this looks like a shortened example"
        if glued := self._glued_keyword():
            return glued
        since = self._open[-1].start if self._open else self._tokens[0].start if self._tokens else 0
        causes = []
        if self._open and (self.current is self._end or self.symbol != ","):
            token = self._open[-1]
            causes.append(f'the "(" at line {token.line}, column {token.col} is not closed')
        comments = self.lexed.comments if self._open or self.current is self._end else ()
        limit = self._limit if self.current is self._end else self.current.start
        for start, end in comments:
            if since < start < limit and re.search(_SWALLOWED, self.lexed.text[start:end], re.IGNORECASE):
                line, column = self.lexed.place(start)
                causes.append(f"the comment at line {line}, column {column} may swallow the rest of its line")
                break
        return "; ".join(causes)
