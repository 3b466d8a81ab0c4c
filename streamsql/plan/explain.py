"""Plan → the indented tree that `streamsql explain` and the golden tests print.

Every node that keeps rows or groups says in brackets how much, so that memory is known before the first row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from streamsql.functions import registry
from streamsql.plan import nodes, windows
from streamsql.plan.expressions import (
    AggregateCall,
    Call,
    Case,
    Cast,
    Column,
    Expression,
    Field,
    Frame,
    Literal,
    Subquery,
    WindowCall,
)
from streamsql.plan.memory import writers
from streamsql.plan.relations import relations
from streamsql.types import Kind

_INFIX = ("+", "-", "*", "/", "||", "=", "<>", "<", "<=", ">", ">=", "AND", "OR", "LIKE", "SIMILAR TO")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def explain(application: nodes.Application) -> str:
    """Streams, then each pump with its plan as a tree, then remarks."""
    lines = []
    for stream in application.streams:
        role = "input stream" if stream.is_input else "stream"
        columns = ", ".join(_column(column) for column in stream.schema[1:])
        ahead = "  [keeps the rows of the writers that are ahead]" if len(writers(application, stream)) > 1 else ""
        lines.append(f"{role} {_name(stream.name)} ({columns}){ahead}" + _comment(stream.description))
    for name, schema in application.tables:
        lines.append(f"reference table {_name(name)} ({', '.join(_column(column) for column in schema)})")
    for pump in application.pumps:
        state = "" if pump.running else " (stopped)"
        lines += ["", f"pump {_name(pump.name)}{state}" + _comment(pump.description), *tree(pump.sink)]
    for sink in application.inserts:
        lines += ["", "at start", *tree(sink)]
    if application.notices:
        lines.append("")
    for notice in application.notices:
        code = f" [{notice.code}]" if notice.code else ""
        lines.append(f"{notice.kind}: {notice.message}{code}")
    return "\n".join(lines) + "\n"


def tree(node: nodes.Node) -> list[str]:
    """The lines of one plan, each input indented below its node."""
    finite = relations(node)
    kept = [
        state(node),
        *(f"keeps {'table ' * isinstance(plan, nodes.Table)}{_relation(plan)}" for plan in finite),
    ]
    bound = "; ".join(filter(None, kept))
    lines = [describe(node) + (f"  [{bound}]" if bound else "")]
    below = [*node.inputs, *(plan for plan in finite if not isinstance(plan, nodes.Table))]
    for position, child in enumerate(below):
        last = position == len(below) - 1
        first, *rest = tree(child)
        lines.append(("└─ " if last else "├─ ") + first)
        lines += [("   " if last else "│  ") + line for line in rest]
    return lines


def describe(node: nodes.Node) -> str:
    """One line: the node's name and what it does."""
    match node:
        case nodes.Source(stream=stream):
            return f"Source: {_name(stream)}"
        case nodes.Values(rows=rows):
            return f"Values: {len(rows)} row" + ("s" if len(rows) != 1 else "")
        case nodes.Filter(condition=condition):
            return f"Filter: {text(condition)}"
        case nodes.Project(expressions=expressions, retimed=retimed):
            time = [f"{text(expressions[0])} AS ROWTIME"] if retimed else []
            return "Project: " + ", ".join([*time, *map(text, expressions[1:])])
        case nodes.Aggregate():
            return _aggregate(node)
        case nodes.Over(calls=calls):
            return f"Over: {_texts(calls)}"
        case nodes.Sort(period=period, keys=keys):
            return "Sort: by " + ", ".join([text(period.value), *map(_sort_key, keys)])
        case nodes.Reorder(time=time, delay=delay):
            return f"Reorder: by {node.schema[time].name} within {_duration(delay)}"
        case nodes.Distinct(monotonic=monotonic):
            return f"Distinct: until {node.schema[monotonic].name} changes"
        case nodes.TableCall(function=function, arguments=arguments, partition_by=keys):
            by = f" partition by {', '.join(node.schema[key].name for key in keys)}" if keys else ""
            return f"TableCall: {function}({', '.join(map(str, arguments))}){by}"
        case nodes.Join():
            return _join(node)
        case nodes.AsOfJoin(kind=kind, keys=keys):
            return f"AsOfJoin: {kind} on {_on(keys, None)}, last right row not after the left row"
        case nodes.Limit(count=count, offset=offset):
            return f"Limit: {'all' if count is None else count} rows" + (f" after {offset}" if offset else "")
        case nodes.Lookup(kind=kind, relation=relation, keys=keys, condition=condition):
            return f"Lookup: {kind} {_relation(relation)} on {_on(keys, condition)}"
        case nodes.Table(table=table):
            return f"Table: {_name(table)}"
        case nodes.Union():
            return "Union: merged by ROWTIME"
        case nodes.Sink(stream=stream):
            return f"Sink: {_name(stream)}"
    return type(node).__name__


