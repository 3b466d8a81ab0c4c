"""Functions that exist only with OVER: NTH_VALUE, LAG, EXP_AVG."""

from __future__ import annotations

from collections.abc import Sequence

from streamsql.errors import BindError
from streamsql.functions import registry
from streamsql.functions.aggregate import RollingCall, Window, refuse
from streamsql.functions.registry import AggregateFunction, Argument, Documentation, Resolution
from streamsql.kernels.rolling import RollingAggregate
from streamsql.types import DOUBLE, INTEGER, Kind, SqlType, common_type

NTH_SYNTAX = "NTH_VALUE(value, n) [FROM FIRST | FROM LAST] [RESPECT NULLS | IGNORE NULLS] OVER window"
LAG_SYNTAX = "LAG(value [, n [, default]]) [RESPECT NULLS | IGNORE NULLS] OVER window"
DECAY_SYNTAX = "EXP_AVG(number, INTERVAL) OVER (RANGE …)"


def _value_type(name: str, args: Sequence[Argument], syntax: str) -> SqlType:
    if args[0].type.is_nested:
        raise registry.cannot_apply(name, args, syntax)
    return INTEGER if args[0].type.kind is Kind.NULL else args[0].type


def _number_of_rows(name: str, arg: Argument, least: int) -> int:
    """The constant `arg` as a number of rows of at least `least`."""
    if not arg.is_constant or not arg.type.is_integer or arg.constant is None or arg.constant < least:
        refuse(f"the second argument of {name} must be an integer constant of at least {least}")
    return int(arg.constant)


# --- NTH_VALUE --------------------------------------------------------------------------------------------


def _resolve_nth(args: Sequence[Argument]) -> Resolution:
    if len(args) != 2:
        raise registry.cannot_apply("NTH_VALUE", args, NTH_SYNTAX)
    _number_of_rows("NTH_VALUE", args[1], 1)
    type_ = _value_type("NTH_VALUE", args, NTH_SYNTAX)
    return Resolution(type_, (type_, args[1].type))


def _nth_value(args: Sequence[Argument], result: SqlType, window: Window) -> RollingCall:
    aggregate = RollingAggregate(
        "from last" if window.from_last else "from first",
        result.arrow,
        result.arrow,
        forever=window.forever,
        ignore_nulls=window.ignore_nulls,
        n=_number_of_rows("NTH_VALUE", args[1], 1),
    )
    return RollingCall(aggregate, values=0)


registry.add_aggregate(
    AggregateFunction(
        Documentation(
            "NTH_VALUE",
            NTH_SYNTAX,
            "The value of the n-th row of the window, counted from its first or last row. Null when there are "
            "fewer; IGNORE NULLS leaves out rows in which the value is null.",
        ),
        _resolve_nth,
        None,
        _nth_value,
    )
)


# --- LAG --------------------------------------------------------------------------------------------------


def _resolve_lag(args: Sequence[Argument]) -> Resolution:
    if not 1 <= len(args) <= 3:
        raise registry.cannot_apply("LAG", args, LAG_SYNTAX)
    type_ = _value_type("LAG", args, LAG_SYNTAX)
    if len(args) > 1:
        _number_of_rows("LAG", args[1], 0)
    if len(args) > 2:
        if common_type(type_, args[2].type) is None:
            raise BindError(
                f"the default of LAG is {args[2].type}, its value {type_}", code="TYP-004", hint=LAG_SYNTAX
            )
        return Resolution(type_, (type_, args[1].type, type_))
    return Resolution(type_, (type_, *(arg.type for arg in args[1:])))


def _lag(args: Sequence[Argument], result: SqlType, window: Window) -> RollingCall:
    aggregate = RollingAggregate(
        "lag",
        result.arrow,
        result.arrow,
        forever=window.forever,
        ignore_nulls=window.ignore_nulls,
        n=_number_of_rows("LAG", args[1], 0) if len(args) > 1 else 1,
    )
    return RollingCall(aggregate, values=0, defaults=2 if len(args) > 2 else None)


registry.add_aggregate(
    AggregateFunction(
        Documentation(
            "LAG",
            LAG_SYNTAX,
            "The value n rows before the current one (default 1), if that row is inside the window; else the "
            "default, evaluated on the current row. IGNORE NULLS does not count rows in which the value is null.",
        ),
        _resolve_lag,
        None,
        _lag,
    )
)


# --- EXP_AVG ----------------------------------------------------------------------------------------------


def _resolve_decay(args: Sequence[Argument]) -> Resolution:
    if len(args) != 2 or not args[0].type.is_numeric or args[1].type.kind is not Kind.INTERVAL_DAY:
        raise registry.cannot_apply("EXP_AVG", args, DECAY_SYNTAX)
    if not args[1].is_constant or args[1].constant is None or args[1].constant <= 0:
        refuse("the second argument of EXP_AVG must be a positive INTERVAL constant")
    return Resolution(DOUBLE, (DOUBLE, args[1].type))


def _decay(args: Sequence[Argument], result: SqlType, window: Window) -> RollingCall:
    return RollingCall(RollingAggregate("decay", DOUBLE.arrow, DOUBLE.arrow, n=int(args[1].constant)), values=0)


registry.add_aggregate(
    AggregateFunction(
        Documentation(
            "EXP_AVG",
            DECAY_SYNTAX,
            "The mean of the values that are not null, those of the newest INTERVAL with weight 1, those of the "
            "INTERVAL before with weight 1/2, then 1/4, and so on. Each row looks at the whole window.",
        ),
        _resolve_decay,
        None,
        _decay,
        only_range=True,
    )
)
