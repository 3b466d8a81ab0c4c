"""What an error row shows of the row that failed: the columns that its writer could name, and no others (C-164)."""

import json

import pyarrow as pa
import pytest

from streamsql import Application

SQL = """
CREATE STREAM O (q INTEGER);
CREATE PUMP P AS INSERT INTO O SELECT STREAM {};
CREATE STREAM ARRIVALS (t TIMESTAMP);
CREATE PUMP Q AS INSERT INTO ARRIVALS SELECT STREAM APPROXIMATE_ARRIVAL_TIME FROM S;
"""
MINUTE = "FLOOR(S.ROWTIME TO MINUTE)"
QUERIES = {
    "10 / a FROM S": {"A": 0, "B": 7},
    "10 / a FROM S WHERE b > 0": {"A": 0, "B": 7},
    "a FROM S WHERE 10 / a > 0": {"A": 0, "B": 7},
    "SUM(10 / a) FROM S GROUP BY b, " + MINUTE: {"A": 0, "B": 7},
    f"10 / n FROM (SELECT STREAM b, SUM(a) AS n FROM S GROUP BY b, {MINUTE}) AS s WHERE b > 0": {"B": 7, "N": 0},
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_row_in_error_shows_what_could_be_read(query: str) -> None:
    """The input carries the arrival time besides its columns, for another pump; ROWTIME has a column of its own."""
    app = Application(SQL.format(query), {"S": "a INTEGER, b INTEGER"}, rowtime="t")
    app.feed("S", pa.table({"t": [1000, 61_000], "A": [0, 5], "B": [7, 8]}))
    app.finish()
    (error,) = app.errors().to_pylist()
    assert json.loads(bytes.fromhex(error["DATA_ROW"])) == QUERIES[query]
    assert app.read("ARRIVALS")["T"].cast(pa.int64()).to_pylist() == [1000, 61_000]