def state(node: nodes.Node) -> str:
    """What a node keeps between rows, and until when; empty for a node that keeps nothing."""
    match node:
        case nodes.Aggregate(window=windows.Tumbling()):
            return "keeps the groups of one period"
        case nodes.Aggregate(window=windows.Stagger(length=length)):
            return f"keeps one open window per key, at most {_duration(length)}"
        case nodes.Aggregate():
            return "keeps the open windows of each key"
        case nodes.Over(calls=calls):
            return f"keeps per key: {', '.join(sorted({_frame(call.frame) for call in calls}))}"
        case nodes.Sort():
            return "keeps the rows of one period"
        case nodes.Reorder(delay=delay):
            return f"keeps the rows of the last {_duration(delay)} of their own time"
        case nodes.Distinct():
            return "keeps the distinct rows of one period"
        case nodes.TableCall(function=function):
            entry = registry.table_function(function)
            bound = entry.bound(node.input.schema, node.arguments, bool(node.partition_by)) if entry else ""
            return f"keeps {bound}" if bound else ""
        case nodes.Join(left_window=left, right_window=right):
            return f"keeps left: {_join_window(left)}; right: {_join_window(right)}"
        case nodes.AsOfJoin():
            return "keeps right: the last row per key; left: rows that wait for the right side's time"
        case nodes.Union():
            return "keeps the rows of the side that is ahead"
    return ""


# --- nodes ------------------------------------------------------------------------------------------------


def _aggregate(node: nodes.Aggregate) -> str:
    match node.window:
        case windows.Tumbling(value=value):
            window = f"tumbling {text(value)}"
        case windows.Stagger(length=length):
            window = f"stagger {_duration(length)}"
        case windows.Hopping(length=length, hop=hop):
            window = f"hopping {_duration(length)} every {_duration(hop)}"
        case windows.Session(gap=gap):
            window = f"session gap {_duration(gap)}"
    keys = [key for key in node.keys if not _is_window(key, node.window)]
    by = f"by {_texts(keys)}, " if keys else ""
    return f"Aggregate: {by}{window}: {_texts(node.aggregates) or 'no aggregates'}"


def _is_window(key: Expression, window: windows.Window) -> bool:
    return isinstance(window, windows.Tumbling) and key == window.value


def _join(node: nodes.Join) -> str:
    sides = f"left {_join_window(node.left_window)}, right {_join_window(node.right_window)}"
    return f"Join: {node.kind} on {_on(node.keys, node.condition)} ({sides})"


def _join_window(window: nodes.JoinWindow | None) -> str:
    if window is None:
        return "current row"
    if window.rows:
        return f"last {window.preceding + 1} rows"
    parts = [f"{_duration(window.preceding)} preceding"] if window.preceding or not window.following else []
    parts += [f"{_duration(window.following)} following"] if window.following else []
    return " and ".join(parts)


def _on(keys: Sequence[tuple[Expression, Expression]], condition: Expression | None) -> str:
    parts = [f"{text(left)} = {text(right)}" for left, right in keys]
    return " AND ".join([*parts, *([text(condition)] if condition is not None else [])]) or "TRUE"


def _sort_key(key: nodes.SortKey) -> str:
    order = " DESC" if key.descending else ""
    nulls = "" if key.nulls_first == key.descending else (" NULLS FIRST" if key.nulls_first else " NULLS LAST")
    return text(key.expression) + order + nulls


def _column(column: Any) -> str:
    return f"{_name(column.name)} {column.type}" + ("" if column.nullable else " NOT NULL")


