"""`+ - * /` and unary minus: numbers (section 2.3), datetimes and intervals (section 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions import calendar
from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.intervals import covering
from streamsql.functions.registry import Argument, Resolution, cannot_apply, scalar
from streamsql.functions.vectors import array, numbers, without, words
from streamsql.kernels import compute as pc
from streamsql.kernels import decimals
from streamsql.record import replace
from streamsql.types import BIGINT, DOUBLE, INTEGER, NULL, REAL, Kind, SqlType, decimal

_SYNTAX = {
    "+": "number + number, datetime + interval, interval + interval",
    "-": "number - number, datetime - interval, interval - interval, (datetime - datetime) unit [TO unit]",
    "*": "number * number, interval * number, number * interval",
    "/": "number / number, interval / number",
}


def exact_type(type_: SqlType) -> SqlType:
    """An exact numeric type as the DECIMAL that holds it."""
    return decimal(*type_.digits)


def numeric_result(symbol: str, left: SqlType, right: SqlType) -> Resolution:
    """Result and conversions of `left symbol right` for numbers (section 2.3)."""
    if left.is_approximate or right.is_approximate:
        type_ = REAL if left.kind is right.kind is Kind.REAL else DOUBLE
        return Resolution(type_, (type_, type_))
    if left.is_integer and right.is_integer:
        type_ = left if left.bits >= right.bits else right
        return Resolution(type_, (type_, type_))
    cap = 19 if 19 in (left.digits[0], right.digits[0]) else 18
    (p1, s1), (p2, s2) = left.digits, right.digits
    if symbol == "*":
        precision, scale = p1 + p2, s1 + s2
    elif symbol == "/":
        whole = p1 - s1 + s2
        scale = max(6, s1 + p2 + 1)
        precision = whole + scale
        if precision > cap:
            scale = max(s1, cap - whole)
    else:
        scale = max(s1, s2)
        precision = max(p1 - s1, p2 - s2) + scale + 1
    result = decimal(min(precision, cap), min(scale, cap))
    return Resolution(result, (exact_type(left), exact_type(right)))


def _factor(type_: SqlType) -> SqlType:
    """The type to which a number is converted before it scales an interval."""
    return BIGINT if type_.is_integer else type_ if type_.kind is Kind.DECIMAL else DOUBLE


def _resolve(symbol: str) -> Callable[[Sequence[Argument]], Resolution]:
    def resolve(args: Sequence[Argument]) -> Resolution:
        if len(args) != 2:
            raise cannot_apply(symbol, args, _SYNTAX[symbol])
        left, right = (arg.type for arg in args)
        left, right = _typed_null(left, right), _typed_null(right, left)
        if left.is_numeric and right.is_numeric:
            return numeric_result(symbol, left, right)
        found = _with_intervals(symbol, left, right)
        if found is None and left.is_datetime and right.is_datetime and symbol == "-" and left != right:
            raise BindError(
                f"the parameters of - must be of the same type, not {left} and {right}", code="TYP-004"
            )
        if found is None:
            raise cannot_apply(symbol, args, _SYNTAX[symbol])
        return found

    return resolve


def _typed_null(type_: SqlType, other: SqlType) -> SqlType:
    if type_.kind is not Kind.NULL:
        return type_
    return other if other.is_numeric or other.is_interval else INTEGER


def _with_intervals(symbol: str, left: SqlType, right: SqlType) -> Resolution | None:
    if symbol in "+-":
        if left.is_interval and right.kind is left.kind:
            return Resolution(replace(left, qualifier=covering(left.qualifier, right.qualifier)), (left, right))
        if left.is_datetime and right.is_interval and _movable(left, right):
            return Resolution(left, (left, right))
        if symbol == "+" and left.is_interval and right.is_datetime and _movable(right, left):
            return Resolution(right, (left, right))
    elif left.is_interval and right.is_numeric:
        return Resolution(left, (left, _factor(right)))
    elif symbol == "*" and left.is_numeric and right.is_interval:
        return Resolution(right, (_factor(left), right))
    return None


def _movable(type_: SqlType, interval: SqlType) -> bool:
    return type_.kind is not Kind.TIME or interval.kind is Kind.INTERVAL_DAY


@scalar("+", "a + b", _resolve("+"), examples=[("3.0 + 2", "5.0"), ("2147483647 - 1 + 1", "2147483647")])
def plus(call: CallContext, left: Datum, right: Datum) -> Datum:
    """Sum of two numbers or intervals, or a datetime moved by an interval. Overflow is a row error."""
    if call.result.is_datetime:
        return _move(call, left, right, 1) if call.args[0].is_datetime else _move(call, right, left, 1)
    return _combine(call, "+", pc.add_checked, pc.add, left, right)


@scalar(
    "-",
    "a - b",
    _resolve("-"),
    examples=[("7 - 9", "-2"), ("DATE '2004-03-01' - INTERVAL '1' DAY", "2004-02-29")],
)
def minus(call: CallContext, left: Datum, right: Datum) -> Datum:
    """Difference of two numbers or intervals, or a datetime moved back by an interval."""
    if call.result.is_datetime:
        return _move(call, left, right, -1)
    return _combine(call, "-", pc.subtract_checked, pc.subtract, left, right)


@scalar("*", "a * b", _resolve("*"), examples=[("6 * 7", "42"), ("1.5 * 2.5", "3.75")])
def times(call: CallContext, left: Datum, right: Datum) -> Datum:
    """Product of two numbers, or an interval made longer."""
    if call.args[1].is_interval:
        return _scale_interval(call, right, left, call.args[0])
    if call.args[0].is_interval:
        return _scale_interval(call, left, right, call.args[1])
    return _combine(call, "*", pc.multiply_checked, pc.multiply, left, right)


@scalar("/", "a / b", _resolve("/"), examples=[("5 / 2", "2"), ("5.0 / 2", "2.500000000000"), ("-7 / 2", "-3")])
def divided_by(call: CallContext, left: Datum, right: Datum) -> Datum:
    """Quotient of two numbers, or a part of an interval. Integers give an integer (the fraction is dropped), a
    DECIMAL is rounded half away from zero; division by zero is a row error for every type."""
    if call.args[0].is_interval:
        return _divide_interval(call, left, right)
    if call.result.kind is Kind.DECIMAL:
        return divide_decimals(call, left, right)
    try:
        return _finite(call, "/", pc.divide_checked(left, right), left, right)
    except pa.ArrowInvalid:
        zero = np.broadcast_to(numbers(right) == 0, call.length)
        call.fail(zero, "RUN-001", "division by zero")
        bad = zero.copy()
        if call.result.is_integer:
            lowest = np.iinfo(numbers(left).dtype).min
            overflow = np.broadcast_to((numbers(left) == lowest) & (numbers(right) == -1), call.length)
            call.fail(overflow, "RUN-002", _overflow(call, "/", left, right))
            bad |= overflow
        return _finite(call, "/", pc.divide_checked(left, without(right, bad)), left, right)


def _resolve_neg(args: Sequence[Argument]) -> Resolution:
    if len(args) != 1 or not (args[0].type.is_numeric or args[0].type.is_interval or args[0].type == NULL):
        raise cannot_apply("-", args, "- number, - interval")
    return Resolution(args[0].type, (args[0].type,))


@scalar("NEG", "- x", _resolve_neg, examples=[("-(2 - 5)", "3")])
def negative(call: CallContext, value: Datum) -> Datum:
    """The number or interval with its sign turned. Overflow of the smallest integer is a row error."""
    if call.result.kind is Kind.DECIMAL:
        return pc.cast(pc.negate(value), call.result.arrow)
    try:
        return pc.negate_checked(value)
    except pa.ArrowInvalid:
        values = numbers(value)
        bad = np.broadcast_to(values == np.iinfo(values.dtype).min, call.length)
        call.fail(bad, "RUN-002", f"-({np.iinfo(values.dtype).min}) is out of range for {call.result}")
        return pc.negate(without(value, bad))  # the checked one looks at null intervals too


def _combine(call: CallContext, symbol: str, checked: Any, unchecked: Any, left: Datum, right: Datum) -> Datum:
    """Sum, difference or product of two columns of one type."""
    if call.result.kind is Kind.DECIMAL:
        return _combine_decimals(call, symbol, left, right)
    if call.result.is_approximate:
        return _finite(call, symbol, unchecked(left, right), left, right)
    try:
        return checked(left, right)
    except pa.ArrowInvalid:
        bad = np.broadcast_to(_overflows(symbol, numbers(left), numbers(right)), call.length)
        call.fail(bad, "RUN-002", _overflow(call, symbol, left, right))
        return unchecked(without(left, bad), right)  # the checked one looks at null intervals too


def _finite(call: CallContext, symbol: str, result: Datum, left: Datum, right: Datum) -> Datum:
    """`result`; REAL and DOUBLE rows where finite operands gave infinity fail."""
    if call.result.is_approximate and (infinite := np.isinf(numbers(result))).any():
        bad = infinite & np.isfinite(numbers(left)) & np.isfinite(numbers(right))
        call.fail(np.broadcast_to(bad, call.length), "RUN-002", _overflow(call, symbol, left, right))
    return result


def _overflows(symbol: str, a: npt.NDArray[Any], b: npt.NDArray[Any]) -> Any:
    """Where the integer operation leaves the type of its operands."""
    limits = np.iinfo(a.dtype)
    if limits.bits < 64:
        a, b = a.astype(np.int64), b.astype(np.int64)
        value = a + b if symbol == "+" else a - b if symbol == "-" else a * b
        return (value < limits.min) | (value > limits.max)
    with np.errstate(over="ignore", divide="ignore"):
        if symbol == "+":
            value = a + b
            return ((a ^ value) & (b ^ value)) < 0
        if symbol == "-":
            value = a - b
            return ((a ^ b) & (a ^ value)) < 0
        value = a * b
        divisor = np.where((a == 0) | (a == -1), 1, a)
        wrong = np.where((a == 0) | (a == -1), False, value // divisor != b)
        return wrong | ((a == -1) & (b == limits.min))


def _overflow(call: CallContext, symbol: str, left: Datum, right: Datum) -> Callable[[int], str]:
    return lambda row: f"{value_at(left, row)} {symbol} {value_at(right, row)} is out of range for {call.result}"


def _combine_decimals(call: CallContext, symbol: str, left: Datum, right: Datum) -> pa.Array:
    s1, s2 = call.args[0].scale, call.args[1].scale
    if symbol == "*":
        drop = s1 + s2 - call.result.scale
        values, flags = decimals.multiply(words(left), words(right), drop, call.result.precision)
    else:
        scale = max(s1, s2)
        values, flags = decimals.add(
            *(words(left), scale - s1, words(right), scale - s2),
            *(symbol == "-", scale - call.result.scale, call.result.precision),
        )
    return _decimals(call, symbol, values, flags, left, right)


def divide_decimals(call: CallContext, left: Datum, right: Datum) -> pa.Array:
    """Quotient of two DECIMAL columns as `call.result`; the types are in `call.args`."""
    exponent = call.result.scale + call.args[1].scale - call.args[0].scale
    values, flags = decimals.divide(words(left), words(right), exponent, call.result.precision)
    return _decimals(call, "/", values, flags, left, right)


def _decimals(
    call: CallContext, symbol: str, values: npt.NDArray[np.int64], flags: Any, left: Datum, right: Datum
) -> pa.Array:
    if flags is not None:
        call.fail(flags == 2, "RUN-001", "division by zero")
        call.fail(flags == 1, "RUN-002", _overflow(call, symbol, left, right))
        values[np.repeat(flags != 0, 2)] = 0
    return array(values, call.result.arrow)


def _move(call: CallContext, moment: Datum, interval: Datum, sign: int) -> pa.Array:
    """The datetime `moment` moved by the interval, forth or back."""
    months = any(type_.kind is Kind.INTERVAL_YEAR for type_ in call.args)
    steps = numbers(interval).astype(np.int64, copy=False) * sign
    values = numbers(moment).astype(np.int64, copy=False)
    if call.result.kind is Kind.TIME:
        return array(((values + steps) % calendar.DAY).astype(np.int32), call.result.arrow)
    if months:
        values = (calendar.add_months if call.result.kind is Kind.TIMESTAMP else calendar.add_months_to_days)(
            values, steps
        )
    elif call.result.kind is Kind.DATE:
        values = (values * calendar.DAY + steps) // calendar.DAY
    else:
        values = values + steps
    what = lambda row: f"{value_at(moment, row)} moved by {value_at(interval, row)}"  # noqa: E731
    return calendar.checked(call, values, what)


def _scale_interval(call: CallContext, interval: Datum, factor: Datum, type_: SqlType) -> pa.Array:
    size = numbers(interval)
    if type_.kind is Kind.DECIMAL:
        exact, _ = decimals.from_integers(size.astype(np.int64), 0, 19)
        product, flags = decimals.multiply(exact, words(factor), type_.scale, 19)
        values, over = decimals.to_integers(product, 0, *_range(call.result))
        bad = (over != 0) if over is not None else np.zeros(len(values), dtype=bool)
        return _interval(call, values, bad if flags is None else bad | (flags != 0))
    if type_.kind is Kind.DOUBLE:
        return _rounded_interval(call, size * numbers(factor))
    by = numbers(factor)
    wide = size.astype(np.int64)
    with np.errstate(over="ignore"):
        values = wide * by
    low, high = _range(call.result)
    return _interval(call, values, _overflows("*", wide, by) | (values < low) | (values > high))


def _divide_interval(call: CallContext, interval: Datum, divisor: Datum) -> pa.Array:
    type_, size = call.args[1], numbers(interval)
    if type_.kind is Kind.DECIMAL:
        exact, _ = decimals.from_integers(size.astype(np.int64), 0, 19)
        quotient, flags = decimals.divide(exact, words(divisor), type_.scale, 19)
        if flags is not None:
            call.fail(flags == 2, "RUN-001", "division by zero")
        values, over = decimals.to_integers(quotient, 0, *_range(call.result))
        return _interval(call, values, np.zeros(len(values), dtype=bool) if over is None else over != 0)
    zero = np.broadcast_to(numbers(divisor) == 0, call.length)
    if zero.any():
        call.fail(zero, "RUN-001", "division by zero")
    by = np.where(zero, 1, numbers(divisor))
    if type_.kind is Kind.DOUBLE:
        return _rounded_interval(call, size / by)
    wide = size.astype(np.int64)
    return _interval(call, np.sign(wide) * np.sign(by) * (np.abs(wide) // np.abs(by)))


def _rounded_interval(call: CallContext, values: npt.NDArray[np.float64]) -> pa.Array:
    low, high = _range(call.result)
    with np.errstate(invalid="ignore"):
        bad = ~((values >= low) & (values <= high - 1023))
        whole = np.where(bad, 0, np.trunc(values))
        whole += np.where(bad, 0, np.trunc((values - whole) * 2))
    return _interval(call, whole.astype(np.int64), bad)


def _range(interval: SqlType) -> tuple[int, int]:
    """The least and greatest value of an interval: ms in 64 bits, months in 32."""
    limits = np.iinfo(np.int64 if interval.kind is Kind.INTERVAL_DAY else np.int32)
    return int(limits.min), int(limits.max)


def _interval(
    call: CallContext, values: npt.NDArray[np.int64], bad: npt.NDArray[np.bool_] | None = None
) -> pa.Array:
    values = np.broadcast_to(values, call.length)
    if bad is not None and bad.any():
        call.fail(np.broadcast_to(bad, call.length), "RUN-002", f"the result is out of range for {call.result}")
    return array(values.astype(np.int64 if call.result.kind is Kind.INTERVAL_DAY else np.int32), call.result.arrow)
