"""INTERVAL * number and INTERVAL / number against exact fractions; a stream holds no interval, so added to a time."""

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from streamsql import types

EPOCH = datetime.datetime(1970, 1, 1)
START = "TIMESTAMP '1970-01-01 00:00:00'"
MS = "INTERVAL '0 00:00:00.001' DAY TO SECOND"
SIZES = [0, 1, -1, 2, 3, -3, 1000, -86_400_000, 1_234_567_891]
FACTORS = ["0.5", "-0.5", "1.5", "0.333", "2", "-2.25", "1000", "0.001"]
ROWS = [(size, factor) for size in SIZES for factor in FACTORS]
COLUMNS = {
    "decimal": (types.decimal(9, 3), Decimal),
    "double": (types.DOUBLE, float),
    "integer": (types.INTEGER, lambda text: int(Decimal(text) * 8)),
}


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    return int(abs(value) + Fraction(1, 2)) * (1 if value > 0 else -1)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("operator", ["*", "/"])
def test_against_fractions(sql, kind, operator):
    """Rounded; but an interval divided by an integer is cut, as an integer is."""
    type_, make = COLUMNS[kind]
    columns = {"X": (types.BIGINT, [size for size, _ in ROWS]), "F": (type_, [make(factor) for _, factor in ROWS])}
    found = sql(f"{START} + (X * {MS}) {operator} F", columns)
    for row, (size, value) in enumerate(zip(columns["X"][1], columns["F"][1], strict=True)):
        if operator == "/" and value == 0:
            assert found.errors[row].code == "RUN-001"
            continue
        exact = size * Fraction(value) if operator == "*" else size / Fraction(value)
        expected = int(exact) if kind == "integer" else rounded(exact)
        assert found.values[row] == EPOCH + datetime.timedelta(milliseconds=expected), (size, value)


@pytest.mark.parametrize("kind", COLUMNS)
def test_nulls_zero_and_what_is_out_of_range(sql, kind):
    type_, make = COLUMNS[kind]
    most = 2**63 - 1
    columns = {"X": (types.BIGINT, [most, None, 5, 5]), "F": (type_, [make("2"), make("2"), None, make("0")])}
    product = sql(f"{START} + (X * {MS}) * F", columns)
    assert product.values[1:] == [None, None, EPOCH]
    assert {row: error.code for row, error in product.errors.items()} == {0: "RUN-002"}
    quotient = sql(f"{START} + (X * {MS}) / F", columns)
    assert quotient.values[1:] == [None, None, None]
    assert quotient.errors[3].code == "RUN-001"


@pytest.mark.parametrize(
    "sum_of", ["{start} + {big}", "{start} - {big}", "{big} + {big} + {start}", "{start} + ABS({big})"]
)
def test_an_interval_of_many_days_is_a_row_error(sql, sum_of):
    """A billion days are the most that Python's intervals have; an engine of 64 bits has a hundred times as many."""
    text = sum_of.format(start=START, big=f"(X * {MS})")
    found = sql(text, {"X": (types.BIGINT, [2**63 - 1, 10**17])})
    assert [error.code for error in found.errors.values()] == ["RUN-002", "RUN-002"]
    assert any(f"{2**63 - 1} ms" in error.message for error in found.errors.values())


@pytest.mark.parametrize("text", ["{big} + {big}", "{big} - (0 - X) * {ms}", "- ({big} * -1 - {ms})"])
def test_an_interval_out_of_range_is_a_row_error_and_the_other_rows_are_not(sql, text):
    text = text.format(big=f"(X * {MS})", ms=MS)
    found = sql(f"{START} + ({text})", {"X": (types.BIGINT, [2**63 - 1, 1000])})
    assert {row: error.code for row, error in found.errors.items()} == {0: "RUN-002"}
    assert found.values[1] >= EPOCH + datetime.timedelta(milliseconds=1001)


def test_months_have_32_bits(sql):
    columns = {"F": (types.DOUBLE, [1.5, -0.04, 0.04, 1e9, float("nan")])}
    found = sql(f"{START} + INTERVAL '1' YEAR * F", columns)
    assert found.values[:3] == [datetime.datetime(1971, 7, 1), EPOCH, EPOCH]
    assert {row: error.code for row, error in found.errors.items()} == {3: "RUN-002", 4: "RUN-002"}
    assert "out of range for INTERVAL" in found.errors[3].message
