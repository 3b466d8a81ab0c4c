"""ARRAY_AGG and STRING_AGG with ORDER BY, against DuckDB."""

import random

import duckdb
import pyarrow as pa
import pytest

from streamsql import Application

CALLS = [
    "ARRAY_AGG(A)",
    "ARRAY_AGG(A ORDER BY A NULLS LAST)",
    "ARRAY_AGG(A ORDER BY A DESC NULLS FIRST)",
    "ARRAY_AGG(A ORDER BY B NULLS FIRST, I)",
    "ARRAY_AGG(K ORDER BY B DESC NULLS LAST, K NULLS LAST, I DESC)",
    "ARRAY_AGG(I ORDER BY A + B NULLS LAST, I)",
    "STRING_AGG(K, '; ' ORDER BY I DESC)",
    "STRING_AGG(K, '' ORDER BY A NULLS FIRST, I)",
]


@pytest.mark.parametrize("cut", [1, 37, 200])
def test_as_duckdb(cut: int) -> None:
    chosen = random.Random(cut)

    def some(values: list[object]) -> list[object]:
        return [chosen.choice(values) for _ in range(200)]

    rows = pa.table(
        {
            "I": pa.array(range(200), pa.int32()),
            "A": pa.array(some([None, 1, 2, 3, -5]), pa.int32()),
            "B": pa.array(some([None, 0.5, -1.0]), pa.float64()),
            "K": pa.array(some([None, "a", "b", "", "é"]), pa.string()),
            "G": pa.array(some(["x", "y", "z"]), pa.string()),
            "T": pa.array(range(200), pa.timestamp("ms")),
        }
    )
    expected = duckdb.sql(f"SELECT G, {', '.join(CALLS)} FROM rows GROUP BY G ORDER BY MIN(I)").fetchall()
    columns = [f"C{n} {'VARCHAR(4000)' if call[0] == 'S' else 'VARCHAR(8) ARRAY' if '(K' in call else 'INTEGER ARRAY'}"
               for n, call in enumerate(CALLS)]  # fmt: skip
    app = Application(
        f"CREATE STREAM O (G VARCHAR(1), {', '.join(columns)}); CREATE PUMP P AS INSERT INTO O "
        f"SELECT STREAM G, {', '.join(CALLS)} FROM S GROUP BY G, FLOOR(S.ROWTIME TO HOUR)",
        {"S": "I INTEGER, A INTEGER, B DOUBLE, K VARCHAR(8), G VARCHAR(1), T TIMESTAMP"},
        rowtime="T",
    )
    app.feed("S", rows.slice(0, cut))
    app.feed("S", rows.slice(cut))
    app.finish()
    assert [tuple(row.values())[1:] for row in app.read("O").to_pylist()] == expected


def test_arrays_count_in_the_size_of_a_row() -> None:
    app = Application(
        "CREATE STREAM O (A INTEGER ARRAY, K VARCHAR(9) ARRAY); CREATE PUMP P AS INSERT INTO O SELECT STREAM ARRAY_AGG(I), "
        "ARRAY_AGG(K) FROM S GROUP BY FLOOR(S.ROWTIME TO MINUTE)",
        {"S": "I INTEGER, K VARCHAR(9), T TIMESTAMP"},
        rowtime="T",
    )
    many = 60_000  # 4 bytes for the number, 9 for the text: 780,000
    times = pa.array([0] * many + [60_000] * 10_000, pa.timestamp("ms"))
    app.feed("S", pa.table({"I": pa.array(range(70_000), pa.int32()), "K": ["123456789"] * 70_000, "T": times}))
    app.finish()
    (error,) = app.errors().to_pylist()
    assert error["ERROR_NAME"] == "Row too large"
    assert error["MESSAGE"] == "the row has 780000 bytes of text and arrays; 523264 are allowed"
    (row,) = app.read("O").to_pylist()
    assert row["A"] == list(range(60_000, 70_000))
