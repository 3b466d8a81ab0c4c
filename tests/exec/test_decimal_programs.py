"""Programs of decimals against the steps that they stand for, and where they give up."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from streamsql.exec.evaluate import Compiled, compile_expression
from streamsql.functions.call import Times
from streamsql.plan.expressions import Cast, Column, Expression, Literal
from streamsql.types import BIGINT, DOUBLE, INTEGER, SMALLINT, decimal
from tests.exec.expressions import call

NOW = Times(0, 0)
TYPES = [INTEGER, BIGINT, decimal(7, 2), decimal(18, 3), decimal(19, 0), decimal(19, 19)]
TARGETS = [SMALLINT, BIGINT, DOUBLE, decimal(5, 1), decimal(12, 0), decimal(18, 6), decimal(19, 2)]
LITERALS = [Literal(decimal(3, 3), Decimal("0.908")), Literal(decimal(2, 1), Decimal("-2.5")), Literal(INTEGER, 3)]


def exact(chance: np.random.Generator, depth: int) -> Expression:
    """A random expression of exact numbers."""
    pick = chance.random()
    if depth == 0 or pick < 0.2:
        number = int(chance.integers(len(TYPES) + len(LITERALS)))
        return Column(TYPES[number], number) if number < len(TYPES) else LITERALS[number - len(TYPES)]
    if pick < 0.4:
        return Cast(TARGETS[int(chance.integers(len(TARGETS)))], exact(chance, depth - 1))
    if pick < 0.5:
        return call("NEG", exact(chance, depth - 1))
    return call(str(chance.choice(["+", "-", "*"])), exact(chance, depth - 1), exact(chance, depth - 1))


def rows(chance: np.random.Generator, length: int) -> pa.RecordBatch:
    arrays = []
    for type_ in TYPES:
        missing = chance.random(length) < chance.choice([0, 0.3])
        values = chance.integers(-(10**4), 10**4, length)
        if chance.random() < 0.2:
            values[chance.integers(length)] = 9_999_999
        column = [value if type_.is_integer else Decimal(value).scaleb(-type_.scale) for value in values.tolist()]
        arrays.append(pa.array(column, type_.arrow, mask=missing))
    return pa.RecordBatch.from_arrays(arrays, [f"C{number}" for number in range(len(TYPES))])


@pytest.mark.parametrize("seed", range(6))
def test_programs_of_decimals_agree_with_steps(seed: int) -> None:
    chance, known = np.random.default_rng(seed), 0
    for _ in range(150):
        expression = exact(chance, 3)
        if chance.random() < 0.3:
            expression = call(str(chance.choice(["=", "<>", "<", ">="])), expression, exact(chance, 2))
        compiled = compile_expression(expression)
        if compiled.code is None:
            continue  # a column or a constant
        batch = rows(chance, int(chance.choice([1, 7, 256, 257, 700])))
        for piece in (batch, batch.slice(batch.num_rows // 3)):
            found = compiled.known(piece)
            if found is None:
                continue
            known += 1
            wanted, failures = compiled.computed(piece, NOW)
            assert not failures, expression
            found.validate(full=True)
            assert found.equals(wanted), (expression, found, wanted)
    assert known > 100


def compiled_over(expression: Expression, values: list[Decimal | None]) -> tuple[Compiled, pa.RecordBatch]:
    compiled = compile_expression(expression)
    assert compiled.code is not None
    return compiled, pa.RecordBatch.from_arrays([pa.array(values, decimal(19, 2).arrow)], ["A"])


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        (1, ["0.1", "0.0", "-0.1", "-0.0", None, "12.3"]),
        (0, ["0", "0", "0", "0", None, "12"]),
    ],
)
def test_fewer_places_are_rounded_half_away_from_zero(places: int, wanted: list[str | None]) -> None:
    values = [Decimal(text) if text else None for text in ("0.05", "0.04", "-0.05", "-0.04", None, "12.34")]
    compiled, batch = compiled_over(Cast(decimal(9, places), Column(decimal(19, 2), 0)), values)
    found = compiled.known(batch)
    assert found is not None
    assert found.to_pylist() == [None if text is None else Decimal(text) for text in wanted]


@pytest.mark.parametrize(
    ("expression", "value", "fails"),
    [
        (Cast(decimal(4, 1), Column(decimal(19, 2), 0)), "999.95", True),
        (Cast(SMALLINT, Column(decimal(19, 2), 0)), "32767.50", True),
        (call("*", Column(decimal(19, 2), 0), Column(decimal(19, 2), 0)), "90000000000000000.00", True),
        (
            call("+", Column(decimal(19, 2), 0), Literal(decimal(2, 1), Decimal("0.1"))),
            "99999999999999999.99",
            True,
        ),
        (Cast(DOUBLE, Column(decimal(19, 2), 0)), "90071992547409.93", False),  # 2⁵³ + 1 hundredths
        (call("NEG", Column(decimal(19, 2), 0)), "99999999999999999.99", False),  # more than 64 bits
    ],
)
def test_what_a_program_cannot_hold_is_left_to_the_steps(expression: Expression, value: str, fails: bool) -> None:
    compiled, batch = compiled_over(expression, [Decimal("1.00"), Decimal(value)])
    assert compiled.known(batch) is None
    _, failures = compiled(batch, NOW)
    assert list(failures.rows) == ([1] if fails else [])


def test_what_stands_under_a_null_does_not_count() -> None:
    memory = np.array([[5, 0], [0, 1]], dtype=np.int64)  # 0.05, and 2⁶⁴ hundredths where there is no value
    column = pa.Array.from_buffers(decimal(19, 2).arrow, 2, [pa.py_buffer(b"\x01"), pa.py_buffer(memory)])
    compiled = compile_expression(call("NEG", Column(decimal(19, 2), 0)))
    found = compiled.known(pa.RecordBatch.from_arrays([column], ["A"]))
    assert found is not None
    assert found.to_pylist() == [Decimal("-0.05"), None]
