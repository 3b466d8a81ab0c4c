"""Streams with several writers, pumps that stop, the error stream, constants, and saved state."""

import datetime
import json

import pyarrow as pa
import pytest

from streamsql.errors import ConfigError, StateError
from streamsql.exec.errors import ERROR_COLUMNS
from streamsql.functions.call import Times

GROUP = 256 + 64 + 2 * (8 + 1)  # docs/memory.md: a key, an aggregate, and one letter
DISTINCT = 256 + 2 * (8 + 1)
S = {"S": "a INTEGER, k VARCHAR(8)"}
MINUTE = "STEP(S.ROWTIME BY INTERVAL '60' SECOND)"


def listening(app, *names, **options):
    """A graph and the rows that its streams have got so far."""
    app.options = options
    graph, rows = app.graph(), {name: [] for name in names}
    for name, found in rows.items():
        graph.subscribe(name, lambda batch, found=found: found.extend(batch.to_pylist()))
    return graph, rows


def batch(*rows):
    times, a, k = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(times, pa.timestamp("ms")), pa.array(a, pa.int32()), pa.array(k, pa.string())],
        names=["ROWTIME", "A", "K"],
    )


def ms(row, name):
    """A time of a row as ms since 1970."""
    return round((row[name] - datetime.datetime(1970, 1, 1)).total_seconds() * 1000)


# --- several writers ------------------------------------------------------------------------------------------


def test_writers_are_merged_by_time_then_by_definition(runner):
    """C-062, ruling 5: the pump defined first goes first at equal times."""
    sql = """
    CREATE STREAM O (a INTEGER);
    CREATE PUMP one AS INSERT INTO O SELECT STREAM a + 100 FROM S WHERE a <> 2;
    CREATE PUMP two AS INSERT INTO O SELECT STREAM a FROM S;
    """
    rows = [(0, 1, "x"), (0, 2, "x"), (0, 3, "x"), (5, 4, "x")]
    found = runner(sql, S).check_batching([("S", rows)])["O"]
    assert found == [(0, 101), (0, 103), (0, 1), (0, 2), (0, 3), (5, 104), (5, 4)]


@pytest.mark.parametrize("first", [True, False])
def test_pass_through_is_not_held_back_for_the_window(runner, at, first):
    """C-173: a window's bound is its end, so rows flow at once and the merged stream ascends."""
    through = "CREATE PUMP p AS INSERT INTO O SELECT STREAM a FROM S;"
    window = f"CREATE PUMP w AS INSERT INTO O SELECT STREAM -COUNT(*) FROM S GROUP BY {MINUTE};"
    sql = "CREATE STREAM O (a BIGINT);" + (through + window if first else window + through)
    rows = [(at("00:00:10"), 1, "x"), (at("00:00:20"), 2, "x")]
    app = runner(sql, S)
    assert [row[1] for row in app.run([("S", rows)], finish=False)["O"]] == [1, 2]
    rows += [(at("00:01:00"), 3, "x"), (at("00:01:05"), 4, "x")]
    assert [row[1] for row in app.check_batching([("S", rows)])["O"]] == (
        [1, 2, 3, -2, 4, -2] if first else [1, 2, -2, 3, 4, -2]
    )


def test_a_row_keeps_its_time_through_streams(runner):
    """C-066."""
    sql = "".join(
        f"CREATE STREAM O{i} (a INTEGER); CREATE PUMP p{i} AS INSERT INTO O{i} SELECT STREAM a FROM {source};"
        for i, source in enumerate(["S", "O0", "O1"])
    )
    found = runner(sql, S).run([("S", [(7, 1, "x")])])
    assert found["O2"] == [(7, 1)]


# --- pumps ----------------------------------------------------------------------------------------------------

PUMPS = """
CREATE STREAM O (a INTEGER);
CREATE PUMP one AS INSERT INTO O SELECT STREAM a FROM S WHERE a < 10;
CREATE PUMP two AS INSERT INTO O SELECT STREAM a * 100 FROM S;
"""


