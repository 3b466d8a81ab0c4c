"""Stream joins: the six of the language page, section 10.3, and against a slow obvious twin."""

import random

import pytest

SQL = """
CREATE STREAM J (lid INTEGER, rid INTEGER, lt TIMESTAMP, rt TIMESTAMP);
CREATE PUMP p AS INSERT INTO J
SELECT STREAM l.id, r.id, l.ROWTIME, r.ROWTIME FROM L {left} AS l {kind} JOIN R {right} AS r ON l.id = r.id;
"""
WINDOW = "OVER (RANGE INTERVAL '1' MINUTE PRECEDING)"
LEFT = [("08:00:00", 1), ("08:00:20", 2), ("08:00:40", 4), ("08:00:45", 9)]
RIGHT = [("08:00:00", 9), ("08:00:45", 4), ("08:00:50", 5)]
ANCHORS = [  # C-133 … C-138
    ("[L] JOIN R", ["08:00:45 4 4"]),
    ("[L] JOIN [R]", ["08:00:45 4 4", "08:00:45 9 9"]),
    ("[L] RIGHT JOIN R", ["08:00:00 None 9", "08:00:45 4 4", "08:00:50 None 5"]),
    ("[L] RIGHT JOIN [R]", ["08:00:45 4 4", "08:00:45 9 9", "08:01:50 None 5"]),
    ("[L] LEFT JOIN R", ["08:00:45 4 4", "08:01:00 1 None", "08:01:20 2 None", "08:01:45 9 None"]),
    ("[L] LEFT JOIN [R]", ["08:00:45 4 4", "08:00:45 9 9", "08:01:00 1 None", "08:01:20 2 None"]),
]


def make(runner, join, window=WINDOW):
    left, kind, right = (join.split(" ", 1)[0], *join.split(" ", 1)[1].rsplit(" ", 1))
    spec = {"[L]": window, "L": "", "[R]": window, "R": ""}
    sql = SQL.format(left=spec[left], kind=kind.removesuffix("JOIN"), right=spec[right])
    return runner(sql, {"L": "id INTEGER", "R": "id INTEGER"})


@pytest.mark.parametrize(("join", "expected"), ANCHORS)
@pytest.mark.parametrize("order", ["LR", "RL", "time"])
def test_the_six_joins_of_the_page(runner, at, times, join, expected, order):
    """C-133 … C-138, whichever side is delivered first, up to a bound of 08:05."""
    sides = {"L": [(at(t), i) for t, i in LEFT], "R": [(at(t), i) for t, i in RIGHT]}
    if order == "time":
        rows = sorted((row, side) for side, each in sides.items() for row in each)
        events = [(side, [row]) for row, side in rows]
    else:
        events = [(side, sides[side]) for side in order]
    events += [("L", at("08:05:00")), ("R", at("08:05:00"))]
    join = make(runner, join)
    found = times(join.run(events, finish=False)["J"])
    assert [f"{row[0]} {row[1]} {row[2]}" for row in found] == expected
    assert join.check_batching(events)["J"]


def test_a_pair_has_the_later_time_and_both_own_times(runner, at, times):
    """C-140."""
    join = make(runner, "[L] JOIN R")
    found = join.run([("L", [(at("08:00:40"), 4)]), ("R", [(at("08:00:45"), 4)])])["J"]
    assert found == [(at("08:00:45"), 4, 4, at("08:00:40"), at("08:00:45"))]


def test_sides_without_windows_meet_at_equal_times(runner, at):
    """C-142."""
    join = make(runner, "L JOIN R")
    left = [(at("08:00:00"), 1), (at("08:00:01"), 1), (at("08:00:01"), 2)]
    right = [(at("08:00:01"), 1), (at("08:00:02"), 2)]
    found = join.run([("L", left), ("R", right)])["J"]
    assert found == [(at("08:00:01"), 1, 1, at("08:00:01"), at("08:00:01"))]


