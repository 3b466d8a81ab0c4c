"""Finite plans inside other plans: which ones a node reads, and the reference tables behind them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from streamsql.errors import Span
from streamsql.plan.expressions import Column, Literal
from streamsql.plan.nodes import Node, Table
from streamsql.record import fields, is_record
from streamsql.types import SqlType


def relations(node: Node) -> list[Node]:
    """The finite plans that a node reads besides its inputs: that of a Lookup, those of subqueries."""
    inputs = [id(child) for child in node.inputs]
    values = [getattr(node, item.name) for item in fields(node)]
    found = [
        plan for value in values if id(value) not in inputs and value != node.inputs for plan in _plans(value)
    ]
    return list(dict.fromkeys(found))


def tables(plan: Node) -> list[str]:
    """The names of all reference tables that a finite plan reads, at any depth."""
    own = [plan.table] if isinstance(plan, Table) else []
    below = [name for child in (*plan.inputs, *relations(plan)) for name in tables(child)]
    return list(dict.fromkeys([*own, *below]))


def _plans(value: Any) -> Iterator[Node]:
    rest = [value]
    while rest:
        value = rest.pop()
        kind: Any = type(value)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            rest += reversed(value)
        else:
            rest += [getattr(value, name) for name in _parts(kind)]


@cache
def _parts(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass, last first; of what is none, and of the leaves of expressions, nothing."""
    if issubclass(kind, (SqlType, Span, Column, Literal)) or not is_record(kind):
        return ()
    return tuple(item.name for item in reversed(fields(kind)))
