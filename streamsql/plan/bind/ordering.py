"""ORDER BY on a stream: the period that is gathered, the keys inside it, and ROWTIME after it (section 9.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from streamsql.errors import BindError, Span
from streamsql.plan.bind.select import Item, SelectState, project
from streamsql.plan.bind.source import Query
from streamsql.plan.calls import keys as as_keys
from streamsql.plan.expressions import Column, Expression, Literal, children
from streamsql.plan.monotonic import ROWTIME_COLUMN, TIME, Trend, period, trend
from streamsql.plan.nodes import Project, Reorder, Sort, SortKey
from streamsql.plan.windows import Tumbling
from streamsql.record import record, replace
from streamsql.sql import nodes, span_of
from streamsql.types import ROWTIME, Kind
from streamsql.types import Column as ColumnType

if TYPE_CHECKING:
    from streamsql.plan.bind.expression import ExpressionBinder
    from streamsql.plan.bind.grouping import Grouping


@record
class OrderKey:
    """One item of ORDER BY, bound over the same rows as the select list."""

    expression: Expression
    descending: bool
    nulls_first: bool
    span: Span | None
    within: int | None = None  # ms: WITHIN of a stream that is put in the order of another time


def bind_order(
    select: Any, state: SelectState, binder: ExpressionBinder, grouping: Grouping | None
) -> list[OrderKey]:
    """The keys of ORDER BY; aliases and positions of the select list may be used."""
    keys = []
    for item in select.args.get("order_by") or []:
        expression = _selected(item.this, state)
        if expression is None:
            bound = replace(binder, clause="ORDER BY").bind(item.this)
            expression = grouping.over_output(bound) if grouping else bound
        descending = bool(item.args.get("descending"))
        nulls = item.args.get("nulls")
        first = nulls == "FIRST" if nulls else descending
        as_keys([expression], "ORDER BY")
        keys.append(OrderKey(expression, descending, first, span_of(item), _within(item, binder)))
    return keys


def _selected(node: Any, state: SelectState) -> Expression | None:
    """The select item that a key names by alias or position."""
    if isinstance(node, nodes.Literal) and not node.args["is_string"] and node.this.isdigit():
        position = int(node.this)
        if not 1 <= position <= len(state.items):
            raise BindError(
                f"ORDER BY {position}: the select list has {len(state.items)} items",
                code="NAM-002",
                span=span_of(node),
            )
        return state.items[position - 1].expression
    if isinstance(node, nodes.Name) and len(node.parts) == 1 and node.last != "ROWTIME":
        return next((item.expression for item in state.items if item.name == node.last), None)
    return None


def order_output(state: SelectState, keys: list[OrderKey], grouping: Grouping | None) -> Query:
    """Sort, where asked for, and project."""
    if not keys:
        return project(state, state.items, state.rowtime, retimed=state.retimed)
    leading, rest = keys[0], keys[1:]
    if any(key.within is not None for key in keys):
        return _reordered(state, keys, grouping)
    if trend(leading.expression, state.progress) is not Trend.ASCENDING or leading.descending:
        raise BindError(
            "ORDER BY on a stream must start with an ascending expression of ROWTIME",
            code="STR-003",
            span=leading.span,
            hint="start with ROWTIME or FLOOR(ROWTIME TO SECOND), then the other columns",
        )
    window, keep = _period(leading.expression, state, grouping)
    if keep or not _reads_own_time(state):
        return _sorted(state, window, rest, keep)
    return _sorted_with_own_time(state, window, rest)


def _within(item: Any, binder: ExpressionBinder) -> int | None:
    """The delay of ORDER BY … WITHIN in ms, if there is one."""
    if item.args.get("within") is None:
        return None
    binder.catalog.extension("ORDER BY … WITHIN", "SYN-001", span_of(item))
    delay = replace(binder, clause="WITHIN").bind(item.args["within"])
    if not isinstance(delay, Literal) or delay.type.kind is not Kind.INTERVAL_DAY or delay.value < 0:
        raise BindError("WITHIN needs a constant day-time INTERVAL", code="TYP-001", span=span_of(item))
    return int(delay.value)


def _reordered(state: SelectState, keys: list[OrderKey], grouping: Grouping | None) -> Query:
    """The select list, its rows in the order of its ROWTIME item (section 8.5)."""
    (key, *others) = keys
    fits = state.retimed and grouping is None and state.rowtime == key.expression and not key.descending
    if others or not fits:
        raise BindError(
            "ORDER BY … WITHIN takes the one expression that the select list names AS ROWTIME",
            code="STR-003",
            span=key.span,
            hint="write SELECT STREAM ts AS ROWTIME, … ORDER BY ts WITHIN INTERVAL '10' SECOND",
        )
    listed = project(state, state.items, ROWTIME_COLUMN, retimed=False)
    time = len(listed.node.schema)
    assert isinstance(listed.node, Project) and key.within is not None
    schema = (*listed.node.schema, ColumnType("TIME", ROWTIME.type))
    before = Project(schema, state.node, (*listed.node.expressions, key.expression))
    state.node = Reorder(schema, before, time, key.within)
    state.progress = {0: TIME}
    columns = [Column(column.type, index, column.name) for index, column in enumerate(schema)]
    done = [
        replace(item, expression=ROWTIME_COLUMN if _is_produced(item.expression) else columns[index])
        for index, item in enumerate(state.items, 1)
    ]
    return project(state, done, ROWTIME_COLUMN, retimed=False)


def _period(expression: Expression, state: SelectState, grouping: Grouping | None) -> tuple[Tumbling, bool]:
    """The period to gather, and whether rows keep their ROWTIME: they do when it is ROWTIME itself, or the period
    of the GROUP BY, whose rows all carry its end already."""
    keyed = grouping is not None and isinstance(grouping.window, Tumbling) and isinstance(expression, Column)
    if keyed and grouping is not None and 1 <= expression.index <= len(grouping.keys):  # type: ignore[attr-defined]
        expression = ROWTIME_COLUMN
    keep = isinstance(expression, Column) and expression.index == 0
    return period(ROWTIME_COLUMN if keep else expression, state.progress), keep


def sort_keys(keys: Sequence[OrderKey]) -> tuple[SortKey, ...]:
    """The keys for a Sort node."""
    return tuple(SortKey(key.expression, key.descending, key.nulls_first) for key in keys)


def _sorted(state: SelectState, window: Tumbling, keys: list[OrderKey], keep: bool) -> Query:
    state.node = Sort(state.node.schema, state.node, window, sort_keys(keys), keep)
    if not keep:
        state.progress = {0: TIME}
    return project(state, state.items, state.rowtime, retimed=state.retimed)


def _sorted_with_own_time(state: SelectState, window: Tumbling, keys: list[OrderKey]) -> Query:
    """The select list reads the rows' own ROWTIME, which sorting replaces: compute the list first, then sort."""
    items = [item.expression for item in state.items]
    expressions = [*items, window.value, *(key.expression for key in keys), state.rowtime]
    columns = [ColumnType(f"SORT${i}", expression.type) for i, expression in enumerate(expressions)]
    schema = (ROWTIME, *columns)
    before = Project(schema, state.node, (ROWTIME_COLUMN, *expressions))

    def column(position: int) -> Column:
        return Column(expressions[position].type, position + 1, schema[position + 1].name)

    value = len(items)
    moved = [replace(key, expression=column(value + 1 + n)) for n, key in enumerate(keys)]
    state.node = Sort(schema, before, replace(window, value=column(value)), sort_keys(moved), False)
    state.progress = {0: TIME}
    done = [
        Item(item.name, ROWTIME_COLUMN if _is_produced(item.expression) else column(n), item.node)
        for n, item in enumerate(state.items)
    ]
    rowtime = column(len(expressions) - 1) if state.retimed else ROWTIME_COLUMN
    return project(state, done, rowtime, retimed=state.retimed)


def _is_produced(expression: Expression) -> bool:
    return isinstance(expression, Column) and expression.produced


def _reads_own_time(state: SelectState) -> bool:
    return any(_own_time(item.expression) for item in state.items) or (state.retimed and _own_time(state.rowtime))


def _own_time(expression: Expression) -> bool:
    if isinstance(expression, Column):
        return expression.index == 0 and not expression.produced
    return any(_own_time(child) for child in children(expression))
