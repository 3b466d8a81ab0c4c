"""--max-memory, one query for each kind of state: some rows are refused, the law holds, and the answer is that for the
rows which were not refused. Every way to cut the rows and every restart must agree on which those are."""

import json
import random

import pytest

from streamsql.plan.explain import explain
from streamsql.plan.memory import explain_room

INPUTS = {
    "S": "i INTEGER, k VARCHAR(40), x DOUBLE, e TIMESTAMP",
    "T": "i INTEGER, k VARCHAR(40), x DOUBLE, e TIMESTAMP",
}
MINUTE = "STEP(S.ROWTIME BY INTERVAL '60' SECOND)"
SESSION = "SELECT STREAM k, {} FROM S GROUP BY k, SESSION(ROWTIME, INTERVAL '20' SECOND)"
PER_KEY = " PARTITION BY k"
CALL = "SELECT STREAM {} FROM TABLE({}(CURSOR(SELECT STREAM i, k, x FROM S){}))"
QUERIES = {
    "tumbling": (700, "k VARCHAR(40), n BIGINT", f"SELECT STREAM k, COUNT(*) FROM S GROUP BY k, {MINUTE}"),
    "collected": (900, "m DOUBLE", f"SELECT STREAM MEDIAN(x) FROM S GROUP BY {MINUTE}"),
    "hopping": (
        4000,
        "k VARCHAR(40), n BIGINT, s DOUBLE",
        "SELECT STREAM k, COUNT(*), SUM(i) FROM S "
        "GROUP BY k, HOP(ROWTIME, INTERVAL '20' SECOND, INTERVAL '60' SECOND)",
    ),
    "stagger": (
        900,
        "k VARCHAR(40), n BIGINT",
        "SELECT STREAM k, COUNT(*) FROM S WINDOWED BY STAGGER (PARTITION BY k RANGE INTERVAL '60' SECOND)",
    ),
    "session": (900, "k VARCHAR(40), n BIGINT", SESSION.format("COUNT(*)")),
    "session collected": (900, "k VARCHAR(40), m DOUBLE", SESSION.format("MEDIAN(x)")),
    "over range": (
        1500,
        "i INTEGER, s DOUBLE",
        "SELECT STREAM i, SUM(x) OVER (PARTITION BY k RANGE INTERVAL '60' SECOND PRECEDING) FROM S",
    ),
    "over rows": (
        1500,
        "i INTEGER, s DOUBLE",
        "SELECT STREAM i, MAX(x) OVER (PARTITION BY k ROWS 5 PRECEDING) FROM S",
    ),
    "running": (900, "i INTEGER, n BIGINT", "SELECT STREAM i, COUNT(*) OVER (PARTITION BY k) FROM S"),
    "distinct": (900, "t TIMESTAMP, i INTEGER", f"SELECT STREAM DISTINCT {MINUTE}, i FROM S"),
    "sort": (500, "i INTEGER", f"SELECT STREAM i FROM S ORDER BY {MINUTE}, x"),
    "reorder": (500, "i INTEGER", "SELECT STREAM e AS ROWTIME, i FROM S ORDER BY e WITHIN INTERVAL '90' SECOND"),
    "union": (257, "i INTEGER", "SELECT STREAM i FROM S UNION ALL SELECT STREAM i FROM T"),
    "join range": (
        4000,
        "i INTEGER, j INTEGER",
        "SELECT STREAM S.i, T.i FROM S OVER (RANGE INTERVAL '30' SECOND PRECEDING) FULL JOIN T "
        "OVER (RANGE INTERVAL '20' SECOND PRECEDING) ON S.k = T.k",
    ),
    "join rows": (
        5000,
        "i INTEGER, j INTEGER",
        "SELECT STREAM S.i, T.i FROM S OVER (ROWS 6 PRECEDING) LEFT JOIN T OVER (ROWS 7 PRECEDING) ON S.k = T.k",
    ),
    "asof": (900, "i INTEGER, x DOUBLE", "SELECT STREAM S.i, T.x FROM S ASOF JOIN T ON S.k = T.k"),
    "forest": (
        20_000,
        "i INTEGER, s DOUBLE",
        CALL.format("i, ANOMALY_SCORE", "RANDOM_CUT_FOREST", PER_KEY + ", 2, 10, 11, 1"),
    ),
    "hotspots": (
        20_000,
        "i INTEGER, h VARCHAR(999)",
        CALL.format("i, HOTSPOTS_RESULT", "HOTSPOTS", PER_KEY + ", 100, 0.3, 3"),
    ),
    "top k": (900, "k VARCHAR(40), n BIGINT", CALL.format("*", "TOP_K_ITEMS_TUMBLING", ", 'K', 3, 60")),
    "distinct items": (
        600_000,
        "k VARCHAR(40), n BIGINT",
        CALL.format("*", "COUNT_DISTINCT_ITEMS_TUMBLING", PER_KEY + ", 'I', 60"),
    ),
    "group rank": (
        300,
        "i INTEGER, r INTEGER",
        CALL.format('i, "rank"', "GROUP_RANK", ", 'X', 'rank', 'desc', 'asc', 0, 0"),
    ),
}


