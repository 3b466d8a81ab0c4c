"""DATE, TIME, TIMESTAMP and INTERVAL among each other, to text, from text and to numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from streamsql.functions.calendar import DAY
from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.convert_numbers import fitted
from streamsql.functions.intervals import MONTHS, UNITS, ends
from streamsql.functions.text import data, offsets
from streamsql.functions.vectors import array, numbers
from streamsql.kernels import compute as pc
from streamsql.kernels import decimals, instants
from streamsql.types import Kind

_FORMS = {Kind.DATE: "yyyy-MM-dd", Kind.TIME: "HH:mm:ss", Kind.TIMESTAMP: "yyyy-MM-dd HH:mm:ss"}


def between(call: CallContext, value: Datum) -> pa.Array:
    """One datetime type to another: a DATE is its midnight, a TIME is on the current date."""
    values, source, target = numbers(value), call.args[0].kind, call.result
    if target.kind is Kind.TIMESTAMP:
        today = call.times.query_start // DAY * DAY
        wide = values.astype(np.int64)
        return array(wide * DAY if source is Kind.DATE else wide + today, target.arrow)
    if target.kind is Kind.DATE:
        return array((values // DAY).astype(np.int32), target.arrow)
    return array((values % DAY).astype(np.int32), target.arrow)


def to_text(call: CallContext, value: pa.Array) -> pa.Array:
    """The text of section 2.4 rule 2; milliseconds only when there are some and there is room."""
    kind = call.args[0].kind
    text = pc.cast(value, pa.string())
    if kind is not Kind.DATE:
        short = len(_FORMS[kind])
        whole = pc.utf8_slice_codeunits(text, 0, short)
        values = numbers(value)
        if call.result.length >= short + 4 and (values % 1000).any():
            text = pc.if_else(pc.from_numpy(values % 1000 != 0), text, whole)
        else:
            text = whole
    return fitted(call, text)


def from_text(call: CallContext, value: pa.Array) -> pa.Array:
    """Text in the one form of its type (section 2.4 rules 5 and 6); else RUN-003."""
    kind = call.result.kind
    values, bad = instants.parse(offsets(value), data(value), kind is not Kind.TIME, kind is not Kind.DATE)
    if bad is not None:
        message = f"is not a {kind.value} in format '{_FORMS[kind]}'"
        call.fail(bad != 0, "RUN-003", lambda row: f"'{value_at(value, row)}' {message}")
    if kind is Kind.TIMESTAMP:
        return array(values, call.result.arrow)
    return array((values // (DAY if kind is Kind.DATE else 1)).astype(np.int32), call.result.arrow)


def to_qualifier(call: CallContext, value: Datum) -> pa.Array:
    """An interval with other fields: what is below the smallest is dropped."""
    last = ends(call.result.qualifier)[1]
    unit = {**UNITS, **MONTHS}[last]
    size = numbers(value)
    if last == "SECOND" or unit == 1:
        return array(size, call.result.arrow)
    return array(np.sign(size) * (np.abs(size) // unit * unit), call.result.arrow)


def interval_to_number(call: CallContext, value: pa.Array) -> pa.Array:
    """An interval of one field to the number of its units, rounded; out of range is RUN-002."""
    unit = UNITS[ends(call.args[0].qualifier)[0]]
    target = call.result
    precision, scale = (target.precision, target.scale) if target.kind is Kind.DECIMAL else (19, 0)
    size, _ = decimals.from_integers(numbers(value), 0, 19)
    result, bad = decimals.divide(size, np.array([unit, 0], dtype=np.int64), scale, precision)
    if bad is not None:
        call.fail(bad != 0, "RUN-002", lambda row: f"{value_at(value, row)} is out of range for {target}")
    if target.kind is Kind.DECIMAL:
        return array(result, target.arrow)
    return array(decimals.to_integers(result, 0, -(1 << 63), (1 << 63) - 1)[0], target.arrow)
