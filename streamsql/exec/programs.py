"""Steps → programs: expressions of numbers, truths and texts, computed in one call for a whole batch.

A program gives up on a batch in which something goes wrong (`kernels/programs.h`); the steps then say what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice

import pyarrow as pa

from streamsql.exec.steps import ApplyStep, ColumnStep, ConstantStep, Step
from streamsql.functions.convert_numbers import to_number
from streamsql.kernels.programs import OPERATIONS
from streamsql.types import DATETIME, Kind, SqlType

DEPTH = 16  # as in kernels/programs.h
LONGEST = 256  # operations; a program is not asked which of its parts a row needs
_LARGEST = 2**63 - 1
_PLACES = 18  # the greatest power of ten in 64 bits
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}
_COMPARISONS = {"=": "equal", "<>": "differ", "<": "less", "<=": "at_most", ">": "greater", ">=": "at_least"}
_TRUTHS = {"AND": "both", "OR": "either", "NOT": "negation", "IS TRUE": "is_true", "IS FALSE": "is_false"}
_NAMES = (*_ARITHMETIC, *_COMPARISONS, *_TRUTHS, "NEG", "MOD", "IN", "IS NULL")

Operation = tuple[str, int | float | bytes]
Code = Sequence[Operation]


def program_of(step: Step) -> Code | None:
    """The program that computes a step's values; None if there is none, or nothing to compute."""
    if isinstance(step, (ColumnStep, ConstantStep)):
        return None
    try:
        code = list(islice(_code(step), LONGEST + 1))
    except _NoProgram:
        return None
    return code if len(code) <= LONGEST and _depth(code) <= DEPTH else None


def columns_of(step: Step) -> dict[int, pa.DataType]:
    """The columns that a step's program reads, by position; it takes their memory for what is declared."""
    if isinstance(step, ColumnStep):
        return {step.index: step.type.arrow}
    args = step.args if isinstance(step, ApplyStep) else ()
    return {index: type_ for arg in args for index, type_ in columns_of(arg).items()}


class _NoProgram(Exception):
    """A program cannot do this."""


def _depth(code: Code) -> int:
    """The most values that are on the stack at once. Operations are in the order of how many values they take."""
    depth = deepest = 0
    for name, _ in code:
        number = OPERATIONS[name]
        depth += (number <= OPERATIONS["text"]) - (number > OPERATIONS["negation"])
        deepest = max(deepest, depth)
    return deepest


def _code(step: Step) -> Iterator[Operation]:
    match step:
        case ColumnStep(type=type_, index=index):
            _family(type_)
            yield "column", index
        case ConstantStep(type=type_, scalar=scalar):
            yield _constant(type_, scalar)
        case ApplyStep(function=function) if function is to_number:
            yield from _conversion(step)
        case ApplyStep(name=name) if name in _NAMES:
            yield from _call(step, name)
        case _:
            raise _NoProgram


def _family(type_: SqlType) -> str:
    """What a program takes values of a type for."""
    if type_.is_exact or type_.kind in DATETIME or type_.is_interval:
        return "integers"
    if type_.is_approximate:
        return "numbers"
    if type_.kind is Kind.BOOLEAN:
        return "truths"
    if type_.is_character:
        return "texts"
    raise _NoProgram


def _constant(type_: SqlType, scalar: pa.Scalar) -> Operation:
    family = _family(type_)
    if not scalar.is_valid:
        raise _NoProgram
    if family == "texts":
        return "text", scalar.as_py().encode()
    if family == "truths":
        return "truth", int(scalar.as_py())
    value = scalar.value if pa.types.is_temporal(scalar.type) else scalar.as_py()
    if family == "numbers":
        return "number", float(value)
    whole = int(value.scaleb(type_.scale) if isinstance(value, Decimal) else value)
    if abs(whole) > _LARGEST:
        raise _NoProgram
    return "integer", whole