def rows_of(chance, count, first):
    """Rows in bursts: many of one ROWTIME, many keys, then quiet minutes in which room comes back."""
    time, rows = 0, []
    for number in range(count):
        time += chance.choice([0, 0, 0, 0, 1, 200, 900, 5000]) if chance.random() > 0.03 else 200_000
        key = chance.choice("abcdefghij") * chance.choice([1, 1, 30])
        rows.append((time, first + number, key, chance.gauss(0, 3), time - chance.randint(0, 80_000)))
    return rows


def events_of(seed, count=160):
    """Both inputs side by side: neither is more than a few rows ahead of the other."""
    chance = random.Random(seed)
    rows = [("S", row) for row in rows_of(chance, count, 0)] + [
        ("T", row) for row in rows_of(chance, count, count)
    ]
    events = []
    for name, row in sorted(rows, key=lambda row: row[1][0]):
        if events and events[-1][0] == name:
            events[-1][1].append(row)
        else:
            events.append((name, [row]))
    return events


def refused_rows(errors):
    return [json.loads(bytes.fromhex(row[6]))["I"] for row in errors if "no room" in row[4]]


@pytest.mark.parametrize("name", QUERIES)
def test_what_has_room_is_answered(runner, name):
    size, columns, query = QUERIES[name]
    sql = f"CREATE STREAM O ({columns}); CREATE PUMP p AS INSERT INTO O {query};"
    app = runner(sql, INPUTS, options={"max_memory": size})
    events = events_of(7)
    found = app.check_batching(events, 7)
    refused = refused_rows(found["ERROR_STREAM"])
    assert refused
    assert len(refused) == app.counters["pumps"]["P"]["in_error"]
    taken = [(stream, [row for row in rows if row[1] not in refused]) for stream, rows in events]
    expected = runner(sql, INPUTS).run([event for event in taken if event[1]])
    assert found["O"] == expected["O"] and len(found["O"]) > 10


ROW = 64 + 8 + 8  # what a row of ROWTIME and an INTEGER takes (docs/memory.md)
WRITERS = """
CREATE STREAM M (i INTEGER);
CREATE PUMP p AS INSERT INTO M {};
CREATE PUMP q AS INSERT INTO M SELECT STREAM i + 1000 FROM S;
"""


def test_rows_of_the_second_writer_wait_for_the_first(runner):
    """At the same ROWTIME: there is room for three of them."""
    app = runner(WRITERS.format("SELECT STREAM i FROM S"), INPUTS, options={"max_memory": 3 * ROW + 16})
    rows = [(time, number, "a", 0.0, 0) for number, time in enumerate([5] * 7 + [6] * 3 + [7] * 5)]
    found = app.check_batching([("S", rows)])
    refused = [(5, 1004), (5, 1005), (5, 1006), (7, 1014)]
    written = [(time, number + more) for time, number, *_ in rows for more in (0, 1000)]
    expected = sorted(set(written) - set(refused))
    assert found["M"] == expected
    errors = [(row[0], json.loads(bytes.fromhex(row[6]))["I"], row[7]) for row in found["ERROR_STREAM"]]
    assert errors == [(time, number, "Q") for time, number in refused]
    assert "no room: stream M keeps 256 bytes" in found["ERROR_STREAM"][0][4]
    counts = app.counters["streams"]["M"]
    assert (counts["written"], counts["rows"], counts["in_error"], counts["held"]) == (30, 26, 4, 0)