def test_a_stopped_pump_takes_no_rows_and_holds_nobody_back(runner):
    """C-055."""
    graph, rows = listening(runner(PUMPS, S), "O")
    graph.push("S", batch((1, 1, "x")))
    graph.stop_pump("ONE")
    graph.push("S", batch((2, 2, "x")))
    graph.watermark("S", 3)
    assert [row["A"] for row in rows["O"]] == [1, 100, 200]
    graph.start_pump("ONE")
    graph.push("S", batch((3, 3, "x")))
    graph.finish()
    assert [row["A"] for row in rows["O"]] == [1, 100, 200, 3, 300]
    with pytest.raises(ConfigError, match='no pump "THREE"'):
        graph.stop_pump("THREE")


def test_a_pump_created_stopped_does_not_run(runner):
    """C-054."""
    graph, rows = listening(runner(PUMPS.replace("PUMP two", "PUMP two STOPPED"), S), "O")
    graph.push("S", batch((1, 1, "x"), (2, 2, "x")))
    assert [row["A"] for row in rows["O"]] == [1, 2]


def test_stopping_loses_what_a_pump_held(runner):
    sql = f"CREATE STREAM O (n BIGINT); CREATE PUMP p AS INSERT INTO O SELECT STREAM COUNT(*) FROM S GROUP BY {MINUTE};"
    graph, rows = listening(runner(sql, S), "O")
    graph.push("S", batch((1, 1, "x")))
    graph.stop_pump("P")
    graph.start_pump("P")
    graph.push("S", batch((2, 1, "x")))
    graph.finish()
    assert [row["N"] for row in rows["O"]] == [1]


# --- errors ---------------------------------------------------------------------------------------------------

DIVIDE = "CREATE STREAM O (a INTEGER); CREATE PUMP p AS INSERT INTO O SELECT STREAM 10 / a FROM S;"


def test_an_error_row_says_what_when_and_where(runner):
    """C-070, C-163, C-164: the next good row flows."""
    app = runner(DIVIDE, S)
    found = app.run([("S", [(1, 0, 'ä"'), (2, 5, "x")])])
    assert found["O"] == [(2, 2)]
    names = [column.name for column in ERROR_COLUMNS]
    (row,) = (dict(zip(names, row, strict=True)) for row in found["ERROR_STREAM"])
    data = bytes.fromhex(row.pop("DATA_ROW"))
    assert json.loads(data) == {"A": 0, "K": 'ä"'}
    assert row.pop("MESSAGE")
    assert row == {
        "ROWTIME": 1,
        "ERROR_TIME": 1,
        "ERROR_LEVEL": "ERROR",
        "ERROR_NAME": "Division by zero",
        "DATA_ROWTIME": 1,
        "PUMP_NAME": "P",
    }
    counts = {name: count for name, count in app.counters["pumps"]["P"].items() if count}
    assert counts == {"rows_in": 2, "rows_out": 1, "in_error": 1}


def test_live_errors_come_at_once_with_the_clock(runner):
    graph, rows = listening(runner(DIVIDE, S), "ERROR_STREAM", replay=False, times=lambda: Times(0, 5000))
    graph.push("S", batch((1, 0, "x")))
    (row,) = rows["ERROR_STREAM"]
    assert [ms(row, name) for name in ("ROWTIME", "ERROR_TIME", "DATA_ROWTIME")] == [5000, 5000, 1]


def test_errors_come_in_order_of_time_then_of_pumps(runner):
    """Also those of groups, whose time is the end of their period."""
    sql = f"""
    CREATE STREAM O (n BIGINT);
    CREATE PUMP w AS INSERT INTO O SELECT STREAM 1 / (COUNT(*) - 2) FROM S GROUP BY {MINUTE};
    CREATE STREAM P (a BIGINT);
    CREATE PUMP d AS INSERT INTO P SELECT STREAM 10 / a FROM S;
    """
    rows = [(1, 0, "x"), (2, 1, "x"), (60000, 0, "x"), (61000, 0, "x")]
    errors = runner(sql, S).check_batching([("S", rows)])["ERROR_STREAM"]
    assert [(row[0], row[7]) for row in errors] == [
        (1, "D"),
        (60000, "W"),
        (60000, "D"),
        (61000, "D"),
        (120000, "W"),
    ]


