"""Streams with several writers while pumps are stopped and started again."""

import datetime

import pyarrow as pa
import pytest

from streamsql.functions.call import Times

INPUTS = {"S": "a INTEGER", "T": "a INTEGER"}
SQL = """
CREATE STREAM O (a INTEGER);
CREATE PUMP one AS INSERT INTO O SELECT STREAM a FROM S;
CREATE PUMP two AS INSERT INTO O SELECT STREAM a FROM T;
"""
START = datetime.datetime(1970, 1, 1)


@pytest.fixture
def app(runner):
    """The application, its graph, and the (ROWTIME, A) that came out of O so far."""
    app = runner(SQL, INPUTS)
    graph, found = app.graph(), []

    def collect(batch: pa.RecordBatch) -> None:
        found.extend(
            ((row["ROWTIME"] - START) // datetime.timedelta(milliseconds=1), row["A"]) for row in batch.to_pylist()
        )

    graph.subscribe("O", collect)
    return app, graph, found


def test_rows_that_were_overtaken_while_their_pump_was_stopped_are_late(app):
    """C-072: nobody waited for T, so its older rows are errors; those after what has come out flow."""
    app, graph, found = app
    errors = []
    graph.subscribe("ERROR_STREAM", lambda batch: errors.extend(batch.to_pylist()))
    graph.stop_pump("TWO")
    app.send(graph, "S", [(50, 1), (100, 2)])
    graph.start_pump("TWO")
    app.send(graph, "T", [(99, 3), (100, 4)])
    app.send(graph, "S", [(101, 5)])
    graph.finish()
    assert found == [(50, 1), (100, 2), (100, 4), (101, 5)]
    assert [(row["ERROR_NAME"], row["MESSAGE"], row["PUMP_NAME"]) for row in errors] == [
        ("Rows out of order", "ROWTIME is earlier than that of a row already in O", "TWO")
    ]
    assert graph.counters()["streams"]["O"]["late"] == 1
    assert not graph.missing()


def test_a_pump_that_starts_again_knows_how_far_its_input_is(app):
    """C-055: others do not wait for what cannot come."""
    app, graph, found = app
    graph.stop_pump("TWO")
    app.send(graph, "T", 200)
    graph.start_pump("TWO")
    app.send(graph, "S", [(150, 1), (250, 2)])
    assert found == [(150, 1)]
    app.send(graph, "T", 251)
    assert found == [(150, 1), (250, 2)]


OWN_TIME = """
CREATE STREAM O (a INTEGER);
CREATE PUMP one AS INSERT INTO O SELECT STREAM a FROM S;
CREATE PUMP two AS INSERT INTO O SELECT STREAM TO_TIMESTAMP(CAST(a AS BIGINT)) AS ROWTIME, a FROM T;
"""


@pytest.fixture
def begun_anew(runner):
    """A pump that gives its rows a time of their own was ahead of the other writer, was stopped, and started."""
    app = runner(OWN_TIME, INPUTS)
    graph, found = app.graph(), []
    graph.subscribe("O", lambda batch: found.extend(batch["A"].to_pylist()))
    app.send(graph, "S", [(1, 1)])
    app.send(graph, "T", [(1, 1000)])
    graph.stop_pump("TWO")
    graph.start_pump("TWO")
    return app, graph, found


def test_a_pump_that_begins_anew_is_waited_for_again(begun_anew):
    """C-055: how far it was before says nothing about the rows that it makes now."""
    app, graph, found = begun_anew
    app.send(graph, "S", [(700, 700)])
    assert found == [1], "an older row may come of the other pump"
    app.send(graph, "T", [(2, 600)])
    assert found == [1, 600]
    app.send(graph, "T", [(3, 800)])
    assert found == [1, 600, 700]


def test_a_pump_that_starts_cannot_bring_what_is_older_than_what_has_come_out(begun_anew):
    """So nobody waits for that, though it has had no row yet (C-072)."""
    app, graph, found = begun_anew
    graph.stop_pump("TWO")
    app.send(graph, "S", [(500, 500)])
    graph.start_pump("TWO")
    app.send(graph, "S", [(500, 501), (501, 502)])
    assert found == [1, 500, 501]


@pytest.mark.parametrize("restart", [False, True])
def test_rows_of_before_are_sorted_in_among_those_of_a_pump_that_begins_anew(begun_anew, restart):
    """C-054, C-055: they were written, so they wait for their ROWTIME; a stream never goes back in time."""
    app, graph, found = begun_anew
    app.send(graph, "T", [(2, 600), (2, 900)])
    if restart:
        state, graph = graph.snapshot(), app.graph()
        graph.restore(state)
        graph.subscribe("O", lambda batch: found.extend(batch["A"].to_pylist()))
    app.send(graph, "T", [(3, 950), (3, 1000), (4, 1100)])
    app.send(graph, "S", [(920, 920), (1050, 1050), (2000, 2000)])
    graph.finish()
    assert found == [1, 600, 900, 920, 950, 1000, 1000, 1050, 1100, 2000]
    assert not graph.missing()


def test_a_window_answers_at_the_end_of_its_minute_and_nobody_waits_for_it_before(runner):
    """Whether it has rows or not: the count of the minute that time is in has the ROWTIME 120,000."""
    app = runner(
        "CREATE STREAM O (a BIGINT); CREATE PUMP one AS INSERT INTO O SELECT STREAM a FROM S;"
        "CREATE PUMP two AS INSERT INTO O SELECT STREAM COUNT(*) FROM T GROUP BY STEP(T.ROWTIME BY INTERVAL '60' SECOND);",
        {"S": "a BIGINT", "T": "a BIGINT"},
    )
    graph, found = app.graph(), []
    graph.subscribe("O", lambda batch: found.extend(batch["A"].to_pylist()))
    app.send(graph, "T", 65_000)
    app.send(graph, "S", [(90_000, 7)])
    assert found == [7]
    app.send(graph, "T", [(80_000, 0), (90_000, 0)])
    app.send(graph, "S", [(119_999, 8), (120_000, 9), (120_001, 10)])
    assert found == [7, 8, 9]
    app.send(graph, "T", 121_000)
    assert found == [7, 8, 9, 2, 10]


def test_starting_and_stopping_twice_is_once(app):
    """C-054, C-055: nothing that is held gets lost by it."""
    app, graph, found = app
    app.send(graph, "S", [(1, 1)])
    graph.start_pump("ONE")
    graph.stop_pump("TWO")
    graph.stop_pump("TWO")
    assert found == [(1, 1)]
    assert not graph.missing()


def test_a_checkpoint_knows_how_far_each_writer_was(app, runner):
    """After a restart nobody waits again for what was known before."""
    app, graph, _ = app
    app.send(graph, "T", 200)
    again = app.graph()
    again.restore(graph.snapshot())
    found = []
    again.subscribe("O", lambda batch: found.extend(batch["A"].to_pylist()))
    app.send(again, "S", [(150, 1), (250, 2)])
    assert found == [1]


def test_a_row_that_was_overtaken_is_late_after_a_restart_too(app):
    """C-072."""
    app, graph, found = app
    graph.stop_pump("TWO")
    app.send(graph, "S", [(100, 1)])
    again = app.graph()
    again.restore(graph.snapshot())
    again.start_pump("TWO")
    app.send(again, "T", [(99, 3)])
    again.finish()
    assert found == [(100, 1)]
    counts = {name: count for name, count in again.counters()["streams"]["O"].items() if count}
    assert counts == {"written": 2, "rows": 1, "late": 1}


def test_an_error_waits_no_longer_after_a_restart(runner):
    """It comes when no operator can have an earlier one; how far each is, is part of the state."""
    sql = """
    CREATE STREAM O (a INTEGER); CREATE PUMP one AS INSERT INTO O SELECT STREAM 10 / a FROM S;
    CREATE STREAM Q (a INTEGER); CREATE PUMP two AS INSERT INTO Q SELECT STREAM a FROM T WHERE a > 0;
    """
    app = runner(sql, INPUTS)
    before, after = app.graph(), app.graph()
    app.send(before, "T", 100)
    app.send(before, "S", [(50, 0)])
    after.restore(before.snapshot())
    errors = []
    after.subscribe("ERROR_STREAM", lambda batch: errors.extend(batch["DATA_ROWTIME"].to_pylist()))
    app.send(after, "S", [(60, 1)])
    assert errors == [START + datetime.timedelta(milliseconds=50)]


def test_a_table_that_was_never_loaded_has_no_rows(runner):
    app = runner(
        "CREATE STREAM O (a INTEGER, v INTEGER); CREATE PUMP p AS INSERT INTO O "
        "SELECT STREAM S.a, r.v FROM S LEFT JOIN R AS r ON S.a = r.a;",
        INPUTS,
        {"R": ("a INTEGER, v INTEGER", [])},
    )
    graph = type(app.graph())(app.plan, times=lambda: Times(0, 0))
    found = []
    graph.subscribe("O", lambda batch: found.extend(batch.select(["A", "V"]).to_pylist()))
    app.send(graph, "S", [(1, 5)])
    assert found == [{"A": 5, "V": None}]


def test_inserts_are_counted_by_their_place_in_the_script(runner):
    app = runner("CREATE STREAM O (a INTEGER); INSERT INTO O VALUES (1), (2); INSERT INTO O VALUES (3);", {})
    app.run([])
    assert {name: counts["rows_out"] for name, counts in app.counters["pumps"].items()} == {
        "INSERT 1": 2,
        "INSERT 2": 1,
    }


def test_inserts_are_run_once_whatever_restarts_there_are(runner):
    """In a replay at the ROWTIME of the first row."""
    app = runner(
        "CREATE STREAM O (a INTEGER); INSERT INTO O VALUES (1), (2);"
        "CREATE PUMP p AS INSERT INTO O SELECT STREAM a FROM S;",
        INPUTS,
    )
    assert app.check_batching([("S", [(5, 3), (6, 4)])])["O"] == [(5, 1), (5, 2), (5, 3), (6, 4)]
