"""Plan → better plan: an ordered tuple of rules, each a function of one node whose inputs are done already.

What is not tried: reordering joins, or dropping an expression that can fail (its failure is a row of the
error stream, so it is part of the result).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from streamsql.errors import BindError
from streamsql.plan.calls import may_stop_early, reads_the_clock
from streamsql.plan.expressions import (
    Call,
    Case,
    Cast,
    Column,
    Expression,
    Field,
    Literal,
    Subquery,
    children,
    transform,
)
from streamsql.plan.nodes import Application, Filter, Node, Project
from streamsql.record import fields, replace
from streamsql.types import Kind

Fold = Callable[[Expression], Any]
"""The engine's own evaluator on one row: the value of a constant expression, as in `Literal`. Raises BindError
where it cannot be computed."""

Rule = Callable[[Node], Node]


def rewrite(application: Application, fold: Fold) -> Application:
    """The application with every rule applied to every plan."""
    rules: tuple[Rule, ...] = (partial(fold_constants, fold), *RULES)
    pumps = tuple(replace(pump, sink=_rewritten(pump.sink, rules)) for pump in application.pumps)
    return replace(application, pumps=pumps)


def _rewritten(node: Any, rules: tuple[Rule, ...]) -> Any:
    updates: dict[str, Any] = {}
    for item in fields(node):
        value = getattr(node, item.name)
        if isinstance(value, Node):
            updates[item.name] = _rewritten(value, rules)
        elif item.name == "sources":
            updates[item.name] = tuple(_rewritten(child, rules) for child in value)
    if updates:
        node = replace(node, **updates)
    for rule in rules:
        node = rule(node)
    return node


def fold_constants(fold: Fold, node: Node) -> Node:
    """Replace every expression without columns by its value."""
    if isinstance(node, Filter):
        return replace(node, condition=_folded(fold, node.condition))
    if isinstance(node, Project):
        return replace(node, expressions=tuple(_folded(fold, part) for part in node.expressions))
    return node


def _folded(fold: Fold, expression: Expression) -> Expression:
    def change(part: Expression) -> Expression | None:
        if not isinstance(part, (Call, Cast, Case)) or part.type.kind is Kind.ROW or not _is_constant(part):
            return None
        try:
            return Literal(part.type, fold(part), span=part.span)
        except BindError:
            return None

    return transform(expression, change)


def _is_constant(expression: Expression) -> bool:
    if isinstance(expression, Literal):
        return True
    if isinstance(expression, Subquery) or reads_the_clock(expression):
        return False
    parts = children(expression)
    return bool(parts) and all(_is_constant(part) for part in parts)


def merge_projects(node: Node) -> Node:
    """Project over Project becomes one, where no work is doubled and no failure is lost."""
    if not (isinstance(node, Project) and isinstance(node.input, Project)):
        return node
    inner = node.input
    if inner.retimed and not (isinstance(node.expressions[0], Column) and node.expressions[0].index == 0):
        return node
    uses = [0] * len(inner.expressions)
    for expression in node.expressions:
        _count(expression, uses)
    for expression, used in zip(inner.expressions, uses, strict=True):
        if used != 1 and not isinstance(expression, (Column, Literal)):
            return node

    def take(part: Expression) -> Expression | None:
        return inner.expressions[part.index] if isinstance(part, Column) else None

    merged = tuple(transform(expression, take) for expression in node.expressions)
    return Project(node.schema, inner.input, merged, node.retimed or inner.retimed)


def _count(expression: Expression, uses: list[int]) -> None:
    if isinstance(expression, Column):
        uses[expression.index] += 1
    for place, child in enumerate(children(expression)):
        # What a CASE may not take, or AND, OR and COALESCE not need, or a row value's neighbour field, is no plain
        # single use.
        if isinstance(expression, (Case, Field)) or (place and may_stop_early(expression)):
            _count(child, uses)
        _count(child, uses)


def drop_true_filter(node: Node) -> Node:
    """WHERE TRUE is no filter."""
    if isinstance(node, Filter) and isinstance(node.condition, Literal) and node.condition.value is True:
        return node.input
    return node


RULES: tuple[Rule, ...] = (merge_projects, drop_true_filter)
