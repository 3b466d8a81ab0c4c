"""A script → the same script laid out one way: clauses on lines of their own, keywords in upper case.

Statements are written by `to_sql`; what a syntax tree does not hold comes back from the tokens of the original.
Names keep the spelling they had. Comments are never lost: one that ends a line stays behind what stood before it;
any other gets lines of its own above the line of what followed it. Blank lines between statements stay, as one.
"""

from __future__ import annotations

from bisect import bisect_left

from streamsql.errors import ParseError
from streamsql.record import field, record
from streamsql.sql import nodes as n
from streamsql.sql.generator import to_sql
from streamsql.sql.lexer import MAX_CODE, Lexed, tokenize
from streamsql.sql.parser import Script
from streamsql.sql.tokens import Token, TokenType

_REACH = 40  # tokens to look ahead for where two texts meet again


def format_script(script: Script) -> str:
    """The text of a script without errors, laid out; it parses to the same statements.

    Raises ParseError SYN-005 for a statement that becomes too long.
    """
    lexed = tokenize(script.text)
    names = _names_as_written(script)
    written = [_with_names(lexed, chunk, statement, names) for chunk, statement in _statements(lexed, script)]
    layout = _Layout(lexed)
    for tokens, text in written:
        layout.add_statement(tokens, text)
    return layout.text()


def _names_as_written(script: Script) -> set[int]:
    """Where the unquoted names begin."""
    return {
        name.span.start
        for statement in script.statements
        for name in statement.find_all(n.Identifier)
        if name.span is not None and not name.args.get("quoted")
    }


def _statements(lexed: Lexed, script: Script) -> list[tuple[list[Token], n.Expression]]:
    """The tokens of each statement, its semicolon included, with its tree."""
    chunks: list[list[Token]] = [[]]
    for token in lexed.tokens:
        chunks[-1].append(token)
        if token.token_type is TokenType.SEMICOLON:
            chunks.append([])
    meant = [chunk for chunk in chunks if chunk and chunk[0].token_type is not TokenType.SEMICOLON]
    return list(zip(meant, script.statements, strict=True))


def _with_names(
    lexed: Lexed, tokens: list[Token], statement: n.Expression, names: set[int]
) -> tuple[list[Token], str]:
    """The text of a statement, with its semicolon, names spelled as in the original."""
    text = to_sql(statement) + ";"
    if len(text) > MAX_CODE:
        raise ParseError(f"laid out, a statement has more than {MAX_CODE} characters", code="SYN-005")
    new = tokenize(text).tokens
    parts, done = [], 0
    for old_index, new_index in sorted(_aligned(tokens, new).items(), key=lambda pair: pair[1]):
        old, token = tokens[old_index], new[new_index]
        if old.start in names:
            parts += [text[done : token.start], lexed.text[old.start : old.end + 1]]
            done = token.end + 1
    return tokens, "".join([*parts, text[done:]])


def _aligned(old: list[Token], new: list[Token]) -> dict[int, int]:
    """Which token of `new` each token of `old` has become.

    Equal lists align one to one; elsewhere the shortest way on to two equal tokens is taken. The semicolon at the
    end, which may be missing in the original, is left out.
    """
    pairs: dict[int, int] = {}
    old, new = ([token for token in side if token.token_type is not TokenType.SEMICOLON] for side in (old, new))
    i = j = 0
    while i < len(old) and j < len(new):
        if _same(old[i], new[j]):
            pairs[i] = j
            i, j = i + 1, j + 1
            continue
        skip = next(((a, b) for a, b in _SKIPS if _meet(old, i + a, new, j + b)), (1, 1))
        i, j = i + skip[0], j + skip[1]
    return pairs


_SKIPS = tuple((a, total - a) for total in range(1, _REACH) for a in range(total + 1))


def _meet(old: list[Token], i: int, new: list[Token], j: int) -> bool:
    """Whether two equal tokens, or the last one, stand at both places."""
    if i >= len(old) or j >= len(new) or not _same(old[i], new[j]):
        return False
    if i + 1 == len(old) or j + 1 == len(new):
        return i + 1 == len(old) and j + 1 == len(new)
    return _same(old[i + 1], new[j + 1])


def _same(old: Token, new: Token) -> bool:
    return old.token_type is new.token_type and old.text == new.text


