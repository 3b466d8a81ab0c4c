"""Which expressions only ever grow, and the periods that they cut a stream into (sections 7 and 9.1).

An expression over ROWTIME alone is also inverted: from its value we compute when the period is over, so that
a watermark can close it without a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from streamsql.plan.calls import call
from streamsql.plan.expressions import Call, Cast, Column, Expression, Literal, children, transform
from streamsql.plan.windows import Tumbling
from streamsql.record import record, replace
from streamsql.types import INTERVAL_DAY, INTERVAL_YEAR, TIMESTAMP, Kind, SqlType


class Trend(Enum):
    """How the values of an expression move from row to row."""

    CONSTANT = 0
    ASCENDING = 1
    DESCENDING = -1
    NONE = 2

    def reversed(self) -> Trend:
        """The trend of the negated value."""
        return {Trend.ASCENDING: Trend.DESCENDING, Trend.DESCENDING: Trend.ASCENDING}.get(self, self)


@record
class Progress:
    """What is known of a column's movement: its trend, and what it is as an expression of ROWTIME (`Column` 0)
    when it is a function of that alone."""

    trend: Trend
    of_time: Expression | None = None


ROWTIME_COLUMN = Column(TIMESTAMP, 0, "ROWTIME", nullable=False)
TIME = Progress(Trend.ASCENDING, ROWTIME_COLUMN)
Progresses = Mapping[int, Progress]

_CURRENT = ("CURRENT_ROW_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP", "CURRENT_DATE")
_SAME_ORDER = ("FLOOR", "CEIL", "CEILING", "FLOOR TO", "CEIL TO", "STEP", "INTERVAL DIFFERENCE")


def progress(expression: Expression, columns: Progresses) -> Progress:
    """The movement of `expression`, given that of the input's columns (others do not move in order)."""
    known = trend(expression, columns)
    if known in (Trend.NONE, Trend.CONSTANT):
        return Progress(known)
    return Progress(known, of_time(expression, columns))


def of_time(expression: Expression, columns: Progresses) -> Expression | None:
    """The expression as one of ROWTIME alone, or None where it is not."""
    unknown = False

    def substitute(part: Expression) -> Expression | None:
        nonlocal unknown
        if isinstance(part, Column):
            found = columns.get(part.index)
            unknown = unknown or found is None or found.of_time is None
            return found.of_time if found else None
        return None

    changed = transform(expression, substitute)
    return None if unknown else changed


def trend(expression: Expression, columns: Progresses) -> Trend:
    """The trend of an expression (the table of section 7)."""
    match expression:
        case Literal():
            return Trend.CONSTANT
        case Column(index=index):
            return columns[index].trend if index in columns else Trend.NONE
        case Cast(type=type_, arg=arg) if _keeps_order(arg.type, type_):
            return trend(arg, columns)
        case Call(function="MONOTONIC"):
            return Trend.ASCENDING
        case Call(function=name) if name in _CURRENT:
            return Trend.ASCENDING
        case Call(function="NEG", args=(arg,)):
            return trend(arg, columns).reversed()
        case Call(function=name, args=args) if name in _SAME_ORDER:
            rest = [trend(arg, columns) for arg in args[1:]]
            return trend(args[0], columns) if all(item is Trend.CONSTANT for item in rest) else Trend.NONE
        case Call(function="SUBSTRING" | "SUBSTRING FROM", args=(arg, Literal(value=start), Literal())) if (
            start in (0, 1)
        ):
            return trend(arg, columns)
        case Call(function="+" | "-" | "*" | "/" as operator, args=(left, right)):
            return _arithmetic(operator, trend(left, columns), trend(right, columns), left, right)
    constant = all(trend(child, columns) is Trend.CONSTANT for child in children(expression))
    return Trend.CONSTANT if children(expression) and constant else Trend.NONE


def _arithmetic(operator: str, left: Trend, right: Trend, first: Expression, second: Expression) -> Trend:
    if left is Trend.CONSTANT and right is Trend.CONSTANT:
        return Trend.CONSTANT
    if operator == "-":
        operator, right = "+", right.reversed()
    if operator == "+":
        moving = {left, right} - {Trend.CONSTANT}
        return moving.pop() if len(moving) == 1 else Trend.NONE
    factor, moving_side = (second, left) if right is Trend.CONSTANT else (first, right)
    if Trend.CONSTANT not in (left, right) or (operator == "/" and right is not Trend.CONSTANT):
        return Trend.NONE
    if not isinstance(factor, Literal) or factor.value is None:
        return Trend.NONE
    if factor.value == 0:
        return Trend.CONSTANT
    return moving_side if factor.value > 0 else moving_side.reversed()


_TEXT_LENGTHS = {Kind.TIMESTAMP: 19, Kind.DATE: 10}


def _keeps_order(source: SqlType, target: SqlType) -> bool:
    """Whether CAST(source AS target) keeps the order of values."""
    if source.is_numeric and target.is_numeric:
        return True
    if target.is_character and source.kind in _TEXT_LENGTHS:
        # Years are written with four digits; a shorter text is an error of the row.
        return target.length >= _TEXT_LENGTHS[source.kind]
    return source.kind is target.kind or (source.kind, target.kind) in (
        (Kind.TIMESTAMP, Kind.DATE),
        (Kind.DATE, Kind.TIMESTAMP),
        (Kind.INTERVAL_DAY, Kind.BIGINT),
    )