def test_null_in_a_required_column(runner):
    """C-039."""
    sql = "CREATE STREAM O (a INTEGER NOT NULL); CREATE PUMP p AS INSERT INTO O SELECT STREAM a FROM S;"
    found = runner(sql, S).run([("S", [(1, None, "x"), (2, 2, "x")])])
    assert found["O"] == [(2, 2)]
    assert [row[3] for row in found["ERROR_STREAM"]] == ["Null constraint violation"]


def test_row_time_that_goes_back(runner):
    """C-072: the late row is an error, those after it flow."""
    sql = "CREATE STREAM O (a INTEGER); CREATE PUMP p AS INSERT INTO O SELECT STREAM e AS ROWTIME, a FROM S;"
    app = runner(sql, {"S": "e TIMESTAMP, a INTEGER"})
    found = app.check_batching([("S", [(10, 5, 1), (20, 4, 2), (30, 5, 3), (40, None, 4), (50, 9, 5)])])
    assert found["O"] == [(5, 1), (5, 3), (9, 5)]
    errors = [(row[0], row[3]) for row in found["ERROR_STREAM"]]
    assert errors == [(20, "Rows out of order"), (40, "Null constraint violation")]
    assert app.counters["pumps"]["P"]["late"] == 1


def test_a_row_above_512_kb(runner):
    columns = ", ".join(f"c{i} VARCHAR(65535)" for i in range(9))
    sql = f"CREATE STREAM O ({columns}); CREATE PUMP p AS INSERT INTO O SELECT STREAM * FROM S;"
    text = "x" * 65535
    found = runner(sql, {"S": columns}).run([("S", [(1, *[text] * 9), (2, *[text] * 7, "", "")])])
    assert [row[0] for row in found["O"]] == [2]
    assert [row[3] for row in found["ERROR_STREAM"]] == ["Row too large"]
    assert len(found["ERROR_STREAM"][0][6]) == 49152


def test_keys_beyond_the_limit_are_refused_not_forgotten(runner):
    sql = f"CREATE STREAM O (k VARCHAR(8), n BIGINT); CREATE PUMP p AS INSERT INTO O SELECT STREAM k, COUNT(*) FROM S GROUP BY k, {MINUTE};"
    app = runner(sql, S)
    app.options = {"max_memory": 2 * GROUP}
    found = app.run([("S", [(1, 1, "a"), (2, 1, "b"), (3, 1, "c"), (4, 1, "a")])])
    assert found["O"] == [(60000, "a", 2), (60000, "b", 1)]
    assert [(row[0], row[4]) for row in found["ERROR_STREAM"]] == [
        (3, "no room: Aggregate keeps 676 bytes already, all that --max-memory leaves to it")
    ]


