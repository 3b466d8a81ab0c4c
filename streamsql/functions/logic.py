"""AND, OR, NOT and the IS tests: three-valued logic (section 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamsql.functions.call import CallContext, Datum
from streamsql.functions.registry import Argument, Resolution, cannot_apply, scalar
from streamsql.functions.signature import takes
from streamsql.kernels import compute as pc
from streamsql.types import BOOLEAN, Kind, SqlType


def _truth(type_: SqlType) -> SqlType | None:
    return BOOLEAN if type_.kind is Kind.BOOLEAN else None


def _resolve_both(name: str) -> Any:
    resolve = takes(name, f"boolean {name} boolean", (_truth, _truth), BOOLEAN)
    return lambda args: Resolution(BOOLEAN, (BOOLEAN,) * len(resolve(args).args))


def _resolve_one(name: str) -> Any:
    resolve = takes(name, "a boolean", (_truth,), BOOLEAN)
    return lambda args: Resolution(BOOLEAN, (BOOLEAN,) * len(resolve(args).args))


def _not_false(value: Datum) -> Datum:
    return pc.fill_null(value, True)


def _not_true(value: Datum) -> Datum:
    return pc.invert(pc.fill_null(value, False))


@scalar(
    "AND",
    "a AND b",
    _resolve_both("AND"),
    examples=[("FALSE AND UNKNOWN", "FALSE")],
    handles_nulls=True,
    undecided=_not_false,
)
def both(call: CallContext, left: Datum, right: Datum) -> Datum:
    """TRUE when both are; FALSE when one is FALSE. Where a is FALSE, an error in b does not count."""
    return pc.and_kleene(left, right)


@scalar(
    "OR",
    "a OR b",
    _resolve_both("OR"),
    examples=[("TRUE OR UNKNOWN", "TRUE")],
    handles_nulls=True,
    undecided=_not_true,
)
def either(call: CallContext, left: Datum, right: Datum) -> Datum:
    """TRUE when one is; FALSE when both are FALSE. Where a is TRUE, an error in b does not count."""
    return pc.or_kleene(left, right)


@scalar("NOT", "NOT a", _resolve_one("NOT"), examples=[("(NOT UNKNOWN) IS UNKNOWN", "TRUE")])
def negation(call: CallContext, value: Datum) -> Datum:
    """TRUE for FALSE and FALSE for TRUE."""
    return pc.invert(value)


@scalar(
    "IS TRUE", "x IS TRUE", _resolve_one("IS TRUE"), examples=[("UNKNOWN IS TRUE", "FALSE")], handles_nulls=True
)
def is_true(call: CallContext, value: Datum) -> Datum:
    """Whether the condition is TRUE; never null."""
    return pc.fill_null(value, False)


@scalar(
    "IS FALSE",
    "x IS FALSE",
    _resolve_one("IS FALSE"),
    examples=[("UNKNOWN IS FALSE", "FALSE")],
    handles_nulls=True,
)
def is_false(call: CallContext, value: Datum) -> Datum:
    """Whether the condition is FALSE; never null."""
    return pc.invert(pc.fill_null(value, True))


def _resolve_is_null(args: Sequence[Argument]) -> Resolution:
    if len(args) != 1:
        raise cannot_apply("IS NULL", args, "one value")
    return Resolution(BOOLEAN, (args[0].type,))


@scalar("IS NULL", "x IS NULL", _resolve_is_null, examples=[("NULLIF(1, 1) IS NULL", "TRUE")], handles_nulls=True)
def is_null(call: CallContext, value: Datum) -> Datum:
    """Whether there is no value; never null."""
    return pc.is_null(value)