# --- periods -------------------------------------------------------------------------------------------------

_UNIT_MS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1000}
_UNIT_MONTHS = {"YEAR": 12, "MONTH": 1}
_MILLISECOND = Literal(INTERVAL_DAY, 1)


def period(expression: Expression, columns: Progresses) -> Tumbling:
    """The periods in which `expression`, which has a trend, keeps its value."""
    descending = trend(expression, columns) is Trend.DESCENDING
    timed = of_time(expression, columns)
    value = Column(expression.type, 0)
    if timed is None or descending:
        return Tumbling(expression, None, None, descending)
    following = _next_value(timed, value)
    closes = _first_instant(timed, following) if following is not None else None
    if closes is None:
        return Tumbling(expression, None, None)
    end = plus(closes, Literal(INTERVAL_DAY, -1)) if ends_inside(timed) else closes
    return Tumbling(expression, closes, end)


def value_of_end(expression: Expression) -> Expression:
    """The value of a period as an expression of the period's end, for a function `expression` of ROWTIME."""
    if ends_inside(expression):
        return expression
    last = plus(ROWTIME_COLUMN, Literal(INTERVAL_DAY, -1))
    return transform(expression, lambda part: last if isinstance(part, Column) else None)


def ends_inside(expression: Expression) -> bool:
    """Whether the end of a period still belongs to it: CEIL, or ROWTIME itself."""
    match expression:
        case Column() | Call(function="CEIL TO"):
            return True
        case Call(function="+" | "-" | "MONOTONIC" | "STEP" | "FLOOR TO", args=args):
            moving = [arg for arg in args if not isinstance(arg, Literal)]
            return expression.function in ("+", "-", "MONOTONIC") and len(moving) == 1 and ends_inside(moving[0])
    return False


def plus(left: Expression, right: Expression) -> Expression:
    """`left + right` for a datetime or interval and an interval."""
    return call("+", (left, right))


def _next_value(expression: Expression, value: Expression) -> Expression | None:
    """The smallest value above `value` that the expression can take."""
    step = _granularity(expression)
    return plus(value, step) if step is not None else None


def _granularity(expression: Expression) -> Literal | None:
    """The distance between neighbouring values of an expression of ROWTIME, if it is the same everywhere."""
    match expression:
        case Column():
            return _MILLISECOND
        case Call(function="FLOOR TO" | "CEIL TO", args=(_, Literal(value=unit))):
            return _unit(unit)
        case Call(function="STEP", args=(_, Literal() as step)) if step.type.is_interval:
            return step
        case Call(function="INTERVAL DIFFERENCE", args=(_, _, Literal(value=qualifier))):
            return _unit(qualifier.split(" TO ")[-1])
        case Call(function="MONOTONIC", args=(arg,)):
            return _granularity(arg)
        case Call(function="+" | "-", args=args):
            moving = [arg for arg in args if not isinstance(arg, Literal)]
            return _granularity(moving[0]) if len(moving) == 1 else None
        case Call(function="/", args=(arg, Literal(value=divisor))) if _granularity(arg) is not None:
            return _divided(_granularity(arg), divisor)
    return None


def _divided(step: Literal | None, divisor: object) -> Literal | None:
    """The granularity after a division that keeps milliseconds, where it stays even."""
    if step is None or not isinstance(divisor, int) or divisor <= 0 or step.type.kind is not Kind.INTERVAL_DAY:
        return None
    if step.value == 1:
        return step
    return replace(step, value=step.value // divisor) if step.value % divisor == 0 else None


def _unit(unit: str) -> Literal | None:
    if unit in _UNIT_MONTHS:
        return Literal(INTERVAL_YEAR, _UNIT_MONTHS[unit])
    return Literal(INTERVAL_DAY, _UNIT_MS[unit]) if unit in _UNIT_MS else None


def _first_instant(expression: Expression, target: Expression) -> Expression | None:
    """The first ROWTIME at which the expression reaches `target`, a value that it takes."""
    match expression:
        case Column():
            return target
        case Call(function="MONOTONIC", args=(arg,)):
            return _first_instant(arg, target)
        case Call(function="FLOOR TO" | "STEP", args=(arg, _)):
            return _first_instant(arg, target)
        case Call(function="CEIL TO", args=(arg, Literal(value=unit))):
            step = _unit(unit)
            if step is None:
                return None
            before = call("-", (target, step))
            return _first_instant(arg, plus(before, _MILLISECOND))
        case Call(function="INTERVAL DIFFERENCE", args=(arg, Literal() as origin, _)):
            return _first_instant(arg, call("+", (origin, target)))
        case (
            Call(function="+", args=(arg, Literal() as shift)) | Call(function="+", args=(Literal() as shift, arg))
        ):
            return _first_instant(arg, call("-", (target, shift)))
        case Call(function="-", args=(arg, Literal() as shift)):
            return _first_instant(arg, call("+", (target, shift)))
        case Call(function="/", args=(arg, Literal() as divisor)):
            return _first_instant(arg, call("*", (target, divisor)))
    return None
