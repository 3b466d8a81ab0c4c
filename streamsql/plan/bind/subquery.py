"""IN and EXISTS over a reference table: subqueries → tests of each row, and tests → nodes of the plan.

A test comes out of the expression binder as a `TableTest` inside the expression; `filtered` gives it its node.
What is not here: a subquery as a value, and one that reads a stream (it would never be at its end).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from streamsql import types
from streamsql.errors import BindError, Span, UnsupportedError
from streamsql.plan.bind.conditions import all_of, conjuncts, equal_sides, moved
from streamsql.plan.calls import call
from streamsql.plan.expressions import Case, Column, Expression, Literal, TableTest, columns_used, transform
from streamsql.plan.nodes import Exists, Filter, Node, Schema
from streamsql.plan.scope import Entry, Relation, Scope
from streamsql.record import record
from streamsql.sql import nodes, span_of
from streamsql.types import BOOLEAN

if TYPE_CHECKING:
    from streamsql.plan.bind.expression import ExpressionBinder

_TRUE = Literal(BOOLEAN, True)
_FALSE = Literal(BOOLEAN, False)
_UNKNOWN = Literal(BOOLEAN, None)
_NOT_IN_SUBQUERIES = (
    *("ctes", "group_by", "windowed_by", "having", "windows", "qualify", "order_by", "limit", "offset"),
)


@record
class InnerScope(Scope):
    """The names inside a subquery: those of its own table, the first relation, hide those of the query around."""

    def column(self, name: str, span: Span | None) -> Entry:
        return self.relations[0].find(name) or super().column(name, span)


def bind_exists(outer: ExpressionBinder, node: Any) -> Expression:
    """EXISTS (SELECT … FROM table WHERE …)."""
    query = _Subquery.bind(outer, node.this)
    return query.has([])


def bind_in(outer: ExpressionBinder, node: Any) -> Expression:
    """x IN (SELECT column FROM table WHERE …), without its NOT: TRUE where a row is equal, else unknown where the
    comparison with a row is, else FALSE."""
    query = _Subquery.bind(outer, node.args["query"])
    lefts = [outer.bind(item) for item in (node.this.expressions if _is_row(node.this) else [node.this])]
    rights = query.items()
    if len(lefts) != len(rights):
        raise BindError(
            f"IN compares {len(lefts)} value{'s' * (len(lefts) > 1)} with a subquery of {len(rights)} columns",
            code="TYP-001",
            span=span_of(node),
        )
    equal = [call("=", pair, span_of(node)) for pair in zip(lefts, rights, strict=True)]
    found = query.has(equal)
    if len(lefts) == 1:
        without_value = query.has([_is_null(rights[0])])
        unknown = call("OR", (without_value, call("AND", (_is_null(lefts[0]), query.has([])))))
    else:
        unknown = query.has([call("OR", (part, _is_null(part))) for part in equal])
    return Case(BOOLEAN, ((found, _TRUE), (unknown, _UNKNOWN)), _FALSE, span=span_of(node))


def filtered(node: Node, condition: Expression) -> Node:
    """The rows of `node` for which the condition is TRUE. Every test of a table in it becomes a node that adds a
    column; what stands before the first of them, joined by AND, filters first."""
    parts = [_only_truth(part) for part in conjuncts(condition)]
    first = next((number for number, part in enumerate(parts) if _tests(part)), None)
    if first is None:
        return Filter(node.schema, node, condition)
    if before := all_of(parts[:first]):
        node = Filter(node.schema, node, before)
    tests = list(dict.fromkeys(test for part in parts for test in _tests(part)))
    width = len(node.schema)

    def answer(part: Expression) -> Expression | None:
        if not isinstance(part, TableTest):
            return None
        return Column(BOOLEAN, width + tests.index(part), _answer_name(part), nullable=False, span=part.span)

    rest = all_of([transform(part, answer) for part in parts[first:]])
    assert rest is not None
    for number, test in enumerate(tests):
        schema = (*node.schema, types.Column(_answer_name(test), BOOLEAN, False))
        inside = None if test.condition is None else moved(test.condition, number, start=width)
        node = Exists(schema, node, test.table, test.columns, test.keys, inside)
    return Filter(node.schema, node, rest)


@record
class _Subquery:
    """A subquery over a reference table, whose columns stand behind the `width` columns of the row outside."""

    select: Any
    binder: ExpressionBinder
    relation: Relation
    table: str
    schema: Schema
    width: int
    conditions: tuple[Expression, ...]

    @classmethod
    def bind(cls, outer: ExpressionBinder, select: Any) -> _Subquery:
        """Its table and its WHERE. Raises STR-013 for a stream, UNS-001 for what cannot stand in it."""
        width = outer.table_start
        if not width:
            raise UnsupportedError(
                f"a subquery in {outer.clause} is not supported",
                span=span_of(select),
                hint="it can stand in WHERE, or join the table in FROM",
            )
        _refuse_clauses(select)
        source = select.args["source"]
        name = source.this.last
        schema = _table(outer, name, source, bool(select.args.get("stream")))
        alias = source.args["alias"].this if source.args.get("alias") is not None else name
        relation = Relation(alias, tuple(Entry(index, column) for index, column in enumerate(schema, width)))
        scope = InnerScope((relation, *outer.scope.relations))
        binder = replace(outer, scope=scope, clause="WHERE of a subquery", table_start=0)
        where = select.args.get("where")
        conditions = () if where is None else tuple(conjuncts(binder.condition(where)))
        return cls(select, binder, relation, name, schema, width, conditions)

    def items(self) -> list[Expression]:
        """The expressions of its select list."""
        found: list[Expression] = []
        for item in self.select.expressions:
            if isinstance(item, nodes.Star):
                found += [entry.expression(span_of(item)) for entry in self.relation.entries]
            else:
                found.append(self.binder.bind(item.this if isinstance(item, nodes.Alias) else item))
        return found

    def has(self, more: list[Expression]) -> TableTest:
        """Whether there is a row that meets its WHERE and the other conditions.

        What concerns one side only is an equality too, with TRUE: so it needs no look at pairs of rows.
        """
        keys: list[tuple[Expression, Expression]] = []
        rest: list[Expression] = []
        for part in (*self.conditions, *more):
            used = columns_used(part)
            if pair := equal_sides(part, self.width):
                keys.append((pair[0], moved(pair[1], -self.width)))
            elif not used or max(used) < self.width:
                keys.append((part, _TRUE))
            elif min(used) >= self.width:
                keys.append((_TRUE, moved(part, -self.width)))
            else:
                rest.append(part)
        span = span_of(self.select)
        return TableTest(BOOLEAN, self.table, self.schema, tuple(keys), all_of(rest), span=span)


def _table(outer: ExpressionBinder, name: str, source: Any, stream: bool) -> Schema:
    """The columns of the reference table that a subquery reads."""
    catalog = outer.catalog
    if name in catalog.tables and not stream:
        return catalog.tables[name]
    if name in catalog.streams or name in catalog.views or stream:
        what = f'"{name}" is no reference table' if name not in catalog.tables else f'"{name}" is no stream'
        raise BindError(
            f"IN and EXISTS read a reference table, and {what}",
            code="STR-013",
            span=span_of(source),
            hint="" if name in catalog.tables else "join streams in FROM, with a window",
        )
    raise catalog.not_found(name, span_of(source))


def _refuse_clauses(select: Any) -> None:
    wrong = [clause for clause in _NOT_IN_SUBQUERIES if select.args.get(clause)]
    source = select.args.get("source")
    if not isinstance(select, nodes.Select) or wrong:
        what = wrong[0].replace("_", " ").upper() if wrong else type(select).__name__.upper()
        raise UnsupportedError(f"{what} is not supported in a subquery of IN or EXISTS", span=span_of(select))
    if not isinstance(source, nodes.TableRef) or source.args.get("columns") or source.args.get("window"):
        raise UnsupportedError(
            "a subquery of IN or EXISTS reads one reference table", span=span_of(source or select)
        )


def _tests(expression: Expression) -> list[TableTest]:
    """The tests of tables inside an expression."""
    found: list[TableTest] = []

    def note(part: Expression) -> Expression | None:
        if isinstance(part, TableTest):
            found.append(part)
            return part
        return None

    transform(expression, note)
    return found


def _only_truth(part: Expression) -> Expression:
    """For a filter unknown is FALSE, so of IN only the question matters whether a row is equal."""
    if isinstance(part, Case) and part.otherwise == _FALSE and len(part.branches) == 2:
        (found, yes), (_, perhaps) = part.branches
        if isinstance(found, TableTest) and yes == _TRUE and perhaps == _UNKNOWN:
            return found
    return part


def _answer_name(test: TableTest) -> str:
    return f"FOUND IN {test.table}"


def _is_row(node: Any) -> bool:
    return isinstance(node, nodes.Tuple)


def _is_null(expression: Expression) -> Expression:
    return call("IS NULL", (expression,), expression.span)
