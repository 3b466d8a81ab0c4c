"""Aggregate functions: over groups, and with OVER. The arithmetic is in `kernels`; here are names and types.

`DISTINCT` is not here either: over groups it is a filter in front of any aggregate (`exec.operators.aggregate`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions import registry
from streamsql.functions.registry import AggregateFunction, Argument, Documentation, Resolution
from streamsql.kernels.accumulators import GroupAccumulator
from streamsql.kernels.rolling import RollingAggregate
from streamsql.record import record
from streamsql.types import BIGINT, BOOLEAN, DOUBLE, INTEGER, Kind, SqlType, decimal

AVERAGE_SCALE = 6
"""AVG of a DECIMAL has at least this many digits after the point."""


class Accumulator(Protocol):
    """The state of one aggregate for all groups; see `kernels.accumulators.GroupAccumulator`."""

    def update(self, groups: npt.NDArray[np.int32], total: int, column: pa.Array | None = None) -> None: ...
    def result(self, ids: npt.NDArray[np.int32] | None = None) -> tuple[pa.Array, npt.NDArray[np.bool_]]: ...
    def clear(self) -> None: ...
    def keep(self, ids: npt.ArrayLike) -> None: ...
    def save(self) -> bytes: ...
    def load(self, state: bytes) -> None: ...


@record
class Window:
    """How an aggregate stands with OVER. `forever`: the frame has no far end; `rows`: it counts rows."""

    forever: bool
    rows: bool
    distinct: bool = False
    ignore_nulls: bool = False
    from_last: bool = False


@record
class RollingCall:
    """The running state of one OVER call, and which arguments it reads for every row (None: no such)."""

    aggregate: RollingAggregate | None  # None: the number of rows in the window
    values: int | None = None
    defaults: int | None = None


Rolling = Callable[[Sequence[Argument], SqlType, Window], RollingCall]


def refuse(message: str, hint: str = "") -> NoReturn:
    """Raise BindError TYP-001."""
    raise BindError(message, code="TYP-001", hint=hint)


def one_argument(name: str, args: Sequence[Argument], syntax: str) -> SqlType:
    """The type of the only argument; an untyped NULL counts as INTEGER."""
    if len(args) != 1:
        raise registry.cannot_apply(name, args, syntax)
    return INTEGER if args[0].type.kind is Kind.NULL else args[0].type


def _shift(what: str, argument: SqlType, result: SqlType) -> int:
    return result.scale - argument.scale if what == "average decimal" else 0


def _add(
    name: str,
    text: str,
    types: Callable[[SqlType], tuple[SqlType, SqlType] | None],
    kernel: Callable[[SqlType, SqlType], str],
    *,
    syntax: str = "",
    rolling: Rolling | None = None,
) -> None:
    """Register an aggregate of one argument. `types(argument)` gives the type to which the argument is converted
    and the result's; `kernel` names the computation for these two."""
    syntax = syntax or f"{name}([ALL | DISTINCT] number)"

    def resolve(args: Sequence[Argument]) -> Resolution:
        found = types(one_argument(name, args, syntax))
        if found is None:
            raise registry.cannot_apply(name, args, syntax)
        return Resolution(found[1], (found[0],))

    def accumulator(args: Sequence[Argument], result: SqlType, ignore_nulls: bool = False) -> Accumulator:
        argument = args[0].type
        what = kernel(argument, result)
        shift = _shift(what, argument, result)
        return GroupAccumulator(what, argument.arrow, result.arrow, ignore_nulls=ignore_nulls, shift=shift)

    def over(args: Sequence[Argument], result: SqlType, window: Window) -> RollingCall:
        argument = args[0].type
        what = kernel(argument, result)
        distinct = window.distinct and what not in ("least", "greatest")
        shift = _shift(what, argument, result)
        return RollingCall(
            RollingAggregate(
                what, argument.arrow, result.arrow, forever=window.forever, distinct=distinct, shift=shift
            ),
            values=0,
        )

    doc = Documentation(name, syntax, text)
    registry.add_aggregate(AggregateFunction(doc, resolve, accumulator, rolling or over))


# --- COUNT ------------------------------------------------------------------------------------------------


def _resolve_count(args: Sequence[Argument]) -> Resolution:
    if len(args) > 1 or (args and args[0].type.is_nested):
        raise registry.cannot_apply("COUNT", args, "COUNT(* | value)")
    types = tuple(INTEGER if arg.type.kind is Kind.NULL else arg.type for arg in args)
    return Resolution(BIGINT, types)


def _count(args: Sequence[Argument], result: SqlType, ignore_nulls: bool = False) -> Accumulator:
    argument = args[0].type if args else result
    return GroupAccumulator("count" if args else "count all", argument.arrow, result.arrow)


def _rolling_count(args: Sequence[Argument], result: SqlType, window: Window) -> RollingCall:
    if not args:
        return RollingCall(None)
    aggregate = RollingAggregate("count", args[0].type.arrow, result.arrow, forever=window.forever)
    return RollingCall(aggregate, values=0)


