"""Typed, frozen expressions. From `bind` on there are no names to look up: columns are positions.

Expressions describe; `exec.evaluate` computes them. Equality ignores where in the text they stand, so two
spellings of one grouping expression are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamsql.errors import Span
from streamsql.record import field, record, replace
from streamsql.types import SqlType


@record
class Expression:
    """Base: every expression knows its type and where it stands in the SQL text."""

    type: SqlType
    span: Span | None = field(default=None, compare=False, kw_only=True, repr=False)


@record
class Column(Expression):
    """Column number `index` of the node's input (0 is ROWTIME of a stream); `name` is for people.

    `produced` marks an unqualified ROWTIME of a select list: the time of the row about to be produced.
    """

    index: int
    name: str = field(default="", compare=False)
    nullable: bool = field(default=True, compare=False)
    produced: bool = field(default=False, compare=False)


@record
class Literal(Expression):
    """A constant. `value` is what Python has for the type: None, bool, int, Decimal, float, str, bytes, and for
    DATE days since 1970-01-01, TIME ms since midnight, TIMESTAMP ms since 1970-01-01, intervals ms or months."""

    value: Any


@record
class Call(Expression):
    """A scalar function or operator of the registry: `Call(type, "+", (a, b))`, `Call(type, "UPPER", (s,))`."""

    function: str
    args: tuple[Expression, ...]


@record
class Cast(Expression):
    """CAST(arg AS type), or with `assignment` the conversion that INSERT makes (strings are cut silently,
    section 2.2); a failing row is an error row either way."""

    arg: Expression
    assignment: bool = False


@record
class Case(Expression):
    """Searched CASE. `branches` are (condition, value) in order; failures in an untaken branch do not count."""

    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression


@record
class Field(Expression):
    """Field `name` of a row value (section 1.8)."""

    arg: Expression
    name: str


@record
class AggregateCall(Expression):
    """An aggregate of the registry inside Aggregate: COUNT(*) has no args. `ignore_nulls` is for FIRST_VALUE
    and LAST_VALUE."""

    function: str
    args: tuple[Expression, ...]
    distinct: bool = False
    ignore_nulls: bool = False


@record
class Frame:
    """The rows of a partition that an OVER call sees: those up to and including the current one, and of these
    the last `preceding` ms (RANGE, both ends inclusive) or the last `preceding` rows before it (ROWS);
    None: all."""

    rows: bool
    preceding: int | None


@record
class WindowCall(Expression):
    """`function(args) OVER (PARTITION BY partition_by frame)`; `args` may hold constants as Literals."""

    function: str
    args: tuple[Expression, ...]
    partition_by: tuple[Expression, ...]
    frame: Frame
    distinct: bool = False
    ignore_nulls: bool = False
    from_last: bool = False


@record
class Search:
    """What a subquery looks for, given the values of some arguments: the rows of the finite plan `relation` whose
    `keys`, over the relation's columns, equal the first arguments and for which `condition` is TRUE.

    `condition` and `value` are over the arguments and then the relation's columns. `value` is wanted of the only
    such row; None asks whether there is one. `always`: there is a value also without a row, over nulls.
    """

    relation: Any  # a plan.nodes.Node
    keys: tuple[Expression, ...]
    condition: Expression | None = None
    value: Expression | None = None
    always: bool = False


@record
class Subquery(Expression):
    """EXISTS, one half of IN, or a query used as a value: `search` for each row's values of `args`. EXISTS is
    never null; a value without a row is null, and more than one row is an error of the row that asks."""

    args: tuple[Expression, ...]
    search: Search


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct sub-expressions, left to right."""
    match expression:
        case Call(args=args) | AggregateCall(args=args) | Subquery(args=args):
            return args
        case WindowCall(args=args, partition_by=keys):
            return (*args, *keys)
        case Cast(arg=arg) | Field(arg=arg):
            return (arg,)
        case Case(branches=branches, otherwise=otherwise):
            return (*(part for branch in branches for part in branch), otherwise)
    return ()


def transform(expression: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """The expression with every sub-expression for which `change` returns something replaced by it, top down;
    parts in which nothing changes are the same objects."""
    changed = change(expression)
    if changed is not None:
        return changed
    updates: dict[str, Any] = {}
    for name, value in vars(expression).items():
        if isinstance(value, (Expression, tuple)) and (new := _transform_item(value, change)) is not value:
            updates[name] = new
    return replace(expression, **updates) if updates else expression


def _transform_item(item: Any, change: Callable[[Expression], Expression | None]) -> Any:
    if isinstance(item, Expression):
        return transform(item, change)
    if isinstance(item, tuple):
        parts = [_transform_item(part, change) for part in item]
        return tuple(parts) if any(new is not old for new, old in zip(parts, item, strict=True)) else item
    return item


def columns_used(*expressions: Expression) -> frozenset[int]:
    """The input columns that the expressions read."""
    found = (
        frozenset({each.index}) if isinstance(each, Column) else columns_used(*children(each))
        for each in expressions
    )
    return frozenset[int]().union(*found)
