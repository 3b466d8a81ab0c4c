"""Text to text, BOOLEAN, INTERVAL and back; binary to binary."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.convert_numbers import fitted
from streamsql.functions.intervals import MONTHS, UNITS, fields
from streamsql.functions.text import cut, longest, pad
from streamsql.functions.vectors import array, numbers
from streamsql.kernels import compute as pc
from streamsql.types import Kind


def to_length(call: CallContext, value: Datum) -> Datum:
    """Text to CHAR (padded with blanks) or VARCHAR; what is too long is cut silently."""
    return (pad if call.result.kind is Kind.CHAR else cut)(value, call.result.length)


def to_binary(call: CallContext, value: Datum) -> Datum:
    """Bytes to BINARY (filled with zeros) or VARBINARY; what is too long is cut silently."""
    length = call.result.length
    if call.result.kind is Kind.BINARY:
        value = pc.binary_join_element_wise(value, bytes(length), b"")
    return pc.binary_slice(value, 0, length) if longest(value) > length else value


def boolean_to_text(call: CallContext, value: pa.Array) -> pa.Array:
    """TRUE or FALSE; RUN-003 where there is no room."""
    return fitted(call, pc.if_else(value, "TRUE", "FALSE"))


def to_boolean(call: CallContext, value: Datum) -> Datum:
    """`true` or `false` in any case of letters, blanks around it ignored; else RUN-003."""
    word = pc.ascii_lower(pc.ascii_trim(value, " "))
    true = pc.equal(word, "true")
    bad = pc.invert(pc.or_(true, pc.equal(word, "false")))
    if pc.any(bad).as_py():
        call.fail(bad, "RUN-003", lambda row: f'"{value_at(value, row)}" is not a BOOLEAN')
    return true


_SIZES = {**UNITS, **MONTHS}


def interval_to_text(call: CallContext, value: pa.Array) -> pa.Array:
    """`+2 00:06:11`: the sign, the leading field, the others with two digits; cut to the target's length."""
    names = fields(call.args[0].qualifier)
    size = numbers(value).astype(np.int64)
    rest, parts = np.abs(size), []
    for place, name in enumerate(names):
        text = pc.cast(array(rest // _SIZES[name], pa.int64()), pa.string())
        rest = rest % _SIZES[name]
        parts += [text if place == 0 else pc.utf8_lpad(text, 2, "0"), _separator(names, place)]
    if names[-1] == "SECOND" and rest.any():
        fraction = pc.binary_join_element_wise(
            ".", pc.utf8_lpad(pc.cast(array(rest, pa.int64()), pa.string()), 3, "0"), ""
        )
        parts.append(pc.if_else(pc.from_numpy(rest != 0), fraction, ""))
    sign = pc.if_else(pc.from_numpy(size < 0), "-", "+")
    return to_length(call, pc.binary_join_element_wise(sign, *parts, ""))


def _separator(names: tuple[str, ...], place: int) -> str:
    if place == len(names) - 1:
        return ""
    return {"YEAR": "-", "DAY": " "}.get(names[place], ":")


def to_interval(call: CallContext, value: pa.Array) -> pa.Array:
    """Text in the form of an interval literal (section 1.6) to the interval; else RUN-003."""
    names = fields(call.result.qualifier)
    pattern = r"^\s*(?P<sign>[+-]?)\s*"
    for place, name in enumerate(names):
        pattern += rf"(?P<{name}>\d{{1,{10 if place == 0 else 2}}}){_separator(names, place)}"
    pattern += r"(?:\.(?P<FRACTION>\d{1,9}))?\s*$" if names[-1] == "SECOND" else r"\s*$"
    found = pc.extract_regex(value, pattern)
    total = np.zeros(len(value), dtype=np.int64)
    bad = pc.is_null(found).to_numpy(zero_copy_only=False)
    for place, name in enumerate(names):
        part = pc.cast(pc.fill_null(pc.struct_field(found, name), "0"), pa.int64())
        amount = numbers(part)
        if place and name in _LIMITS:
            bad = bad | (amount >= _LIMITS[name])
        total = total + amount * _SIZES[name]
    if names[-1] == "SECOND":
        digits = pc.utf8_slice_codeunits(
            pc.utf8_rpad(pc.fill_null(pc.struct_field(found, "FRACTION"), "0"), 9, "0"), 0, 3
        )
        total = total + numbers(pc.cast(digits, pa.int64()))
    negative = pc.fill_null(pc.equal(pc.struct_field(found, "sign"), "-"), False)
    total = np.where(negative.to_numpy(zero_copy_only=False), -total, total)
    call.fail(bad, "RUN-003", lambda row: f'"{value_at(value, row)}" is not an {call.result}')
    return array(total, call.result.arrow)


_LIMITS = {"HOUR": 24, "MINUTE": 60, "SECOND": 60, "MONTH": 12}
