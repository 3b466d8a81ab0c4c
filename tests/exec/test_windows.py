"""Tumbling, sliding and stagger windows: the worked tables of the language page, and slow obvious twins."""

import math
import random
import statistics
from decimal import Decimal

import pytest

S = {"S": "a INTEGER, k VARCHAR(8)"}
MINUTE = "STEP(S.ROWTIME BY INTERVAL '60' SECOND)"


def pump(columns, query):
    return f"CREATE STREAM O ({columns}); CREATE PUMP p AS INSERT INTO O {query};"


def counts(runner, group, events, **how):
    """(ROWTIME, COUNT(*)) of a GROUP BY."""
    return runner(pump("n BIGINT", f"SELECT STREAM COUNT(*) FROM S GROUP BY {group}"), S).run(events, **how)["O"]


# --- tumbling -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["22:50:00", "22:57:30"])
def test_a_period_is_emitted_at_its_end_once(runner, at, times, after):
    """C-075, C-076, C-077, C-078: also when the next row is long after, and when it is exactly at the end."""
    rows = [(at("22:49:10"), 1, "x"), (at("22:49:15"), 2, "x")]
    group = "FLOOR(S.ROWTIME TO MINUTE)"
    assert counts(runner, group, [("S", rows), ("S", at("22:49:59.999"))], finish=False) == []
    found = counts(runner, group, [("S", [*rows, (at(after), 3, "x")])], finish=False)
    assert times(found) == [("22:50:00", 2)]
    assert times(counts(runner, group, [("S", rows), ("S", at(after))], finish=False)) == [("22:50:00", 2)]


def test_groups_come_in_order_of_first_appearance(runner, at, times):
    """C-080, C-081: nulls are one group."""
    rows = [(at("00:00:01"), 1, k) for k in ("b", None, "a", "b", None)]
    sql = pump("k VARCHAR(8), n BIGINT", f"SELECT STREAM k, COUNT(*) FROM S GROUP BY k, {MINUTE}")
    assert times(runner(sql, S).run([("S", rows)])["O"]) == [
        ("00:01:00", "b", 2),
        ("00:01:00", None, 2),
        ("00:01:00", "a", 1),
    ]


def test_a_dropped_row_closes_the_period(runner, at, times):
    """C-093."""
    sql = pump("n BIGINT", f"SELECT STREAM COUNT(*) FROM S WHERE a > 0 GROUP BY {MINUTE}")
    rows = [(at("00:00:01"), 1, "x"), (at("00:01:00"), 0, "x")]
    assert times(runner(sql, S).run([("S", rows)], finish=False)["O"]) == [("00:01:00", 1)]


def test_ceil_and_monotonic_periods(runner, at, times):
    """C-094, C-096: CEIL ends with its own value, a row exactly there belongs to it; MONOTONIC ends with a row."""
    rows = [(at("22:49:10"), 1, "x"), (at("22:50:00"), 1, "x"), (at("22:50:00.001"), 2, "x")]
    found = counts(runner, "CEIL(S.ROWTIME TO MINUTE)", [("S", rows)], finish=False)
    assert times(found) == [("22:50:00", 2)]
    found = counts(runner, "MONOTONIC(a)", [("S", rows)], finish=False)
    assert found == [(at("22:50:00.001"), 2)]


def test_open_period_is_emitted_with_the_end_of_input_only(runner, at, times):
    """C-097."""
    rows = [(at("00:00:01"), 1, "x")]
    assert counts(runner, MINUTE, [("S", rows)], finish=False) == []
    assert times(counts(runner, MINUTE, [("S", rows)])) == [("00:01:00", 1)]


def random_rows(seed, count=200):
    chance = random.Random(seed)
    time, rows = 0, []
    for _ in range(count):
        time += chance.choice([0, 10, 1000, 7000, 70000])
        x = None if chance.random() < 0.2 else chance.gauss(5, 2) * 10 ** chance.randint(-6, 6)
        d = None if chance.random() < 0.2 else Decimal(chance.randint(-99999, 99999)) / 100
        rows.append((time, chance.randint(-50, 50), chance.choice(["a", "bb", None]), x, d))
    return rows


WIDE = {"S": "a INTEGER, k VARCHAR(8), x DOUBLE, d DECIMAL(9,2)"}


def truncated(total, count):
    return abs(total) // count * (1 if total >= 0 else -1)


