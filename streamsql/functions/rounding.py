"""FLOOR, CEIL and STEP: of numbers, datetimes and intervals (kinesis-functions 1 and 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.calendar import DAY, checked, months_of, start_of
from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.intervals import MONTHS, UNITS
from streamsql.functions.registry import Argument, Resolution, Resolve, alias, cannot_apply, scalar
from streamsql.functions.vectors import array, numbers, words
from streamsql.kernels import compute as pc
from streamsql.kernels import decimals
from streamsql.types import BIGINT, DATETIME, INTERVALS, Kind, SqlType, decimal, varchar

Integers = npt.NDArray[np.int64]


def _whole(type_: SqlType) -> SqlType:
    return decimal(type_.precision) if type_.kind is Kind.DECIMAL else type_


def _resolve_number(name: str) -> Resolve:
    def resolve(args: Sequence[Argument]) -> Resolution:
        if len(args) != 1 or not (args[0].type.is_numeric or args[0].type.kind is Kind.NULL):
            raise cannot_apply(name, args, f"{name}(number), {name}(datetime TO unit), {name}(interval TO unit)")
        return Resolution(_whole(args[0].type), (args[0].type,))

    return resolve


@scalar(
    "FLOOR", "FLOOR(x)", _resolve_number("FLOOR"), examples=[("FLOOR(-3.3)", "-4"), ("FLOOR(-3 * 3.1)", "-10")]
)
def floor(call: CallContext, value: Datum) -> Datum:
    """The greatest whole number not above x; of a datetime or interval: see FLOOR(x TO unit)."""
    return _round(call, value, pc.floor)


@scalar("CEIL", "CEIL(x)", _resolve_number("CEIL"), examples=[("CEIL(-3.3)", "-3"), ("CEIL(5.2)", "6")])
def ceil(call: CallContext, value: Datum) -> Datum:
    """The least whole number not below x; of a datetime or interval: see CEIL(x TO unit)."""
    return _round(call, value, pc.ceil)


alias("CEILING", "CEIL")


def _round(call: CallContext, value: Datum, kernel: Any) -> Datum:
    if call.result.is_integer:
        return value
    if call.result.is_approximate:
        return kernel(value)
    return _multiples(call, value, 1, kernel is pc.ceil)


def _multiples(call: CallContext, value: Datum, size: int, up: bool) -> pa.Array:
    scale, result = call.args[0].scale, call.result
    values, flags = decimals.multiples(words(value), scale, size, up, result.scale, result.precision)
    if flags is not None:
        call.fail(flags != 0, "RUN-002", lambda row: f"{value_at(value, row)} rounded does not fit {result}")
    return array(values, result.arrow)


_ALLOWED = {
    Kind.DATE: ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"),
    Kind.TIMESTAMP: ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"),
    Kind.TIME: ("HOUR", "MINUTE", "SECOND"),
    Kind.INTERVAL_DAY: ("DAY", "HOUR", "MINUTE", "SECOND"),
    Kind.INTERVAL_YEAR: ("YEAR", "MONTH"),
}


def _resolve_to(name: str) -> Resolve:
    def resolve(args: Sequence[Argument]) -> Resolution:
        if len(args) != 2 or args[0].type.kind not in (*DATETIME, *INTERVALS):
            raise cannot_apply(name, args[:1], f"{name}(datetime TO unit), {name}(interval TO unit)")
        units = _ALLOWED[args[0].type.kind]
        if args[1].constant not in units:
            raise BindError(
                f"{name} TO {args[1].constant} cannot be applied to {args[0].type}",
                code="TYP-001",
                hint=f"the units are {', '.join(units)}",
            )
        return Resolution(args[0].type, (args[0].type, varchar(16)))

    return resolve


@scalar(
    "FLOOR TO",
    "FLOOR(x TO unit)",
    _resolve_to("FLOOR"),
    examples=[("FLOOR(TIMESTAMP '2004-09-30 13:48:23' TO HOUR)", "2004-09-30 13:00:00")],
)
def floor_to(call: CallContext, value: Datum, unit: Datum) -> Datum:
    """The datetime or interval with everything below the unit (YEAR … SECOND) dropped, always downwards."""
    return _result(call, value, _floor(call.args[0].kind, _units(value), _name(unit)))


@scalar(
    "CEIL TO",
    "CEIL(x TO unit)",
    _resolve_to("CEIL"),
    examples=[("CEIL(TIMESTAMP '2004-09-30 13:48:23' TO HOUR)", "2004-09-30 14:00:00")],
)
def ceil_to(call: CallContext, value: Datum, unit: Datum) -> Datum:
    """The earliest whole unit not before the datetime or interval; a whole one is itself."""
    kind, values, name = call.args[0].kind, _units(value), _name(unit)
    floored = _floor(kind, values, name)
    return _result(call, value, np.where(floored == values, values, _next(kind, floored, name)))


def _units(value: Datum) -> Integers:
    return numbers(value).astype(np.int64)


def _name(unit: Datum) -> str:
    return str(value_at(unit, 0)).upper()


def _floor(kind: Kind, values: Integers, unit: str) -> Integers:
    """Days (DATE), months (INTERVAL YEAR) or ms of the greatest whole unit not above `values`."""
    if kind is Kind.INTERVAL_YEAR:
        return values // MONTHS[unit] * MONTHS[unit]
    scale = DAY if kind is Kind.DATE else 1
    if unit not in MONTHS:
        size = max(UNITS[unit] // scale, 1)
        return values // size * size
    months = months_of(values * scale // DAY)
    return start_of(months // MONTHS[unit] * MONTHS[unit]) * (DAY // scale)


def _next(kind: Kind, floored: Integers, unit: str) -> Integers:
    """One unit after `floored`, which is whole."""
    if kind is Kind.INTERVAL_YEAR:
        return floored + MONTHS[unit]
    scale = DAY if kind is Kind.DATE else 1
    if unit not in MONTHS:
        return floored + max(UNITS[unit] // scale, 1)
    return start_of(months_of(floored * scale // DAY) + MONTHS[unit]) * (DAY // scale)


def _result(call: CallContext, value: Datum, values: Integers) -> pa.Array:
    kind = call.result.kind
    if kind in (Kind.DATE, Kind.TIMESTAMP):
        return checked(call, values, lambda row: f"{value_at(value, row)} rounded")
    if kind is Kind.TIME:
        values = values % DAY
    return array(values.astype(np.int64 if kind is Kind.INTERVAL_DAY else np.int32), call.result.arrow)


def _resolve_step(args: Sequence[Argument]) -> Resolution:
    syntax = "STEP(number BY integer), STEP(datetime BY interval)"
    if len(args) != 2:
        raise cannot_apply("STEP", args, syntax)
    kind, by = args[0].type.kind, args[1].type
    if args[0].type.is_numeric:
        fits = by.is_integer
    else:
        fits = kind in DATETIME and by.is_interval and (kind, by.kind) != (Kind.TIME, Kind.INTERVAL_YEAR)
    if not fits:
        raise cannot_apply("STEP", args, syntax)
    size = args[1].constant
    if not args[1].is_constant or size is None or size <= 0:
        raise BindError("STEP needs a constant step above zero", code="TYP-001", hint=f"it takes {syntax}")
    return Resolution(args[0].type, (args[0].type, BIGINT if by.is_numeric else by))


@scalar(
    "STEP",
    "STEP(x BY n)",
    _resolve_step,
    examples=[
        ("STEP(23 BY 5)", "20"),
        ("STEP(-3 BY 5)", "-5"),
        ("STEP(TIMESTAMP '2004-09-30 13:48:23' BY INTERVAL '2' HOUR)", "2004-09-30 12:00:00"),
        ("STEP(TIMESTAMP '2004-09-27 13:48:23' BY INTERVAL '5' DAY)", "2004-09-24 00:00:00"),
        ("STEP(DATE '2004-09-30' BY INTERVAL '1' YEAR)", "2004-01-01"),
    ],
)
def step(call: CallContext, value: Datum, size: Datum) -> Datum:
    """The greatest multiple of n not above x; of a datetime the last multiple of the interval, counted from
    1970-01-01 00:00:00 (a TIME: from midnight)."""
    by = int(numbers(size)[0])
    if call.args[0].is_numeric:
        return _step_number(call, value, by)
    values = _units(value)
    scale = DAY if call.result.kind is Kind.DATE else 1
    if call.args[1].kind is Kind.INTERVAL_YEAR:
        stepped = start_of(months_of(values * scale // DAY) // by * by) * (DAY // scale)
    elif scale == 1:
        stepped = _multiples_below(values, by)
    else:
        stepped = values * DAY // by * by // DAY
    return _result(call, value, stepped)


def _multiples_below(values: Integers, by: int) -> Integers:
    """The greatest multiples of `by` not above the values. Rows that stand together are mostly in one period or
    in two, and comparing is many times faster than dividing, if the rows are more than a few."""
    if len(values) < 64:
        return values // by * by
    lowest, highest = (int(edge) // by * by for edge in (values.min(), values.max()))
    if highest - lowest > 4 * by:
        return values // by * by
    stepped = np.full(len(values), lowest)
    for edge in range(lowest + by, highest + 1, by):
        stepped[values >= edge] = edge
    return stepped


def _step_number(call: CallContext, value: Datum, by: int) -> Datum:
    if call.result.kind is Kind.DECIMAL:
        return _multiples(call, value, by, up=False)
    if call.result.is_approximate:
        return pc.multiply(pc.floor(pc.divide(value, float(by))), pa.scalar(float(by), value.type))
    values = _units(value)
    with np.errstate(over="ignore"):
        stepped = values // by * by
    return _in_range(call, value, stepped, stepped > values)


def _in_range(call: CallContext, value: Datum, values: Integers, wrapped: npt.NDArray[np.bool_]) -> pa.Array:
    low = -(1 << call.result.bits - 1)
    bad = wrapped | (values < low)
    if bad.any():
        call.fail(bad, "RUN-002", lambda row: f"STEP of {value_at(value, row)} is out of range for {call.result}")
    return pc.cast(array(values, pa.int64()), call.result.arrow, safe=False)


def _resolve_monotonic(args: Sequence[Argument]) -> Resolution:
    if len(args) != 1:
        raise cannot_apply("MONOTONIC", args, "MONOTONIC(x)")
    return Resolution(args[0].type, (args[0].type,))


@scalar("MONOTONIC", "MONOTONIC(x)", _resolve_monotonic, examples=[("MONOTONIC(3)", "3")])
def monotonic(call: CallContext, value: Datum) -> Datum:
    """x itself; says that its values never go back, so that it may close groups."""
    return value