def test_a_millisecond_is_not_an_equal_time(runner):
    """C-142: a row without a window is there at its own ROWTIME and at no other."""
    join = make(runner, "L JOIN R")
    found = join.check_batching(
        [("L", [(1000, 1), (2001, 2), (3000, 3)]), ("R", [(1001, 1), (2000, 2), (3000, 3)])]
    )
    assert found["J"] == [(3000, 3, 3, 3000, 3000)]


def test_rows_window_keeps_the_last_rows_of_its_side(runner, at):
    """C-145: ROWS 1 PRECEDING is two rows, whatever their keys."""
    join = make(runner, "[L] JOIN R", "OVER (ROWS 1 PRECEDING)")
    left = [(1000, 1), (2000, 2), (3000, 1), (4000, 3)]
    right = [(2500, 1), (3500, 1), (4500, 1), (5500, 2)]
    assert [row[:1] + row[3:] for row in join.check_batching([("L", left), ("R", right)])["J"]] == [
        (2500, 1000, 2500),
        (3500, 3000, 3500),
        (4500, 3000, 4500),
    ]


def test_following_window_makes_the_other_side_wait(runner, at):
    """C-150: the result has the waiting row's ROWTIME, and is released in order."""
    join = make(runner, "L JOIN [R]", "OVER (RANGE INTERVAL '1' HOUR FOLLOWING)")
    left = [(at("08:00:00"), 1), (at("08:30:00"), 2)]
    right = [(at("08:10:00"), 2), (at("08:40:00"), 2), (at("09:00:00"), 1), (at("09:00:01"), 1)]
    found = join.check_batching([("R", right), ("L", left)])["J"]
    assert [(row[0], row[1], row[4]) for row in found] == [
        (at("08:00:00"), 1, at("09:00:00")),
        (at("08:30:00"), 2, at("08:40:00")),
    ]


def test_null_keys_match_nothing(runner):
    join = make(runner, "[L] LEFT JOIN [R]")
    found = join.run([("L", [(1000, None), (2000, 1)]), ("R", [(1000, None), (2000, 1)])])["J"]
    assert [row[:3] for row in found] == [(2000, 1, 1), (61000, None, None)]


def test_residual_condition_decides_what_is_matched(runner):
    sql = SQL.format(left=WINDOW, kind="LEFT", right=WINDOW).replace(
        "l.id = r.id", "l.id = r.id AND l.ROWTIME < r.ROWTIME"
    )
    join = runner(sql, {"L": "id INTEGER", "R": "id INTEGER"})
    found = join.check_batching([("L", [(1000, 1), (5000, 1)]), ("R", [(2000, 1), (3000, 1)])])["J"]
    assert found == [
        (2000, 1, 1, 1000, 2000),
        (3000, 1, 1, 1000, 3000),
        (65000, 1, None, 5000, None),
    ]


def twin(left, right, kind, left_window, right_window):
    """Section 10.2 as written: every pair of rows, then those that met nobody. RANGE windows in ms or None."""
    out = []
    met_left, met_right = set(), set()
    for i, (lt, lk) in enumerate(left):
        for j, (rt, rk) in enumerate(right):
            near = lt - rt <= (right_window or 0) if lt >= rt else rt - lt <= (left_window or 0)
            if lk is not None and lk == rk and near:
                met_left.add(i)
                met_right.add(j)
                # Taken in order of time, right first; partners in order of arrival.
                later = (lt, 1, i, j) if lt >= rt else (rt, 0, j, i)
                out.append((max(lt, rt), 0, later, (lk, rk, lt, rt)))
    if kind in ("RIGHT", "FULL"):
        for j, (rt, rk) in enumerate(right):
            if j not in met_right:
                out.append((rt + (right_window or 0), 1, (j,), (None, rk, None, rt)))
    if kind in ("LEFT", "FULL"):
        for i, (lt, lk) in enumerate(left):
            if i not in met_left:
                out.append((lt + (left_window or 0), 2, (i,), (lk, None, lt, None)))
    return [(time, *row) for time, _, _, row in sorted(out, key=lambda item: item[:3])]