def half_up(value, places):
    scaled = value * 10**places
    whole = math.floor(abs(scaled) + Decimal("0.5"))
    return Decimal(whole if scaled >= 0 else -whole) / 10**places


def aggregates(rows):
    """What the aggregates of the next two tests are, of rows (time, a, k, x, d)."""
    a = [row[1] for row in rows]
    x = [row[3] for row in rows if row[3] is not None]
    d = [row[4] for row in rows if row[4] is not None]
    return (
        len(rows),
        sum(a),
        truncated(sum(a), len(a)),
        sum(d) if d else None,
        half_up(Decimal(sum(d)) / len(d), 6) if d else None,
        math.fsum(x) if x else None,
        statistics.variance(x) if len(x) > 1 else None,
        statistics.pstdev(x) if x else None,
        min(x, default=None),
        max(x, default=None),
    )


def same(found, expected):
    """Exact numbers are equal, doubles are close."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == other or one == pytest.approx(other, rel=1e-9), (found, expected)


CALLS = "COUNT(*){o}, SUM(a){o}, AVG(a){o}, SUM(d){o}, AVG(d){o}, SUM(x){o}, VAR_SAMP(x){o}, STDDEV_POP(x){o}, MIN(x){o}, MAX(x){o}"
TYPES = (
    "n BIGINT, s BIGINT, m INTEGER, sd DECIMAL(18,2), ad DECIMAL(18,6), sx DOUBLE, v DOUBLE, p DOUBLE, lo DOUBLE, "
    "hi DOUBLE"
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tumbling_against_the_twin(runner, seed):
    """C-089, C-090 and the table of aggregates, computed here with Python's numbers."""
    sql = pump(f"k VARCHAR(8), {TYPES}", f"SELECT STREAM k, {CALLS.format(o='')} FROM S GROUP BY {MINUTE}, k")
    rows = random_rows(seed)
    groups = {}
    for row in rows:
        groups.setdefault((row[0] // 60000, row[2]), []).append(row)
    found = runner(sql, WIDE).run([("S", rows)])["O"]
    assert len(found) == len(groups)
    for row, ((minute, key), members) in zip(found, groups.items(), strict=True):
        assert row[:2] == ((minute + 1) * 60000, key)
        same(row[2:], aggregates(members))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("frame", ["RANGE INTERVAL '20' SECOND PRECEDING", "ROWS 4 PRECEDING", ""])
def test_sliding_against_the_twin(runner, seed, frame):
    """C-099, C-100, C-102, C-104, C-105: the window of each row, looked up row by row."""
    over = f" OVER (PARTITION BY k {frame})"
    sql = pump(TYPES, f"SELECT STREAM {CALLS.format(o=over)} FROM S")
    rows = random_rows(seed, 150)
    found = runner(sql, WIDE).run([("S", rows)])["O"]
    assert len(found) == len(rows)
    for number, row in enumerate(rows):
        inside = [r for r in rows[: number + 1] if r[2] == row[2]]
        if "RANGE" in frame:
            inside = [r for r in inside if r[0] >= row[0] - 20000]
        elif "ROWS" in frame:
            inside = inside[-5:]
        assert found[number][0] == row[0]
        same(found[number][1:], aggregates(inside))


# --- sliding --------------------------------------------------------------------------------------------------


def over(runner, call, rows, frame="PARTITION BY k RANGE INTERVAL '60' SECOND PRECEDING", type_="INTEGER"):
    sql = pump(f"v {type_}", f"SELECT STREAM {call} OVER ({frame}) FROM S")
    return [row[1] for row in runner(sql, S).check_batching([("S", rows)])["O"]]


def test_both_ends_are_inclusive(runner, at):
    """C-100, C-101, C-102, C-109."""
    rows = [
        (at("00:00:00"), 1, "x"),
        (at("00:01:00"), 1, "x"),
        (at("00:01:00"), 1, "x"),
        (at("00:01:00.001"), 1, "x"),
    ]
    assert over(runner, "COUNT(*)", rows, type_="BIGINT") == [1, 2, 3, 3]
    frame = "RANGE INTERVAL '59.999' SECOND PRECEDING"
    assert over(runner, "COUNT(*)", rows, frame, "BIGINT") == [1, 1, 2, 3]
    frame = "RANGE INTERVAL '0' SECOND PRECEDING"
    assert over(runner, "COUNT(*)", rows, frame, "BIGINT") == [1, 1, 2, 1]


def test_picks(runner):
    """C-110, C-111, C-112 and FIRST_VALUE, LAST_VALUE with nulls."""
    rows = [(0, None, "x"), (1000, 5, "x"), (2000, 7, "y"), (3000, None, "x"), (4000, 9, "x"), (100000, 1, "x")]
    assert over(runner, "LAG(a, 1, 0)", rows) == [0, None, 0, 5, None, 0]
    assert over(runner, "LAG(a)", rows) == [None, None, None, 5, None, None]
    assert over(runner, "LAG(a, 0, 3)", rows) == [None, 5, 7, None, 9, 1]
    assert over(runner, "LAG(a, 1, a) IGNORE NULLS", rows) == [None, 5, 7, 5, 5, 1]
    assert over(runner, "LAG(a, 2, -1) IGNORE NULLS", rows) == [-1, -1, -1, -1, -1, -1]
    assert over(runner, "FIRST_VALUE(a)", rows) == [None, None, 7, None, None, 1]
    assert over(runner, "FIRST_VALUE(a) IGNORE NULLS", rows) == [None, 5, 7, 5, 5, 1]
    assert over(runner, "LAST_VALUE(a)", rows) == [None, 5, 7, None, 9, 1]
    assert over(runner, "LAST_VALUE(a) IGNORE NULLS", rows) == [None, 5, 7, 5, 9, 1]
    assert over(runner, "NTH_VALUE(a, 2)", rows) == [None, 5, None, 5, 5, None]
    assert over(runner, "NTH_VALUE(a, 2) FROM LAST", rows) == [None, None, None, 5, None, None]
    assert over(runner, "NTH_VALUE(a, 2) IGNORE NULLS", rows) == [None, None, None, None, 9, None]


def test_nothing_but_nulls(runner):
    """C-115."""
    rows = [(0, None, "x"), (1, None, "x")]
    assert over(runner, "COUNT(a)", rows, type_="BIGINT") == [0, 0]
    assert over(runner, "MAX(a)", rows) == [None, None]


def test_decaying_average_halves_with_each_full_step(runner):
    """EXP_AVG: ages of 0, 10 and 20 s in steps of 10 s have weights 1, 1/2 and 1/4; 9.999 s still has 1."""
    rows = [(0, 8, "x"), (10000, 4, "x"), (20000, 2, "x"), (29999, 0, "x")]
    found = over(runner, "EXP_AVG(a, INTERVAL '10' SECOND)", rows, type_="DOUBLE")
    expected = [8, (4 + 4) / 1.5, (2 + 4 / 2 + 8 / 4) / 1.75, (0 + 2 + 4 / 2 + 8 / 4) / (1 + 1 + 0.5 + 0.25)]
    assert found == pytest.approx(expected, rel=1e-15)


def test_distinct_sums_count_equal_values_once(runner):
    rows = [(0, 5, "x"), (1000, 5, "x"), (2000, 3, "x"), (61000, 4, "x"), (62001, 1, "x")]
    assert over(runner, "SUM(DISTINCT a)", rows, type_="BIGINT") == [5, 5, 8, 12, 5]


def test_sum_that_overflows_rejects_its_row_and_recovers(runner):
    """The window goes on: once the large value has left, sums are right again."""
    sql = pump("v BIGINT", "SELECT STREAM SUM(a) OVER (RANGE INTERVAL '10' SECOND PRECEDING) FROM S")
    rows = [(0, 2**63 - 1), (1000, 1), (2000, -5), (11000, 2), (13000, 7)]
    found = runner(sql, {"S": "a BIGINT"}).check_batching([("S", rows)])
    assert found["O"] == [(0, 2**63 - 1), (2000, 2**63 - 5), (11000, -2), (13000, 9)]
    assert [(row[0], row[3]) for row in found["ERROR_STREAM"]] == [(1000, "Numeric overflow")]


def test_partitions_that_nobody_can_see_are_forgotten(runner):
    """30,000 keys, each in sight for a second: the state has room for 1,000 of them, not for all."""
    sql = pump(
        "n BIGINT", "SELECT STREAM COUNT(*) OVER (PARTITION BY a RANGE INTERVAL '1' SECOND PRECEDING) FROM S"
    )
    app = runner(sql, {"S": "a INTEGER"})
    app.run([("S", [(n, n) for n in range(i, i + 1000)]) for i in range(0, 30_000, 1000)])
    over = next(
        operator["state"]["windows"][0]
        for operator in app.state["pumps"]["P"]["operators"].values()
        if "windows" in operator["state"]
    )
    assert len(over["keys"]["values"][0]) < 4000


# --- stagger --------------------------------------------------------------------------------------------------


def test_the_tables_of_the_page(runner, at, times):
    """Section 9.4 and C-116."""
    lines = [
        ("09:00:20", "09:00:10"),
        ("09:00:30", "09:00:20"),
        ("09:01:05", "09:00:55"),
        ("09:01:15", "09:01:05"),
    ]
    rows = [(at(t), at(e), "K") for t, e in lines]
    inputs, events = {"S": "e TIMESTAMP, k VARCHAR(8)"}, [("S", rows), ("S", at("09:03:00"))]
    types, event = "e TIMESTAMP, n BIGINT", "FLOOR(e TO MINUTE)"
    tumbling = runner(pump(types, f"SELECT STREAM {event}, COUNT(*) FROM S GROUP BY k, {event}, {MINUTE}"), inputs)
    assert tumbling.run(events, finish=False)["O"] == [
        (at("09:01:00"), at("09:00:00"), 2),
        (at("09:02:00"), at("09:00:00"), 1),
        (at("09:02:00"), at("09:01:00"), 1),
    ]
    window = f"WINDOWED BY STAGGER (PARTITION BY {event}, k RANGE INTERVAL '1' MINUTE)"
    stagger = runner(pump(types, f"SELECT STREAM {event}, COUNT(*) FROM S {window}"), inputs)
    assert stagger.run(events, finish=False)["O"] == [
        (at("09:01:20"), at("09:00:00"), 3),
        (at("09:02:15"), at("09:01:00"), 1),
    ]
    sliding = "SELECT STREAM COUNT(*) OVER (PARTITION BY k RANGE INTERVAL '1' MINUTE PRECEDING) FROM S"
    assert [row[1] for row in runner(pump("n BIGINT", sliding), inputs).run(events)["O"]] == [1, 2, 3, 4]


def stagger_twin(rows, length):
    """Section 9.3 row by row: (end, key, count, sum)."""
    windows, current = [], {}
    for time, value, key in rows:
        window = current.get(key)
        if window is None or time >= window[0]:
            window = current[key] = [time + length, key, 0, 0]
            windows.append(window)
        window[2] += 1
        window[3] += value
    return sorted(map(tuple, windows), key=lambda window: window[0])  # stable: then in order of opening


@pytest.mark.parametrize("seed", [1, 2])
def test_stagger_against_the_twin(runner, seed):
    """C-117 … C-120, with many keys, so that closed windows are swept out."""
    chance = random.Random(seed)
    time, rows = 0, []
    for _ in range(6000):
        time += chance.choice([0, 1, 2, 40])
        rows.append((time, chance.randint(0, 9), chance.choice("abcdefghij") * chance.randint(1, 3)))
    query = (
        "SELECT STREAM k, COUNT(*), SUM(a) FROM S WINDOWED BY STAGGER (PARTITION BY k RANGE INTERVAL '0.1' SECOND)"
    )
    app = runner(pump("k VARCHAR(8), n BIGINT, s BIGINT", query), S)
    expected = stagger_twin(rows, 100)
    assert app.run([("S", rows)])["O"] == expected
    in_pieces = app.run([("S", rows)], cut=lambda rows: (rows[i : i + 37] for i in range(0, len(rows), 37)))
    assert in_pieces["O"] == expected


def test_stagger_closes_on_a_bound_alone(runner, at, times):
    """C-119: ROWTIME is the end of the window, not the bound."""
    query = "SELECT STREAM COUNT(*) FROM S WINDOWED BY STAGGER (PARTITION BY k RANGE INTERVAL '60' SECOND)"
    app = runner(pump("n BIGINT", query), S)
    rows = [(at("00:00:10"), 1, "x")]
    assert app.run([("S", rows), ("S", at("00:01:09"))], finish=False)["O"] == []
    assert times(app.run([("S", rows), ("S", at("00:05:00"))], finish=False)["O"]) == [("00:01:10", 1)]
