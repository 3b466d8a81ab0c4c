"""The order of the error stream, however many errors there are and whatever they are of."""

import pyarrow as pa
import pytest

from streamsql.functions.call import Times

MINUTE = "STEP(S.ROWTIME BY INTERVAL '60' SECOND)"
DIVIDE = "CREATE STREAM O (a INTEGER); CREATE PUMP p AS INSERT INTO O SELECT STREAM 10 / a FROM S;"
AGAIN = "CREATE STREAM Q (a INTEGER); CREATE PUMP q AS INSERT INTO Q SELECT STREAM 10 / a FROM S;"
MOST = 2**63 - 1
TWO_WAYS = {
    "over": (
        "SELECT STREAM SUM(a / b) OVER (ROWS 2 PRECEDING) FROM S",
        [(60000, MOST, 1), (60000, 1, 1), (60000, 1, 0), (60000, 1, 1)],
    ),
    "groups": (
        f"SELECT STREAM SUM(a / b) FROM S GROUP BY {MINUTE}",
        [(1000, MOST, 1), (1000, 1, 1), (60000, 1, 1), (60000, 1, 0)],
    ),
    "pairs": (
        "SELECT STREAM S.a FROM S JOIN T ON S.a / S.b = T.a / T.b AND S.a / (S.b - T.b) > 0",
        [(60000, 1, 1), (60000, 1, 0), (60000, 1, 1)],
    ),
    "two operators": (
        "SELECT STREAM a / b FROM S WHERE 10 / a > 0",
        [(60000, 1, 0), (60000, 0, 1), (60000, 1, 0), (60000, 0, 1), (60000, 1, 1)],
    ),
}


@pytest.mark.parametrize("name", TWO_WAYS)
def test_errors_of_one_rowtime_have_an_order(runner, name):
    """Where an operator gets rid of one row in one way, of the next in another, or another operator does, and both
    are of one ROWTIME."""
    query, rows = TWO_WAYS[name]
    inputs = dict.fromkeys(("S", "T"), "a BIGINT, b INTEGER")
    app = runner(f"CREATE STREAM O (n BIGINT); CREATE PUMP p AS INSERT INTO O {query};", inputs)
    found = app.check_batching([("T", rows[:1]), ("T", 60001), ("S", rows)])
    assert [row[0] for row in found["ERROR_STREAM"]] == [60000] * {
        "over": 3,
        "groups": 2,
        "pairs": 3,
        "two operators": 4,
    }[name]


@pytest.mark.parametrize("where", ["", " WHERE a < 5", " WHERE 10 / a > 0"])
def test_errors_of_one_rowtime_stand_by_their_pump(runner, where):
    """However many operators each of the pumps has, and in whatever pieces the rows come."""
    app = runner(DIVIDE.replace("FROM S", "FROM S" + where) + AGAIN, {"S": "a INTEGER"})
    found = app.check_batching([("S", [(1, 0), (1, 0), (2, 0)])])["ERROR_STREAM"]
    assert [(row[0], row[7]) for row in found] == [(1, "P"), (1, "P"), (1, "Q"), (1, "Q"), (2, "P"), (2, "Q")]


def test_many_errors_of_a_replayed_batch_stay_in_order(runner):
    """By ROWTIME, then by pump, however many there are."""
    app = runner(DIVIDE + AGAIN, {"S": "a INTEGER"})
    found = app.run([("S", [(time, 0) for time in range(1500)])])["ERROR_STREAM"]
    assert [(row[0], row[7]) for row in found] == [(time, pump) for time in range(1500) for pump in "PQ"]


def test_many_errors_of_a_live_batch_are_handed_on_in_pieces(runner):
    """So that they do not wait together in memory."""
    app = runner(DIVIDE, {"S": "a INTEGER"}, options={"replay": False, "times": lambda: Times(0, 5000)})
    graph, sizes = app.graph(), []

    def count(batch: pa.RecordBatch) -> None:
        sizes.append(batch.num_rows)

    graph.subscribe("ERROR_STREAM", count)
    app.send(graph, "S", [(1, 0)] * 2500)
    assert sizes == [1000, 1000, 500]
