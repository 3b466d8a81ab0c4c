"""The language as a sqlglot dialect, for tools that speak to sqlglot (`parse_one`, `node.sql("kinesis")`).

The engine calls `parse` and `to_sql` and never imports sqlglot. For sqlglot our tokens and trees are copied into
its own and back: nodes that both have become sqlglot's, the others become classes of the same name and arguments.
Only the three public methods that sqlglot goes through are replaced: its own grammar is tolerant (it keeps unknown
statements as opaque commands, reads SELECT STREAM as a column and `(a - b) SECOND` as an alias) and gives
operators no place, so none of it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from types import new_class
from typing import Any

from sqlglot import expressions as theirs
from sqlglot.dialects.dialect import Dialect
from sqlglot.expressions import Expr
from sqlglot.tokenizer_core import Token, TokenType

from streamsql.errors import ScriptErrors
from streamsql.sql import nodes as ours
from streamsql.sql.generator import to_sql
from streamsql.sql.lexer import tokenize
from streamsql.sql.parser import parse
from streamsql.sql.tree import Expression

# The nodes that mean the same and have the same arguments there.
_SHARED = (
    *(theirs.Identifier, theirs.Literal, theirs.Boolean, theirs.Null, theirs.Alias, theirs.Tuple, theirs.Paren),
    *(theirs.Add, theirs.Sub, theirs.Mul, theirs.Div, theirs.Neg, theirs.DPipe, theirs.And, theirs.Or, theirs.Not),
    *(theirs.EQ, theirs.NEQ, theirs.LT, theirs.LTE, theirs.GT, theirs.GTE),
)
_THEIRS: dict[str, type[Expr]] = {kind.__name__: kind for kind in _SHARED}


class Kinesis(Dialect):
    """Kinesis Analytics streaming SQL."""

    def tokenize(self, sql: str, dialect: Any = None) -> list[Token]:
        """The tokens of `sql`; raises ScriptErrors."""
        lexed = tokenize(sql)
        if lexed.errors:
            raise ScriptErrors(lexed.errors)
        return [Token(TokenType[token.token_type.name], *token[1:]) for token in lexed.tokens]

    def parse(self, sql: str, **opts: Any) -> list[Expr | None]:
        """The statements of `sql`; raises ScriptErrors with all of its errors."""
        script = parse(sql)
        if script.errors:
            raise ScriptErrors(script.errors)
        return [to_sqlglot(statement) for statement in script.statements]

    def generate(self, expression: Expr, copy: bool = True, **opts: Any) -> str:
        """The text of a tree of this language; options of sqlglot's own generator have no meaning here. Raises
        TypeError for a node that the language does not have."""
        return to_sql(from_sqlglot(expression))


def to_sqlglot(node: Expression) -> Expr:
    """The same tree out of sqlglot's nodes, with the places in their `meta`."""
    new = _their_class(type(node))(**{key: _each(value, to_sqlglot) for key, value in node.args.items()})
    if (span := node.span) is not None:
        new.meta.update(start=span.start, end=span.end - 1, line=span.line, col=span.column)
    return new


def from_sqlglot(node: Expr) -> Expression:
    """The tree that `to_sqlglot` makes into this one, without places. Raises TypeError for a node that the
    language does not have."""
    kind: type[Expression] | None = getattr(ours, type(node).__name__, None)
    if kind is None or type(node) is not _their_class(kind):
        raise TypeError(f"{type(node).__name__} is not a node of this language")
    return kind(**{key: _each(value, from_sqlglot) for key, value in node.args.items()})


def _their_class(kind: type[Expression]) -> type[Expr]:
    name = kind.__name__
    if name not in _THEIRS:
        body = {"arg_types": kind.arg_types, "__doc__": kind.__doc__, "__module__": __name__}
        _THEIRS[name] = new_class(name, (theirs.Expression,), {}, lambda own: own.update(body))
    return _THEIRS[name]


def _each(value: Any, convert: Callable[[Any], Any]) -> Any:
    """`value` with the nodes in it converted."""
    if isinstance(value, list):
        return [_each(item, convert) for item in value]
    return convert(value) if isinstance(value, (Expression, Expr)) else value
