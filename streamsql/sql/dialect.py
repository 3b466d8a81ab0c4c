"""The language as a sqlglot dialect, for tools that speak to sqlglot (`node.sql("kinesis")`, `repr`, `parse_one`).

The engine itself calls `parse` and `to_sql`. Only the three public methods that sqlglot goes through are replaced:
its own grammar is tolerant (it keeps unknown statements as opaque commands, reads SELECT STREAM as a column and
`(a - b) SECOND` as an alias) and gives operators no place, so none of it is used.
"""

from __future__ import annotations

from typing import Any

from sqlglot.dialects.dialect import Dialect
from sqlglot.expressions import Expr
from sqlglot.tokenizer_core import Token

from streamsql.errors import ScriptErrors
from streamsql.sql.generator import to_sql
from streamsql.sql.lexer import tokenize
from streamsql.sql.parser import parse


class Kinesis(Dialect):
    """Kinesis Analytics streaming SQL."""

    def tokenize(self, sql: str, dialect: Any = None) -> list[Token]:
        """The tokens of `sql`; raises ScriptErrors."""
        lexed = tokenize(sql)
        if lexed.errors:
            raise ScriptErrors(lexed.errors)
        return lexed.tokens

    def parse(self, sql: str, **opts: Any) -> list[Expr | None]:
        """The statements of `sql`; raises ScriptErrors with all of its errors."""
        script = parse(sql)
        if script.errors:
            raise ScriptErrors(script.errors)
        return list(script.statements)

    def generate(self, expression: Expr, copy: bool = True, **opts: Any) -> str:
        """The text of a tree of ours; options of sqlglot's own generator have no meaning here."""
        return to_sql(expression)