def test_explain_says_what_writers_may_keep(runner):
    plan = runner(WRITERS.format("SELECT STREAM i FROM S"), INPUTS).plan
    assert "stream M (I INTEGER)  [keeps the rows of the writers that are ahead]" in explain(plan)
    assert "stream M, rows of Q that wait: 256 bytes; 64 and its values per row" in explain_room(plan, 256)


def test_rows_wait_for_a_writer_that_lags(runner):
    """The first writer hands on its rows 10 s later: of the second one, the rows of 10 s wait."""
    late = "SELECT STREAM e AS ROWTIME, i FROM S ORDER BY e WITHIN INTERVAL '10' SECOND"
    app = runner(WRITERS.format(late), INPUTS, options={"max_memory": 2 * 5 * ROW})
    rows = [(time, time // 1000, "a", 0.0, time) for time in [*range(0, 4000, 1000), *range(20_000, 40_000, 1000)]]
    found = app.check_batching([("S", rows)])
    refused = refused_rows(found["ERROR_STREAM"])
    assert refused and {row[7] for row in found["ERROR_STREAM"]} == {"P", "Q"}  # there is no room for ten rows
    written = [(row[0], row[1] + more) for row in rows for more in (0, 1000)]
    assert sorted(found["M"]) == sorted(row for row in written if row[1] not in refused)
    assert not any(number in refused for number in (0, 1, 2, 3, 1000, 1001, 1002, 1003))


def test_nobody_waits_for_an_insert_that_is_done(runner):
    """So there is room for all rows of one ROWTIME."""
    sql = """
    CREATE STREAM M (i INTEGER);
    INSERT INTO M VALUES (0);
    CREATE PUMP p AS INSERT INTO M SELECT STREAM i FROM S;
    """
    found = runner(sql, INPUTS, options={"max_memory": 300}).run([("S", [(5, i, "a", 0.0, 0) for i in range(50)])])
    assert len(found["M"]) == 51 and not found["ERROR_STREAM"]


def test_an_endless_session_collects_as_much_as_there_is_room_for(runner):
    """A value takes 32 + 8 bytes, the key 256 + 64 + 2 * 9. Refused rows do not go on with a session, so it ends, and
    the next one has room again."""
    sql = (
        f"CREATE STREAM O (k VARCHAR(40), m DOUBLE); CREATE PUMP p AS INSERT INTO O {SESSION.format('MEDIAN(x)')};"
    )
    app = runner(sql, INPUTS, options={"max_memory": 338 + 5 * 40})
    rows = [
        (second * 1000, second, "a", float(second), 0) for second in [*range(0, 100, 10), *range(200, 260, 10)]
    ]
    found = app.check_batching([("S", rows)])
    assert refused_rows(found["ERROR_STREAM"]) == [50, 60, 250]
    assert found["O"] == [(60_000, "a", 20.0), (110_000, "a", 80.0), (260_000, "a", 220.0)]


def test_rows_that_are_put_in_order_give_back_their_room_by_the_time_of_that_order(runner):
    """Each is a minute after the one before, so two wait at most, whatever their ROWTIME is."""
    sql = (
        "CREATE STREAM O (i INTEGER); CREATE PUMP p AS INSERT INTO O "
        "SELECT STREAM e AS ROWTIME, i FROM S ORDER BY e WITHIN INTERVAL '10' SECOND;"
    )
    app = runner(sql, INPUTS, options={"max_memory": 300})
    found = app.check_batching([("S", [(5, minute, "a", 0.0, 60_000 * minute) for minute in range(20)])])
    assert found["O"] == [(60_000 * minute, minute) for minute in range(20)]
    assert not found["ERROR_STREAM"]