@record(frozen=False)
class _Line:
    """A line of the result: comments above it, its text, comments at its end."""

    text: str
    above: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Its text; only the last comment behind may reach to the end of the line, others go above."""
        indent = self.text[: len(self.text) - len(self.text.lstrip())]
        above, behind = list(self.above), list(self.behind)
        while any(_needs_line_end(comment) for comment in behind[:-1]):
            above.append(behind.pop(0))
        return [*(indent + comment if comment else "" for comment in above), " ".join([self.text, *behind])]


class _Layout:
    """The lines of the result, as the statements and comments of a text are added to it."""

    def __init__(self, lexed: Lexed) -> None:
        self._lexed = lexed
        ends = [token.end for token in lexed.tokens]
        self._comments = [_Comment(lexed, ends, *span) for span in lexed.comments]
        self._lines: list[_Line] = []
        self._end = 0  # of what has been added of the original

    def add_statement(self, tokens: list[Token], text: str) -> None:
        """A statement: its tokens in the original and its new text. Comments up to its end go with it."""
        new = tokenize(text).tokens
        lines, line_of = _cut(text, new)
        places = {tokens[i].start: line_of[j] for i, j in _aligned(tokens, new).items()}
        starts = sorted(places)
        start, end = tokens[0].start, tokens[-1].end + 1
        before = [comment for comment in self._comments if self._end <= comment.start < start]
        before = self._finish_line(before)
        first = before[0].start if before else start
        if self._lines and _has_blank(self._lexed.text[self._end : first]):
            lines[0].above.append("")
        followers = [*(comment.start for comment in before), start][1:]
        for comment, follower in zip(before, followers, strict=True):
            lines[0].above.append(comment.text)
            if _has_blank(self._lexed.text[comment.end : follower]):
                lines[0].above.append("")
        for comment in self._comments:
            if start <= comment.start < end:
                _place(comment, starts, places, lines)
        self._lines += lines
        self._end = max([end, *(comment.end for comment in before)])

    def _finish_line(self, comments: list[_Comment]) -> list[_Comment]:
        """Put comments that stand on the line of the last statement behind it; returns the others."""
        while comments and self._lines and comments[0].ends_line and "\n" not in self._gap(comments[0]):
            self._lines[-1].behind.append(comments[0].text)
            self._end = comments[0].end
            comments = comments[1:]
        return comments

    def _gap(self, comment: _Comment) -> str:
        return self._lexed.text[self._end : comment.start]

    def text(self) -> str:
        """The whole text, with what stands after the last statement."""
        rest = self._finish_line([comment for comment in self._comments if comment.start >= self._end])
        lines = [line for each in self._lines for line in each.lines()]
        for comment in rest:
            if lines and _has_blank(self._lexed.text[self._end : comment.start]):
                lines.append("")
            lines.append(comment.text)
            self._end = comment.end
        return "".join(line + "\n" for line in lines)


class _Comment:
    """A comment of the original: its text, and whether it stands at the end of a line, behind a token."""

    def __init__(self, lexed: Lexed, ends: list[int], start: int, end: int) -> None:
        """`ends`: where the tokens end, in order."""
        self.start, self.end = start, end
        self.text = lexed.text[start:end].rstrip()
        begin = lexed.text.rfind("\n", 0, start) + 1
        stop = lexed.text.find("\n", end)
        number = bisect_left(ends, start)  # of the next token
        is_behind = number > 0 and ends[number - 1] >= begin
        is_last = number == len(ends) or lexed.tokens[number].start > stop >= 0
        self.ends_line = is_behind and is_last


def _place(comment: _Comment, starts: list[int], places: dict[int, int], lines: list[_Line]) -> None:
    """Put a comment inside a statement to its line."""
    if comment.ends_line:
        before = [start for start in starts if start < comment.start]
        lines[places[before[-1]] if before else 0].behind.append(comment.text)
    else:
        after = next((start for start in starts if start > comment.start), starts[-1])
        lines[places[after]].above.append(comment.text)


def _cut(text: str, tokens: list[Token]) -> tuple[list[_Line], list[int]]:
    """The lines of a text (a line break inside a token is none), and the line of each token."""
    breaks, lines_of, last = [0], [], 0
    for token in tokens:
        gap = text.find("\n", last, token.start)
        if gap >= 0:
            breaks.append(gap + 1)
        lines_of.append(len(breaks) - 1)
        last = token.end + 1
    ends = [*(place - 1 for place in breaks[1:]), len(text)]
    return [_Line(text[begin:end]) for begin, end in zip(breaks, ends, strict=True)], lines_of


def _has_blank(gap: str) -> bool:
    return gap.count("\n") > 1


def _needs_line_end(comment: str) -> bool:
    """Whether nothing may follow the comment on its line."""
    return comment.startswith(("--", "//")) or "\n" in comment
