"""CHAR_TO_x and x_TO_CHAR with Java's date patterns; the pattern comes first (kinesis-functions 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from streamsql.functions.by_value import by_value
from streamsql.functions.calendar import DAY
from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.convert_numbers import strings
from streamsql.functions.date_pattern import compile_pattern
from streamsql.functions.regex import refuse_bad
from streamsql.functions.registry import Argument, Resolution, scalar
from streamsql.functions.signature import character, exactly, takes
from streamsql.functions.similar import BadPattern
from streamsql.functions.text import bytes_of
from streamsql.functions.vectors import array, column, numbers
from streamsql.kernels import compute as pc
from streamsql.kernels import date_patterns
from streamsql.types import DATE, TIME, TIMESTAMP, Kind, SqlType, varchar

Example = tuple[str, str]


def _register_parser(type_: SqlType, text: str, example: Example) -> None:
    name = f"CHAR_TO_{type_.kind.value}"

    def resolve(args: Sequence[Argument]) -> Resolution:
        resolution = takes(name, f"{name}(pattern, text)", (character, character), type_)(args)
        refuse_bad(name, args[0], _checked(parsing=True))
        return resolution

    def parse(call: CallContext, pattern: Datum, value: Datum) -> pa.Array:
        return _parse(call, pattern, value)

    parse.__doc__ = f"{text} a Java date pattern describes; text behind the end of the pattern is ignored."
    scalar(name, f"{name}(pattern, s)", resolve, examples=[example], volatile=True)(parse)


def _register_formatter(type_: SqlType, text: str, example: Example) -> None:
    name = f"{type_.kind.value}_TO_CHAR"

    def resolve(args: Sequence[Argument]) -> Resolution:
        accepts = (character, exactly(type_.kind))
        resolution = takes(name, f"{name}(pattern, {type_.kind.value})", accepts, varchar(1024))(args)
        refuse_bad(name, args[0], _checked(parsing=False))
        return resolution

    def format_(call: CallContext, pattern: Datum, value: Datum) -> Datum:
        unit = DAY if type_.kind is Kind.DATE else 1
        return by_value(call, partial(_formatter, unit), (value,), (pattern,), BadPattern)

    format_.__doc__ = f"{text} as text, in the form that a Java date pattern describes."
    scalar(name, f"{name}(pattern, x)", resolve, examples=[example])(format_)


def _checked(*, parsing: bool) -> Callable[[str], str]:
    def check(pattern: str) -> str:
        compile_pattern(pattern, parsing=parsing)
        return pattern

    return check


def _formatter(unit: int, pattern: str | None) -> Callable[[pa.Array], pa.Array]:
    if pattern is None:
        return lambda values: pa.nulls(len(values), pa.string())
    compiled = compile_pattern(pattern, parsing=False)

    def run(values: pa.Array) -> pa.Array:
        moments = numbers(values).astype(np.int64) * unit
        return strings(date_patterns.format(moments, compiled.steps, compiled.literals), values)

    return run


def _parse(call: CallContext, pattern: Datum, value: Datum) -> pa.Array:
    value = column(value, call.length)

    def parser(pattern: str | None) -> Callable[[pa.Array], pa.Array]:
        if pattern is None:
            return lambda values: pa.nulls(len(values), call.result.arrow)
        compile_pattern(pattern, parsing=True)  # a wrong one is an error of its rows, found before they are read
        return partial(_moments, pattern, call.times.query_start, call.result)

    result = by_value(call, parser, (value,), (pattern,), BadPattern)
    return _matched(call, result, value, lambda row: str(value_at(pattern, row)))


def parsed(call: CallContext, pattern: str, value: pa.Array) -> pa.Array:
    """Texts in the form of `pattern` as the datetimes `call.result`; others fail with RUN-003."""
    result = _moments(pattern, call.times.query_start, call.result, value)
    return _matched(call, result, value, lambda row: pattern)


def _matched(call: CallContext, result: pa.Array, value: pa.Array, pattern: Callable[[int], str]) -> pa.Array:
    """`result`, the rows failed in which a text gave no moment."""
    if result.null_count > value.null_count:
        message = lambda row: f"'{value_at(value, row)}' does not match '{pattern(row)}'"  # noqa: E731
        call.fail(pc.and_not(pc.is_null(result), pc.is_null(value)), "RUN-003", message)
    return result


def _moments(pattern: str, now: int, type_: SqlType, values: pa.Array) -> pa.Array:
    """The datetimes of texts; null where a text is null or does not match."""
    compiled = compile_pattern(pattern, parsing=True)
    moments, flags = date_patterns.parse(*bytes_of(values), compiled.steps, compiled.literals, now)
    if type_.kind is Kind.TIMESTAMP:
        result = array(moments, type_.arrow)
    else:
        short = moments // DAY if type_.kind is Kind.DATE else moments % DAY
        result = array(short.astype(np.int32), type_.arrow)
    if flags is None and not values.null_count:
        return result
    fine = pc.is_valid(values) if flags is None else pc.and_(pc.from_numpy(flags == 0), pc.is_valid(values))
    return pc.if_else(fine, result, pa.scalar(None, type_.arrow))


_register_parser(
    TIMESTAMP,
    "The timestamp in the text, which",
    ("CHAR_TO_TIMESTAMP('yyyy-MM-dd hh:mm:ss', '2009-09-16 03:15:24')", "2009-09-16 03:15:24"),
)
_register_parser(DATE, "The day in the text, which", ("CHAR_TO_DATE('dd/MM/yyyy', '16/09/2009')", "2009-09-16"))
_register_parser(TIME, "The time of day in the text, which", ("CHAR_TO_TIME('HH:mm', '15:24')", "15:24:00"))
_register_formatter(
    TIMESTAMP,
    "A timestamp",
    ("TIMESTAMP_TO_CHAR('EEE, MMM d', TIMESTAMP '2009-09-16 03:15:24')", "Wed, Sep 16"),
)
_register_formatter(DATE, "A day", ("DATE_TO_CHAR('dd.MM.yy', DATE '2009-09-16')", "16.09.09"))
_register_formatter(TIME, "A time of day", ("TIME_TO_CHAR('h:mm a', TIME '15:24:00')", "3:24 PM"))
