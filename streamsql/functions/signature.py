"""Ready-made `resolve` functions: how a function's result type and conversions follow from its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamsql.errors import BindError
from streamsql.functions.registry import Argument, Resolution, Resolve, cannot_apply
from streamsql.types import NULL, Kind, SqlType, common_type, varchar

Accept = Callable[[SqlType], "SqlType | None"]
"""The type to which an argument is converted, or None when the function does not take it."""


def numeric(type_: SqlType) -> SqlType | None:
    """Any number, as it is."""
    return type_ if type_.is_numeric else None


def character(type_: SqlType) -> SqlType | None:
    """Any character type, as it is."""
    return type_ if type_.is_character else None


def binary(type_: SqlType) -> SqlType | None:
    """Any binary type, as it is."""
    return type_ if type_.is_binary else None


def number_as(target: SqlType) -> Accept:
    """Any number, converted to `target`."""
    return lambda type_: target if type_.is_numeric else None


def exactly(*kinds: Kind) -> Accept:
    """One of the kinds, as it is."""
    return lambda type_: type_ if type_.kind in kinds else None


def either(*accepts: Accept) -> Accept:
    """What the first that takes it makes of it."""

    def accept(type_: SqlType) -> SqlType | None:
        return next((found for one in accepts if (found := one(type_)) is not None), None)

    return accept


def takes(
    name: str,
    syntax: str,
    accepts: Sequence[Accept],
    result: SqlType | Callable[[Sequence[SqlType]], SqlType],
    *,
    optional: int = 0,
) -> Resolve:
    """A function of these parameters, the last `optional` of which may be missing. An untyped NULL fits any.
    `result` may be a function of the converted types."""

    def resolve(args: Sequence[Argument]) -> Resolution:
        if not len(accepts) - optional <= len(args) <= len(accepts):
            raise cannot_apply(name, args, syntax)
        types = []
        for arg, accept in zip(args, accepts, strict=False):
            type_ = arg.type if arg.type.kind is Kind.NULL else accept(arg.type)
            if type_ is None:
                raise cannot_apply(name, args, syntax)
            types.append(type_)
        return Resolution(result(types) if callable(result) else result, tuple(types))

    return resolve


def first_type(types: Sequence[SqlType]) -> SqlType:
    """The result has the type of the first argument."""
    return types[0]


def text_like_first(types: Sequence[SqlType]) -> SqlType:
    """VARCHAR as long as the first argument."""
    return varchar(max(types[0].length, 1))


def same_type(name: str, types: Sequence[SqlType]) -> SqlType:
    """The least type that holds all of `types`; BindError TYP-004 when there is none."""
    result = NULL
    for type_ in types:
        common = common_type(result, type_)
        if common is None:
            raise BindError(
                f"the parameters of {name} must be of the same type, not {result} and {type_}", code="TYP-004"
            )
        result = common
    return result
