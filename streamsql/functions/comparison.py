"""Comparisons and IN (sections 1.5 and 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.arithmetic import exact_type
from streamsql.functions.call import CallContext, Datum
from streamsql.functions.registry import Argument, Resolution, cannot_apply, scalar
from streamsql.functions.text import trim_blanks
from streamsql.kernels import compute as pc
from streamsql.types import BOOLEAN, MAX_PRECISION, NULL, Kind, SqlType, common_type

_SYNTAX = "two values of comparable types"


def comparable(name: str, args: Sequence[Argument]) -> tuple[SqlType, ...]:
    """The types in which the arguments are compared with each other, or BindError."""
    types = [arg.type for arg in args]
    common: SqlType | None = NULL
    for type_ in dict.fromkeys(types):
        common = common_type(common, type_) if common is not None else None
    if common is None and all(type_.is_datetime or type_.kind is Kind.NULL for type_ in types):
        raise BindError(
            f"the parameters of {name} must be of the same type, not {', '.join(map(str, types))}", code="TYP-004"
        )
    if common is None or common.is_nested:
        raise cannot_apply(name, args, _SYNTAX)
    if common.is_character or common.is_interval or common.is_binary:
        # Character arguments stay as they are: whether one is CHAR decides about trailing blanks.
        return tuple(type_ if type_.kind is not Kind.NULL else common for type_ in types)
    if common.kind is Kind.DECIMAL:
        return tuple(exact_type(type_) if type_.is_exact else common for type_ in types)
    return tuple(common for _ in types)


def _resolve(name: str) -> Callable[[Sequence[Argument]], Resolution]:
    def resolve(args: Sequence[Argument]) -> Resolution:
        if len(args) != 2:
            raise cannot_apply(name, args, _SYNTAX)
        return Resolution(BOOLEAN, comparable(name, args))

    return resolve


def _comparison(name: str, kernel: str, text: str, examples: Sequence[tuple[str, str]]) -> Callable[..., Datum]:
    def compare(call: CallContext, left: Datum, right: Datum) -> Datum:
        compared: Datum = getattr(pc, kernel)(*sides(call, left, right))
        return compared

    compare.__doc__ = text
    return scalar(name, f"a {name} b", _resolve(name), examples=examples)(compare)


def sides(call: CallContext, *datums: Datum) -> Sequence[Datum]:
    """The values as they are compared: without trailing blanks when one of the types is CHAR."""
    return _sides(call.args, *datums)


def _sides(types: Sequence[SqlType], *datums: Datum) -> Sequence[Datum]:
    if any(type_.kind is Kind.CHAR for type_ in types):
        return [trim_blanks(datum) for datum in datums]
    return datums


equal = _comparison("=", "equal", "Whether both are equal.", [("'a ' = 'a'", "TRUE"), ("1 = 1.0", "TRUE")])
not_equal = _comparison("<>", "not_equal", "Whether both differ.", [("1 <> 2", "TRUE")])
less = _comparison("<", "less", "Whether a comes before b.", [("'B' < 'a'", "TRUE")])
less_equal = _comparison("<=", "less_equal", "Whether a is b or comes before it.", [("2 <= 1.9", "FALSE")])
greater = _comparison(">", "greater", "Whether a comes after b.", [("2 > 1", "TRUE")])
greater_equal = _comparison(">=", "greater_equal", "Whether a is b or comes after it.", [("2 >= 2e0", "TRUE")])


@scalar(
    "IS DISTINCT FROM",
    "a IS DISTINCT FROM b",
    _resolve("IS DISTINCT FROM"),
    examples=[("1 IS DISTINCT FROM 1.0", "FALSE"), ("CAST(NULL AS INTEGER) IS DISTINCT FROM 1", "TRUE")],
    handles_nulls=True,
)
def is_distinct_from(call: CallContext, left: Datum, right: Datum) -> Datum:
    """Whether both differ, null being equal to null and different from everything else; never null."""
    left, right = sides(call, left, right)
    differ = pc.not_equal(left, right)
    if left.type != pa.null() and differ.null_count == 0:
        return differ
    return pc.coalesce(differ, pc.xor(pc.is_null(left), pc.is_null(right)))


def _resolve_in(args: Sequence[Argument]) -> Resolution:
    if len(args) < 2:
        raise cannot_apply("IN", args, "x IN (value, ...)")
    return Resolution(BOOLEAN, comparable("IN", args))


@scalar(
    "IN",
    "x IN (value, ...)",
    _resolve_in,
    examples=[
        ("2 IN (1, 2)", "TRUE"),
        ("3 IN (1, 2)", "FALSE"),
        ("CAST('b' AS VARCHAR(2)) IN (CAST('b ' AS VARCHAR(2)), 'a')", "FALSE"),
    ],
    handles_nulls=True,
)
def is_in(call: CallContext, value: Datum, *items: Datum) -> Datum:
    """Whether x equals one of the values; unknown when it does not and one of them is null."""
    if all(isinstance(item, pa.Scalar) for item in items) and _hashable(call.args[0]) and _alike(call.args):
        found, has_null = call.prepared(tuple(map(id, items)), lambda: (*_value_set(call, items), items))[:2]
        value = sides(call, value)[0]
        if call.args[0].kind is Kind.DECIMAL:
            value = pc.cast(value, found.type)
        result = pc.is_in(value, value_set=pc.cast(found, value.type), skip_nulls=True)
        unknown = pa.scalar(None, pa.bool_())
        if has_null:
            result = pc.if_else(result, True, unknown)
        return result if value.null_count == 0 else pc.if_else(pc.is_valid(value), result, unknown)
    equalities = (
        pc.equal(*_sides((call.args[0], type_), value, item))
        for type_, item in zip(call.args[1:], items, strict=True)
    )
    return reduce(pc.or_kleene, equalities)


def _alike(types: Sequence[SqlType]) -> bool:
    """Whether trailing blanks count in all comparisons of IN, or in none."""
    value, *items = (type_.kind is Kind.CHAR for type_ in types)
    return value or all(items) or not any(items)


def _hashable(type_: SqlType) -> bool:
    """Whether equality of the type is equality of its bytes (0.0 and -0.0 are equal)."""
    return not type_.is_approximate


def _value_set(call: CallContext, items: Sequence[Datum]) -> tuple[pa.Array, bool]:
    """The values that are not null, and whether one is. Decimals have one type that holds those of all scales."""
    target = items[0].type
    if call.args[0].kind is Kind.DECIMAL:
        target = pa.decimal128(2 * MAX_PRECISION, max(type_.scale for type_ in call.args))
    values = pa.array([item.as_py() for item in sides(call, *items)], target)
    return pc.drop_null(values), values.null_count > 0
