"""Programs against the steps that they stand for: random expressions over random columns, slices and nulls."""

import random
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from streamsql.exec.evaluate import Compiled, compile_expression
from streamsql.exec.programs import program_of
from streamsql.exec.steps import ApplyStep, ColumnStep, Step
from streamsql.functions import registry
from streamsql.functions.call import Times
from streamsql.kernels.programs import Condition, SelectList
from streamsql.plan.expressions import Cast, Column, Expression, Literal
from streamsql.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIMESTAMP,
    TINYINT,
    SqlType,
    char,
    varchar,
)
from tests.exec.expressions import call

TYPES = [TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, BOOLEAN, varchar(8), char(6), TIMESTAMP]
NUMBERS = [TINYINT, SMALLINT, INTEGER, BIGINT, DOUBLE]
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]
NOW = Times(0, 0)


def columns_of(*types: SqlType) -> list[Column]:
    columns = []
    for number, type_ in enumerate(TYPES):
        if type_ in types:
            columns.append(Column(type_, number))
    return columns


class Maker:
    """Random expressions."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def number(self, depth: int) -> Expression:
        pick = self.chance.random()
        if depth == 0 or pick < 0.2:
            return self.chance.choice(columns_of(*NUMBERS))
        if pick < 0.4:
            return self.chance.choice([Literal(INTEGER, 3), Literal(BIGINT, -7), Literal(DOUBLE, 0.5)])
        if pick < 0.5:
            return Cast(self.chance.choice([SMALLINT, INTEGER, BIGINT]), self.integer(depth - 1))
        if pick < 0.6:
            return call("MOD", self.integer(depth - 1), self.integer(depth - 1))
        if pick < 0.7:
            return call("NEG", self.number(depth - 1))
        name = self.chance.choice("+-*/")
        return call(name, self.number(depth - 1), self.number(depth - 1))

    def integer(self, depth: int) -> Expression:
        if depth > 0 and self.chance.random() < 0.5:
            name = self.chance.choice("+-*/")
            return call(name, self.integer(depth - 1), self.integer(depth - 1))
        literals = [Literal(INTEGER, 123), Literal(INTEGER, 0), Literal(BIGINT, 2**53 + 1)]
        return self.chance.choice([*columns_of(TINYINT, SMALLINT, INTEGER, BIGINT), *literals])

    def truth(self, depth: int) -> Expression:
        pick = self.chance.random()
        if depth > 0 and pick < 0.3:
            return call(self.chance.choice(["AND", "OR"]), self.truth(depth - 1), self.truth(depth - 1))
        if depth > 0 and pick < 0.45:
            return call(self.chance.choice(["NOT", "IS TRUE", "IS FALSE"]), self.truth(depth - 1))
        if pick < 0.55:
            return call("IS NULL", self.chance.choice([Column(type_, i) for i, type_ in enumerate(TYPES)]))
        if pick < 0.65:
            texts = [Literal(char(1), "b"), Literal(varchar(3), "ab "), *columns_of(varchar(8), char(6))]
            return call(self.chance.choice(COMPARISONS), self.chance.choice(texts), self.chance.choice(texts))
        if pick < 0.75:
            lists = [
                (Column(varchar(8), 7), Literal(char(1), "a"), Literal(char(2), "b ")),
                (Column(char(6), 8), Literal(varchar(1), "a"), Column(varchar(8), 7)),
                (Column(INTEGER, 2), Literal(INTEGER, 1), Literal(INTEGER, -2), Literal(BIGINT, 7)),
            ]
            return call("IN", *self.chance.choice(lists))
        if pick < 0.8:
            moments = [Column(TIMESTAMP, 9), Literal(TIMESTAMP, 1_700_000_000_000)]
            return call(self.chance.choice(COMPARISONS), *self.chance.choices(moments, k=2))
        if pick < 0.85:
            return call(self.chance.choice(COMPARISONS), Column(REAL, 4), self.number(1))
        if pick < 0.9:
            return Column(BOOLEAN, 6)
        return call(self.chance.choice(COMPARISONS), self.number(depth), self.number(depth))


def rows(seed: int, length: int, extremes: bool) -> pa.RecordBatch:
    chance = np.random.default_rng(seed)
    texts = np.array(["", "a", "b", "ab", "ab  ", "b ", "ü", "a long text that is more than sixteen bytes"])
    arrays = []
    for type_ in TYPES:
        missing = chance.random(length) < chance.choice([0, 0.3])
        if type_.is_integer:
            low, high = -(2 ** (type_.bits - 1)), 2 ** (type_.bits - 1) - 1
            values = chance.integers(-9, 9, length)
            if extremes:
                edge = chance.random(length) < 0.02
                values = np.where(edge, chance.choice([low, high], length), values)
        elif type_.is_approximate:
            values = np.round(chance.normal(0, 5, length), 1)
            if extremes:
                values = np.where(chance.random(length) < 0.02, 3e38, values)
        elif type_ == BOOLEAN:
            values = chance.random(length) < 0.5
        elif type_ == TIMESTAMP:
            values = 1_700_000_000_000 + chance.integers(-1, 2, length)
        else:
            values = chance.choice(texts, length)
        arrays.append(pa.array(values.tolist(), mask=missing, type=type_.arrow))
    return pa.RecordBatch.from_arrays(arrays, [f"C{number}" for number in range(len(TYPES))])


def same(left: pa.Array, right: pa.Array) -> bool:
    """Equal values; two NaN are equal too (0.0 divided by itself, of infinite operands, cannot occur)."""
    return bool(left.type == right.type and left.equals(right))


@pytest.mark.parametrize("seed", range(12))
def test_programs_agree_with_steps(seed: int) -> None:
    known = 0
    for number in range(120):
        maker = Maker(1000 * seed + number)
        expression = maker.truth(3) if number % 2 else maker.number(3)
        compiled = compile_expression(expression)
        if compiled.code is None:
            continue  # a column, a constant, or too deep
        batch = rows(seed, maker.chance.choice([1, 7, 255, 256, 257, 1000]), extremes=number % 4 > 1)
        for piece in (batch, batch.slice(batch.num_rows // 3)):
            found = compiled.known(piece)
            wanted, failures = compiled.computed(piece, NOW)
            if found is None:
                continue
            known += 1
            assert not failures, expression
            assert same(found, wanted), (expression, found, wanted)
    assert known > 100  # of 240: most have a program and do not fail


@pytest.mark.parametrize("seed", range(4))
def test_chosen_rows_are_those_for_which_the_condition_is_true(seed: int) -> None:
    chosen = 0
    for number in range(60):
        maker = Maker(1000 * seed + number)
        compiled = compile_expression(maker.truth(2))
        batch = rows(number, maker.chance.choice([1, 9, 300, 2000]), extremes=False)
        if compiled.code is None or compiled.known(batch) is None:
            continue
        condition = Condition(batch.schema, compiled.code)
        for piece in (batch, batch.slice(1), batch.slice(batch.num_rows // 2, 100)):
            wanted = piece.filter(pc.fill_null(compiled.computed(piece, NOW)[0], False))
            found = condition.rows(piece)
            assert found is not None
            found.whole().validate(full=True)
            assert found.whole().equals(wanted)
            chosen += 1
    assert chosen > 60


def test_a_select_list_takes_columns_as_they_are_and_computes_others() -> None:
    """A column may be taken twice, in any order, of any type; arrays inside rows too; others are given."""
    lists = pa.array([[1], None, [2, 3]], pa.list_(pa.int64()))
    batch = pa.RecordBatch.from_arrays(
        [pa.array([1, 2, None]), lists, pa.array(["x", None, "z"])], ["A", "L", "T"]
    )
    compiled = compile_expression(call("+", Column(BIGINT, 0), Literal(BIGINT, 10)))
    types = {"t": pa.string(), "l": lists.type, "g": pa.bool_(), "n": pa.int64(), "u": pa.string()}
    assert compiled.code is not None
    select = SelectList(batch.schema, [2, 1, None, compiled.code, 2], pa.schema(types))
    found = select.rows(batch.slice(1), [pa.array([True, None])])
    assert found is not None
    found.whole().validate(full=True)
    wanted = {"t": [None, "z"], "l": [None, [2, 3]], "g": [True, None], "n": [12, None], "u": [None, "z"]}
    assert found.whole().to_pydict() == wanted
    assert batch.to_pydict()["T"] == ["x", None, "z"]


def failing(expression: Expression, batch: pa.RecordBatch) -> Compiled:
    compiled = compile_expression(expression)
    assert compiled.code is not None
    assert compiled.known(batch) is None
    return compiled


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (call("+", Column(BIGINT, 0), Literal(BIGINT, 1)), [1, 2**63 - 1]),
        (call("-", Column(BIGINT, 0), Literal(BIGINT, 2)), [-(2**63)]),
        (call("*", Column(BIGINT, 0), Column(BIGINT, 0)), [2**32]),
        (call("/", Literal(BIGINT, 1), Column(BIGINT, 0)), [0]),
        (call("MOD", Literal(BIGINT, 1), Column(BIGINT, 0)), [3, 0]),
        (call("NEG", Column(BIGINT, 0)), [-(2**63)]),
        (Cast(TINYINT, Column(BIGINT, 0)), [127, 128]),
    ],
)
def test_what_goes_wrong_is_left_to_the_steps(expression: Expression, values: list[int]) -> None:
    batch = pa.RecordBatch.from_arrays([pa.array(values)], ["A"])
    _, failures = failing(expression, batch)(batch, NOW)
    assert list(failures.rows) == [len(values) - 1]


def test_numbers_that_grow_infinite_are_left_to_the_steps() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([1.0, 1e308])], ["A"])
    for name in "+*":
        _, failures = failing(call(name, Column(DOUBLE, 0), Column(DOUBLE, 0)), batch)(batch, NOW)
        assert list(failures.rows) == [1]
    zero = pa.RecordBatch.from_arrays([pa.array([0.0])], ["A"])
    assert failing(call("/", Literal(DOUBLE, 1.0), Column(DOUBLE, 0)), zero)(zero, NOW)[1].rows


def test_a_divisor_that_is_null_is_no_zero() -> None:
    batch = pa.RecordBatch.from_arrays([pa.array([4, None])], ["A"])
    for name, wanted in (("/", [2, None]), ("MOD", [0, None])):
        compiled = compile_expression(call(name, Literal(BIGINT, 8), Column(BIGINT, 0)))
        found = compiled.known(batch)
        assert found is not None
        assert found.to_pylist() == wanted


@pytest.mark.parametrize("divisor", [1, 2, 3, 123, 2**31, 2**52 - 1, 2**62, 2**63 - 1])
def test_remainders_of_a_constant(divisor: int) -> None:
    """Against Python's own integers, with the sign of the dividend."""
    near = [k * divisor + d for k in (0, 1, 2, 1000, 10**9) for d in (-1, 0, 1)]
    values = [
        v for v in [*near, *(-v for v in near), 2**52, 2**52 - 1, -(2**63), 2**63 - 1] if -(2**63) <= v < 2**63
    ]
    batch = pa.RecordBatch.from_arrays([pa.array(values, pa.int64())], ["A"])
    compiled = compile_expression(call("MOD", Column(BIGINT, 0), Literal(BIGINT, divisor)))
    found = compiled.known(batch)
    assert found is not None
    assert found.to_pylist() == [abs(v) % divisor * (-1 if v < 0 else 1) for v in values]


