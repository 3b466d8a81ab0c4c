"""--lateness under --max-memory: rows that wait for late ones have so much room, however they come."""

import json

import pyarrow as pa
import pytest

from streamsql import Application

SQL = "CREATE STREAM O (n BIGINT); CREATE PUMP p AS INSERT INTO O SELECT STREAM n FROM S;"
ROW = 64 + 3 * 8
"""A row of ROWTIME, n and t (docs/memory.md)."""


def application() -> Application:
    return Application(SQL, {"S": "n BIGINT, t TIMESTAMP"}, rowtime="T", lateness=10, max_memory=5 * ROW - 1)


def table(rows: list[tuple[int, int]]) -> pa.Table:
    times = pa.array([time * 1000 for _, time in rows], pa.timestamp("ms"))
    return pa.table({"N": pa.array([n for n, _ in rows], pa.int64()), "T": times})


# Five rows within ten seconds have room, the newest ROWTIME says when; n = 100 is late.
ROWS = [(0, 0), (1, 3), (2, 1), (3, 3), (4, 5), (5, 4), (6, 9), (7, 2), (8, 30), (9, 25), (100, 19), (10, 30)]
ROWS += [(11, 31), (12, 31), (13, 31), (14, 45)]
REFUSED = [5, 6, 7, 13]


@pytest.mark.parametrize("size", [1, 2, 5, len(ROWS)])
@pytest.mark.parametrize("restart", [False, True])
def test_rows_that_wait_have_so_much_room(size: int, restart: bool) -> None:
    app = application()
    read: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    for begin in range(0, len(ROWS), size):
        app.feed("S", table(ROWS[begin : begin + size]))
        if restart:
            read, errors = read + app.read("O").to_pylist(), errors + app.read("ERROR_STREAM").to_pylist()
            state, app = app.snapshot(), application()
            app.restore(state)
    app.finish()
    read, errors = read + app.read("O").to_pylist(), errors + app.read("ERROR_STREAM").to_pylist()
    taken = [row for row in ROWS if row[0] not in (*REFUSED, 100)]
    assert [row["N"] for row in read] == [n for n, _ in sorted(taken, key=lambda row: row[1])]
    full = [error for error in errors if "no room: --lateness keeps 439 bytes" in str(error["MESSAGE"])]
    assert [json.loads(bytes.fromhex(str(error["DATA_ROW"])))["N"] for error in full] == REFUSED
    assert len(errors) == len(REFUSED) + 1
    counts = app.counters()["inputs"]["S"]
    assert (counts["taken"], counts["rows"], counts["rejected"], counts["late"]) == (16, 11, 4, 1)


def test_explain_says_what_lateness_may_keep() -> None:
    assert "input S, --lateness: 439 bytes; 64 and its values per row" in application().explain()
