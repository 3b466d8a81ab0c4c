"""Window specifications: named windows, and frames as a number of rows or milliseconds before the current row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamsql.errors import BindError, Span
from streamsql.plan.expressions import Frame, Literal
from streamsql.record import record, replace
from streamsql.sql import nodes, span_of
from streamsql.types import Kind

if TYPE_CHECKING:
    from streamsql.plan.bind.expression import ExpressionBinder


@record
class Window:
    """A window with the named one that it extends taken in."""

    partition_by: tuple[Any, ...] = ()
    order_by: tuple[Any, ...] = ()
    frame: Any = None
    node: Any = None


def resolve_window(binder: ExpressionBinder, window: Any) -> Window:
    """The window behind a name or a specification. Raises NAM-005 for a name that is not defined."""
    found = Window()
    seen: set[str] = set()
    while window is not None:
        if isinstance(window, nodes.Identifier):
            window = _named(binder, window, seen)
        found = Window(
            found.partition_by or tuple(window.args.get("partition_by") or ()),
            found.order_by or tuple(window.args.get("order_by") or ()),
            found.frame or window.args.get("frame"),
            found.node or window,
        )
        window = window.args.get("this")
    return found


def _named(binder: ExpressionBinder, identifier: Any, seen: set[str]) -> Any:
    name = identifier.this
    spec = binder.windows.get(name)
    if spec is None or name in seen:
        known = ", ".join(binder.windows) or "none"
        raise BindError(
            f'window "{name}" is not defined (there is {known})', code="NAM-005", span=span_of(identifier)
        )
    seen.add(name)
    return spec


def named_windows(select: nodes.Select) -> dict[str, Any]:
    """The WINDOW clause. Raises NAM-005 for a name used twice."""
    windows: dict[str, Any] = {}
    for item in select.args.get("windows") or []:
        name = item.this.this
        if name in windows:
            raise BindError(f'window "{name}" is defined twice', code="NAM-005", span=span_of(item))
        windows[name] = item.args["spec"]
    return windows


def frame_of(binder: ExpressionBinder, window: Window, span: Span | None) -> Frame:
    """The frame of an OVER call (section 9.2). Raises STR-010 for one that streaming SQL does not allow."""
    if window.order_by and not _is_rowtime(window.order_by):
        raise BindError(
            "ORDER BY is not allowed in the window of an aggregate: rows come in ROWTIME order",
            code="STR-010",
            span=span_of(window.order_by[0]) or span,
        )
    if window.frame is None:
        return Frame(rows=False, preceding=None)
    frame = window.frame
    end = frame.args.get("end")
    if end is not None and end.args["kind"] != "CURRENT ROW":
        raise illegal(frame, "the frame must end at CURRENT ROW")
    rows = frame.args["unit"] == "ROWS"
    return Frame(rows=rows, preceding=bound_size(binder, frame, frame.args["start"], rows=rows))


def bound_size(binder: ExpressionBinder, frame: Any, bound: Any, *, rows: bool) -> int | None:
    """The size of a `… PRECEDING` bound in rows or ms; 0 for CURRENT ROW, None for UNBOUNDED PRECEDING."""
    kind = bound.args["kind"]
    if kind == "CURRENT ROW":
        return 0
    if kind == "UNBOUNDED PRECEDING":
        return None
    if kind != "PRECEDING":
        raise illegal(frame, f"{kind} is not allowed here")
    return size(binder, frame, bound.this, rows=rows)


def size(binder: ExpressionBinder, frame: Any, node: Any, *, rows: bool) -> int:
    """A frame's size: a whole number of rows, or a day-time interval in ms."""
    value = replace(binder, clause="a window", aggregates=False, analytic=False).bind(node)
    if not isinstance(value, Literal) or value.value is None:
        raise illegal(frame, "the size must be a constant")
    if rows and not value.type.is_integer:
        raise illegal(frame, "ROWS needs a whole number")
    if not rows and value.type.kind is not Kind.INTERVAL_DAY:
        raise illegal(frame, "RANGE needs an INTERVAL of days, hours, minutes or seconds")
    if value.value < 0:
        raise illegal(frame, "the size must not be negative")
    return int(value.value)


def illegal(frame: Any, why: str) -> BindError:
    """STR-010 at the frame."""
    return BindError(f"illegal window frame: {why}", code="STR-010", span=span_of(frame))


def _is_rowtime(order_by: tuple[Any, ...]) -> bool:
    key = order_by[0]
    return (
        len(order_by) == 1
        and isinstance(key.this, nodes.Name)
        and key.this.last == "ROWTIME"
        and not key.args.get("descending")
    )
