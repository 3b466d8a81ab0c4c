"""CAST and the conversions of INSERT (sections 2.2 and 2.4): one function per pair of families.

`converter` picks the function when the plan is made; rows that do not fit fail with RUN-002 (out of range) or
RUN-003 (not a value of the type, or no room for its text).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions import convert_numbers, convert_text, convert_times
from streamsql.functions.call import CallContext, Datum
from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.types import DATETIME, INTERVALS, Kind, SqlType, castable

Convert = Callable[[CallContext, Datum], Datum]
"""Converts a column of type `call.args[0]` to `call.result`."""


def converter(source: SqlType, target: SqlType, *, assignment: bool = False) -> Convert | None:
    """How `source` becomes `target`, or None when nothing has to be done.

    With `assignment` it is the conversion of INSERT. Raises BindError TYP-002 when there is no such cast.
    """
    if source == target:
        return None
    if source.kind is Kind.NULL:
        return _null
    if source.element is not None and target.element is not None:
        return partial(_elements, converter(source.element, target.element, assignment=assignment))
    if not castable(source, target) and not (source.kind is target.kind and source.is_interval):
        raise BindError(f"Cast function cannot convert value of type {source} to type {target}", code="TYP-002")
    if source.is_numeric:
        return convert_numbers.to_text if target.is_character else convert_numbers.to_number
    if source.is_character:
        return _from_text(target)
    if source.is_binary:
        return convert_text.to_binary
    if source.kind is Kind.BOOLEAN:
        return convert_text.boolean_to_text if target.is_character else None
    if source.is_interval:
        return _from_interval(target)
    return convert_times.to_text if target.is_character else convert_times.between


def widened(source: SqlType, target: SqlType) -> Convert | None:
    """The conversion of an argument to the type that a function asks for: text stays as it is."""
    if source.is_character and target.is_character:
        return None
    if source.is_binary and target.is_binary:
        return None
    if source.kind is target.kind and source.is_interval:
        return None
    return converter(source, target, assignment=True)


def _from_text(target: SqlType) -> Convert:
    if target.is_character:
        return convert_text.to_length
    if target.is_numeric:
        return convert_numbers.from_text
    if target.kind is Kind.BOOLEAN:
        return convert_text.to_boolean
    return convert_times.from_text if target.kind in DATETIME else convert_text.to_interval


def _from_interval(target: SqlType) -> Convert | None:
    if target.is_character:
        return convert_text.interval_to_text
    if target.kind in INTERVALS:
        return convert_times.to_qualifier
    return convert_times.interval_to_number


def _elements(convert: Convert | None, call: CallContext, value: Datum) -> Datum:
    """An array with each of its elements converted; it fails where one of them does."""
    assert call.args[0].element is not None and call.result.element is not None
    lists = value if isinstance(value, pa.Array) else pa.array([value], value.type)
    elements = lists.flatten()
    sizes = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    own = Failures(len(elements))
    inner = CallContext(len(elements), call.result.element, [call.args[0].element], own, call.times)
    converted = elements if convert is None else convert(inner, elements)
    converted = pc.if_else(pc.is_valid(elements), converted, pa.scalar(None, converted.type))
    rows = np.repeat(np.arange(len(sizes)), sizes)
    for place, error in own.rows.items():
        call.fail(rows[place : place + 1], *error)
    offsets = pc.from_numpy(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32))
    return pa.ListArray.from_arrays(offsets, converted, mask=pc.is_null(lists))


def _null(call: CallContext, value: Datum) -> Datum:
    if isinstance(value, pa.Scalar):
        return pa.scalar(None, call.result.arrow)
    return pa.nulls(len(value), call.result.arrow)
