"""Batching is invisible: whole, row by row, in random pieces and with a restart after every piece, for one query of
each kind. What the results must be is tested elsewhere; here all ways must agree, and must produce something."""

import random
from decimal import Decimal

import pytest

INPUTS = {"S": "a INTEGER, d DECIMAL(9,2), x DOUBLE, k VARCHAR(8), e TIMESTAMP", "T": "a INTEGER, k VARCHAR(8)"}
MINUTE = "STEP(S.ROWTIME BY INTERVAL '60' SECOND)"
QUERIES = {
    "filter": ("a INTEGER", "SELECT STREAM a FROM S WHERE x > 0"),
    "errors": ("a INTEGER", "SELECT STREAM 10 / a FROM S WHERE 10 / (a + 1) > 0"),
    "tumbling": (
        "k VARCHAR(8), n BIGINT, s BIGINT, d DECIMAL(18,2), m DOUBLE, v DOUBLE, lo VARCHAR(8), f DOUBLE",
        f"SELECT STREAM k, COUNT(*), SUM(a), SUM(d), AVG(x), STDDEV_SAMP(x), MIN(k), LAST_VALUE(x) FROM S "
        f"GROUP BY k, {MINUTE}",
    ),
    "tumbling distinct": (
        "n BIGINT, s BIGINT",
        f"SELECT STREAM COUNT(DISTINCT a), SUM(DISTINCT a) FROM S GROUP BY {MINUTE}",
    ),
    "having": (
        "k VARCHAR(8), n BIGINT",
        f"SELECT STREAM k, COUNT(*) FROM S GROUP BY k, {MINUTE} HAVING 12 / (COUNT(*) - 2) > 1",
    ),
    "by rowtime": ("n BIGINT", "SELECT STREAM COUNT(*) FROM S GROUP BY S.ROWTIME"),
    "by ceil": ("n BIGINT", "SELECT STREAM COUNT(*) FROM S GROUP BY CEIL(S.ROWTIME TO MINUTE)"),
    "monotonic": ("a INTEGER, n BIGINT", "SELECT STREAM a, COUNT(*) FROM S GROUP BY MONOTONIC(a), a"),
    "after a filter": ("n BIGINT", f"SELECT STREAM COUNT(*) FROM S WHERE x > 1 GROUP BY {MINUTE}"),
    "over range": (
        "n BIGINT, s BIGINT, m DOUBLE, v DOUBLE, lo DOUBLE, hi VARCHAR(8), f INTEGER, g DOUBLE",
        "SELECT STREAM COUNT(x) OVER w, SUM(a) OVER w, AVG(x) OVER w, VAR_POP(x) OVER w, MIN(x) OVER w, "
        "MAX(k) OVER w, LAG(a, 2, -1) OVER w, EXP_AVG(x, INTERVAL '10' SECOND) OVER w FROM S "
        "WINDOW w AS (PARTITION BY k RANGE INTERVAL '60' SECOND PRECEDING)",
    ),
    "over rows": (
        "n BIGINT, m DOUBLE, f DOUBLE, g INTEGER",
        "SELECT STREAM COUNT(*) OVER w, SUM(x) OVER w, FIRST_VALUE(x) IGNORE NULLS OVER w, NTH_VALUE(a, 2) OVER w "
        "FROM S WINDOW w AS (PARTITION BY k ROWS 3 PRECEDING)",
    ),
    "over everything": (
        "n BIGINT, m DOUBLE, f DOUBLE",
        "SELECT STREAM COUNT(*) OVER (PARTITION BY a), SUM(x) OVER (PARTITION BY k), MAX(x) OVER () FROM S",
    ),
    "over, some rows fail": (
        "q BIGINT, s BIGINT, n BIGINT",
        "SELECT STREAM SUM(6 / a) OVER (PARTITION BY k, MOD(a, 2) ROWS 3 PRECEDING), "
        "SUM(a * 3000000000000000000) OVER (PARTITION BY k RANGE INTERVAL '10' SECOND PRECEDING), "
        "COUNT(*) OVER (PARTITION BY 12 / (a - 1)) FROM S",
    ),
    "stagger": (
        "k VARCHAR(8), n BIGINT, s DOUBLE",
        "SELECT STREAM k, COUNT(*), SUM(x) FROM S "
        "WINDOWED BY STAGGER (PARTITION BY k, FLOOR(e TO MINUTE) RANGE INTERVAL '60' SECOND)",
    ),
    "sorted": (
        "a INTEGER, k VARCHAR(8)",
        "SELECT STREAM a, k FROM S ORDER BY FLOOR(S.ROWTIME TO MINUTE), k, a DESC",
    ),
    "sorted, some keys fail": (
        "a INTEGER, k VARCHAR(8)",
        "SELECT STREAM a, k FROM S ORDER BY FLOOR(S.ROWTIME TO MINUTE), 6 / a, k",
    ),
    "sorted ties": ("a INTEGER, k VARCHAR(8)", "SELECT STREAM a, k FROM S ORDER BY S.ROWTIME, k DESC"),
    "distinct": (
        "t TIMESTAMP, k VARCHAR(8), a INTEGER",
        "SELECT STREAM DISTINCT FLOOR(S.ROWTIME TO MINUTE), k, a FROM S",
    ),
    "union": ("a INTEGER", "SELECT STREAM a FROM S UNION ALL SELECT STREAM a FROM T"),
    "join": (
        "a INTEGER, b INTEGER",
        "SELECT STREAM S.a, T.a FROM S OVER (RANGE INTERVAL '30' SECOND PRECEDING) FULL JOIN T "
        "OVER (RANGE INTERVAL '20' SECOND PRECEDING) ON S.k = T.k AND S.a < T.a",
    ),
    "join following": (
        "a INTEGER, b INTEGER",
        "SELECT STREAM S.a, T.a FROM S LEFT JOIN T OVER (RANGE INTERVAL '20' SECOND FOLLOWING) ON S.k = T.k",
    ),
    "join rows": (
        "a INTEGER, b INTEGER",
        "SELECT STREAM S.a, T.a FROM S OVER (ROWS 2 PRECEDING) LEFT JOIN T OVER (ROWS 3 PRECEDING) ON S.k = T.k",
    ),
    "hopping": (
        "k VARCHAR(8), n BIGINT, d BIGINT",
        "SELECT STREAM k, COUNT(*), COUNT(DISTINCT a) FROM S "
        "GROUP BY k, HOP(S.ROWTIME, INTERVAL '20' SECOND, INTERVAL '60' SECOND)",
    ),
    "session": (
        "k VARCHAR(8), n BIGINT, m DOUBLE",
        "SELECT STREAM k, COUNT(*), MEDIAN(x) FROM S GROUP BY k, SESSION(S.ROWTIME, INTERVAL '20' SECOND)",
    ),
    "keys that fail": (
        "k INTEGER, n BIGINT, m DOUBLE",
        f"SELECT STREAM 6 / a, COUNT(*), MEDIAN(12 / (a - 1)) FROM S GROUP BY 6 / a, {MINUTE}",
    ),
    "arrays": (
        "l INTEGER ARRAY",
        f"SELECT STREAM ARRAY_AGG(a) FROM S GROUP BY k, {MINUTE}",
    ),
    "in order of another time": (
        "e TIMESTAMP, k VARCHAR(8)",
        "SELECT STREAM e AS ROWTIME, e, k FROM S ORDER BY e WITHIN INTERVAL '60' SECOND",
    ),
    "asof": (
        "a INTEGER, k VARCHAR(8), b INTEGER",
        "SELECT STREAM S.a, S.k, T.a FROM S ASOF LEFT JOIN T ON S.k = T.k",
    ),
    "ranked": (
        "a INTEGER, r INTEGER",
        "SELECT STREAM a, place FROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM a FROM S), 'A', 'PLACE', 'asc', 'asc', 10, 0))",
    ),
    "limit": ("a INTEGER", "SELECT STREAM a FROM S LIMIT 40 OFFSET 5"),
    "retimed": ("a INTEGER", "SELECT STREAM e AS ROWTIME, a FROM S"),
}


