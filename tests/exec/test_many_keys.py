"""Keys come and go: those of the past are forgotten, those that go on keep their state, and there is an end to numbers.

A key has a number below 2³¹ - 1. The tests make that a small one, and make operators look for dead keys often.
"""

from functools import partial

import pytest

from streamsql.kernels.groups import GroupTable

INPUTS = {"S": "a INTEGER, k VARCHAR(8)", "T": "a INTEGER, k VARCHAR(8)"}
SECOND = "RANGE INTERVAL '1' SECOND"
QUERIES = {
    "tumbling": (
        "k VARCHAR(8), n BIGINT, s BIGINT",
        "SELECT STREAM k, COUNT(*), SUM(a) FROM S GROUP BY k, STEP(S.ROWTIME BY INTERVAL '1' SECOND)",
    ),
    "stagger": (
        "k VARCHAR(8), n BIGINT, s BIGINT, d BIGINT",
        "SELECT STREAM k, COUNT(*), SUM(a), COUNT(DISTINCT a) FROM S "
        f"WINDOWED BY STAGGER (PARTITION BY k {SECOND})",
    ),
    "hopping": (
        "k VARCHAR(8), n BIGINT, s BIGINT",
        "SELECT STREAM k, COUNT(*), SUM(a) FROM S GROUP BY k, "
        "HOP(S.ROWTIME, INTERVAL '1' SECOND, INTERVAL '2' SECOND)",
    ),
    "over": (
        "k VARCHAR(8), n BIGINT, s BIGINT, lo INTEGER",
        "SELECT STREAM k, COUNT(*) OVER w, SUM(a) OVER w, MIN(a) OVER w FROM S "
        f"WINDOW w AS (PARTITION BY k {SECOND} PRECEDING)",
    ),
    "distinct": (
        "k VARCHAR(8), t TIMESTAMP",
        "SELECT STREAM DISTINCT k, FLOOR(S.ROWTIME TO SECOND) FROM S",
    ),
    "join": (
        "k VARCHAR(8), a INTEGER, b INTEGER",
        f"SELECT STREAM S.k, S.a, T.a FROM S OVER ({SECOND} PRECEDING) LEFT JOIN T OVER ({SECOND} PRECEDING) "
        "ON S.k = T.k",
    ),
    "join of numbers": (
        "k VARCHAR(8), a INTEGER, b INTEGER",
        f"SELECT STREAM S.k, S.a, T.a FROM S OVER ({SECOND} PRECEDING) LEFT JOIN T OVER ({SECOND} PRECEDING) "
        "ON S.a = T.a",
    ),
}


def script(runner, name):
    columns, query = QUERIES[name]
    return runner(f"CREATE STREAM O ({columns}); CREATE PUMP p AS INSERT INTO O {query};", INPUTS)


def events(rows, name):
    """Rows for S; for a join T has the same ones, before those of S."""
    sides = ("T", "S") if name.startswith("join") else ("S",)
    return [(side, rows) for side in sides]


def tables(monkeypatch, most):
    """Tables have so many keys at most."""
    for place in ("keys", "operators.join", "operators.distinct"):
        monkeypatch.setattr(f"streamsql.exec.{place}.GroupTable", partial(GroupTable, most))
    monkeypatch.setattr("streamsql.exec.windows.groups.MOST", most)


@pytest.fixture
def three(monkeypatch):
    tables(monkeypatch, 3)


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in ("hopping", "join of numbers")])
def test_rows_beyond_the_last_number_are_errors_and_change_nothing(runner, three, name):
    """Without them the same rows come out."""
    rows = [(10 * number, "abcd".index(k), k) for number, k in enumerate("abcdadbcda")]
    app = script(runner, name)
    found = app.check_batching(events(rows, name))
    assert found["O"] == app.run(events([row for row in rows if row[2] != "d"], name))["O"]
    refused = [row[0] for row in found["ERROR_STREAM"] if row[4].startswith("too many ")]
    assert refused == [row[0] for row in rows if row[2] == "d" for _ in events(rows, name)]


def test_a_row_in_a_window_that_has_no_number_is_an_error_once(runner, three):
    """Each row is in two windows; of the second key there is room for one."""
    rows = [(1500, 1, "a"), (1600, 2, "b"), (1700, 3, "a")]
    app = script(runner, "hopping")
    found = app.run([("S", rows)])
    assert [row[1:] for row in found["O"] if row[1] == "a"] == [("a", 2, 4), ("a", 2, 4)]
    assert [(row[0], row[4]) for row in found["ERROR_STREAM"]] == [(1600, "too many groups")]


@pytest.mark.parametrize("name", QUERIES)
def test_keys_of_the_past_are_forgotten_and_the_others_go_on(runner, monkeypatch, name):
    """3,000 keys have passed by, 100 a second, and 1,000 numbers were enough; a key that lasts has the results that it
    has alone."""
    tables(monkeypatch, 1000)
    for place in ("operators.over", "operators.join"):
        monkeypatch.setattr(f"streamsql.exec.{place}.SWEEP", 8)
    monkeypatch.setattr("streamsql.exec.operators.keyed_aggregate.SPARE", 8)
    monkeypatch.setattr("streamsql.exec.windows.groups.SPARE", 8)
    passing = [(10 * number, number, f"x{number}") for number in range(3000)]
    lasting = [(10 * number, -1 - number % 17, "a") for number in range(0, 3000, 7)]
    rows = sorted(passing + lasting, key=lambda row: row[0])
    app = script(runner, name)
    size = 1 if name == "distinct" else 20  # a period that begins with a batch must be seen too
    pieces = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
    found = app.run([event for piece in pieces for event in events(piece, name)])
    alone = app.run(events(lasting, name))["O"]
    assert not found["ERROR_STREAM"]
    assert [row for row in found["O"] if row[1] == "a"] == alone
    assert len(alone) >= 10
