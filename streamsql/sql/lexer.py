"""SQL text → tokens with exact places, and the errors of its letters.

The tokens: VAR for a word (text in upper case), IDENTIFIER for a quoted name (text as stored),
STRING, UNICODE_STRING, HEX_STRING (text decoded or, for the last two, between the quotes), NUMBER, SEMICOLON,
and UNKNOWN for punctuation, with its characters as text. `line` and `col` are those of the first character,
from 1; `end` is the last character. Nothing here knows a keyword.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from streamsql.errors import ParseError, Span
from streamsql.record import field, record
from streamsql.sql.tokens import Token, TokenType

MAX_CODE = 102_400
MAX_NAME = 128
MAX_TOKENS = 25_000
MAX_ERRORS = 100
"""Errors after which reading stops: who made so many wants to see the first ones."""

_PATTERN = re.compile(
    r"""
      (?P<space>[\s\ufeff]+)
    | (?P<comment>(?:--|//)[^\n\r]*|/\*.*?\*/)
    | (?P<UNICODE_STRING>[uU]&'[^']*(?:''[^']*)*')
    | (?P<HEX_STRING>[xX]'[^']*')
    | (?P<STRING>'[^']*(?:''[^']*)*')
    | (?P<IDENTIFIER>"(?:[^"\x00-\x1f]|"")*")
    | (?P<NUMBER>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<VAR>[^\W\d][\w$]*)
    | (?P<SEMICOLON>;)
    | (?P<UNKNOWN>\|\||<>|!=|<=|>=|[-+*/=<>(),.{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_TYPES = {name: TokenType[name] for name in _PATTERN.groupindex if name.isupper()}
_QUOTED = {TokenType.STRING: "'", TokenType.IDENTIFIER: '"'}
_LITERAL_AFTER_NUMBER = re.compile(r"[^\W\d][\w$]*")

# Characters that pages, shells and templates put where SQL should be: what they are, and the cure.
_STRAY = {
    **dict.fromkeys("\u2012\u2013\u2014\u2015\u2212", ("a typographic dash", "a comment starts with --")),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", ("a typographic quote", "write \"…\" around names")),
    **dict.fromkeys("\u2018\u2019\u201a\u2032", ("a typographic quote", "write '…' around text")),
    "\u2026": ("an ellipsis", "this looks like a shortened example"),
    "%": ('"%"', "there is no such operator; use MOD(a, b)"),
    "$": ('"$"', "a placeholder of a template may have been left unfilled"),
    "[": ('"["', "a placeholder of a template may have been left unfilled; names are quoted with \"…\""),
    "`": ('"`"', "names are quoted with \"…\""),
    "\\": ('"\\"', "a line is not continued with a backslash in SQL"),
    "\u200b": ("an invisible character", "delete it"),
}  # fmt: skip


@record(frozen=False)
class Lexed:
    """The tokens of a text, its comments, and every place where it is no SQL."""

    text: str
    tokens: list[Token] = field(default_factory=list)
    comments: list[tuple[int, int]] = field(default_factory=list)
    errors: list[ParseError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = [0] + [match.end() for match in re.finditer("\n", self.text)]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The half-open range of characters as a Span."""
        return Span(start, end, *self.place(start))

    def fail(self, message: str, start: int, end: int, code: str = "SYN-002", hint: str = "") -> None:
        self.errors.append(ParseError(message, code=code, span=self.span(start, end), hint=hint))


def tokenize(text: str) -> Lexed:
    """All tokens of `text`. Never raises: what is wrong is in the result's `errors`."""
    lexed = Lexed(text)
    if len(text) > MAX_CODE:
        lexed.fail(f"the code has {len(text)} characters; at most {MAX_CODE} are allowed", 0, 1, "SYN-005")
        return lexed
    if not text.isascii() and (half := re.search("[\ud800-\udfff]", text)):
        lexed.fail("half of a character is no text", *half.span(), hint="the code was decoded wrongly")
    offset = 0
    while offset < len(text) and len(lexed.errors) < MAX_ERRORS:
        if len(lexed.tokens) >= MAX_TOKENS:
            lexed.fail(f"the code has more than {MAX_TOKENS} words and signs", offset, offset + 1, "SYN-005")
            break
        match = _PATTERN.match(text, offset)
        if match is None:
            offset = _skip_stray(lexed, offset)
            continue
        kind, offset = match.lastgroup, match.end()
        if kind == "comment":
            lexed.comments.append(match.span())
        elif kind == "UNKNOWN" and match[0] == "/" and text.startswith("*", offset):
            offset = _unterminated(lexed, match.start(), "comment", "*/")
        elif kind != "space":
            _add(lexed, _TYPES[kind or ""], match)
    return lexed


def _add(lexed: Lexed, kind: TokenType, match: re.Match[str]) -> None:
    """Append one token, its text decoded, after the checks that belong to letters."""
    raw, start = match[0], match.start()
    text = raw
    if kind is TokenType.VAR:
        text = raw.upper()
    elif kind in _QUOTED:
        text = raw[1:-1].replace(_QUOTED[kind] * 2, _QUOTED[kind])
    elif kind in (TokenType.UNICODE_STRING, TokenType.HEX_STRING):
        text = raw[raw.index("'") + 1 : -1].replace("''", "'")
    if kind in (TokenType.VAR, TokenType.IDENTIFIER):
        _check_name(lexed, text, match)
    elif kind is TokenType.NUMBER and (tail := _LITERAL_AFTER_NUMBER.match(lexed.text, match.end())):
        lexed.fail(f'"{raw}{tail[0][:20]}" is neither a number nor a name', start, tail.end(), "SYN-001")
    line, column = lexed.place(start)
    lexed.tokens.append(Token(kind, text, line, column, start, match.end() - 1))


def _check_name(lexed: Lexed, name: str, match: re.Match[str]) -> None:
    start, end = match.span()
    if len(name) > MAX_NAME:
        shown = f"{name[:20]}…"
        lexed.fail(
            f'the name "{shown}" has {len(name)} characters; at most {MAX_NAME} are allowed', start, end, "SYN-004"
        )
    elif not name:
        hint = "quotes that were doubled for a shell or a CSV file must be single again"
        lexed.fail("a quoted name is empty", start, end, "SYN-001", hint)


def _skip_stray(lexed: Lexed, offset: int) -> int:
    """Report what stands at `offset`, where no token can begin; returns where to go on."""
    char = lexed.text[offset]
    if char == "'":
        return _unterminated(lexed, offset, "string", "'")
    if char == '"':
        return _unterminated(lexed, offset, "quoted name", '"')
    what, hint = _STRAY.get(char, (f'the character "{char}"' if char.isprintable() else f"U+{ord(char):04X}", ""))
    if char == "$" and not lexed.text.startswith("${", offset):
        hint = "a name starts with a letter or _"
    code = "SYN-002" if "typographic" in what else "SYN-001"
    lexed.fail(f"{what} is not part of the language", offset, offset + 1, code, hint)
    return offset + 1


def _unterminated(lexed: Lexed, start: int, what: str, closing: str) -> int:
    """Report something that is never closed; a name ends with its line, the others swallow the rest."""
    end = len(lexed.text)
    if closing == '"':
        control = re.compile(r"[\x00-\x1f]").search(lexed.text, start)
        end = control.start() if control else end
    lexed.fail(f"the {what} is not closed", start, start + 1, hint=f"it needs {closing} at its end")
    return end
