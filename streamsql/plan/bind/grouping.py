"""GROUP BY and WINDOWED BY: the window, the groups, and the select list over them (sections 9.1 and 9.3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from streamsql import types
from streamsql.errors import BindError
from streamsql.plan.bind.expression import ExpressionBinder
from streamsql.plan.bind.group_windows import group_window, is_group_window, tumble_as_step
from streamsql.plan.calls import call
from streamsql.plan.calls import keys as as_keys
from streamsql.plan.explain import text
from streamsql.plan.expressions import AggregateCall, Call, Column, Expression, Literal, columns_used, transform
from streamsql.plan.monotonic import ROWTIME_COLUMN, TIME, Progress, Trend, of_time, period, trend, value_of_end
from streamsql.plan.nodes import Aggregate, Filter
from streamsql.plan.windows import Hopping, Stagger, Tumbling, Window
from streamsql.record import field, record, replace
from streamsql.sql import span_of
from streamsql.types import ROWTIME, Kind

if TYPE_CHECKING:
    from streamsql.plan.bind.select import SelectState


@record(frozen=False)
class Grouping:
    """The window, the keys and the aggregates that the clauses ask for.

    `over_output` maps expressions over the input rows to expressions over the Aggregate's output, and collects
    the aggregates on the way; `build` makes the node once every clause has been mapped.
    """

    window: Window
    keys: tuple[Expression, ...]
    calls: dict[AggregateCall, int] = field(default_factory=dict)  # with their places
    having: Expression | None = None

    @cached_property
    def _key_places(self) -> dict[Expression, int]:
        return {key: place for place, key in reversed(list(enumerate(self.keys)))}

    def over_output(self, expression: Expression) -> Expression:
        """`expression` with keys and aggregates as output columns. Raises STR-007 for any other column."""
        return transform(expression, self._take)

    def _take(self, part: Expression) -> Expression | None:
        if is_group_window(part):
            return self._window_value(part)
        if part in self._key_places:
            return Column(part.type, 1 + self._key_places[part], _key_name(part), span=part.span)
        if isinstance(part, AggregateCall):
            index = 1 + len(self.keys) + self.calls.setdefault(part, len(self.calls))
            return Column(part.type, index, part.function, span=part.span)
        if isinstance(part, Column):
            if part.index == 0 and part.produced:
                return replace(part, produced=False)
            raise BindError(
                f'"{part.name}" is not being grouped',
                code="STR-007",
                span=part.span,
                hint="add it to GROUP BY, or put it in an aggregate such as MAX",
            )
        return None

    def _window_value(self, part: Call) -> Expression:
        """What TUMBLE_START, HOP_END and so on stand for over the output."""
        kind, _, which = part.function.partition("_")
        if which in ("END", "ROWTIME"):
            return replace(ROWTIME_COLUMN, span=part.span)
        if kind == "TUMBLE":
            return self.over_output(tumble_as_step(replace(part, function="TUMBLE")))
        if isinstance(self.window, Hopping):
            return call("-", (ROWTIME_COLUMN, Literal(types.INTERVAL_DAY, self.window.length)), part.span)
        return self.over_output(AggregateCall(types.TIMESTAMP, "MIN", (ROWTIME_COLUMN,), span=part.span))

    def build(self, state: SelectState) -> None:
        """Put the Aggregate, and the Filter of HAVING, on top of the state's plan."""
        columns = [types.Column(_key_name(key), key.type) for key in self.keys]
        columns += [types.Column(call.function, call.type) for call in self.calls]
        node = Aggregate((ROWTIME, *columns), state.node, self.window, self.keys, tuple(self.calls))
        state.node = node if self.having is None else Filter(node.schema, node, self.having)
        state.progress = self._progress(state.progress)

    def _progress(self, source: dict[int, Progress]) -> dict[int, Progress]:
        """How the output moves: a period's value is a function of the period's end, its ROWTIME."""
        if not isinstance(self.window, Tumbling) or self.window.value not in self.keys:
            return {0: TIME}
        key = self.window.value
        timed = of_time(key, source) if self.window.closes is not None else None
        value = value_of_end(timed) if timed is not None else None
        return {0: TIME, 1 + self.keys.index(key): Progress(trend(key, source), value)}


def bind_group(select: Any, state: SelectState, binder: ExpressionBinder) -> Grouping:
    """The grouping of a SELECT; its select list and HAVING are rewritten over the groups."""
    keys_binder = replace(binder, clause="GROUP BY", aggregates=False, analytic=False, select_list=False)
    if select.args.get("group_by"):
        listed = [
            tumble_as_step(key) for key in as_keys(keys_binder.bind_all(select.args["group_by"]), "GROUP BY")
        ]
        called = [key for key in listed if is_group_window(key)]
        keys = _unique([key for key in listed if key not in called])
        window: Window = group_window(called) if called else _tumbling(select, keys, state)
    else:
        stagger = select.args["windowed_by"]
        partition = replace(keys_binder, clause="PARTITION BY").bind_all(stagger.args.get("partition_by"))
        keys = _unique(as_keys(partition, "PARTITION BY"))
        window = Stagger(_length(keys_binder, stagger))
    grouping = Grouping(window, keys)
    state.items = [replace(item, expression=grouping.over_output(item.expression)) for item in state.items]
    if state.retimed:
        state.rowtime = grouping.over_output(state.rowtime)
    having = select.args.get("having")
    if having is not None:
        condition = replace(binder, clause="HAVING", analytic=False).condition(having)
        grouping.having = grouping.over_output(condition)
    return grouping


def _tumbling(select: Any, keys: tuple[Expression, ...], state: SelectState) -> Window:
    """The window of a GROUP BY: its one expression that moves with ROWTIME. Raises STR-001, STR-002."""
    moving = [key for key in keys if trend(key, state.progress) in (Trend.ASCENDING, Trend.DESCENDING)]
    timed = [key for key in moving if of_time(key, state.progress) is not None]
    # A subquery's columns may say the same time again, or a coarser one; only ROWTIME itself may not stand twice.
    direct = [key for key in timed if 0 in columns_used(key)]
    if len({of_time(key, state.progress) for key in direct}) > 1:
        raise BindError(
            "GROUP BY has more than one expression of ROWTIME",
            code="STR-002",
            span=direct[1].span or span_of(select),
            hint="keep the finer one; the other can be computed from it in the select list",
        )
    if not moving:
        raise BindError(
            "GROUP BY on a stream needs an expression that moves with ROWTIME",
            code="STR-001",
            span=keys[0].span if keys and keys[0].span else span_of(select),
            hint="add STEP(ROWTIME BY INTERVAL '60' SECOND) or FLOOR(ROWTIME TO MINUTE)",
        )
    return period((direct or timed or moving)[0], state.progress)


def _length(binder: ExpressionBinder, stagger: Any) -> int:
    length = binder.bind(stagger.args["range"])
    if not isinstance(length, Literal) or length.type.kind is not Kind.INTERVAL_DAY or length.value <= 0:
        raise BindError("STAGGER needs RANGE with a positive INTERVAL", code="STR-010", span=span_of(stagger))
    return int(length.value)


def _unique(keys: Sequence[Expression]) -> tuple[Expression, ...]:
    """Keys without repetitions, constants left out (they split nothing)."""
    return tuple(dict.fromkeys(key for key in keys if not isinstance(key, Literal)))


def _key_name(key: Expression) -> str:
    """The name of a key's column: a column keeps its own, another expression is called by its text."""
    return key.name if isinstance(key, Column) else text(key)
