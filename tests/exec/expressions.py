"""Expressions as the binder makes them, for tests that need no SQL."""

from streamsql.functions import registry
from streamsql.functions.registry import Argument
from streamsql.plan.expressions import Call, Expression, Literal


def call(name: str, *args: Expression) -> Call:
    """A call of the scalar function `name`, with the type that its arguments give it."""
    function = registry.scalar_function(name)
    assert function is not None
    constants = [arg.value if isinstance(arg, Literal) else registry.NOT_CONSTANT for arg in args]
    resolved = function.resolve([Argument(arg.type, value) for arg, value in zip(args, constants, strict=True)])
    return Call(resolved.result, name, args)
