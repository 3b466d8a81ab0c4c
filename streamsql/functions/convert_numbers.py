"""Numbers to numbers, to text and from text."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.text import data, longest, offsets, pad
from streamsql.functions.vectors import array, numbers, words
from streamsql.kernels import compute as pc
from streamsql.kernels import decimals, numerals
from streamsql.types import DOUBLE, Kind, SqlType

Bad = npt.NDArray[Any] | None


def to_number(call: CallContext, value: pa.Array) -> pa.Array:
    """Any number to any number: fractions are rounded half away from zero, out of range is RUN-002."""
    source, target = call.args[0], call.result
    if target.is_integer:
        return _to_integer(call, value, source, target)
    if target.kind is Kind.DECIMAL:
        return _to_decimal(call, value, source, target)
    if source.kind is Kind.DECIMAL:
        value = array(decimals.to_doubles(words(value), source.scale), pa.float64())
    if source.is_integer and target.kind is Kind.DOUBLE:
        # Not by `pc`: constants are converted so, and most scripts need nothing else of Arrow's functions.
        return array(numbers(value).astype(np.float64), pa.float64())
    result = pc.cast(value, target.arrow, safe=False)
    if target.kind is Kind.REAL and source.kind is not Kind.REAL:
        bad = np.isinf(numbers(result)) & ~np.isinf(numbers(value))
        _out_of_range(call, value, bad if bad.any() else None)
    return result


def _to_integer(call: CallContext, value: pa.Array, source: SqlType, target: SqlType) -> pa.Array:
    if source.is_integer and source.bits <= target.bits:
        return pc.cast(value, target.arrow)
    low, high = -(1 << target.bits - 1), (1 << target.bits - 1) - 1
    bad: Bad = None
    if source.kind is Kind.DECIMAL:
        whole, bad = decimals.to_integers(words(value), source.scale, low, high)
    elif source.is_integer:
        whole = numbers(value).astype(np.int64)
    else:
        real = numbers(value).astype(np.float64)
        with np.errstate(invalid="ignore"):
            rounded = np.trunc(real)
            rounded = rounded + np.trunc((real - rounded) * 2)
            # 2^(n-1) is exact in a double, 2^(n-1) - 1 need not be.
            bad = ~((rounded >= float(low)) & (rounded < -float(low)))
            whole = np.where(bad, 0, rounded).astype(np.int64)
    if source.is_integer:
        bad = (whole < low) | (whole > high)
    _out_of_range(call, value, bad)
    return pc.cast(array(whole, pa.int64()), target.arrow, safe=False)


def _to_decimal(call: CallContext, value: pa.Array, source: SqlType, target: SqlType) -> pa.Array:
    precision, scale = target.precision, target.scale
    if source.kind is Kind.DECIMAL:
        shift = scale - source.scale
        zero = np.zeros(2, dtype=np.int64)
        result, bad = decimals.add(words(value), max(shift, 0), zero, 0, False, max(-shift, 0), precision)
    elif source.is_integer:
        result, bad = decimals.from_integers(numbers(value).astype(np.int64), scale, precision)
    elif source.kind is Kind.REAL:
        result, bad = decimals.from_floats(numbers(value), scale, precision)
    else:
        result, bad = decimals.from_doubles(numbers(value), scale, precision)
    _out_of_range(call, value, bad)
    if bad is not None:  # rows that nobody needs keep their value, and Arrow looks at it
        result[np.repeat(bad != 0, 2)] = 0
    return array(result, target.arrow)


def _out_of_range(call: CallContext, value: Datum, bad: Bad) -> None:
    if bad is not None:
        call.fail(bad != 0, "RUN-002", lambda row: f"{value_at(value, row)} is out of range for {call.result}")


def to_text(call: CallContext, value: pa.Array) -> pa.Array:
    """Any number to text; RUN-003 where the text has more characters than the target."""
    source = call.args[0]
    if source.is_integer:
        text = pc.cast(value, pa.string())
    elif source.kind is Kind.DECIMAL:
        text = strings(numerals.format_decimals(words(value), source.scale), value)
    elif source.kind is Kind.REAL:
        text = strings(numerals.format_floats(numbers(value)), value)
    else:
        text = strings(numerals.format_doubles(numbers(value)), value)
    return fitted(call, text)


def strings(parts: tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]], like: pa.Array) -> pa.Array:
    """A string array over offsets and bytes from a kernel, null where `like` is."""
    ends, characters = parts
    result = pa.Array.from_buffers(
        pa.string(), len(ends) - 1, [None, pa.py_buffer(ends), pa.py_buffer(characters)]
    )
    return pc.if_else(pc.is_valid(like), result, None) if like.null_count else result


def fitted(call: CallContext, text: pa.Array) -> pa.Array:
    """Text as `call.result`; a value with more characters fails with RUN-003."""
    room = call.result.length
    if longest(text) > room:
        long = pc.greater(pc.utf8_length(text), room)
        call.fail(long, "RUN-003", lambda row: f"'{text[row].as_py()}' does not fit {call.result}")
    return pad(text, room) if call.result.kind is Kind.CHAR else text


def from_text(call: CallContext, value: pa.Array) -> pa.Array:
    """Text to a number (section 2.4 rule 4): RUN-003 when it is none, RUN-002 when it is out of range."""
    target = call.result
    if target.is_approximate:
        values, flags = numerals.parse_doubles(offsets(value), data(value))
        if flags is None and target.kind is Kind.REAL:
            return to_number(
                CallContext(call.length, target, (DOUBLE,), call.failures, call.times, call.needed),
                array(values, pa.float64()),
            )
        result = pc.cast(array(values, pa.float64()), target.arrow, safe=False)
    else:
        precision, scale = (target.precision, target.scale) if target.kind is Kind.DECIMAL else (19, 0)
        parsed, flags = numerals.parse_decimals(offsets(value), data(value), scale, precision)
        result = array(parsed, pa.decimal128(precision, scale))
    if flags is not None:
        call.fail(flags == 2, "RUN-003", lambda row: f'For input string: "{value_at(value, row)}"')
        call.fail(flags == 1, "RUN-002", lambda row: f'"{value_at(value, row)}" is out of range for {target}')
    if not target.is_integer:
        return result
    low, high = -(1 << target.bits - 1), (1 << target.bits - 1) - 1
    whole, over = decimals.to_integers(words(result), 0, low, high)
    _out_of_range(call, value, over)
    return pc.cast(array(whole, pa.int64()), target.arrow, safe=False)
