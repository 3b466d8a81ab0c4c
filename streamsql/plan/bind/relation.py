"""Queries over finite relations: reference tables and VALUES, and what is made of them.

A relation is bound to the nodes that streams have too: all of its rows have one ROWTIME, which no name means, and
it is at its end. So GROUP BY needs no time, an aggregate may stand without it, and ORDER BY begins with anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from streamsql.errors import BindError, UnsupportedError
from streamsql.plan.bind.expression import ExpressionBinder
from streamsql.plan.bind.grouping import Grouping
from streamsql.plan.bind.ordering import OrderKey, bind_order, sort_keys
from streamsql.plan.bind.select import Item, SelectState, project
from streamsql.plan.bind.source import From, Query
from streamsql.plan.bind.subquery import only_truth
from streamsql.plan.calls import call
from streamsql.plan.calls import keys as as_keys
from streamsql.plan.expressions import AggregateCall, Column, Expression, Literal, transform
from streamsql.plan.monotonic import ROWTIME_COLUMN, TIME, period
from streamsql.plan.nodes import Aggregate, Distinct, Filter, Join, Node, Project, Schema, Sort, Union, Values
from streamsql.plan.scope import Entry, Relation, Scope
from streamsql.record import record, replace
from streamsql.sql import span_of
from streamsql.types import INTEGER, ROWTIME
from streamsql.types import Column as ColumnType

if TYPE_CHECKING:
    from streamsql.plan.windows import Tumbling


@cache
def whole() -> Tumbling:
    """The one period of a relation; made on need, for the functions that it asks about are imported with it."""
    return period(ROWTIME_COLUMN, {0: TIME})


@record
class RelationBinder:
    """Binds a SELECT over a finite relation. `binder` is that of its expressions; `items(binder, state)` binds its
    select list; `where` are conditions; `keys` are further groups, shown behind the items."""

    select: Any
    source: From
    binder: ExpressionBinder
    items: Callable[[ExpressionBinder, SelectState], None]
    where: Sequence[Any]
    keys: Sequence[Any] = ()

    def bind(self) -> Query:
        """The query. Raises UNS-001 for clauses that need a stream."""
        self._refuse_clauses()
        state = SelectState(self.source.node, self.source.scope)
        for part in self.where:
            condition = replace(self.binder, clause="WHERE").condition(part)
            state.node = Filter(state.node.schema, state.node, only_truth(condition))
        binder = replace(self.binder, clause="SELECT", aggregates=True)
        self.items(binder, state)
        if state.retimed:
            raise BindError(
                "rows of a relation have no ROWTIME",
                code="SYN-003",
                span=span_of(self.select),
                hint="use another name",
            )
        order = bind_order(self.select, state, binder, None)
        order = self._grouped(state, order, binder)
        if order:
            state.node = Sort(state.node.schema, state.node, whole(), sort_keys(order), True)
        return self._distinct(project(state, state.items, ROWTIME_COLUMN, retimed=False).node)

    def _refuse_clauses(self) -> None:
        for clause, words in (("windowed_by", "WINDOWED BY"), ("qualify", "QUALIFY"), ("windows", "WINDOW")):
            if self.select.args.get(clause):
                raise UnsupportedError(f"{words} needs a stream in FROM", span=span_of(self.select))

    def _grouped(self, state: SelectState, order: list[OrderKey], binder: ExpressionBinder) -> list[OrderKey]:
        """GROUP BY, HAVING and aggregates, if there are any; the sort keys over what they give."""
        listed = [*(self.select.args.get("group_by") or []), *self.keys]
        bound = replace(self.binder, clause="GROUP BY").bind_all(listed)
        keys = as_keys(bound, "GROUP BY")
        state.items += [Item(f"KEY${n}", key) for n, key in enumerate(keys[len(keys) - len(self.keys) :])]
        having = self.select.args.get("having")
        condition = None if having is None else replace(binder, clause="HAVING").condition(having)
        expressions = [item.expression for item in state.items] + [key.expression for key in order]
        if not listed and condition is None and not any(map(_aggregates, expressions)):
            return order
        grouping = Grouping(whole(), tuple(dict.fromkeys(key for key in keys if not isinstance(key, Literal))))
        state.items = [replace(item, expression=grouping.over_output(item.expression)) for item in state.items]
        order = [replace(key, expression=grouping.over_output(key.expression)) for key in order]
        condition = None if condition is None else grouping.over_output(condition)
        grouping.build(state)
        if not listed:
            assert isinstance(state.node, Aggregate)
            state.node = _one_row(state.node)
        if condition is not None:
            state.node = Filter(state.node.schema, state.node, condition)
        return order

    def _distinct(self, node: Node) -> Query:
        if self.select.args.get("distinct"):
            node = without_duplicates(node)
        return Query(node, is_stream=False)


def _aggregates(expression: Expression) -> bool:
    found: list[Expression] = []

    def note(part: Expression) -> Expression | None:
        if isinstance(part, AggregateCall):
            found.append(part)
        return None

    transform(expression, note)
    return bool(found)


def _one_row(node: Aggregate) -> Node:
    """Aggregates without GROUP BY have a row also where there is nothing: one constant row finds their group or
    none, and COUNT of nothing is 0."""
    one = Values((ROWTIME,), ((),))
    schema = (ROWTIME, ROWTIME, *(replace(column, nullable=True) for column in node.schema))
    joined = Join(schema, one, node, "LEFT", (), None, None, None)
    columns: list[Expression] = [ROWTIME_COLUMN]
    for position, aggregate in enumerate(node.aggregates, 3):
        column = Column(aggregate.type, position, aggregate.function)
        counts = aggregate.function == "COUNT"
        columns.append(call("COALESCE", (column, Literal(column.type, 0))) if counts else column)
    return Project(node.schema, joined, tuple(columns))


def without_duplicates(node: Node) -> Node:
    """Of equal rows the first; nulls are equal. Raises TYP-001 for rows that cannot be compared."""
    as_keys([Column(column.type, index, column.name) for index, column in enumerate(node.schema)], "DISTINCT")
    return Distinct(node.schema, node, 0, tuple(range(1, len(node.schema))))


def combine(kind: str, left: Node, right: Node, schema: Schema) -> Node:
    """UNION, EXCEPT and INTERSECT without ALL, of two relations with the columns of `schema`.

    The rows of both sides, marked 0 and 1, are grouped by all of their columns; a group's marks say where it is.
    """
    if kind == "UNION":
        return without_duplicates(Union(schema, (left, right)))
    marked = (*schema, ColumnType("SIDE", INTEGER, False))
    own = as_keys([Column(column.type, index, column.name) for index, column in enumerate(schema)], kind)
    sides = tuple(
        Project(marked, node, (*own, Literal(INTEGER, number))) for number, node in enumerate((left, right))
    )
    mark = Column(INTEGER, len(schema), "SIDE")
    calls = (AggregateCall(INTEGER, "MIN", (mark,)), AggregateCall(INTEGER, "MAX", (mark,)))
    columns = (*schema, ColumnType("FIRST", INTEGER), ColumnType("LAST", INTEGER))
    groups = Aggregate(columns, Union(marked, sides), whole(), tuple(own[1:]), calls)
    first, last = (Column(INTEGER, len(schema) + n, columns[len(schema) + n].name) for n in (0, 1))
    zero = Literal(INTEGER, 0)
    condition = call("=", (last, zero)) if kind == "EXCEPT" else call("<", (first, last))
    return Project(schema, Filter(columns, groups, condition), tuple(own))


def ordered(query: Query, node: Any, binder: ExpressionBinder) -> Query:
    """A relation with the ORDER BY that stands behind it: names and positions of its columns."""
    relation = Relation("", tuple(Entry(i, c) for i, c in enumerate(query.node.schema) if i))
    state = SelectState(query.node, Scope((relation,)))
    state.items = [Item(entry.column.name, entry.expression()) for entry in relation.entries]
    keys = bind_order(node, state, replace(binder, scope=state.scope), None)
    if not keys:
        return query
    return replace(query, node=Sort(query.node.schema, query.node, whole(), sort_keys(keys), True))
