"""Sliding windows of rows that come one by one, as columns without objects of pyarrow, against SQLite."""

import random
import sqlite3

import pytest

from streamsql.exec.context import arrow_schema
from streamsql.kernels.batches import LazyBatch, Tail, stamped
from streamsql.types import ROWTIME
from tests.exec.conftest import as_batch, as_rows

INPUT = "k VARCHAR(40), a INTEGER, x DOUBLE, s VARCHAR(40)"
COLUMNS = "n BIGINT, m DOUBLE, lo VARCHAR(40), d INTEGER, c BIGINT, t DOUBLE"
SQL = f"""
CREATE STREAM O ({COLUMNS});
CREATE PUMP p AS INSERT INTO O
SELECT STREAM COUNT(*) OVER w, AVG(x) OVER w, MIN(s) OVER v, LAG(a, 2, a) OVER w, COUNT(x) OVER v, SUM(x * 2 + a) OVER w
FROM S WHERE k <> 'nobody'
WINDOW w AS (PARTITION BY k, MOD(a, 2) RANGE INTERVAL '60' SECOND PRECEDING), v AS (PARTITION BY s ROWS 3 PRECEDING);
"""
SQLITE = """
SELECT t, COUNT(*) OVER w, AVG(x) OVER w, MIN(s) OVER v,
       CASE WHEN t - LAG(t, 2) OVER u <= 60000 THEN LAG(a, 2) OVER u ELSE a END,
       COUNT(x) OVER v, SUM(x * 2 + a) OVER w
FROM r WHERE k <> 'nobody'
WINDOW w AS (PARTITION BY k, ABS(a % 2) ORDER BY t RANGE BETWEEN 60000 PRECEDING AND CURRENT ROW),
       u AS (PARTITION BY k, ABS(a % 2) ORDER BY t),
       v AS (PARTITION BY s ORDER BY t ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)
ORDER BY t
"""


def table(seed, count=300):
    """Rows at different times; sums of their numbers are exact."""
    chance = random.Random(seed)
    keys = ["a", "", "öl", "a key that is longer than sixteen bytes", "nobody"]
    time, rows = 0, []
    for _ in range(count):
        time += chance.choice([1, 500, 3000, 20000, 70000])
        number = chance.choice([None, chance.randint(-400, 400) / 4])
        rows.append((time, chance.choice(keys), chance.randint(0, 5), number, chance.choice([None, *keys])))
    return rows


def expected(rows):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE r (t INTEGER, k TEXT, a INTEGER, x REAL, s TEXT)")
    database.executemany("INSERT INTO r VALUES (?, ?, ?, ?, ?)", rows)
    found = database.execute(SQLITE).fetchall()
    database.close()
    return found


def lazily(app, rows):
    """One `LazyBatch` for each row."""
    columns = app.schemas["S"]
    schema = arrow_schema([ROWTIME, *columns])
    for row in rows:
        yield stamped(Tail(1).of(as_batch(columns, [row])), row[0], schema)


@pytest.mark.parametrize("seed", [1, 2])
def test_one_row_at_a_time_and_all_at_once(runner, seed):
    rows = table(seed)
    app = runner(SQL, {"S": INPUT})
    assert app.check_batching([("S", rows)])["O"] == expected(rows)
    graph, found = app.graph(), []
    graph.subscribe("O", lambda batch: found.extend(as_rows(batch)))
    for batch in lazily(app, rows):
        graph.push("S", batch)
    assert found == expected(rows)


def test_a_row_of_a_known_partition_becomes_no_record_batch(runner, monkeypatch):
    """Nothing on its way asks for one, and what comes out is lazy as well."""
    rows = table(3)
    app = runner(SQL, {"S": INPUT})
    graph, found = app.graph(), []
    graph.subscribe("O", found.append, lazy=True)
    again = [(row[0] + 10**6 * 60, *row[1:]) for row in rows]
    for batch in lazily(app, rows):
        graph.push("S", batch)
    found.clear()
    for place in ("context", "keys", "stage", "operators.over", "operators.sink"):
        monkeypatch.setattr(f"streamsql.exec.{place}.whole", refuse)
    for batch in lazily(app, again):
        graph.push("S", batch)
    monkeypatch.undo()
    assert all(isinstance(batch, LazyBatch) for batch in found)
    assert [row for batch in found for row in as_rows(batch.whole())] == expected(rows + again)[-len(found) :]


def refuse(batch):
    raise AssertionError("somebody asked for a record batch")


def test_rows_that_fail_leave_those_around_them_alone(runner):
    """6 / a fails before it enters a window, a sum beyond BIGINT after it has entered one: it stays inside."""
    sql = """CREATE STREAM O (q BIGINT, s BIGINT); CREATE PUMP p AS INSERT INTO O
    SELECT STREAM SUM(6 / a) OVER (PARTITION BY k ROWS 1 PRECEDING), SUM(b) OVER (PARTITION BY k ROWS 1 PRECEDING) FROM S;"""
    app = runner(sql, {"S": "k VARCHAR(8), a INTEGER, b BIGINT"})
    most = 2**63 - 1
    rows = [
        (1, "x", 1, 5),
        (2, "x", 0, 7),
        (3, "y", 2, most),
        (4, "y", 3, 1),
        (5, "y", 6, -4),
        (6, "x", None, None),
    ]
    found = app.check_batching([("S", rows)])
    assert found["O"] == [(1, 6, 5), (3, 3, most), (5, 3, -3), (6, 6, 5)]
    errors = [(row[0], row[4]) for row in found["ERROR_STREAM"]]
    assert [time for time, _ in errors] == [2, 4]
    assert errors[1][1] == "SUM is out of range of BIGINT"
