"""Subqueries of expressions: IN, EXISTS and a query as a value, over finite relations only.

What a subquery reads becomes a finite plan; what ties it to the row outside becomes the arguments and keys of a
`Search`. While both are bound, columns of the plan stand at `INNER` and above, those of the row below it. What is
not here: a subquery that reads a stream (it would never be at its end), and a tie other than in the WHERE of the
subquery itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from streamsql.errors import BindError, Span, UnsupportedError
from streamsql.functions import registry
from streamsql.plan.bind.conditions import all_of, conjuncts, moved
from streamsql.plan.bind.search import INNER, Rows
from streamsql.plan.calls import call
from streamsql.plan.expressions import (
    Case,
    Column,
    Expression,
    Literal,
    Subquery,
    transform,
)
from streamsql.plan.nodes import Aggregate, Filter, Node, Project
from streamsql.plan.scope import Entry, Relation, Scope
from streamsql.record import record, replace
from streamsql.sql import nodes, span_of
from streamsql.types import BOOLEAN

if TYPE_CHECKING:
    from streamsql.plan.bind.expression import ExpressionBinder
    from streamsql.plan.bind.source import From, Query

_TRUE = Literal(BOOLEAN, True)
_FALSE = Literal(BOOLEAN, False)
_UNKNOWN = Literal(BOOLEAN, None)
_MORE_THAN_ROWS = (
    *("ctes", "group_by", "windowed_by", "having", "windows", "qualify", "order_by", "limit", "offset"),
    "distinct",
)
T = TypeVar("T")


@record
class Queries:
    """How the parts of a subquery are bound. `grouped(select, where, keys)` is the query with these conditions for
    its WHERE, and with `keys` as further groups, shown behind its items."""

    source: Callable[[Any], From]
    query: Callable[[Any], Query]
    grouped: Callable[[Any, Sequence[Any], Sequence[Any]], Query]


@record
class InnerScope(Scope):
    """The names inside a subquery: those of its own FROM hide those of the query around."""

    inner: Scope

    def column(self, name: str, span: Span | None) -> Entry:
        known = any(relation.find(name) for relation in self.inner.relations)
        return self.inner.column(name, span) if known else super().column(name, span)


def bind_exists(outer: ExpressionBinder, node: Any) -> Expression:
    """EXISTS (query)."""
    return _exists(outer, node.this)


def _exists(outer: ExpressionBinder, query: Any) -> Expression:
    if _is_union(query):
        return call("OR", (_exists(outer, query.this), _exists(outer, query.expression)), span_of(query))
    rows = _rows(outer, query)
    return _TRUE if rows.always else rows.has([])


def bind_in(outer: ExpressionBinder, node: Any) -> Expression:
    """x IN (query), without its NOT: TRUE where a row is equal, else unknown where the comparison with a row is,
    else FALSE."""
    lefts = [outer.bind(item) for item in (node.this.expressions if _is_tuple(node.this) else [node.this])]
    return _in(outer, lefts, node.args["query"], span_of(node))


def _in(outer: ExpressionBinder, lefts: list[Expression], query: Any, span: Span | None) -> Expression:
    if _is_union(query):
        return call("OR", [_in(outer, lefts, side, span) for side in (query.this, query.expression)], span)
    rows = _rows(outer, query).computed()
    if len(lefts) != len(rows.items):
        raise BindError(
            f"IN compares {len(lefts)} value{'s' * (len(lefts) > 1)} with a subquery of {len(rows.items)} columns",
            code="TYP-001",
            span=span,
        )
    if rows.always:
        return call("=", (lefts[0], rows.value(0)), span)
    equal = [call("=", pair, span) for pair in zip(lefts, rows.items, strict=True)]
    found = rows.has(equal)
    if len(lefts) == 1:
        without_value = rows.has([_is_null(rows.items[0])])
        unknown = call("OR", (without_value, call("AND", (_is_null(lefts[0]), rows.has([])))))
    else:
        unknown = rows.has([call("OR", (part, _is_null(part))) for part in equal])
    return Case(BOOLEAN, ((found, _TRUE), (unknown, _UNKNOWN)), _FALSE, span=span)


def bind_value(outer: ExpressionBinder, node: Any) -> Expression:
    """A query of one column as a value (extension)."""
    outer.catalog.extension("a subquery as a value", "UNS-001", span_of(node))
    rows = _rows(outer, node.this).computed()
    if len(rows.items) != 1:
        raise BindError(
            f"a subquery used as a value has one column, not {len(rows.items)}", code="TYP-001", span=span_of(node)
        )
    return replace(rows.value(0), span=span_of(node))


def only_truth(condition: Expression) -> Expression:
    """For a filter unknown is FALSE, so of an IN joined by AND it only matters whether a row is equal."""
    return all_of([_found(part) for part in conjuncts(condition)]) or condition


def _found(part: Expression) -> Expression:
    if isinstance(part, Case) and part.otherwise == _FALSE and len(part.branches) == 2:
        (found, yes), (_, perhaps) = part.branches
        if isinstance(found, Subquery) and yes == _TRUE and perhaps == _UNKNOWN:
            return found
    return part


# --- what a subquery reads --------------------------------------------------------------------------------


def _rows(outer: ExpressionBinder, query: Any) -> Rows:
    """What a subquery reads. Raises STR-013 for a stream."""
    queries = outer.queries
    if queries is None:
        raise UnsupportedError(
            f"a subquery in {outer.clause} is not supported",
            span=span_of(query),
            hint="join the relation in FROM",
        )
    if isinstance(query, nodes.Select) and not _is_more(query):
        return _plain(outer, queries, query)
    found = _attempt(outer, queries.query, query)
    if found is None:
        return _tied(outer, queries, query)
    _refuse_stream(not found.is_stream, query, query)
    return Rows(found.node, _columns(found.node, 0), span=span_of(query))


def _columns(node: Node, start: int) -> tuple[Expression, ...]:
    """The columns of a finite plan without ROWTIME."""
    columns = node.schema[1 + start :]
    return tuple(Column(c.type, INNER + start + i, c.name, nullable=c.nullable) for i, c in enumerate(columns))


def _plain(outer: ExpressionBinder, queries: Queries, select: Any) -> Rows:
    """SELECT … FROM … WHERE: conditions on its own rows filter them, the others tie them to the row outside."""
    source = _source(queries, select)
    inside = _inside(outer, source.relations)
    both = _both(outer, source.relations)
    node, ties = source.node, []
    for part in _parts(select.args.get("where")):
        own = _attempt(outer, inside.condition, part)
        if own is None:
            ties.append(both.condition(part))
        else:
            node = Filter(node.schema, node, only_truth(own))
    items: list[Expression] = []
    for item in select.args["expressions"]:
        if isinstance(item, nodes.Star):
            items += [moved(e.expression(span_of(item)), INNER - 1) for e in _starred(source, item)]
            continue
        value = item.this if isinstance(item, nodes.Alias) else item
        own = _attempt(outer, inside.bind, value)
        items.append(both.bind(value) if own is None else moved(own, INNER - 1))
    parts = tuple(part for tie in ties for part in conjuncts(tie))
    return Rows(node, tuple(items), parts, span=span_of(select))


def _tied(outer: ExpressionBinder, queries: Queries, select: Any) -> Rows:
    """An aggregating subquery tied to the row outside by equalities: they become groups of its own."""
    allowed = ("group_by", "having")
    wrong = [clause for clause in _MORE_THAN_ROWS if select.args.get(clause) and clause not in allowed]
    if not isinstance(select, nodes.Select) or wrong:
        _raise_untied(queries, select)
    source = _source(queries, select)
    inside, both = _inside(outer, source.relations), _both(outer, source.relations)
    own, lefts, keys = [], [], []
    for part in _parts(select.args.get("where")):
        if _attempt(outer, inside.condition, part) is not None:
            own.append(part)
            continue
        both.condition(part)
        left, key = _equality(outer, inside, part)
        lefts.append(both.bind(left))
        keys.append(key)
    query = queries.grouped(select, own, keys)
    count = len(query.node.schema) - 1 - len(keys)
    columns = _columns(query.node, 0)
    ties = tuple(call("=", pair, span_of(select)) for pair in zip(lefts, columns[count:], strict=True))
    if select.args.get("group_by"):
        return Rows(query.node, columns[:count], ties, span=span_of(select))
    return _of_nothing_too(query.node, count, lefts, select)


def _raise_untied(queries: Queries, query: Any) -> NoReturn:
    """Say what kept a subquery from standing alone: a name that it does not have."""
    try:
        queries.query(query)
    except BindError as error:
        hint = "the row outside is known in the WHERE of a subquery without LIMIT, UNION and the like"
        error.hint = f"{error.hint}; {hint}" if error.hint else hint
        raise
    raise AssertionError("it was tried before")


def _equality(outer: ExpressionBinder, inside: ExpressionBinder, part: Any) -> tuple[Any, Any]:
    """A tie as (what is outside, what is inside), as syntax."""
    if isinstance(part, nodes.EQ):
        for left, right in ((part.this, part.expression), (part.expression, part.this)):
            if _attempt(outer, inside.bind, right) is not None:
                return left, right
    raise UnsupportedError(
        "a subquery with aggregates is tied to the row outside by equalities only", span=span_of(part)
    )


def _of_nothing_too(node: Node, count: int, lefts: Sequence[Expression], select: Any) -> Rows:
    """Aggregates without GROUP BY: what is made of them is computed for each row outside, and COUNT is 0 where the
    row finds no group."""
    assert isinstance(node, Project)
    groups = node.input
    if not isinstance(groups, Aggregate):
        raise UnsupportedError("HAVING needs GROUP BY in this subquery", span=span_of(select))

    def aggregate(part: Expression) -> Expression | None:
        if not isinstance(part, Column):
            return None
        column = replace(part, index=part.index - 1 + INNER)
        number = part.index - 1 - len(groups.keys)
        if number >= 0 and groups.aggregates[number].function == "COUNT":
            return call("COALESCE", (column, Literal(part.type, 0)))
        return column

    values = [transform(expression, aggregate) for expression in node.expressions[1:]]
    ties = tuple(call("=", pair, span_of(select)) for pair in zip(lefts, values[count:], strict=True))
    return Rows(groups, tuple(values[:count]), ties, always=True, span=span_of(select))


# --- small questions --------------------------------------------------------------------------------------


def _attempt(outer: ExpressionBinder, bind: Callable[[Any], T], node: Any) -> T | None:
    """What `bind` gives; None where it does not know a name, which may be one of the row outside."""
    notices = len(outer.catalog.notices)
    try:
        return bind(node)
    except BindError as error:
        if error.code != "NAM-002":
            raise
        del outer.catalog.notices[notices:]
        return None


def _inside(outer: ExpressionBinder, relations: tuple[Relation, ...]) -> ExpressionBinder:
    return replace(
        outer, scope=Scope(relations), clause="a subquery", aggregates=False, analytic=False, select_list=False
    )


def _both(outer: ExpressionBinder, relations: tuple[Relation, ...]) -> ExpressionBinder:
    """A binder of what ties a subquery to the row outside."""
    inner = Scope(tuple(relation.shifted(INNER - 1) for relation in relations))
    scope = InnerScope((*inner.relations, *outer.scope.relations), inner)
    clause = "a condition on the row outside"
    return replace(outer, scope=scope, clause=clause, aggregates=False, analytic=False, queries=None)


def _source(queries: Queries, select: Any) -> Any:
    item = select.args.get("source")
    if item is None:
        raise BindError("SELECT needs FROM", code="STR-013", span=span_of(select), hint="write VALUES (…)")
    source = queries.source(item)
    _refuse_stream(source.finite and not select.args.get("stream"), item, select)
    return source


def _refuse_stream(finite: bool, item: Any, select: Any) -> None:
    if not finite:
        raise BindError(
            "a subquery of IN, EXISTS or a value reads reference tables and VALUES, not a stream",
            code="STR-013",
            span=span_of(select if select.args.get("stream") else item),
            hint="leave out STREAM" if select.args.get("stream") else "join streams in FROM, with a window",
        )


def _starred(source: Any, star: Any) -> list[Entry]:
    qualifier = star.args.get("this")
    relations = source.relations if qualifier is None else [source.scope.relation(qualifier.last)]
    if None in relations:
        raise BindError(f'"{qualifier.last}" is not in FROM', code="NAM-002", span=span_of(star))
    return [entry for relation in relations for entry in relation.entries if entry.starred]


def _parts(where: Any) -> list[Any]:
    """The conditions of a WHERE that are joined by AND, as syntax."""
    if where is None:
        return []
    if isinstance(where, nodes.Paren) and isinstance(where.this, nodes.And):
        where = where.this
    return [*_parts(where.this), *_parts(where.expression)] if isinstance(where, nodes.And) else [where]


def _is_more(select: Any) -> bool:
    """Whether the subquery has more than FROM and WHERE: groups, an order, aggregates."""
    if any(select.args.get(clause) for clause in _MORE_THAN_ROWS):
        return True
    calls = (inner for item in select.args["expressions"] for inner in item.find_all(nodes.Call))
    return any(registry.aggregate_function(called.this.last) is not None for called in calls)


def _is_union(query: Any) -> bool:
    """A UNION of which only the sides matter."""
    tail = any(query.args.get(clause) for clause in ("ctes", "order_by", "limit", "offset"))
    return isinstance(query, nodes.SetOperation) and query.args["kind"] == "UNION" and not tail


def _is_tuple(node: Any) -> bool:
    return isinstance(node, nodes.Tuple)


def _is_null(expression: Expression) -> Expression:
    return call("IS NULL", (expression,), expression.span)
