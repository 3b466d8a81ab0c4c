"""What the operators of a plan keep that grows with their input, in numbers: the rules of --max-memory.

docs/memory.md states them for users; `exec.gate` enforces them. What is kept in words is in `plan.explain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streamsql.errors import ConfigError
from streamsql.functions import registry
from streamsql.plan import nodes, windows
from streamsql.plan.expressions import AggregateCall, Column, Expression, Frame
from streamsql.record import record

OUTSIDE = ""
"""The writer of an input stream that is no pump."""
KEY = 256
"""Bytes of a key besides its values: its places in the tables of the operator and of the gate, with slack."""
CALL = 64
"""Bytes of the state of an aggregate for one key."""
VALUE = 32
"""Bytes of a row in a sliding window, for each call, and of a value that an aggregate keeps."""
ROW = 64
"""Bytes of a row that is kept, besides its columns."""


@record
class Rule:
    """What an operator keeps of the rows of its input `port`.

    keys: for each new combination of these `key_bytes` and the values themselves. row_bytes: for each row; with
    `whole`, its columns too, and what these `values` of it take. span, period, count: until when
    (`exec.admission`); with_key: rows stay as long as their key. order: the column by whose time it counts.
    """

    keys: tuple[Expression, ...] = ()
    port: int = 0
    key_bytes: int = 0
    row_bytes: int = 0
    whole: bool = False
    values: tuple[Expression, ...] = ()
    span: int | None = None
    period: Expression | None = None
    count: int | None = None
    with_key: bool = False
    order: int = 0


def rules(node: nodes.Node) -> list[Rule]:
    """What a plan node keeps that grows with its input."""
    match node:
        case nodes.Aggregate():
            return [_aggregate(node)]
        case nodes.Over(calls=calls):
            return [
                _over(node, *group) for group in dict.fromkeys((call.partition_by, call.frame) for call in calls)
            ]
        case nodes.Sort(period=period):
            return [Rule(row_bytes=ROW, whole=True, period=period.value)]
        case nodes.Reorder(time=time, delay=delay):
            return [Rule(row_bytes=ROW, whole=True, span=delay, order=time)]
        case nodes.Distinct(compared=compared, monotonic=monotonic):
            columns = [Column(column.type, index) for index, column in enumerate(node.schema)]
            return [Rule(tuple(columns[i] for i in compared), key_bytes=KEY, period=columns[monotonic])]
        case nodes.Join(left_window=left, right_window=right):
            return [
                _join_side(port, window, _reach(left) + _reach(right)) for port, window in ((0, left), (1, right))
            ]
        case nodes.Union(sources=sources):  # at equal ROWTIMEs the later inputs wait for the first
            return [Rule(port=port, row_bytes=ROW, whole=True, span=0) for port in range(1, len(sources))]
        case nodes.AsOfJoin(keys=keys):
            size = KEY + ROW + VALUE * len(node.right.schema)
            return [Rule(tuple(right for _, right in keys), 1, key_bytes=size)]
        case nodes.TableCall():
            return _table_function(node)
    return []


def waiting(writers: Sequence[nodes.Node]) -> list[Rule | None]:
    """What a stream keeps of each of its writers, in their order, where there are several: its rows wait for the
    writers that lag behind it, and at the same ROWTIME for those before it. None: its rows never wait."""
    lags = [_lag(writer) for writer in writers]
    slowest = max(lags)
    return [
        Rule(row_bytes=ROW, whole=True, span=slowest - lag) if number or lag < slowest else None
        for number, lag in enumerate(lags)
    ]


def _lag(node: nodes.Node) -> int:
    """How many ms the rows of a plan are behind those that it reads, at most, as far as the SQL says it."""
    below = max(map(_lag, node.inputs), default=0)
    match node:
        case nodes.Reorder(delay=delay):
            return below + delay
        case nodes.Join(left_window=left, right_window=right):
            return below + max(window.following if window else 0 for window in (left, right))
    return below


def _aggregate(node: nodes.Aggregate) -> Rule:
    size = KEY + CALL * len(node.aggregates)
    values = tuple(arg for call in node.aggregates if _keeps_values(call) for arg in call.args[:1])
    keys = node.keys
    match node.window:
        case windows.Tumbling(value=value):
            keys = tuple(key for key in keys if key != value)
            return Rule(keys, key_bytes=size, values=values, period=value)
        case windows.Hopping(length=length, hop=hop):
            each = -(-length // hop)  # the windows that a row is in
            return Rule(keys, key_bytes=size * each, values=values * each, span=length)
        case windows.Stagger(length=length):
            return Rule(keys, key_bytes=size, values=values, span=length)
        case windows.Session(gap=gap):
            return Rule(keys, key_bytes=size, values=values, span=gap, with_key=True)
    raise TypeError(type(node.window).__name__)


def _keeps_values(call: AggregateCall) -> bool:
    function = registry.aggregate_function(call.function)
    return call.distinct or (function is not None and function.keeps_values)


def _over(node: nodes.Over, keys: tuple[Expression, ...], frame: Frame) -> Rule:
    calls = [call for call in node.calls if (call.partition_by, call.frame) == (keys, frame)]
    size = KEY + CALL * len(calls)
    row = VALUE * (len(calls) + 1)
    if frame.preceding is None:
        return Rule(keys, key_bytes=size, row_bytes=VALUE * sum(call.distinct for call in calls))
    if frame.rows:
        return Rule(keys, key_bytes=size + row * (frame.preceding + 1))
    return Rule(keys, key_bytes=size, row_bytes=row, span=frame.preceding)


def _join_side(port: int, window: nodes.JoinWindow | None, reach: int) -> Rule:
    if window is not None and window.rows:
        return Rule(port=port, row_bytes=ROW + KEY, whole=True, count=window.preceding + 1)
    return Rule(port=port, row_bytes=ROW + KEY, whole=True, span=reach)


def _reach(window: nodes.JoinWindow | None) -> int:
    return 0 if window is None or window.rows else window.preceding + window.following


def _table_function(node: nodes.TableCall) -> list[Rule]:
    function = registry.table_function(node.function)
    kept = function.keeps(node.input.schema, node.arguments, node.partition_by) if function else None
    if kept is None:
        return []
    columns = tuple(Column(node.input.schema[index].type, index) for index in kept.keys)
    row = ROW if kept.rows else 0
    return [Rule(columns, key_bytes=kept.key_bytes, row_bytes=row, whole=kept.rows, span=kept.span)]


def writers(plan: nodes.Application, stream: nodes.Stream) -> dict[str, nodes.Node]:
    """Who writes to a stream, in the order in which rows of the same ROWTIME stand: the outside, each INSERT, each
    pump; and the plan that it runs."""
    sinks = {f"INSERT {number}": sink for number, sink in enumerate(plan.inserts, 1)}
    sinks |= {pump.name: pump.sink for pump in plan.pumps}
    outside = {OUTSIDE: nodes.Source(stream.schema, stream.name)} if stream.is_input else {}
    return {**outside, **{name: sink for name, sink in sinks.items() if sink.stream == stream.name}}


@record
class _Place:
    """Something that an application keeps: where, what in the plan it is, and the rule."""

    where: str
    what: str
    rule: Rule


def _places(plan: nodes.Application) -> list[_Place]:
    """Everything that an application keeps."""
    sinks: list[tuple[str, nodes.Node]] = [(f"pump {pump.name}", pump.sink) for pump in plan.pumps]
    sinks += [("at start", sink) for sink in plan.inserts]
    places = [
        _Place(name, type(node).__name__, rule)
        for name, sink in sinks
        for node in _nodes(sink)
        for rule in rules(node)
    ]
    for stream in plan.streams:
        names = writers(plan, stream)
        if len(names) > 1:
            places += [
                _Place(f"stream {stream.name}", f"rows of {name or 'the input'} that wait", rule)
                for name, rule in zip(names, waiting(list(names.values())), strict=True)
                if rule is not None
            ]
    return places


def _nodes(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.inputs:
        yield from _nodes(child)


def room_of(plan: nodes.Application, max_memory: int | None, inputs: int = 0) -> int | None:
    """The bytes that each rule of an application has, all the same, and each of `inputs` whose rows wait for late
    ones. Raises ConfigError when that is nothing."""
    if max_memory is None:
        return None
    count = len(_places(plan)) + inputs
    if max_memory < count * KEY:
        raise ConfigError(f"--max-memory: {max_memory} bytes are too few for {count} places that keep state")
    return max_memory // max(count, 1)


def explain_room(plan: nodes.Application, max_memory: int | None, inputs: Sequence[str] = ()) -> str:
    """What everything that grows may take, as lines for EXPLAIN; empty if there is no limit. `inputs`: those whose
    rows wait for late ones."""
    room = room_of(plan, max_memory, len(inputs))
    if room is None:
        return ""
    lines = [f"memory: at most {max_memory:,} bytes of state"]
    for place in _places(plan):
        rule = place.rule
        each = [f"{rule.key_bytes:,} and its values per key"] if rule.key_bytes else []
        per_row = rule.row_bytes + VALUE * len(rule.values)
        each += [f"{per_row:,}{' and its values' * bool(rule.whole or rule.values)} per row"] if per_row else []
        lines.append(f"  {place.where}, {place.what}: {room:,} bytes; {', '.join(each)}")
    lines += [f"  input {name}, --lateness: {room:,} bytes; {ROW} and its values per row" for name in inputs]
    return "\n".join(["", *lines, ""])