registry.add_aggregate(
    AggregateFunction(
        Documentation(
            "COUNT",
            "COUNT(* | value)",
            "The number of rows, or of rows in which the value is not null. 0 when there are none.",
        ),
        _resolve_count,
        _count,
        _rolling_count,
    )
)


# --- sums -------------------------------------------------------------------------------------------------


def _sum_types(type_: SqlType) -> tuple[SqlType, SqlType] | None:
    if type_.is_integer:
        return type_, BIGINT
    if type_.kind is Kind.DECIMAL:
        return type_, decimal(18, min(type_.scale, 18))
    return (type_, DOUBLE) if type_.is_approximate else None


def _average_types(type_: SqlType) -> tuple[SqlType, SqlType] | None:
    if type_.kind is Kind.DECIMAL:
        return type_, decimal(18, max(min(type_.scale, 18), AVERAGE_SCALE))
    return (type_, type_) if type_.is_numeric else None


def _double_types(type_: SqlType) -> tuple[SqlType, SqlType] | None:
    return (DOUBLE, DOUBLE) if type_.is_numeric else None


def _sum_kernel(argument: SqlType, result: SqlType) -> str:
    return "sum decimal" if result.kind is Kind.DECIMAL else "sum"


def _average_kernel(argument: SqlType, result: SqlType) -> str:
    return "average decimal" if result.kind is Kind.DECIMAL else "average"


def _always(what: str) -> Callable[[SqlType, SqlType], str]:
    return lambda argument, result: what


_add(
    "SUM",
    "The sum of the values that are not null: BIGINT of integers, DECIMAL(18,s) of decimals, DOUBLE else. "
    "Null when there are none; a sum out of range makes an error row.",
    _sum_types,
    _sum_kernel,
)
_add(
    "AVG",
    "The mean of the values that are not null, in the type of the values: of integers it is truncated, of "
    "DECIMAL(p,s) it is DECIMAL(18,max(s,6)), rounded half away from zero. Null when there are none.",
    _average_types,
    _average_kernel,
)
for _name, _what, _text in (
    ("VAR_POP", "variance population", "The population variance of the values that are not null."),
    ("VAR_SAMP", "variance sample", "The sample variance of the values that are not null; null below two values."),
    ("STDDEV_POP", "deviation population", "The square root of VAR_POP."),
    ("STDDEV_SAMP", "deviation sample", "The square root of VAR_SAMP; null below two values."),
):
    _add(_name, _text, _double_types, _always(_what))
registry.alias("STDDEV", "STDDEV_SAMP")


# --- one of the values ------------------------------------------------------------------------------------


def _ordered_types(type_: SqlType) -> tuple[SqlType, SqlType] | None:
    return None if type_.is_nested or type_.kind is Kind.BOOLEAN else (type_, type_)


def _boolean_types(type_: SqlType) -> tuple[SqlType, SqlType] | None:
    return (BOOLEAN, BOOLEAN) if type_.kind in (Kind.BOOLEAN, Kind.NULL) else None


def _any_types(type_: SqlType) -> tuple[SqlType, SqlType] | None:
    return None if type_.is_nested else (type_, type_)


_add(
    "MIN",
    "The least value that is not null; text is compared by code points.",
    _ordered_types,
    _always("least"),
    syntax="MIN([ALL | DISTINCT] value)",
)
_add(
    "MAX",
    "The greatest value that is not null; text is compared by code points.",
    _ordered_types,
    _always("greatest"),
    syntax="MAX([ALL | DISTINCT] value)",
)
_add(
    "EVERY",
    "TRUE if no condition is FALSE; nulls are ignored, and null when there is nothing else.",
    _boolean_types,
    _always("least"),
    syntax="EVERY(condition)",
)
_add(
    "ANY",
    "TRUE if at least one condition is TRUE; nulls are ignored, and null when there is nothing else.",
    _boolean_types,
    _always("greatest"),
    syntax="ANY(condition)",
)
registry.alias("SOME", "ANY")


def _pick(what: str) -> Rolling:
    def rolling(args: Sequence[Argument], result: SqlType, window: Window) -> RollingCall:
        aggregate = RollingAggregate(
            what, args[0].type.arrow, result.arrow, forever=window.forever, ignore_nulls=window.ignore_nulls
        )
        return RollingCall(aggregate, values=0)

    return rolling


_add(
    "FIRST_VALUE",
    "The value of the first row to arrive; with IGNORE NULLS the first that is not null.",
    _any_types,
    _always("first"),
    syntax="FIRST_VALUE(value) [RESPECT NULLS | IGNORE NULLS] [OVER window]",
    rolling=_pick("from first"),
)
_add(
    "LAST_VALUE",
    "The value of the last row to arrive; with IGNORE NULLS the last that is not null.",
    _any_types,
    _always("last"),
    syntax="LAST_VALUE(value) [RESPECT NULLS | IGNORE NULLS] [OVER window]",
    rolling=_pick("from last"),
)
