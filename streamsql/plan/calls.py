"""Building typed calls: look a function up, convert its arguments, know the result's type.

The only place that asks the registry about scalar functions on behalf of the plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from streamsql import types
from streamsql.errors import BindError, Span
from streamsql.functions import registry
from streamsql.plan.expressions import Call, Cast, Expression, Literal
from streamsql.record import replace
from streamsql.types import Kind, SqlType, decimal


def arguments(args: Sequence[Expression]) -> list[registry.Argument]:
    """What the registry may know of arguments: their types, and the values of literals."""
    return [
        registry.Argument(arg.type, arg.value if isinstance(arg, Literal) else registry.NOT_CONSTANT)
        for arg in args
    ]


def call(name: str, args: Sequence[Expression], span: Span | None = None) -> Expression:
    """The call of the scalar function `name`, arguments converted to what it takes.

    Raises BindError NAM-004 for an unknown function, TYP-001 or TYP-004 for types that it does not take.
    """
    function = registry.scalar_function(name)
    if function is None:
        raise BindError(f"function {name} does not exist", code="NAM-004", span=span)
    try:
        resolution = function.resolve(arguments(args))
    except BindError as error:
        error.span = error.span or span
        raise
    converted = tuple(convert(arg, type_) for arg, type_ in zip(args, resolution.args, strict=True))
    return Call(resolution.result, name, converted, span=span)


def convert(expression: Expression, target: SqlType) -> Expression:
    """`expression` as a value of type `target`: itself, a retyped literal, or a cast."""
    if expression.type == target or same_values(expression.type, target):
        return expression
    if isinstance(expression, Literal):
        if expression.value is None or expression.type.is_interval:
            return replace(expression, type=target)
        if expression.type.is_integer and target.is_integer and -(2 ** (target.bits - 1)) <= expression.value:
            if expression.value < 2 ** (target.bits - 1):
                return replace(expression, type=target)
        elif (
            expression.type.is_character and target.kind is Kind.VARCHAR and len(expression.value) <= target.length
        ):
            return replace(expression, type=target)
    return Cast(target, expression, span=expression.span)


def keys(expressions: Sequence[Expression], clause: str) -> tuple[Expression, ...]:
    """`expressions` as keys of GROUP BY, PARTITION BY or ORDER BY. Raises TYP-001 for a row value."""
    for key in expressions:
        if key.type.is_nested:
            what, hint = ("an array", "") if key.type.element else ("a row value", "take one of its fields")
            raise BindError(f"{what} cannot stand in {clause}", code="TYP-001", span=key.span, hint=hint)
    return tuple(expressions)


def same_values(source: SqlType, target: SqlType) -> bool:
    """Whether every value of `source` is a value of `target` already, so that no conversion is needed."""
    if source.kind is Kind.VARCHAR and target.kind is Kind.VARCHAR:
        return source.length <= target.length
    if source.element is not None and target.element is not None:
        return source == target or same_values(source.element, target.element)
    return source.kind is target.kind and source.is_interval


def number_literal(text: str, span: Span | None) -> Literal:
    """A numeric literal with the type that its digits give it (section 1.5). Raises BindError LIT-004."""
    if "e" in text.lower():
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise BindError(f"number {text} is out of range of DOUBLE", code="LIT-004", span=span)
        return Literal(types.DOUBLE, value, span=span)
    number = Decimal(text)
    digits = len(number.as_tuple().digits)
    if "." not in text and digits <= types.MAX_PRECISION:
        whole = int(number)
        if whole < 2**31:
            return Literal(types.INTEGER, whole, span=span)
        if whole < 2**63:
            return Literal(types.BIGINT, whole, span=span)
    scale = len(text.partition(".")[2])
    digits = max(digits, scale, 1)
    if digits > types.MAX_PRECISION:
        raise BindError(
            f"number {text if len(text) <= 60 else text[:60] + '…'} has more than {types.MAX_PRECISION} digits",
            code="LIT-004",
            span=span,
            hint="write it with an exponent, such as 1.5E30, for a DOUBLE",
        )
    return Literal(decimal(digits, scale), number, span=span)


def reads_the_clock(expression: Expression) -> bool:
    """Whether the value depends on when the query runs, and not only on the parts of the expression."""
    if isinstance(expression, Cast):
        return expression.type.kind is Kind.TIMESTAMP and expression.arg.type.kind is Kind.TIME
    function = registry.scalar_function(expression.function) if isinstance(expression, Call) else None
    return function is not None and function.volatile


def may_stop_early(expression: Expression) -> bool:
    """Whether the expression is a call that may need its first argument only (AND, OR, COALESCE): a failure in
    another one does not count then."""
    function = registry.scalar_function(expression.function) if isinstance(expression, Call) else None
    return function is not None and function.undecided is not None
