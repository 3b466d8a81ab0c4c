"""The current time, parts of datetimes, and differences between them (kinesis-functions 4.1 and 4.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.calendar import DAY, checked, months_of, start_of
from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.intervals import MONTHS, UNITS, ends
from streamsql.functions.registry import Argument, Resolution, cannot_apply, scalar
from streamsql.functions.signature import exactly, takes
from streamsql.functions.vectors import array, numbers
from streamsql.kernels import compute as pc
from streamsql.kernels import decimals
from streamsql.types import (
    BIGINT,
    DATE,
    DATETIME,
    INTERVALS,
    TIME,
    TIMESTAMP,
    Kind,
    SqlType,
    decimal,
    varchar,
)

Integers = npt.NDArray[np.int64]


def _clock(name: str, type_: SqlType, read: Callable[[CallContext], int], text: str) -> None:
    def function(call: CallContext) -> pa.Scalar:
        return pa.scalar(read(call), type_.arrow)

    function.__doc__ = text
    scalar(name, name, takes(name, name, (), type_), volatile=True)(function)


_START = "when the query started; the same in every row."
_clock("CURRENT_TIMESTAMP", TIMESTAMP, lambda call: call.times.query_start, f"The time {_START}")
_clock("LOCALTIMESTAMP", TIMESTAMP, lambda call: call.times.query_start, f"The time {_START}")
_clock("CURRENT_TIME", TIME, lambda call: call.times.query_start % DAY, f"The time of day {_START}")
_clock("LOCALTIME", TIME, lambda call: call.times.query_start % DAY, f"The time of day {_START}")
_clock("CURRENT_DATE", DATE, lambda call: call.times.query_start // DAY, f"The day {_START}")
_clock("CURRENT_ROW_TIMESTAMP", TIMESTAMP, lambda call: call.times.row, "The time when the row is processed.")


_SECONDS = decimal(5, 3)
_PARTS = {
    Kind.DATE: ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"),
    Kind.TIMESTAMP: ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"),
    Kind.TIME: ("HOUR", "MINUTE", "SECOND"),
    Kind.INTERVAL_DAY: ("DAY", "HOUR", "MINUTE", "SECOND"),
    Kind.INTERVAL_YEAR: ("YEAR", "MONTH"),
}


def _resolve_extract(args: Sequence[Argument]) -> Resolution:
    syntax = "EXTRACT(unit FROM datetime), EXTRACT(unit FROM interval)"
    if len(args) != 2 or args[1].type.kind not in (*DATETIME, *INTERVALS):
        raise cannot_apply("EXTRACT", args[1:], syntax)
    units = _PARTS[args[1].type.kind]
    if args[0].constant not in units:
        raise BindError(
            f"EXTRACT of {args[0].constant} cannot be applied to {args[1].type}",
            code="TYP-001",
            hint=f"its parts are {', '.join(units)}",
        )
    result = _SECONDS if args[0].constant == "SECOND" else BIGINT
    return Resolution(result, (varchar(16), args[1].type))


@scalar(
    "EXTRACT",
    "EXTRACT(unit FROM x)",
    _resolve_extract,
    examples=[
        ("EXTRACT(YEAR FROM DATE '2004-09-30')", "2004"),
        ("EXTRACT(SECOND FROM TIME '23:15:05.678')", "5.678"),
        ("EXTRACT(HOUR FROM INTERVAL '2 05' DAY TO HOUR)", "5"),
    ],
)
def extract(call: CallContext, unit: Datum, value: Datum) -> pa.Array:
    """One part of a datetime or interval: YEAR, MONTH, DAY, HOUR, MINUTE, or SECOND with its milliseconds."""
    name, kind = str(value_at(unit, 0)).upper(), call.args[1].kind
    values = numbers(value).astype(np.int64)
    part = _part_of_interval(name, kind, values) if kind in INTERVALS else _part(name, kind, values)
    if name == "SECOND":
        return array(decimals.from_integers(part, 0, 5)[0], call.result.arrow)
    return array(part, pa.int64())


def _part(name: str, kind: Kind, values: Integers) -> Integers:
    part: Integers
    if kind is Kind.DATE:
        values = values * DAY
    if name in ("YEAR", "MONTH"):
        months = months_of(values // DAY)
        part = months // 12 + 1970 if name == "YEAR" else months % 12 + 1
    elif name == "DAY":
        days = values // DAY
        part = days - start_of(months_of(days)) + 1
    else:
        part = values % _WHOLE[name] // _STEP[name]
    return part


def _part_of_interval(name: str, kind: Kind, values: Integers) -> Integers:
    part = size = np.abs(values)
    if kind is Kind.INTERVAL_YEAR:
        part = size // 12 if name == "YEAR" else size % 12
    else:
        part = size // DAY if name == "DAY" else size % _WHOLE[name] // _STEP[name]
    signed: Integers = np.sign(values) * part
    return signed


_WHOLE = {"HOUR": DAY, "MINUTE": UNITS["HOUR"], "SECOND": UNITS["MINUTE"]}
_STEP = {"HOUR": UNITS["HOUR"], "MINUTE": UNITS["MINUTE"], "SECOND": 1}


def _resolve_difference(args: Sequence[Argument]) -> Resolution:
    syntax = "(datetime - datetime) unit [TO unit]"
    if len(args) != 3 or not all(arg.type.is_datetime or arg.type.kind is Kind.NULL for arg in args[:2]):
        raise cannot_apply("-", args[:2], syntax)
    left, right = (arg.type for arg in args[:2])
    left, right = (right if left.kind is Kind.NULL else left), (left if right.kind is Kind.NULL else right)
    if left != right:
        raise BindError(f"the parameters of - must be of the same type, not {left} and {right}", code="TYP-004")
    qualifier = str(args[2].constant)
    months = ends(qualifier)[0] in MONTHS
    if months and left.kind is Kind.TIME:
        raise cannot_apply("-", args[:2], syntax)
    kind = Kind.INTERVAL_YEAR if months else Kind.INTERVAL_DAY
    return Resolution(SqlType(kind, qualifier=qualifier), (left, right, varchar(64)))


@scalar(
    "INTERVAL DIFFERENCE",
    "(a - b) unit [TO unit]",
    _resolve_difference,
    examples=[
        ("CAST((TIME '12:03:34' - TIME '11:57:23') MINUTE TO SECOND AS VARCHAR(9))", "+6:11"),
        ("CAST((DATE '2004-12-02' - DATE '2003-12-01') DAY AS VARCHAR(9))", "+367"),
    ],
)
def difference(call: CallContext, left: Datum, right: Datum, qualifier: Datum) -> pa.Array:
    """How long it is from b to a, in the fields of the qualifier; what is below the smallest is dropped."""
    a, b = numbers(left).astype(np.int64), numbers(right).astype(np.int64)
    if call.args[0].kind is Kind.DATE:
        a, b = a * DAY, b * DAY
    last = ends(call.result.qualifier)[1]
    if call.result.kind is Kind.INTERVAL_YEAR:
        months = _whole_months(a, b)
        return array((_cut(months, MONTHS[last])).astype(np.int32), call.result.arrow)
    return array(_cut(a - b, 1 if last == "SECOND" else UNITS[last]), call.result.arrow)


def _cut(values: Integers, unit: int) -> Integers:
    cut: Integers = np.sign(values) * (np.abs(values) // unit * unit)
    return cut


def _whole_months(a: Integers, b: Integers) -> Integers:
    """Months from b to a, counted when complete."""
    months = months_of(a // DAY) - months_of(b // DAY)
    rest = (a - start_of(months_of(a // DAY)) * DAY) - (b - start_of(months_of(b // DAY)) * DAY)
    return months - ((months > 0) & (rest < 0)) + ((months < 0) & (rest > 0))


def _instant(type_: SqlType) -> SqlType | None:
    return TIMESTAMP if type_.kind is Kind.TIMESTAMP else BIGINT if type_.is_exact else None


def _resolve_tsdiff(args: Sequence[Argument]) -> Resolution:
    syntax = "TSDIFF(timestamp, timestamp), TSDIFF(milliseconds, milliseconds)"
    resolution = takes("TSDIFF", syntax, (_instant, _instant), BIGINT)(args)
    kinds = {type_.kind for type_ in resolution.args} - {Kind.NULL}
    if len(kinds) > 1:
        raise cannot_apply("TSDIFF", args, syntax)
    return resolution


@scalar(
    "TSDIFF",
    "TSDIFF(t1, t2)",
    _resolve_tsdiff,
    examples=[("TSDIFF(TIMESTAMP '2018-01-01 00:00:00', TIMESTAMP '2018-01-01 00:00:01')", "1000")],
)
def tsdiff(call: CallContext, first: Datum, second: Datum) -> pa.Array:
    """Milliseconds from t1 to t2; both timestamps, or both milliseconds since 1970."""
    a, b = numbers(first), numbers(second)
    with np.errstate(over="ignore"):
        value = b - a
    wrapped = ((b ^ a) & (b ^ value)) < 0
    if wrapped.any():
        call.fail(np.broadcast_to(wrapped, call.length), "RUN-002", "the result of TSDIFF is out of range")
    return array(np.broadcast_to(value, call.length), pa.int64())


@scalar(
    "UNIX_TIMESTAMP",
    "UNIX_TIMESTAMP(t)",
    takes("UNIX_TIMESTAMP", "UNIX_TIMESTAMP(timestamp)", (exactly(Kind.TIMESTAMP),), BIGINT),
    examples=[("UNIX_TIMESTAMP(TIMESTAMP '1970-01-02 00:00:00')", "86400000")],
)
def unix_timestamp(call: CallContext, value: Datum) -> Datum:
    """Milliseconds (not seconds) since 1970-01-01 00:00:00."""
    return pc.cast(value, pa.int64())


def _milliseconds(type_: SqlType) -> SqlType | None:
    return BIGINT if type_.is_exact else None


@scalar(
    "TO_TIMESTAMP",
    "TO_TIMESTAMP(ms)",
    takes("TO_TIMESTAMP", "TO_TIMESTAMP(integer)", (_milliseconds,), TIMESTAMP),
    examples=[("TO_TIMESTAMP(86400000)", "1970-01-02 00:00:00")],
)
def to_timestamp(call: CallContext, value: Datum) -> pa.Array:
    """The timestamp that many milliseconds (not seconds) after 1970-01-01 00:00:00."""
    return checked(call, numbers(value), lambda row: f"{value_at(value, row)} milliseconds since 1970")