def test_another_schema_is_left_to_the_steps() -> None:
    compiled = compile_expression(call("<", Column(TIMESTAMP, 0), Literal(TIMESTAMP, 5)))
    moments = pa.RecordBatch.from_arrays([pa.array([datetime(1970, 1, 1)], pa.timestamp("ms"))], ["A"])
    assert compiled.known(moments).to_pylist() == [True]  # type: ignore[union-attr]
    assert compiled.known(moments.rename_columns(["B"])) is None
    assert compiled(moments.rename_columns(["B"]), NOW)[0].to_pylist() == [True]


def test_a_step_used_everywhere_gives_no_endless_program() -> None:
    """2⁶⁰ operations if it were written down before it is found to be too long."""
    plus = registry.scalar_function("+")
    assert plus is not None
    step: Step = ColumnStep(0, BIGINT, 0)
    for key in range(1, 61):
        step = ApplyStep(key, BIGINT, (step, step), (BIGINT, BIGINT), plus.implementation, name="+")
    assert program_of(step) is None


def test_columns_of_other_types_than_declared_are_left_to_the_steps() -> None:
    """A program reads memory: what it takes for numbers must be numbers."""
    compiled = compile_expression(call("+", Column(BIGINT, 0), Column(BIGINT, 0)))
    for column in (pa.nulls(2), pa.array([1, 2], pa.int32()), pa.array(["1", "2"])):
        assert compiled.known(pa.RecordBatch.from_arrays([column], ["A"])) is None
    known = compiled.known(pa.RecordBatch.from_arrays([pa.array([1, 2])], ["A"]))
    assert known is not None
    assert known.to_pylist() == [2, 4]
