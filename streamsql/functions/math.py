"""Numeric functions (kinesis-functions 1); FLOOR, CEIL and STEP are in `rounding`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.arithmetic import exact_type
from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.registry import Argument, Resolution, Resolve, cannot_apply, scalar
from streamsql.functions.signature import first_type, number_as, numeric, takes
from streamsql.functions.vectors import array, column, numbers, without, words
from streamsql.kernels import compute as pc
from streamsql.kernels import decimals
from streamsql.types import DOUBLE, INTEGER, Kind, SqlType


def _number_or_interval(type_: SqlType) -> SqlType | None:
    return type_ if type_.is_numeric or type_.is_interval else None


@scalar(
    "ABS",
    "ABS(x)",
    takes("ABS", "ABS(number), ABS(interval)", (_number_or_interval,), first_type),
    examples=[("ABS(-3)", "3"), ("ABS(-2.50)", "2.50")],
)
def absolute(call: CallContext, value: Datum) -> Datum:
    """The number or interval without its sign. The smallest integer has no counterpart: a row error."""
    if call.result.kind is Kind.DECIMAL:
        return pc.cast(pc.abs(value), call.result.arrow)
    if call.result.is_approximate:
        return pc.abs(value)
    values = numbers(value)
    bad = values == np.iinfo(values.dtype).min
    if bad.any():
        call.fail(bad, "RUN-002", lambda row: f"ABS of {value_at(value, row)} is out of range for {call.result}")
    return array(np.abs(values), call.result.arrow)


def _checked(
    name: str,
    kernel: Callable[[Datum], Datum],
    text: str,
    examples: Sequence[tuple[str, str]],
    domain: Callable[[Any], Any],
    needs: str,
) -> None:
    def function(call: CallContext, value: Datum) -> Datum:
        outside = ~domain(numbers(value))
        if outside.any():
            call.fail(outside, "RUN-006", lambda row: f"{name} of {value_at(value, row)}: it takes {needs}")
            value = without(value, outside)
        result = kernel(value)
        _finite(call, name, result, value)
        return result

    function.__doc__ = text
    resolve = takes(name, f"{name}(number)", (number_as(DOUBLE),), DOUBLE)
    scalar(name, f"{name}(x)", resolve, examples=examples)(function)


def _finite(call: CallContext, name: str, result: pa.Array, *inputs: Datum) -> None:
    """Fail the rows where finite inputs gave infinity."""
    infinite = np.isinf(numbers(result))
    if infinite.any():
        for value in inputs:
            infinite = infinite & ~np.isinf(numbers(value))
        call.fail(infinite, "RUN-002", f"the result of {name} is out of range for DOUBLE")


_checked(
    *("EXP", pc.exp, "e to the power of x. Overflow is a row error.", [("EXP(0)", "1.0")]),
    *(lambda x: np.ones(len(x), dtype=bool), "any number"),
)
_checked(
    *(
        "LN",
        pc.ln,
        "The natural logarithm. x must be above zero.",
        [("LN(1)", "0.0"), ("LN(10)", "2.302585092994046")],
    ),
    *(lambda x: ~(x <= 0), "a number above zero"),
)
_checked(
    *("LOG10", pc.log10, "The logarithm to base 10. x must be above zero.", [("LOG10(1000)", "3.0")]),
    *(lambda x: ~(x <= 0), "a number above zero"),
)
_checked(
    *("SQRT", pc.sqrt, "The square root. x must not be below zero.", [("SQRT(2.25)", "1.5")]),
    *(lambda x: ~(x < 0), "a number not below zero"),
)


@scalar(
    "POWER",
    "POWER(a, b)",
    takes("POWER", "POWER(number, number)", (number_as(DOUBLE), number_as(DOUBLE)), DOUBLE),
    examples=[("POWER(10.1, 2.5)", "324.19285157140644"), ("POWER(2, 10)", "1024.0")],
)
def power(call: CallContext, base: Datum, exponent: Datum) -> Datum:
    """a to the power of b. Zero to a negative power and a negative number to a fraction are row errors."""
    a, b = numbers(base), numbers(exponent)
    result = pc.power(base, exponent)
    outside = ((a == 0) & (b < 0)) | (np.isnan(numbers(result)) & ~np.isnan(a) & ~np.isnan(b))
    outside = np.broadcast_to(outside, call.length)
    if outside.any():
        what = lambda row: f"POWER({value_at(base, row)}, {value_at(exponent, row)}) has no value"  # noqa: E731
        call.fail(outside, "RUN-006", what)
        result = without(result, outside)
    _finite(call, "POWER", without(result, outside) if outside.any() else result, base, exponent)
    return result


def _resolve_mod(args: Sequence[Argument]) -> Resolution:
    types = [arg.type for arg in args]
    if len(args) == 2:
        types = [INTEGER if type_.kind is Kind.NULL else type_ for type_ in types]
    if len(args) != 2 or not all(type_.is_exact and type_.digits[1] == 0 for type_ in types):
        raise cannot_apply("MOD", args, "MOD(integer, integer), or DECIMAL without a scale")
    if all(type_.is_integer for type_ in types):
        wider = max(types, key=lambda type_: type_.bits)
        return Resolution(wider, (wider, wider))
    left, right = map(exact_type, types)
    return Resolution(max(left, right, key=lambda type_: type_.precision), (left, right))


@scalar("MOD", "MOD(a, b)", _resolve_mod, examples=[("MOD(4, 3)", "1"), ("MOD(-4, 3)", "-1")])
def modulo(call: CallContext, left: Datum, right: Datum) -> Datum:
    """What is left of dividing a by b, with the sign of a. b = 0 is a row error."""
    if call.result.kind is Kind.DECIMAL:
        values, flags = decimals.remainder(words(left), words(right))
        if flags is not None:
            call.fail(flags != 0, "RUN-001", "division by zero")
        return array(values, call.result.arrow)
    a, b = numbers(left), numbers(right)
    if len(b) == 1 and b[0] > 0:
        return array(np.broadcast_to(_remainders(a, b[0]), call.length), call.result.arrow)
    zero = b == 0
    if zero.any():
        call.fail(np.broadcast_to(zero, call.length), "RUN-001", "division by zero")
    # The smallest integer by -1 overflows in C although nothing is left.
    result = np.fmod(a, np.where(zero | (b == -1), b.dtype.type(1), b))
    return array(np.broadcast_to(result, call.length), call.result.arrow)


def _remainders(values: npt.NDArray[Any], divisor: np.integer[Any]) -> npt.NDArray[Any]:
    """`np.fmod` by one positive number; NumPy divides by that with multiplications."""
    quotients = values // divisor
    quotients *= divisor
    rest: npt.NDArray[Any] = np.subtract(values, quotients, out=quotients)
    if len(values) and values.min() < 0:
        rest[(values < 0) & (rest != 0)] -= divisor
    return rest


def _resolve_places(name: str) -> Resolve:
    resolve = takes(name, f"{name}(number [, places])", (numeric, number_as(INTEGER)), first_type, optional=1)

    def checked(args: Sequence[Argument]) -> Resolution:
        if len(args) == 2 and not (args[1].is_constant and isinstance(args[1].constant, int)):
            raise BindError(f"{name} needs a constant number of places", code="TYP-001")
        return resolve(args)

    return checked


@scalar(
    "ROUND",
    "ROUND(x [, places])",
    _resolve_places("ROUND"),
    examples=[("ROUND(2.5)", "3.0"), ("ROUND(-3.14159, 2)", "-3.14000"), ("ROUND(1234, -2)", "1200")],
    extension="NAM-004",
)
def round_(call: CallContext, value: Datum, places: Datum | None = None) -> Datum:
    """x rounded half away from zero to so many places after (below zero: before) the point; the type stays."""
    return _places(call, value, places, "half_towards_infinity", up=True)


@scalar(
    "TRUNCATE",
    "TRUNCATE(x [, places])",
    _resolve_places("TRUNCATE"),
    examples=[("TRUNCATE(-2.75, 1)", "-2.70"), ("TRUNCATE(1299, -2)", "1200")],
    extension="NAM-004",
)
def truncate(call: CallContext, value: Datum, places: Datum | None = None) -> Datum:
    """x cut towards zero to so many places after (below zero: before) the point; the type stays."""
    return _places(call, value, places, "towards_zero", up=False)


def _places(call: CallContext, value: Datum, places: Datum | None, mode: str, *, up: bool) -> Datum:
    count = int(value_at(places, 0)) if places is not None else 0
    result = call.result
    if result.is_approximate:
        return _places_of_float(call, value, count, mode, up=up)
    precision, scale = result.digits
    drop = scale - count
    if drop <= 0:
        return value
    if drop > 19:
        return pc.cast(pc.multiply(value, 0), result.arrow)
    zero = np.zeros(2, dtype=np.int64)
    exact = words(value) if result.kind is Kind.DECIMAL else _exact(value)
    if up:
        shorter, _ = decimals.add(exact, 0, zero, 0, False, drop, 38)
    else:
        rest, _ = decimals.remainder(exact, _exact(pa.array([10**drop if drop < 19 else 10**18 * 9])))
        shorter, _ = decimals.add(exact, 0, rest, 0, True, drop, 38)
    longer, flags = decimals.add(shorter, drop, zero, 0, False, 0, precision)
    if flags is not None:
        call.fail(flags != 0, "RUN-002", lambda row: f"{value_at(value, row)} rounded does not fit {result}")
    if result.kind is Kind.DECIMAL:
        return array(longer, result.arrow)
    low, high = -(1 << result.bits - 1), (1 << result.bits - 1) - 1
    whole, over = decimals.to_integers(longer, 0, low, high)
    if over is not None:
        call.fail(over != 0, "RUN-002", lambda row: f"{value_at(value, row)} rounded does not fit {result}")
    return pc.cast(array(whole, pa.int64()), result.arrow, safe=False)


def _places_of_float(call: CallContext, value: Datum, count: int, mode: str, *, up: bool) -> Datum:
    """As `_places`. Arrow multiplies by a power of ten, so it is given only values for which that does not
    overflow: larger ones have no digits after the last place."""
    info = np.finfo(np.float32 if call.result.kind is Kind.REAL else np.float64)
    most, digits = float(info.max), 2.0 ** (info.nmant + 1)
    if abs(count) > info.maxexp * 0.301:  # of 10 to this power there is no number
        zero = pa.scalar(0.0, value.type)
        return value if count > 0 else pc.if_else(pc.is_finite(value), zero, value)
    unit = 10.0**-count
    size = pc.abs(value)
    whole = pc.greater_equal(size, pa.scalar(min(digits * unit, most), value.type))
    if up and count < 0:
        top = (most // unit + 0.5) * unit
        over = pc.and_(pc.greater_equal(pc.cast(size, pa.float64()), top), pc.is_finite(value))
        over = column(over, call.length)
        call.fail(over, "RUN-002", lambda row: f"{value_at(value, row)} rounded does not fit {call.result}")
        whole = pc.or_(whole, over)
    rounded = pc.round(pc.if_else(whole, pa.scalar(0.0, value.type), value), ndigits=count, round_mode=mode)
    return pc.if_else(whole, value, rounded)


def _exact(value: Datum) -> Any:
    return decimals.from_integers(numbers(value).astype(np.int64), 0, 38)[0]


def _sign_type(types: Sequence[SqlType]) -> SqlType:
    return types[0] if types[0].is_approximate else INTEGER


@scalar(
    "SIGN",
    "SIGN(x)",
    takes("SIGN", "SIGN(number)", (numeric,), _sign_type),
    examples=[("SIGN(-2.5)", "-1"), ("SIGN(0)", "0")],
    extension="NAM-004",
)
def sign(call: CallContext, value: Datum) -> Datum:
    """-1, 0 or 1: whether x is below zero, zero or above."""
    return pc.cast(column(pc.sign(value), call.length), call.result.arrow)
