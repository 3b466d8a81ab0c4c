"""Queries: SELECT, UNION ALL, VALUES → plan nodes. GROUP BY is in `grouping`, ORDER BY in `ordering`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamsql import types
from streamsql.errors import BindError, UnsupportedError
from streamsql.plan.bind.expression import ExpressionBinder
from streamsql.plan.bind.frames import named_windows
from streamsql.plan.bind.grouping import bind_group
from streamsql.plan.bind.join import bind_from
from streamsql.plan.bind.ordering import OrderKey, bind_order, order_output
from streamsql.plan.bind.relation import RelationBinder, combine, ordered
from streamsql.plan.bind.select import Item, SelectState
from streamsql.plan.bind.source import From, Query, SourceBinder
from streamsql.plan.bind.subquery import Queries, only_truth
from streamsql.plan.calls import convert
from streamsql.plan.calls import keys as as_keys
from streamsql.plan.catalog import Catalog, View
from streamsql.plan.expressions import Column, Expression, Field, Literal, WindowCall, transform
from streamsql.plan.limits import check_width
from streamsql.plan.monotonic import ROWTIME_COLUMN, TIME, Trend
from streamsql.plan.nodes import Distinct, Filter, Limit, Node, Over, Project, Schema, Table, Union, Values
from streamsql.plan.scope import Entry, Relation, Scope
from streamsql.record import record, replace
from streamsql.sql import nodes, span_of
from streamsql.types import ROWTIME
from streamsql.types import Column as ColumnType


@record(frozen=False)
class QueryBinder:
    """Binds queries against a catalog."""

    catalog: Catalog

    def bind(self, node: Any, ctes: dict[str, View] | None = None) -> Query:
        """The plan of a query. Raises BindError with the place of what is wrong."""
        self.catalog.growth.add_query(span_of(node))
        ctes = self._with(node, ctes or {})
        query = self._unlimited(node, ctes)
        if node.args.get("limit") is None and node.args.get("offset") is None:
            return query
        if query.is_stream:
            self.catalog.extension("LIMIT", "UNS-001", span_of(node.args.get("limit") or node.args["offset"]))
        count = self._count(node.args.get("limit"))
        return replace(
            query, node=Limit(query.node.schema, query.node, count, self._count(node.args.get("offset")) or 0)
        )

    def _count(self, node: Any) -> int | None:
        """The number of rows of LIMIT or OFFSET."""
        if node is None:
            return None
        value = ExpressionBinder(Scope(()), self.catalog, "LIMIT").bind(node)
        if not isinstance(value, Literal) or not value.type.is_integer or value.value < 0:
            raise BindError("LIMIT takes a whole number", code="TYP-001", span=span_of(node))
        return int(value.value)

    def _unlimited(self, node: Any, ctes: dict[str, View]) -> Query:
        if isinstance(node, nodes.Select):
            return self._select(node, ctes)
        if isinstance(node, nodes.SetOperation):
            return self._union(node, ctes)
        if isinstance(node, nodes.Values):
            return ordered(self._values(node), node, self._expressions("ORDER BY"))
        raise UnsupportedError(f"{type(node).__name__} is not a query", span=span_of(node))

    def _with(self, node: Any, outer: dict[str, View]) -> dict[str, View]:
        ctes = dict(outer)
        for table in node.args.get("ctes") or []:
            self.catalog.extension("WITH", "SYN-001", span_of(table))
            name = table.this.this
            columns = tuple(column.this for column in table.args.get("columns") or [])
            ctes[name] = View(name, table.args["query"], columns)
        return ctes

    # --- SELECT --------------------------------------------------------------------------------------------

    def _select(self, select: Any, ctes: dict[str, View]) -> Query:
        windows = named_windows(select)
        sources = self._sources(windows, ctes)
        source = self._source(select, sources)
        binder = ExpressionBinder(source.scope, self.catalog, "SELECT", windows=windows, queries=sources.queries)
        if source.finite:
            return self._relation(select, source, binder, [where] if (where := select.args.get("where")) else [])
        binder = replace(binder, select_list=True)
        state = SelectState(source.node, source.scope, progress=source.scope.progresses)
        self._where(select, state, binder)
        grouped = bool(select.args.get("group_by") or select.args.get("windowed_by"))
        binder = replace(binder, aggregates=grouped, analytic=not grouped)
        self._items(select, binder, state, source)
        grouping = bind_group(select, state, binder) if grouped else None
        if grouping is None and select.args.get("having") is not None:
            raise BindError(
                "HAVING needs GROUP BY", code="STR-006", span=span_of(select.args["having"]), hint="use WHERE"
            )
        keys = bind_order(select, state, binder, grouping)
        qualify = self._qualify(select, binder)
        if grouping is not None:
            grouping.build(state)
        else:
            self._over(state, keys, qualify)
        query = order_output(state, keys, grouping)
        return self._distinct(select, query, state.items) if select.args.get("distinct") else query

    def _qualify(self, select: Any, binder: ExpressionBinder) -> list[Expression]:
        """The condition of QUALIFY, if there is one."""
        qualify = select.args.get("qualify")
        if qualify is None:
            return []
        self.catalog.extension("QUALIFY", "SYN-001", span_of(qualify))
        if not binder.analytic:
            raise BindError(
                "QUALIFY cannot stand beside GROUP BY", code="STR-008", span=span_of(qualify), hint="use HAVING"
            )
        return [replace(binder, clause="QUALIFY").condition(qualify)]

    def _expressions(self, clause: str) -> ExpressionBinder:
        return ExpressionBinder(Scope(()), self.catalog, clause)

    def _sources(self, windows: dict[str, Any], ctes: dict[str, View]) -> SourceBinder:
        """The binder of a FROM clause, which may hold subqueries."""
        sources = SourceBinder(self.catalog, self.bind, windows, ctes)

        def grouped(select: Any, where: Sequence[Any], keys: Sequence[Any]) -> Query:
            source = self._source(select, sources)
            binder = ExpressionBinder(source.scope, self.catalog, "SELECT", queries=sources.queries)
            return self._relation(select, source, binder, where, keys)

        sources.queries = Queries(
            lambda item: bind_from(sources, item), lambda query: self.bind(query, ctes), grouped
        )
        return sources

    def _relation(
        self, select: Any, source: From, binder: ExpressionBinder, where: Sequence[Any], keys: Sequence[Any] = ()
    ) -> Query:
        def items(binder: ExpressionBinder, state: SelectState) -> None:
            self._items(select, binder, state, source)

        return RelationBinder(select, source, binder, items, where, keys).bind()

    def _source(self, select: Any, sources: SourceBinder) -> From:
        item = select.args.get("source")
        if item is None:
            raise BindError("SELECT needs FROM with a stream", code="STR-013", span=span_of(select))
        source = bind_from(sources, item)
        if source.finite and select.args.get("stream"):
            name = f'"{source.node.table}" is a reference table' if isinstance(source.node, Table) else ""
            raise BindError(
                f"{name or 'this is a finite relation'}, and SELECT STREAM needs a stream",
                code="STR-013",
                span=span_of(item),
                hint="join it to a stream: FROM stream JOIN … ON …",
            )
        return source

    def _where(self, select: Any, state: SelectState, binder: ExpressionBinder) -> None:
        where = select.args.get("where")
        if where is not None:
            condition = replace(binder, clause="WHERE", select_list=False).condition(where)
            state.node = Filter(state.node.schema, state.node, only_truth(condition))

    def _items(self, select: Any, binder: ExpressionBinder, state: SelectState, source: From) -> None:
        for position, node in enumerate(select.args["expressions"]):
            if isinstance(node, nodes.Star):
                state.items += self._star(node, source)
                check_width(len(state.items), span_of(node))
                continue
            alias = node.args["alias"].this if isinstance(node, nodes.Alias) else ""
            inner = node.this if isinstance(node, nodes.Alias) else node
            expression = binder.bind(inner)
            if alias == "ROWTIME":
                self._retime(state, expression, node)
            else:
                name = alias or _name(expression, inner, position)
                state.items.append(Item(name, expression, inner))

        check_width(len(state.items), span_of(select))

    def _retime(self, state: SelectState, expression: Expression, node: Any) -> None:
        if expression.type.kind is not types.Kind.TIMESTAMP:
            raise BindError(
                f"AS ROWTIME needs a TIMESTAMP, not {expression.type}", code="TYP-003", span=span_of(node)
            )
        state.rowtime = expression
        state.retimed = not (isinstance(expression, Column) and expression.index == 0)

    def _star(self, node: Any, source: From) -> list[Item]:
        relations = list(source.relations)
        qualifier = node.args.get("this")
        if qualifier is not None:
            found = source.scope.relation(qualifier.last)
            if found is None:
                raise BindError(f'"{qualifier.last}" is not in FROM', code="NAM-002", span=span_of(node))
            relations = [found]
        shown = [
            entry
            for relation in relations
            for entry in relation.entries
            if entry.starred or (qualifier and entry.merged)
        ]
        return [Item(entry.column.name, entry.expression(span_of(node)), node) for entry in shown]

    def _over(self, state: SelectState, keys: list[OrderKey], qualify: list[Expression]) -> None:
        """Take the OVER calls out of the select list and the sort keys, into a node of their own."""
        calls: dict[WindowCall, int] = {}  # with their places
        width = len(state.node.schema)

        def take(part: Expression) -> Expression | None:
            if not isinstance(part, WindowCall):
                return None
            return Column(part.type, width + calls.setdefault(part, len(calls)), part.function, span=part.span)

        state.items = [replace(item, expression=transform(item.expression, take)) for item in state.items]
        state.rowtime = transform(state.rowtime, take)
        keys[:] = [replace(key, expression=transform(key.expression, take)) for key in keys]
        conditions = [transform(condition, take) for condition in qualify]
        if calls:
            added = tuple(ColumnType(call.function, call.type) for call in calls)
            state.node = Over((*state.node.schema, *added), state.node, tuple(calls))
        for condition in conditions:
            state.node = Filter(state.node.schema, state.node, condition)

    def _distinct(self, select: Any, query: Query, items: Sequence[Item]) -> Query:
        """SELECT DISTINCT needs an item that moves with time (section 9.6)."""
        moving = [
            index
            for index, found in sorted(query.progress.items())
            if index and found.trend in (Trend.ASCENDING, Trend.DESCENDING)
        ]
        if not moving:
            raise BindError(
                "SELECT DISTINCT on a stream needs an item that moves with ROWTIME",
                code="STR-004",
                span=span_of(select),
                hint="select ROWTIME, or FLOOR(ROWTIME TO MINUTE), as well",
            )
        as_keys([item.expression for item in items], "SELECT DISTINCT")
        times = [i for i in moving if query.progress[i].of_time == ROWTIME_COLUMN]
        others = [i for i in moving if i not in times]
        compared = tuple(i for i in range(1, len(query.node.schema)) if i not in times)
        return replace(query, node=Distinct(query.node.schema, query.node, others[0] if others else 0, compared))

    # --- UNION and VALUES --------------------------------------------------------------------------------------

    def _union(self, node: Any, ctes: dict[str, View]) -> Query:
        """A set operation: on streams only UNION ALL, on finite relations the others too."""
        kind, every = node.args["kind"], bool(node.args.get("all"))
        left, right = self.bind(node.this, ctes), self.bind(node.expression, ctes)
        if left.is_stream is not right.is_stream:
            raise BindError(
                f"{kind} ALL needs a stream on both sides, or on neither", code="STR-005", span=span_of(node)
            )
        merges = kind == "UNION" and every
        if (left.is_stream and not merges) or (every and not merges):
            raise _not_allowed(kind, every, left.is_stream, node)
        sides = [left.node, right.node]
        if len(sides[0].schema) != len(sides[1].schema):
            raise BindError(
                f"the sides of {kind} have {len(sides[0].schema) - 1} and {len(sides[1].schema) - 1} columns",
                code="STR-005",
                span=span_of(node),
            )
        schema = _common_schema(sides[0].schema, sides[1].schema, node)
        first, second = (_as_schema(side, schema) for side in sides)
        if left.is_stream:
            return self._merged(Union(schema, (first, second)), node)
        both = Union(schema, (first, second)) if every else combine(kind, first, second, schema)
        return ordered(Query(both, is_stream=False), node, self._expressions("ORDER BY"))

    def _merged(self, union: Union, node: Any) -> Query:
        """UNION ALL of streams with the ORDER BY that stands behind it."""
        relation = Relation(
            "", tuple(Entry(i, c) for i, c in enumerate(union.schema) if i), Entry(0, ROWTIME, progress=TIME)
        )
        scope = Scope((relation,))
        items = [Item(entry.column.name, entry.expression()) for entry in relation.entries]
        state = SelectState(union, scope, items, progress=scope.progresses)
        keys = bind_order(node, state, ExpressionBinder(scope, self.catalog, "ORDER BY", select_list=True), None)
        return order_output(state, keys, None) if keys else Query(union)

    def _values(self, node: Any) -> Query:
        binder = ExpressionBinder(Scope(()), self.catalog, "VALUES")
        rows = [binder.bind_all(row.expressions) for row in node.expressions]
        columns: list[ColumnType] = []
        for index, first in enumerate(rows[0]):
            type_ = first.type
            for row in rows[1:]:
                common = types.common_type(type_, row[index].type)
                if common is None:
                    raise BindError(
                        f"column {index + 1} of VALUES is {type_} here and {row[index].type} there",
                        code="TYP-004",
                        span=row[index].span,
                    )
                type_ = common
            columns.append(ColumnType(f"EXPR${index}", type_))
        converted = tuple(tuple(convert(v, c.type) for v, c in zip(row, columns, strict=True)) for row in rows)
        return Query(Values((ROWTIME, *columns), converted), is_stream=False)


def _name(expression: Expression, node: Any, position: int) -> str:
    """The default name of a select item: a column's own name, else EXPR$n."""
    if isinstance(node, nodes.Paren):
        return _name(expression, node.this, position)
    if isinstance(expression, (Column, Field)) and isinstance(node, nodes.Name):
        return node.last
    return f"EXPR${position}"


def _not_allowed(kind: str, every: bool, stream: bool, node: Any) -> BindError:
    what = kind + " ALL" * every
    allowed = "on streams; only UNION ALL is" if stream else "; leave out ALL"
    return BindError(f"{what} is not allowed {allowed}".replace(" ;", ";"), code="STR-005", span=span_of(node))


def _common_schema(left: Schema, right: Schema, node: Any) -> Schema:
    columns = []
    for position, (a, b) in enumerate(zip(left, right, strict=True)):
        common = types.common_type(a.type, b.type)
        if common is None:
            raise BindError(
                f"column {position} of {node.args['kind']} is {a.type} on the left and {b.type} on the right",
                code="TYP-004",
                span=span_of(node),
            )
        columns.append(ColumnType(a.name, common, a.nullable or b.nullable))
    return tuple(columns)


def _as_schema(node: Node, schema: Schema) -> Node:
    """`node` with its columns converted to `schema`, where they differ."""
    if all(have.type == want.type for have, want in zip(node.schema, schema, strict=True)):
        return node
    own = [Column(c.type, i, c.name, nullable=c.nullable) for i, c in enumerate(node.schema)]
    return Project(schema, node, tuple(convert(c, want.type) for c, want in zip(own, schema, strict=True)))
