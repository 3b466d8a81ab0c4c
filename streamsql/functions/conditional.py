"""COALESCE, NULLIF and the extremes of a row (CASE is not a function)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import pyarrow as pa

from streamsql.functions.call import CallContext, Datum
from streamsql.functions.comparison import comparable, equal
from streamsql.functions.registry import Argument, Resolution, cannot_apply, scalar
from streamsql.functions.signature import same_type
from streamsql.kernels import compute as pc
from streamsql.types import Kind


def _resolve_coalesce(args: Sequence[Argument]) -> Resolution:
    if not args:
        raise cannot_apply("COALESCE", args, "COALESCE(x, ...)")
    result = same_type("COALESCE", [arg.type for arg in args])
    return Resolution(result, (result,) * len(args))


@scalar(
    "COALESCE",
    "COALESCE(x, y, ...)",
    _resolve_coalesce,
    examples=[("COALESCE(NULLIF(1, 1), 2)", "2")],
    handles_nulls=True,
    undecided=pc.is_null,
)
def coalesce(call: CallContext, *values: Datum) -> Datum:
    """The first argument that is not null. An error in a later one does not count where an earlier has a value."""
    return pc.coalesce(*values)


def _resolve_nullif(args: Sequence[Argument]) -> Resolution:
    if len(args) != 2:
        raise cannot_apply("NULLIF", args, "NULLIF(a, b)")
    types = comparable("NULLIF", args)
    return Resolution(args[0].type if args[0].type.kind is not Kind.NULL else types[0], types)


@scalar(
    "NULLIF",
    "NULLIF(a, b)",
    _resolve_nullif,
    examples=[("NULLIF(5, 5) IS NULL", "TRUE"), ("NULLIF(4, 5)", "4")],
    handles_nulls=True,
)
def nullif(call: CallContext, value: Datum, other: Datum) -> Datum:
    """Null if both are equal, else a."""
    same = equal(call, value, other)
    kept = value if value.type == call.result.arrow else pc.cast(value, call.result.arrow)
    return pc.if_else(pc.fill_null(same, False), pa.scalar(None, kept.type), kept)


def _extreme(name: str, word: str, kernel: Any, example: tuple[str, str]) -> Callable[..., Datum]:
    def resolve(args: Sequence[Argument]) -> Resolution:
        if not args:
            raise cannot_apply(name, args, f"{name}(x, ...)")
        result = same_type(name, [arg.type for arg in args])
        return Resolution(result, (result,) * len(args))

    def extreme(call: CallContext, *values: Datum) -> Datum:
        return reduce(lambda a, b: pc.if_else(kernel(a, b), a, b), values)

    extreme.__doc__ = f"The {word} of the arguments; null when one of them is null."
    return scalar(name, f"{name}(x, y, ...)", resolve, examples=[example], extension="NAM-004")(extreme)


greatest = _extreme("GREATEST", "greatest", pc.greater_equal, ("GREATEST(1, 3, 2)", "3"))
least = _extreme("LEAST", "least", pc.less_equal, ("LEAST('b', 'a')", "a"))
