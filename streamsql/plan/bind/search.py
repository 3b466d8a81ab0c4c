"""The rows of a subquery and what ties them to the row outside → arguments, keys and condition of a `Search`."""

from __future__ import annotations

from collections.abc import Sequence

from streamsql.errors import Span
from streamsql.plan.bind.conditions import all_of, moved
from streamsql.plan.expressions import (
    AggregateCall,
    Call,
    Column,
    Expression,
    Literal,
    Search,
    Subquery,
    WindowCall,
    columns_used,
    transform,
)
from streamsql.plan.nodes import Node, Project
from streamsql.record import record, replace
from streamsql.types import BOOLEAN, SqlType
from streamsql.types import Column as ColumnType

INNER = 1 << 20
"""While a subquery is bound, the columns of its plan stand here and above, those of the row outside below."""

_TRUE = Literal(BOOLEAN, True)


@record
class Rows:
    """The rows of a subquery for one row outside: those of `relation` for which all `conditions` hold. `always`:
    an aggregate without GROUP BY, which has a value also where there are no rows."""

    relation: Node
    items: tuple[Expression, ...]
    conditions: tuple[Expression, ...] = ()
    always: bool = False
    span: Span | None = None

    def computed(self) -> Rows:
        """The same, with items of its own rows as columns: a row where one fails is left out, once."""
        places = [n for n, item in enumerate(self.items) if _only_inside(item) and not isinstance(item, Column)]
        if self.always or not places:
            return self
        own = tuple(Column(column.type, index, column.name) for index, column in enumerate(self.relation.schema))
        items = list(self.items)
        added: list[Expression] = []
        for place in places:
            item = items[place]
            items[place] = Column(item.type, INNER + len(own) - 1 + len(added), f"ITEM${place}", span=item.span)
            added.append(moved(item, 1 - INNER))
        columns = (ColumnType(f"ITEM${place}", self.items[place].type) for place in places)
        node = Project((*self.relation.schema, *columns), self.relation, (*own, *added))
        return replace(self, relation=node, items=tuple(items))

    def has(self, more: Sequence[Expression]) -> Expression:
        """Whether there is such a row that meets `more` too."""
        return self._search(BOOLEAN, (*self.conditions, *more), None)

    def value(self, number: int) -> Expression:
        """The item of the only such row."""
        item = self.items[number]
        return self._search(item.type, self.conditions, item)

    def _search(self, type_: SqlType, parts: Sequence[Expression], value: Expression | None) -> Expression:
        """What concerns one side only is an equality too, with TRUE: so it needs no look at pairs of rows."""
        args: list[Expression] = []
        keys: list[Expression] = []
        rest: list[Expression] = []
        for part in parts:
            left, right = _sides(part)
            if right is None:
                rest.append(part)
            else:
                args.append(left)
                keys.append(moved(right, -INNER))
        seen = args[:]
        condition, value = (None if e is None else _over_arguments(e, seen) for e in (all_of(rest), value))
        shift = len(seen) - INNER
        condition, value = (None if e is None else moved(e, shift, INNER) for e in (condition, value))
        search = Search(self.relation, tuple(keys), condition, value, self.always)
        return Subquery(type_, tuple(seen), search, span=self.span)


def _sides(part: Expression) -> tuple[Expression, Expression | None]:
    """A condition as an equality of something outside and something inside; (part, None) if it is neither."""
    if not _reads_inside(part):
        return part, _TRUE
    if _only_inside(part):
        return _TRUE, part
    if isinstance(part, Call) and part.function == "=":
        for left, right in (part.args, part.args[::-1]):
            if not _reads_inside(left) and _only_inside(right):
                return left, right
    return part, None


def _reads_inside(expression: Expression) -> bool:
    return any(column >= INNER for column in columns_used(expression))


def _only_inside(expression: Expression) -> bool:
    used = columns_used(expression)
    return bool(used) and min(used) >= INNER and not _calls_outside(expression)


def _calls_outside(expression: Expression) -> bool:
    """Whether it holds an aggregate of the query outside, such as COUNT(*), which reads no column."""
    found: list[Expression] = []

    def note(part: Expression) -> Expression | None:
        if isinstance(part, AggregateCall | WindowCall):
            found.append(part)
        return None

    transform(expression, note)
    return bool(found)


def _over_arguments(expression: Expression, args: list[Expression]) -> Expression:
    """The expression with everything outside replaced by arguments, which are added to `args`."""

    def take(part: Expression) -> Expression | None:
        if _reads_inside(part) or isinstance(part, Literal):
            return None
        if part not in args:
            args.append(part)
        return Column(part.type, args.index(part), f"${args.index(part)}", span=part.span)

    return transform(expression, take)