@pytest.mark.parametrize("kind", ["", "LEFT", "RIGHT", "FULL"])
@pytest.mark.parametrize("windows", ["[L] [R]", "[L] R", "L [R]", "L R"])
@pytest.mark.parametrize("seed", [1, 2])
def test_against_the_twin(runner, kind, windows, seed):
    """C-139, C-141 and all of 10.2 for RANGE windows, on random rows."""
    chance = random.Random(seed)
    left, right = windows.split()

    def side(count):
        times = sorted(chance.randrange(0, 200) * 1000 for _ in range(count))
        return [(time, chance.choice([1, 2, 3, 4, 5, 6, None])) for time in times]

    rows = {"L": side(30), "R": side(35)}
    join = make(runner, f"{left} {kind} JOIN {right}")
    lengths = [60000 if text.startswith("[") else None for text in (left, right)]
    expected = twin(rows["L"], rows["R"], kind, *lengths)
    assert join.run([("L", rows["L"]), ("R", rows["R"])])["J"] == expected
    # The same rows, delivered a few at a time from either side.
    events, rest = [], {name: list(each) for name, each in rows.items()}
    while any(rest.values()):
        name = chance.choice([name for name, each in rest.items() if each])
        count = chance.randint(1, 9)
        events.append((name, rest[name][:count]))
        del rest[name][:count]
    assert join.check_batching(events, seed)["J"] == expected


@pytest.mark.parametrize("types", ["INTEGER", "BIGINT", "VARCHAR(8)"])
def test_pairs_are_equal_in_all_their_keys(runner, types):
    """Two keys, of which one alone would match."""
    sql = f"""
    CREATE STREAM J (a {types}, b {types});
    CREATE PUMP p AS INSERT INTO J SELECT STREAM S.a, T.b FROM S JOIN T ON S.a = T.a AND S.b = T.b;
    """
    one, two = ("1", "2") if types.startswith("VARCHAR") else (1, 2)
    app = runner(sql, dict.fromkeys(("S", "T"), f"a {types}, b {types}"))
    found = app.check_batching([("S", [(5, one, one), (5, one, two)]), ("T", [(5, one, two), (5, two, two)])])
    assert found["J"] == [(5, one, two)]


def test_what_follows_a_join_waits_for_its_following_rows(runner):
    """C-150: a pair has the ROWTIME of the row that waited, so the minute is not over when both sides have left it."""
    sql = (
        "CREATE STREAM J (id INTEGER); CREATE PUMP p AS INSERT INTO J SELECT STREAM l.id FROM L AS l "
        "JOIN R OVER (RANGE INTERVAL '20' SECOND FOLLOWING) AS r ON l.id = r.id;"
        "CREATE STREAM C (n BIGINT); CREATE PUMP q AS INSERT INTO C "
        "SELECT STREAM COUNT(*) FROM J GROUP BY STEP(J.ROWTIME BY INTERVAL '60' SECOND);"
    )
    app = runner(sql, {"L": "id INTEGER", "R": "id INTEGER"})
    events = [("L", [(40_000, 2), (50_000, 1)]), ("R", [(45_000, 2)]), ("L", 62_000), ("R", 62_000)]
    found = app.run([*events, ("R", [(65_000, 1)]), ("L", 90_000), ("R", 90_000)])
    assert found["C"] == [(60_000, 2)]


def test_an_error_of_a_join_comes_when_both_sides_have_passed_it(runner):
    sql = (
        "CREATE STREAM J (q INTEGER); CREATE PUMP p AS INSERT INTO J SELECT STREAM 10 / l.id FROM L AS l "
        f"JOIN R {WINDOW} AS r ON l.id = r.id;"
    )
    app = runner(sql, {"L": "id INTEGER", "R": "id INTEGER"})
    events = [("L", [(2000, 0)]), ("R", [(1000, 0)]), ("L", 5000), ("R", 5000)]
    assert [row[0] for row in app.run(events, finish=False)["ERROR_STREAM"]] == [2000]
