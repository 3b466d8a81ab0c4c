"""Conditions taken apart: what is joined by AND, and which parts say that two sides are equal."""

from __future__ import annotations

from collections.abc import Sequence

from streamsql.plan.calls import call
from streamsql.plan.expressions import Call, Column, Expression, columns_used, transform
from streamsql.record import replace


def conjuncts(condition: Expression) -> list[Expression]:
    """The parts of a condition joined by AND."""
    if isinstance(condition, Call) and condition.function == "AND":
        return [part for arg in condition.args for part in conjuncts(arg)]
    return [condition]


def all_of(parts: Sequence[Expression]) -> Expression | None:
    """The parts joined by AND, as a balanced tree, so that many stay shallow; None if there are none."""
    if len(parts) < 2:
        return parts[0] if parts else None
    middle = len(parts) // 2
    halves = [half for half in (all_of(parts[:middle]), all_of(parts[middle:])) if half is not None]
    return call("AND", halves, parts[middle].span)


def equal_sides(part: Expression, width: int, offset: int = 0) -> tuple[Expression, Expression] | None:
    """(left, right) of an equality between two sides; None for any other condition.

    Columns from `width` on belong to the right side; `offset` is where the left side's begin.
    """
    if not isinstance(part, Call) or part.function != "=":
        return None
    used = [columns_used(arg) for arg in part.args]
    if not all(used) or any(offset and 0 in columns for columns in used):
        return None
    for left, right in ((0, 1), (1, 0)):
        if max(used[left]) < width <= min(used[right]):
            return part.args[left], part.args[right]
    return None


def moved(expression: Expression, by: int, start: int = 0) -> Expression:
    """The expression with its columns, from position `start` on, moved by so many places."""

    def move(part: Expression) -> Expression | None:
        if isinstance(part, Column):
            return replace(part, index=part.index + by) if part.index >= start else part
        return None

    return transform(expression, move)
