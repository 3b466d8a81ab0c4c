"""No NaN, infinity or number too large stays in an operator's state: once it has left the window, results are those of
the rows that are in it, computed here by Python's statistics from the window's rows alone."""

import json
import math
import statistics

import pyarrow as pa
import pytest

from streamsql import Application
from streamsql.app.schemas import input_schema
from streamsql.io.formats import decoder

WINDOW = 4  # rows, a second apart
FRAMES = ["RANGE INTERVAL '3' SECOND PRECEDING", "ROWS 3 PRECEDING"]
CALLS = {
    "SUM(X)": math.fsum,
    "AVG(X)": statistics.fmean,
    "MIN(X)": min,
    "MAX(X)": max,
    "VAR_POP(X)": statistics.pvariance,
    "VAR_SAMP(X)": statistics.variance,
    "STDDEV_POP(X)": statistics.pstdev,
    "STDDEV_SAMP(X)": statistics.stdev,
    "FIRST_VALUE(X)": lambda rows: rows[0],
    "LAG(X, 2)": lambda rows: rows[-3],
    "EXP_AVG(X, INTERVAL '2' SECOND)": lambda rows: (rows[3] + rows[2] + (rows[1] + rows[0]) / 2) / 3,
}
POISON = {
    "nan": [math.nan],
    "infinity": [math.inf],
    "both infinities": [-math.inf, math.inf],
    "overflow": [1e308, 1e308, 1e308],
    "huge and back": [1e308, -1e308],
    "squares overflow": [1e200, -1e200],
    "cancellation": [1e17, 3.0, 1e17],
    "smallest": [5e-324, -5e-324],
}
CLEAN = [1.5, 2.25, -3.5, 4.125, 7.0, 0.5, -0.125, 100.0]


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("poison", POISON)
def test_windows_are_clean_after_what_was_not(call: str, frame: str, poison: str) -> None:
    if call.startswith("EXP_AVG") and frame.startswith("ROWS"):
        pytest.skip("EXP_AVG takes a RANGE only")
    sql = f"CREATE STREAM O (V DOUBLE); CREATE PUMP p AS INSERT INTO O SELECT STREAM {call} OVER ({frame}) FROM S;"
    values = [2.5, *POISON[poison], *CLEAN]
    app = Application(sql, {"S": "X DOUBLE, T BIGINT"}, rowtime="T")
    for number, value in enumerate(values):
        app.feed("S", pa.table({"X": [value], "T": [1000 * number]}))
    app.finish()
    first = len(values) - len(CLEAN) + WINDOW - 1  # the first window without poison
    windows = [values[end - WINDOW + 1 : end + 1] for end in range(first, len(values))]
    found = app.read("O")["V"].to_pylist()[-len(windows) :]
    assert found == pytest.approx([CALLS[call](window) for window in windows], rel=1e-9)


@pytest.mark.parametrize("poison", POISON)
def test_the_next_period_is_clean(poison: str) -> None:
    calls = "SUM(X), AVG(X), MIN(X), MAX(X), STDDEV_SAMP(X)"
    sql = (
        "CREATE STREAM O (S DOUBLE, A DOUBLE, LO DOUBLE, HI DOUBLE, D DOUBLE); CREATE PUMP p AS INSERT INTO O "
        f"SELECT STREAM {calls} FROM S GROUP BY STEP(S.ROWTIME BY INTERVAL '10' SECOND);"
    )
    app = Application(sql, {"S": "X DOUBLE, T BIGINT"}, rowtime="T")
    values = [*POISON[poison], *CLEAN]
    times = [0] * len(POISON[poison]) + [10_000] * len(CLEAN)
    app.feed("S", pa.table({"X": values, "T": times}))
    app.finish()
    expected = [math.fsum(CLEAN), statistics.fmean(CLEAN), min(CLEAN), max(CLEAN), statistics.stdev(CLEAN)]
    assert list(app.read("O").to_pylist()[-1].values())[1:] == pytest.approx(expected)


@pytest.mark.parametrize("function", ["RANDOM_CUT_FOREST", "HOTSPOTS"])
def test_points_that_are_no_numbers_are_not_learned(function: str) -> None:
    """The other rows get what they get without them."""
    arguments, column = {
        "RANDOM_CUT_FOREST": (", 10, 16, 1000, 1", "ANOMALY_SCORE DOUBLE"),
        "HOTSPOTS": (", 100, 0.5, 3", "HOTSPOTS_RESULT VARCHAR(10000)"),
    }[function]
    sql = (
        f"CREATE STREAM O (X DOUBLE, {column}); CREATE PUMP p AS INSERT INTO O SELECT STREAM X, {column.split()[0]} "
        f"FROM TABLE({function}(CURSOR(SELECT STREAM X FROM S){arguments}));"
    )
    clean = [math.sin(number) for number in range(150)]
    dirty = [part for value in clean for part in (value, math.nan, math.inf, -math.inf)]

    def answers(values: list[float]) -> list[object]:
        app = Application(sql, {"S": "X DOUBLE, T BIGINT"}, rowtime="T")
        app.feed("S", pa.table({"X": values, "T": range(len(values))}))
        app.finish()
        rows = zip(*app.read("O").drop_columns(["ROWTIME"]).to_pydict().values(), strict=True)
        return [answer for value, answer in rows if math.isfinite(value)]

    assert answers(dirty) == answers(clean)


def test_numbers_of_json_that_no_double_holds() -> None:
    """1e309 is a row of the error stream and no infinity; 1e308 is a number, and what overflows leaves with it."""
    schema = input_schema("X DOUBLE, T BIGINT")
    sql = (
        "CREATE STREAM O (V DOUBLE); CREATE PUMP p AS INSERT INTO O SELECT STREAM SUM(X * 10) "
        "OVER (RANGE INTERVAL '1' SECOND PRECEDING) FROM S;"
    )
    app = Application(sql, {"S": schema}, rowtime="T")
    lines = ["1e308", "1e309", "-1e400", "NaN", "1", "2"]
    records = [f'{{"X": {text}, "T": {5000 * number}}}\n' for number, text in enumerate(lines)]
    decode = decoder(schema)
    for decoded in (decode.feed("".join(records).encode()), decode.finish()):
        app.engine().intake.take(0, decoded.batch, decoded.rejects)
    app.finish()
    assert app.read("O")["V"].to_pylist()[-2:] == [10.0, 20.0]
    assert app.errors().num_rows >= 3
    assert json.dumps(app.counters()["inputs"]["S"]["rejected"]) == "3"
