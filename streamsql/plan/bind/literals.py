"""Literals and type names: text → values and types."""

from __future__ import annotations

from typing import Any

from streamsql import types
from streamsql.errors import BindError, ConfigError
from streamsql.plan.calls import number_literal
from streamsql.plan.expressions import Literal
from streamsql.sql import nodes, span_of
from streamsql.types import Kind, SqlType

HANDLED = ("Literal", "Boolean", "Null", "Unknown", "BinaryLiteral", "DateTimeLiteral", "IntervalLiteral")
_DATETIME = {"DATE": types.DATE, "TIME": types.TIME, "TIMESTAMP": types.TIMESTAMP}


def bind_literal(node: Any) -> Literal:
    """The typed constant for a literal node (section 1.5)."""
    span = span_of(node)
    match node:
        case nodes.Literal() if node.args["is_string"]:
            return Literal(types.char(len(node.this)), node.this, span=span)
        case nodes.Literal():
            return number_literal(node.this, span)
        case nodes.Boolean():
            return Literal(types.BOOLEAN, bool(node.this), span=span)
        case nodes.Unknown():
            return Literal(types.BOOLEAN, None, span=span)
        case nodes.BinaryLiteral():
            value = bytes.fromhex(node.this)
            return Literal(SqlType(Kind.BINARY, length=len(value)), value, span=span)
        case nodes.DateTimeLiteral():
            return Literal(_DATETIME[node.args["kind"]], node.args["value"], span=span)
        case nodes.IntervalLiteral():
            return Literal(interval_type(node.args["qualifier"]), node.args["value"], span=span)
    return Literal(types.NULL, None, span=span)


def interval_type(qualifier: nodes.IntervalQualifier) -> SqlType:
    """The interval type of a qualifier."""
    kind = Kind.INTERVAL_YEAR if qualifier.is_year_month else Kind.INTERVAL_DAY
    return SqlType(kind, qualifier=qualifier.text_form)


def type_of(node: nodes.TypeName, *, default_length: int = 0) -> SqlType:
    """The type that a TypeName names. Raises BindError TYP-005 for one that does not exist.

    `default_length` is the length of VARCHAR without one (0: an error).
    """
    words, qualifier = node.this, node.args.get("qualifier")
    if qualifier is not None:
        return interval_type(qualifier)
    try:
        type_ = types.make_type(
            words, node.args.get("size"), node.args.get("scale"), default_length=default_length
        )
        return types.array_of(type_) if node.args.get("array") else type_
    except ConfigError as error:
        raise BindError(error.message, code="TYP-005", span=span_of(node), hint=error.hint) from None


def column_type(node: nodes.TypeName) -> SqlType:
    """The type of a stream's column: INTERVAL is none (TYP-005)."""
    type_ = type_of(node, default_length=types.MAX_CHARACTERS)
    if type_.is_interval:
        raise BindError("a column of a stream cannot be an INTERVAL", code="TYP-005", span=span_of(node))
    return type_