@pytest.mark.parametrize(
    "query",
    [f"SELECT STREAM k, COUNT(*) FROM S GROUP BY k, {MINUTE}", f"SELECT STREAM DISTINCT k, {MINUTE} FROM S"],
)
def test_the_limit_of_keys_is_one_periods(runner, query):
    """However many periods one batch has."""
    second = "n BIGINT" if "COUNT" in query else "t TIMESTAMP"
    app = runner(f"CREATE STREAM O (k VARCHAR(8), {second}); CREATE PUMP p AS INSERT INTO O {query};", S)
    app.options = {"max_memory": 3 * (GROUP if "COUNT" in query else DISTINCT)}
    rows = [(number * 7000, 1, k) for number, k in enumerate("abcabdaebecdabcdefaaabbc" * 2)]
    found = app.check_batching([("S", rows)])
    allowed = {}
    for time, _, k in rows:
        keys = allowed.setdefault(time // 60000, [])
        if k not in keys and len(keys) < 3:
            keys.append(k)
    assert [row[1] for row in found["O"]] == [k for keys in allowed.values() for k in keys]
    assert found["ERROR_STREAM"]


def test_rows_in_are_accounted_for(runner):
    """rows in = rows out + filtered + late + in error, for a pump without groups."""
    sql = "CREATE STREAM O (a INTEGER); CREATE PUMP p AS INSERT INTO O SELECT STREAM 10 / a FROM S WHERE a < 5;"
    app = runner(sql, S)
    app.run([("S", [(i, i % 7, "x") for i in range(100)])])
    counts = app.counters["pumps"]["P"]
    assert (
        counts["rows_in"] == 100 == counts["rows_out"] + counts["filtered"] + counts["late"] + counts["in_error"]
    )
    assert counts["in_error"] == 15


# --- other operators ------------------------------------------------------------------------------------------


def test_sorting_a_period(runner, at):
    """C-124, C-125, C-127: stable, nulls last ascending and first descending, ROWTIME the period's end."""
    sql = """
    CREATE STREAM O (a INTEGER, k VARCHAR(8));
    CREATE PUMP p AS INSERT INTO O SELECT STREAM a, k FROM S ORDER BY FLOOR(S.ROWTIME TO SECOND), a DESC;
    CREATE STREAM P (a INTEGER, k VARCHAR(8));
    CREATE PUMP q AS INSERT INTO P SELECT STREAM a, k FROM S ORDER BY S.ROWTIME, a NULLS FIRST;
    """
    rows = [(100, 1, "a"), (200, None, "b"), (200, 2, "c"), (900, 1, "d"), (1000, 5, "e"), (1000, None, "f")]
    found = runner(sql, S).check_batching([("S", rows)])
    assert [(row[0], row[2]) for row in found["O"]] == [
        (1000, "b"),
        (1000, "c"),
        (1000, "a"),
        (1000, "d"),
        (2000, "f"),
        (2000, "e"),
    ]
    # C-126: within equal ROWTIMEs only.
    assert [(row[0], row[2]) for row in found["P"]] == [
        (100, "a"),
        (200, "b"),
        (200, "c"),
        (900, "d"),
        (1000, "f"),
        (1000, "e"),
    ]


def test_distinct_once_per_period_at_once(runner):
    """C-128, C-129: nulls are equal, ROWTIME is not compared."""
    day = 86_400_000
    sql = "CREATE STREAM O (t TIMESTAMP, k VARCHAR(8)); CREATE PUMP p AS INSERT INTO O SELECT STREAM DISTINCT FLOOR(S.ROWTIME TO DAY), k FROM S;"
    rows = [(1, 1, "a"), (2, 1, None), (3, 1, "a"), (4, 1, None), (day, 1, "a"), (day + 1, 1, "a")]
    app = runner(sql, S)
    expected = [(1, 0, "a"), (2, 0, None), (day, day, "a")]
    assert app.run([("S", rows)], finish=False)["O"] == expected
    assert app.check_batching([("S", rows)])["O"] == expected


def test_union_waits_for_the_slower_side(runner, at, times):
    """C-130."""
    sql = "CREATE STREAM O (a INTEGER); CREATE PUMP p AS INSERT INTO O SELECT STREAM a FROM S UNION ALL SELECT STREAM a FROM T;"
    app = runner(sql, {"S": "a INTEGER", "T": "a INTEGER"})
    events = [("S", [(at("10:00:00"), 1), (at("10:30:00"), 2)]), ("T", [(at("10:15:00"), 3)])]
    assert times(app.run(events, finish=False)["O"]) == [("10:00:00", 1), ("10:15:00", 3)]
    assert times(app.run([*events, ("T", at("10:30:00"))], finish=False)["O"])[2:] == [("10:30:00", 2)]
    assert len(app.check_batching(events)["O"]) == 3


TABLE = {"R": ("key VARCHAR(8), v INTEGER", [("a", 1), ("b", 2), ("a", 3), (None, 4)])}


@pytest.mark.parametrize("kind", ["", "LEFT"])
def test_lookup_in_a_table(runner, kind):
    """C-146, C-147: two matches are two rows; a missing or null key gives nulls, in its place."""
    sql = f"""
    CREATE STREAM O (k VARCHAR(8), v INTEGER);
    CREATE PUMP p AS INSERT INTO O SELECT STREAM S.k, r.v FROM S {kind} JOIN R AS r ON S.k = r."KEY";
    """
    rows = [(1, 1, "x"), (2, 1, "a"), (3, 1, None), (4, 1, "b")]
    found = runner(sql, S, TABLE).check_batching([("S", rows)])["O"]
    pairs = [(2, "a", 1), (2, "a", 3), (4, "b", 2)]
    assert found == (sorted([*pairs, (1, "x", None), (3, None, None)], key=lambda r: r[0]) if kind else pairs)


def test_lookup_with_more_than_equality(runner):
    sql = """
    CREATE STREAM O (k VARCHAR(8), v INTEGER);
    CREATE PUMP p AS INSERT INTO O SELECT STREAM S.k, r.v FROM S LEFT JOIN R AS r ON S.k = r."KEY" AND r.v > S.a;
    """
    rows = [(1, 1, "a"), (2, 0, "a"), (3, 9, "b")]
    found = runner(sql, S, TABLE).check_batching([("S", rows)])["O"]
    assert found == [(1, "a", 3), (2, "a", 1), (2, "a", 3), (3, "b", None)]


def test_a_new_table_counts_for_later_rows(runner):
    """C-148."""
    sql = 'CREATE STREAM O (v INTEGER); CREATE PUMP p AS INSERT INTO O SELECT STREAM r.v FROM S JOIN R AS r ON S.k = r."KEY";'
    graph, rows = listening(runner(sql, S, TABLE), "O")
    graph.push("S", batch((1, 1, "b")))
    graph.set_table("R", pa.RecordBatch.from_pydict({"KEY": ["b"], "V": pa.array([7], pa.int32())}))
    graph.push("S", batch((2, 1, "b")))
    assert [row["V"] for row in rows["O"]] == [2, 7]


def test_constants_are_rows_of_the_start(runner):
    """INSERT … VALUES runs once, also after a restart; its time is that of the first element of a replay."""
    sql = """
    CREATE STREAM O (a INTEGER, k VARCHAR(8));
    INSERT INTO O VALUES (1, 'one'), (2, 'two');
    CREATE PUMP p AS INSERT INTO O SELECT STREAM a, k FROM S;
    """
    found = runner(sql, S).check_batching([("S", [(5, 3, "x"), (6, 4, "y")])])
    assert found["O"] == [(5, 1, "one"), (5, 2, "two"), (5, 3, "x"), (6, 4, "y")]


def test_table_functions_keep_their_state_and_seed(runner):
    """A forest in the graph: the same scores for every way to cut the rows and to restart."""
    sql = """
    CREATE STREAM O (a INTEGER, k VARCHAR(8), s DOUBLE);
    CREATE PUMP p AS INSERT INTO O SELECT STREAM a, k, anomaly_score FROM TABLE(RANDOM_CUT_FOREST(
        CURSOR(SELECT STREAM * FROM S), 10, 16, 100, 1));
    """
    app = runner(sql, S)
    found = app.check_batching([("S", [(i, i * i % 17, "x") for i in range(60)])])["O"]
    assert len(found) == 60
    assert any(row[3] > 0 for row in found)
    app.options = {"seed": 5}
    assert app.run([("S", [(i, i * i % 17, "x") for i in range(60)])])["O"] != found


# --- state ----------------------------------------------------------------------------------------------------


def test_state_of_other_sql_is_refused_by_name(runner):
    sql = "CREATE STREAM O (n BIGINT); CREATE PUMP p AS INSERT INTO O SELECT STREAM COUNT(*) FROM S GROUP BY {};"
    minute = runner(sql.format(MINUTE), S).graph()
    hour = runner(sql.format(MINUTE.replace("'60' SECOND", "'1' HOUR")), S).graph()
    with pytest.raises(StateError, match="pump P does not fit its Aggregate"):
        hour.restore(minute.snapshot())
    with pytest.raises(StateError, match="has a pump P, and the SQL has none"):
        runner(
            sql.format(MINUTE).replace("PUMP p", "PUMP q").replace("COUNT(*)", "1").split("GROUP")[0], S
        ).graph().restore(minute.snapshot())
    with pytest.raises(StateError, match="pump Q does not fit its Aggregate"):
        runner(sql.format(MINUTE).replace("PUMP p", "PUMP q"), S).graph().restore(minute.snapshot())
    with pytest.raises(StateError, match="version"):
        minute.restore({"version": 99})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            f"SELECT STREAM COUNT(*) FROM S GROUP BY a, {MINUTE}",
            f"SELECT STREAM COUNT(*) FROM S GROUP BY k, {MINUTE}",
        ),
        (f"SELECT STREAM SUM(a) FROM S GROUP BY {MINUTE}", f"SELECT STREAM COUNT(a) FROM S GROUP BY {MINUTE}"),
        (
            "SELECT STREAM COUNT(*) OVER (PARTITION BY k ROWS 2 PRECEDING) FROM S",
            "SELECT STREAM COUNT(*) OVER (PARTITION BY k ROWS 3 PRECEDING) FROM S",
        ),
    ],
)
def test_state_of_an_operator_with_other_lists_is_refused(runner, one, other):
    """Its columns may have the same types: only what they mean differs."""
    sql = "CREATE STREAM O (n BIGINT); CREATE PUMP p AS INSERT INTO O {};"
    with pytest.raises(StateError, match="the SQL has changed"):
        runner(sql.format(other), S).graph().restore(runner(sql.format(one), S).graph().snapshot())


