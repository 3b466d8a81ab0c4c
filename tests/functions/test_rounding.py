"""ROUND and TRUNCATE of floating-point numbers that are as large as they can be, or to any number of places."""

import math

import pyarrow as pa
import pytest

from streamsql import Application

LARGE = [1e300, -1.7e308, 1e16 + 2, math.inf, -math.inf, None]


def answers(expression: str, values: list[float | None], type_: str = "DOUBLE") -> tuple[list[object], list[str]]:
    """The results, and the messages of rows in error."""
    sql = f"CREATE STREAM o (a {type_}); CREATE PUMP p AS INSERT INTO o SELECT STREAM {expression} FROM S;"
    app = Application(sql, {"S": f"x {type_}"})
    column = pa.array(values, pa.float32() if type_ == "REAL" else pa.float64())
    app.feed("S", pa.table({"X": column}))
    app.finish()
    errors = [str(row["MESSAGE"]) for row in app.read("ERROR_STREAM").to_pylist()]
    return [row["A"] for row in app.read("o").to_pylist()], errors


@pytest.mark.parametrize("name", ["ROUND", "TRUNCATE"])
@pytest.mark.parametrize("places", [0, 10, 300, 308, 309, 2147483647])
def test_what_has_no_such_digits_stays(name: str, places: int) -> None:
    assert answers(f"{name}(x, {places})", LARGE) == (LARGE, [])


@pytest.mark.parametrize("name", ["ROUND", "TRUNCATE"])
@pytest.mark.parametrize("places", [-309, -2147483648])
def test_what_is_smaller_than_the_unit_is_zero(name: str, places: int) -> None:
    assert answers(f"{name}(x, {places})", LARGE) == ([0, 0, 0, math.inf, -math.inf, None], [])


def test_what_would_be_too_large_is_an_error_of_its_row() -> None:
    rounded, errors = answers("ROUND(x, -308)", [1.4e308, 1.7e308, 2.0])
    assert rounded == [pytest.approx(1e308, rel=1e-7), 0.0]
    assert errors == ["1.7e+308 rounded does not fit DOUBLE"]
    assert answers("TRUNCATE(x, -308)", [1.2e308, 2.0])[1] == []
    assert answers("ROUND(x, 30)", [2.5, 2.0**100], "REAL") == ([2.5, 2.0**100], [])


@pytest.mark.parametrize(("places", "expected"), [(2, [2.35, -2.35, 0.0]), (-2, [0.0, 0.0, 1200.0])])
def test_usual_numbers(places: int, expected: list[float]) -> None:
    assert answers(f"ROUND(x, {places})", [2.346, -2.346, 1234.0 if places < 0 else 0.0001]) == (expected, [])
