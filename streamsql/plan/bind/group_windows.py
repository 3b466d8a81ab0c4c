"""Group windows in the manner of other engines, an extension: TUMBLE, HOP and SESSION in GROUP BY.

`TUMBLE(ROWTIME, size)` is STEP; `HOP(ROWTIME, slide, size)` and `SESSION(ROWTIME, gap)` are windows of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from streamsql.errors import BindError
from streamsql.plan.bind.functions import WINDOW_FUNCTIONS
from streamsql.plan.calls import call
from streamsql.plan.expressions import Call, Column, Expression, Literal
from streamsql.plan.windows import Hopping, Session, Window
from streamsql.types import Kind

_SIZES = {"TUMBLE": ("size",), "HOP": ("slide", "size"), "SESSION": ("gap",)}


def is_group_window(expression: Expression) -> TypeGuard[Call]:
    """Whether the expression is a call of a group window or of its start or end."""
    return isinstance(expression, Call) and expression.function in WINDOW_FUNCTIONS


def group_window(calls: Sequence[Expression]) -> Window:
    """The window of the HOP or SESSION in a GROUP BY. Raises STR-002 for a second one."""
    first, *others = calls
    if others:
        raise BindError("GROUP BY has more than one window", code="STR-002", span=others[0].span)
    assert is_group_window(first)
    sizes = window_sizes(first)
    if first.function == "HOP":
        hop, length = sizes
        return Hopping(length, hop)
    return Session(sizes[0])


def tumble_as_step(expression: Expression) -> Expression:
    """TUMBLE(ROWTIME, size) as STEP(ROWTIME BY size); any other expression as it is."""
    if is_group_window(expression) and expression.function == "TUMBLE":
        window_sizes(expression)
        return call("STEP", expression.args, expression.span)
    return expression


def window_sizes(window: Call) -> list[int]:
    """The sizes of a group window in ms. Raises FUN-001 for arguments that it does not take."""
    name = window.function.partition("_")[0]
    wanted = _SIZES[name]
    time, *sizes = window.args or (None,)
    usage = f"write {name}(ROWTIME, {', '.join(f'INTERVAL … {size}' for size in wanted)})".replace(
        " …", " '…' SECOND"
    )
    if not (isinstance(time, Column) and time.index == 0) or len(sizes) != len(wanted):
        raise BindError(
            f"{name} takes ROWTIME and {' and '.join(wanted)}", code="FUN-001", span=window.span, hint=usage
        )
    values = []
    for size in sizes:
        if not isinstance(size, Literal) or size.type.kind is not Kind.INTERVAL_DAY or size.value <= 0:
            raise BindError(
                f"the sizes of {name} must be positive constant intervals",
                code="FUN-001",
                span=window.span,
                hint=usage,
            )
        values.append(int(size.value))
    return values
