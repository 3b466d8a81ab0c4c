"""Expressions compiled: a tree of steps (`exec.steps`) per plan and, where that is possible, a program
(`exec.programs`), of which one call per batch is made."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa

from streamsql.errors import BindError
from streamsql.exec.context import Context
from streamsql.exec.programs import columns_of, program_of
from streamsql.exec.steps import (
    ApplyStep,
    CaseStep,
    ColumnStep,
    ConstantStep,
    FieldStep,
    Scope,
    SearchStep,
    Step,
    null_where,
)
from streamsql.functions import registry
from streamsql.functions.call import Times
from streamsql.functions.conversion import Convert, converter, widened
from streamsql.functions.failures import Failures
from streamsql.functions.registry import NOT_CONSTANT, Argument, ScalarFunction
from streamsql.functions.vectors import column
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows
from streamsql.kernels.programs import Value
from streamsql.plan.expressions import Call, Case, Cast, Column, Expression, Field, Literal, Subquery
from streamsql.types import Kind, SqlType


class _Compiler:
    """Turns expressions into steps; equal ones become the same step."""

    def __init__(self, context: Context | None = None) -> None:
        self.context = context
        self.steps: dict[Expression, Step] = {}
        self.conversions: dict[tuple[int, SqlType, Convert], Step] = {}
        self.keys = itertools.count()

    def step(self, expression: Expression) -> Step:
        found = self.steps.get(expression)
        if found is None:
            found = self.steps[expression] = self._make(expression, next(self.keys))
        return found

    def _make(self, expression: Expression, key: int) -> Step:
        match expression:
            case Column(type=type_, index=index):
                return ColumnStep(key, type_, index)
            case Literal(type=type_, value=value):
                return ConstantStep(key, type_, _scalar(value, type_))
            case Call(type=type_, function=name, args=args):
                return self._call(key, type_, name, args)
            case Cast(type=type_, arg=arg, assignment=assignment):
                inner = self.step(arg)
                return self._converted(inner, type_, converter(arg.type, type_, assignment=assignment))
            case Case(type=type_, branches=branches, otherwise=otherwise):
                return CaseStep(
                    key,
                    type_,
                    tuple((self.step(when), self._as(self.step(then), type_)) for when, then in branches),
                    self._as(self.step(otherwise), type_),
                )
            case Field(type=type_, arg=arg, name=name):
                return FieldStep(key, type_, self.step(arg), name)
            case Subquery(type=type_, args=args) if self.context is not None:
                from streamsql.exec.subquery import Searcher  # few queries have queries in them

                return SearchStep(key, type_, tuple(map(self.step, args)), Searcher(expression, self.context))
        raise TypeError(f"{type(expression).__name__} is not a scalar expression")

    def _call(self, key: int, type_: SqlType, name: str, args: tuple[Expression, ...]) -> Step:
        function = registry.scalar_function(name)
        if function is None:
            raise BindError(f"no function {name}", code="NAM-004")
        types = function.resolve([Argument(arg.type, _constant(arg)) for arg in args]).args
        steps = tuple(self._as(self.step(arg), target) for arg, target in zip(args, types, strict=True))
        return _apply(key, type_, steps, types, function)

    def _as(self, step: Step, target: SqlType) -> Step:
        return self._converted(step, target, widened(step.type, target))

    def _converted(self, step: Step, target: SqlType, convert: Convert | None) -> Step:
        if convert is None:
            return step
        known = (step.key, target, convert)
        if known not in self.conversions:
            self.conversions[known] = self._convert(step, target, convert)
        return self.conversions[known]

    def _convert(self, step: Step, target: SqlType, convert: Convert) -> Step:
        converted = ApplyStep(next(self.keys), target, (step,), (step.type,), convert)
        if isinstance(step, ConstantStep) and not (step.type.kind is Kind.TIME and target.kind is Kind.TIMESTAMP):
            value, failures = converted.compute(_empty_scope(Times(0, 0)))
            if not failures:
                return ConstantStep(converted.key, target, value)
        return converted


def _apply(
    key: int, type_: SqlType, steps: tuple[Step, ...], types: tuple[SqlType, ...], function: ScalarFunction
) -> Step:
    how = function.implementation, function.handles_nulls, function.undecided
    return ApplyStep(key, type_, steps, types, *how, function.doc.name)


def _constant(expression: Expression) -> Any:
    return expression.value if isinstance(expression, Literal) else NOT_CONSTANT


def _scalar(value: Any, type_: SqlType) -> pa.Scalar:
    if type_.kind is Kind.NULL:
        return pa.scalar(None, pa.null())
    return pa.scalar(value, type_.arrow)


def _empty_scope(times: Times) -> Scope:
    return Scope(pa.RecordBatch.from_pydict({}), times, 1)


class Compiled:
    """An expression, ready to be computed batch after batch.

    `code` is the program that does it where nothing goes wrong, if there is one; `type` that of the values."""

    def __init__(self, step: Step, type_: SqlType) -> None:
        self.code = program_of(step)
        self._step = step
        self.type = type_.arrow
        self._value: Value | None = None

    def __call__(self, batch: Rows, times: Times) -> tuple[pa.Array, Failures]:
        known = self.known(batch)
        return self.computed(batch, times) if known is None else (known, Failures(batch.num_rows))

    def known(self, batch: Rows) -> pa.Array | None:
        """The values, if a program can tell them: then no row fails."""
        if self.code is None:
            return None
        if self._value is None:
            if any(batch.schema.field(index).type != type_ for index, type_ in columns_of(self._step).items()):
                return None
            self._value = Value(batch.schema, self.code, self.type)
        return self._value.of(batch)

    def computed(self, batch: Rows, times: Times) -> tuple[pa.Array, Failures]:
        """The values, step by step, and what failed."""
        value, failures = self._step.value(Scope(batch, times, batch.num_rows))
        array = column(value, batch.num_rows)
        if failures:
            array = null_where(array, failures.mask())
        if array.type != self.type:
            array = pc.cast(array, self.type)
        return array, failures or Failures(batch.num_rows)


def compile_expression(expression: Expression, context: Context | None = None) -> Compiled:
    """The expression, ready to be computed; `context` is needed for subqueries.

    BindError: a call does not resolve."""
    return Compiled(_Compiler(context).step(expression), expression.type)


def constant(expression: Expression, times: Times) -> Any:
    """The Python value of an expression without columns, as in `Literal.value`. Raises BindError with a RUN code
    when it cannot be computed."""
    value, failures = _Compiler().step(expression).value(_empty_scope(times))
    if failures:
        error = failures.rows[0]
        raise BindError(error.message, code=error.code, span=expression.span)
    scalar = value if isinstance(value, pa.Scalar) else value[0]
    if not scalar.is_valid:
        return None
    return scalar.value if pa.types.is_temporal(scalar.type) else scalar.as_py()
