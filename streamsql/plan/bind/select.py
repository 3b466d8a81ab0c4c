"""The state of a SELECT while it is being bound, and its last step, the projection."""

from __future__ import annotations

from typing import Any

from streamsql.plan.bind.source import Query
from streamsql.plan.expressions import Column, Expression
from streamsql.plan.monotonic import ROWTIME_COLUMN, Progress, Trend, progress
from streamsql.plan.nodes import Node, Project
from streamsql.plan.scope import Scope
from streamsql.record import field, record, replace
from streamsql.sql import span_of
from streamsql.types import ROWTIME
from streamsql.types import Column as ColumnType


@record
class Item:
    """One item of a select list: its output name and its expression."""

    name: str
    expression: Expression
    node: Any = None


@record(frozen=False)
class SelectState:
    """A SELECT while it is being bound: the plan so far and what its columns mean."""

    node: Node
    scope: Scope
    items: list[Item] = field(default_factory=list)
    rowtime: Expression = ROWTIME_COLUMN
    retimed: bool = False
    progress: dict[int, Progress] = field(default_factory=dict)


def project(state: SelectState, items: list[Item], rowtime: Expression, *, retimed: bool) -> Query:
    """The Project node for a select list, and how its columns move."""
    schema = (ROWTIME, *(ColumnType(i.name, i.expression.type, _nullable(i.expression)) for i in items))
    expressions = (rowtime, *(item.expression for item in items))
    node = Project(schema, state.node, expressions, retimed)
    moves = {0: Progress(Trend.ASCENDING, ROWTIME_COLUMN)}
    for index, item in enumerate(items, 1):
        found = progress(item.expression, state.progress)
        if found.trend in (Trend.ASCENDING, Trend.DESCENDING):
            moves[index] = replace(found, of_time=None) if retimed else found
    return Query(
        node, progress=moves, item_spans=tuple(span_of(i.node) if i.node is not None else None for i in items)
    )


def _nullable(expression: Expression) -> bool:
    return expression.nullable if isinstance(expression, Column) else True
