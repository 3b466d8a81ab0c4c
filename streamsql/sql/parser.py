"""A SQL script → its statements and all of its errors."""

from __future__ import annotations

from streamsql.errors import ParseError, Span
from streamsql.record import record
from streamsql.sql.lexer import MAX_ERRORS, Lexed, tokenize
from streamsql.sql.nodes import Expression
from streamsql.sql.statements import StatementGrammar
from streamsql.sql.tokens import Token, TokenType

# Readers of the tree recurse into it; at this depth they stay well within Python's own limit.
MAX_DEPTH = 150


@record
class Script:
    """A parsed text: the statements that could be read, in order, and what was wrong with the others.

    `warnings` are (message, place) of things that were read although the language does not have them.
    """

    text: str
    statements: tuple[Expression, ...]
    errors: tuple[ParseError, ...]
    warnings: tuple[tuple[str, Span], ...]


def parse(text: str) -> Script:
    """Read a whole script. Never raises: after an error reading goes on behind the next semicolon."""
    lexed = tokenize(text)
    errors = list(lexed.errors)
    wrong = [error.span.start for error in errors if error.span]
    statements: list[Expression] = []
    warnings: list[tuple[str, Span]] = []
    begin = 0
    for tokens, end in _split(lexed):
        spoiled = any(begin <= offset <= end for offset in wrong)
        begin = end + 1
        if not tokens or spoiled:
            continue
        if len(errors) >= MAX_ERRORS:
            break
        grammar = StatementGrammar(lexed, tokens, end)
        try:
            statements.append(_statement(grammar))
        except ParseError as error:
            errors.append(error)
        warnings += grammar.warnings
    errors.sort(key=lambda error: error.span.start if error.span else 0)
    return Script(text, tuple(statements), tuple(errors), tuple(warnings))


def _split(lexed: Lexed) -> list[tuple[list[Token], int]]:
    """The tokens of each statement, and the offset of its semicolon (or of the end of the text)."""
    chunks: list[tuple[list[Token], int]] = []
    tokens: list[Token] = []
    for token in lexed.tokens:
        if token.token_type is TokenType.SEMICOLON:
            chunks.append((tokens, token.start))
            tokens = []
        else:
            tokens.append(token)
    if tokens or lexed.errors:
        chunks.append((tokens, len(lexed.text)))
    return chunks


def _statement(grammar: StatementGrammar) -> Expression:
    first = grammar.current
    try:
        node = grammar.statement()
    except RecursionError:
        grammar.fail("the statement is nested too deeply", first)
    if _depth(node) > MAX_DEPTH:
        grammar.fail(
            f"the statement has more than {MAX_DEPTH} levels", first, hint="split long chains of operators"
        )
    return node


def _depth(root: Expression) -> int:
    """The levels of a tree, counted without recursion."""
    levels, level = 0, [root]
    while level:
        levels, level = levels + 1, [child for node in level for child in node.iter_expressions()]
    return levels