def rows_of(chance, count):
    time, rows = 0, []
    for _ in range(count):
        time += chance.choice([0, 0, 1, 500, 3000, 20000, 100000])
        maybe = chance.random()
        rows.append(
            (
                time,
                chance.randint(-3, 3) if maybe > 0.1 else None,
                Decimal(chance.randint(-9999, 9999)) / 4 if maybe < 0.9 else None,
                chance.gauss(0, 3) * 10 ** chance.randint(-3, 9) if maybe < 0.8 else None,
                chance.choice(["a", "b", "c", None]),
                time - chance.randint(0, 90000),
            )
        )
    return rows


def events_of(seed, count=70):
    chance = random.Random(seed)
    events = []
    s, t = rows_of(chance, count), [(row[0], row[1], row[4]) for row in rows_of(chance, count)]
    end = 0
    while s or t:
        name, rows = chance.choice([pair for pair in (("S", s), ("T", t)) if pair[1]])
        part = rows[: chance.randint(1, 25)]
        del rows[: len(part)]
        events.append((name, part))
        end = max(end, part[-1][0])
        if chance.random() < 0.3:
            events.append((name, rows[0][0] if rows else part[-1][0]))
    events += [("S", end + 30000), ("T", end + 60000)]
    return events


@pytest.mark.parametrize("name", QUERIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_way_to_cut_rows_gives_the_same(runner, name, seed):
    columns, query = QUERIES[name]
    sql = f"CREATE STREAM O ({columns}); CREATE PUMP p AS INSERT INTO O {query};"
    found = runner(sql, INPUTS).check_batching(events_of(seed), seed)
    assert found["O"]
    times = [row[0] for row in found["O"]]
    assert times == sorted(times)


@pytest.mark.parametrize("name", QUERIES)
def test_an_application_that_has_gone_on_goes_back_to_a_snapshot(runner, name):
    """A snapshot is not changed by what follows, and nothing of what followed is left after `restore`."""
    columns, query = QUERIES[name]
    app = runner(f"CREATE STREAM O ({columns}); CREATE PUMP p AS INSERT INTO O {query};", INPUTS)
    events = events_of(3)
    half = len(events) // 2

    def send(graph, events):
        found = []
        graph.subscribe("O", lambda batch: found.extend(batch.to_pylist()))
        for event in events:
            app.send(graph, *event)
        return found

    used, fresh = app.graph(), app.graph()
    send(used, events[:half])
    state = used.snapshot()
    send(used, events[half:])
    used.restore(state)
    fresh.restore(state)
    after = [send(graph, events[half:]) for graph in (used, fresh)]
    assert after[0] == after[1]
    assert after[0]
    assert used.counters() == fresh.counters()


@pytest.mark.parametrize("seed", [1, 2])
def test_several_pumps_into_one_stream_and_on(runner, seed):
    """Rows of a filter, of a tumbling window and of another input meet in one stream, read by two pumps."""
    sql = f"""
    CREATE STREAM M (n BIGINT);
    CREATE PUMP p1 AS INSERT INTO M SELECT STREAM COUNT(*) FROM S GROUP BY {MINUTE};
    CREATE PUMP p2 AS INSERT INTO M SELECT STREAM a FROM S WHERE a > 0;
    CREATE PUMP p3 AS INSERT INTO M SELECT STREAM a FROM T;
    CREATE STREAM O1 (n BIGINT);
    CREATE PUMP p4 AS INSERT INTO O1 SELECT STREAM SUM(n) OVER (ROWS 4 PRECEDING) FROM M;
    CREATE STREAM O2 (a BIGINT, b BIGINT);
    CREATE PUMP p5 AS INSERT INTO O2 SELECT STREAM M.n, O1.n / (M.n - 1) FROM M JOIN O1 ON M.n <> O1.n;
    """
    found = runner(sql, INPUTS).check_batching(events_of(seed), seed)
    assert found["M"] and found["O1"] and found["O2"] and found["ERROR_STREAM"]
    for name in ("M", "O1", "O2", "ERROR_STREAM"):
        assert [row[0] for row in found[name]] == sorted(row[0] for row in found[name])


@pytest.mark.parametrize("name", QUERIES)
def test_little_memory_refuses_the_same_rows(runner, name):
    """Which rows there is no room for does not depend on how they come either."""
    columns, query = QUERIES[name]
    sql = f"CREATE STREAM O ({columns}); CREATE PUMP p AS INSERT INTO O {query};"
    refused = False
    for seed, size in ((1, 900), (1, 1500), (2, 4000)):
        app = runner(sql, INPUTS, options={"max_memory": size})
        found = app.check_batching(events_of(seed), seed)
        refused |= any("no room" in row[4] for row in found["ERROR_STREAM"])
    assert refused == (name not in STATELESS)


STATELESS = ("filter", "errors", "by rowtime", "retimed", "union", "after a filter", "by ceil")
STATELESS += ("monotonic", "sorted ties", "limit", "ranked")
"""And those whose state is one group or the few rows of one ROWTIME."""