def _comment(description: str) -> str:
    return f"  -- {description}" if description else ""


def _relation(plan: nodes.Node) -> str:
    """A finite plan in a few words; one that is more than a table stands below as a tree."""
    return _name(plan.table) if isinstance(plan, nodes.Table) else f"({describe(plan).partition(':')[0]})"


# --- expressions ------------------------------------------------------------------------------------------


def text(expression: Expression) -> str:
    """An expression in SQL's words, as short as it can be said."""
    match expression:
        case Column(name=name, index=index):
            return _name(name) if name else f"${index}"
        case Literal():
            return _literal(expression)
        case Call(function=function, args=(left, right)) if function in _INFIX:
            return f"({text(left)} {function} {text(right)})"
        case Call(function="NOT", args=(arg,)):
            return f"NOT {text(arg)}"
        case Call(function="NEG", args=(arg,)):
            return f"-{text(arg)}"
        case Call(function=function, args=(arg,)) if function.startswith("IS "):
            return f"({text(arg)} {function})"
        case Call(function="FLOOR TO" | "CEIL TO", args=(arg, Literal(value=unit))):
            return f"{expression.function.split()[0]}({text(arg)} TO {unit})"
        case Call(function="STEP", args=(arg, step)):
            return f"STEP({text(arg)} BY {text(step)})"
        case Call(function=function, args=args):
            return f"{function}({_texts(args)})"
        case Cast(type=type_, arg=arg, assignment=assignment):
            return text(arg) if assignment else f"CAST({text(arg)} AS {type_})"
        case Case(branches=branches, otherwise=otherwise):
            whens = " ".join(f"WHEN {text(condition)} THEN {text(value)}" for condition, value in branches)
            return f"CASE {whens} ELSE {text(otherwise)} END"
        case Field(arg=arg, name=name):
            return f"{text(arg)}.{_name(name)}"
        case Subquery():
            return _subquery(expression)
        case AggregateCall(function=function, args=args, distinct=distinct):
            return f"{function}({'DISTINCT ' if distinct else ''}{_texts(args) or '*'})"
        case WindowCall(function=function, args=args, partition_by=keys, frame=frame):
            by = f"PARTITION BY {_texts(keys)} " if keys else ""
            return f"{function}({_texts(args) or '*'}) OVER ({by}{_frame(frame)})"
    return type(expression).__name__


def _subquery(subquery: Subquery) -> str:
    search = subquery.search
    pairs = zip(subquery.args, search.keys, strict=False)
    on = _on(tuple(pairs), search.condition)
    where = f" WHERE {on}" if on != "TRUE" else ""
    if search.value is None:
        return f"EXISTS({_relation(search.relation)}{where})"
    return f"({text(search.value)} OF {_relation(search.relation)}{where})"


def _texts(expressions: Sequence[Expression]) -> str:
    return ", ".join(map(text, expressions))


def _frame(frame: Frame) -> str:
    if frame.preceding is None:
        return "all rows so far, as one running value"
    if frame.rows:
        return f"last {frame.preceding + 1} rows"
    return f"last {_duration(frame.preceding)}"


def _literal(literal: Literal) -> str:
    value = literal.value
    if value is None:
        return "NULL"
    match literal.type.kind:
        case Kind.CHAR | Kind.VARCHAR:
            return "'" + str(value).replace("'", "''") + "'"
        case Kind.TIMESTAMP:
            return f"TIMESTAMP '{(_EPOCH + timedelta(milliseconds=value)).strftime('%Y-%m-%d %H:%M:%S')}'"
        case Kind.DATE:
            return f"DATE '{date(1970, 1, 1) + timedelta(days=value)}'"
        case Kind.INTERVAL_DAY:
            return _duration(value)
        case Kind.INTERVAL_YEAR:
            return f"{value} months"
        case Kind.BOOLEAN:
            return str(value).upper()
    return str(value)


def _duration(ms: int) -> str:
    """A length of time in the largest unit that says it exactly."""
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if ms and ms % size == 0:
            return f"{ms // size} {unit}"
    return f"{ms} ms"


def _name(name: str) -> str:
    plain = name.replace("$", "_").isidentifier() and name == name.upper()
    return name if plain or name.endswith(")") else '"' + name.replace('"', '""') + '"'