def test_state_fits_sql_that_differs_in_what_has_no_state(runner):
    """The open minute goes on under another filter, another select list and beside a new pump."""
    sql = """CREATE STREAM O (n BIGINT); CREATE STREAM W (a INTEGER); CREATE PUMP p AS INSERT INTO O
    SELECT STREAM {} FROM S WHERE a > {} GROUP BY FLOOR(S.ROWTIME TO MINUTE);
    CREATE PUMP q AS INSERT INTO W SELECT STREAM a FROM S;"""
    before = runner(sql.format("COUNT(*)", 0), S).graph()
    before.push("S", batch((1000, 1, "x"), (2000, -1, "x")))
    after = runner(sql.format("COUNT(*) + 100", -5), S).graph()
    after.restore(before.snapshot())
    found = []
    after.subscribe("O", found.append)
    after.push("S", batch((3000, -1, "x")))
    after.finish()
    assert [row["N"] for each in found for row in each.to_pylist()] == [102]


def test_a_stream_with_other_writers_is_refused(runner):
    both = runner(PUMPS, S).graph()
    one = runner(PUMPS.replace("PUMP two", "PUMP three"), S).graph()
    with pytest.raises(StateError, match="writers or columns of stream"):
        one.restore(both.snapshot())


def test_unknown_streams_are_named(runner):
    graph = runner(DIVIDE, S).graph()
    with pytest.raises(ConfigError, match='no stream "X"'):
        graph.watermark("X", 1)
    with pytest.raises(ConfigError, match="written by pumps"):
        graph.push("O", batch((1, 1, "x")).select(["ROWTIME", "A"]))


def test_errors_of_one_rowtime_wait_in_bounded_memory(runner, monkeypatch):
    """Beyond a limit they are counted; the next ROWTIME begins anew."""
    monkeypatch.setattr("streamsql.exec.errors.MAX_WAITING", 1600)
    rows = [(1, 0, "x")] * 50 + [(2, 0, "x")]
    found = runner(DIVIDE, S).check_batching([("S", rows)])
    names = [(row[0], row[3]) for row in found["ERROR_STREAM"]]
    assert names == [(1, "Division by zero")] * 3 + [(1, "Too many errors"), (2, "Division by zero")]
    assert found["ERROR_STREAM"][3][4] == "47 more rows of this ROWTIME are in error"