def _conversion(step: ApplyStep) -> Iterator[Operation]:
    """A number as another type: exact, or as DOUBLE."""
    source, target = step.args[0].type, step.type
    yield from _code(step.args[0])
    if source.is_exact and target.is_exact:
        yield from _shifted(target.scale - source.scale)
        if target.kind is Kind.DECIMAL:
            yield from _limited(target.precision)
        elif target.bits < (source.bits if source.is_integer else 64):
            yield "fits", target.bits
    elif source.is_exact and target.kind is Kind.DOUBLE:
        if source.scale:  # one rounding, if the dividend is exact
            yield from [
                ("within", 1 << 53),
                ("to_number", 0),
                ("number", 10.0**source.scale),
                ("divide_numbers", 0),
            ]
        else:
            yield "to_number", 0
    elif not (source.is_approximate and target.kind is Kind.DOUBLE):
        raise _NoProgram


def _shifted(places: int) -> Iterator[Operation]:
    """What follows a decimal to give it so many more places after its point, or fewer."""
    if abs(places) > _PLACES:
        raise _NoProgram
    if places > 0:
        yield from [("integer", 10**places), ("multiply_integers", 0)]
    elif places < 0:
        yield "rounded", 10**-places


def _limited(precision: int) -> Iterator[Operation]:
    """What follows a decimal that may have too many digits: no 64 bits hold more than 19."""
    if precision <= _PLACES:
        yield "within", 10**precision


def _aligned(args: Sequence[Step], types: Sequence[SqlType]) -> Iterator[Operation]:
    """Operands, decimals with equally many places."""
    places = max(type_.scale for type_ in types)
    for arg, type_ in zip(args, types, strict=True):
        yield from _code(arg)
        yield from _shifted(places - type_.scale)


def _call(step: ApplyStep, name: str) -> Iterator[Operation]:
    if name == "IN":
        yield from _any_of(step)
    elif name in _COMPARISONS:
        yield from _compared(step.args, step.types, name)
    elif step.type.kind is Kind.DECIMAL:
        yield from _decimal(step, name)
    else:
        for arg in step.args:
            yield from _code(arg)
        if name in _TRUTHS or name == "IS NULL":
            yield _TRUTHS.get(name, "is_null"), 0
        else:
            yield from _number(step, name)


def _compared(args: Sequence[Step], types: Sequence[SqlType], name: str) -> Iterator[Operation]:
    left, right = map(_family, types)
    if left != right or left == "truths":
        raise _NoProgram
    yield from _aligned(args, types)
    yield f"{left}_{_COMPARISONS[name]}", int(Kind.CHAR in (types[0].kind, types[1].kind))


def _any_of(step: ApplyStep) -> Iterator[Operation]:
    """IN a short list: equal to one of the values."""
    value, *items = step.args
    for number, (item, type_) in enumerate(zip(items, step.types[1:], strict=True)):
        yield from _compared((value, item), (step.types[0], type_), "=")
        if number:
            yield "either", 0


def _decimal(step: ApplyStep, name: str) -> Iterator[Operation]:
    """`+ - *` and the sign of decimals, which the machine has as integers without their point."""
    if name not in ("+", "-", "*", "NEG") or not all(type_.is_exact for type_ in step.types):
        raise _NoProgram
    places = [type_.scale for type_ in step.types]
    if name == "NEG":
        yield from _code(step.args[0])
        yield "negate_integer", 0
        return
    if name == "*":
        for arg in step.args:
            yield from _code(arg)
    else:
        yield from _aligned(step.args, step.types)
    yield f"{_ARITHMETIC[name]}_integers", 0
    yield from _shifted(step.type.scale - (sum(places) if name == "*" else max(places)))
    yield from _limited(step.type.precision)


def _number(step: ApplyStep, name: str) -> Iterator[Operation]:
    """What follows the operands of `+ - * /`, MOD and the sign."""
    type_ = step.type
    if not all(arg == type_ for arg in step.types) or not (type_.is_integer or type_.kind is Kind.DOUBLE):
        raise _NoProgram
    family = _family(type_)
    if name == "NEG":
        yield ("negate_integer" if family == "integers" else "negate_number"), 0
    elif name == "MOD":
        yield "remainder", _divisor(step.args[1])
    else:
        yield f"{_ARITHMETIC[name]}_{family}", 0
    if type_.is_integer and type_.bits < 64:
        yield "fits", type_.bits


def _divisor(step: Step) -> int:
    """The divisor, if it is the same positive number in all rows; else 0."""
    if isinstance(step, ConstantStep) and step.scalar.is_valid:
        return max(int(step.scalar.as_py()), 0)
    return 0
