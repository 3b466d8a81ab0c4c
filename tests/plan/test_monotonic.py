"""Trends by the table of section 7, and periods against a search over the milliseconds."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from streamsql import types
from streamsql.exec.evaluate import compile_expression
from streamsql.functions.call import Times
from streamsql.plan import bind
from streamsql.plan.expressions import Expression
from streamsql.plan.nodes import Aggregate, Node
from streamsql.sql import parse
from streamsql.types import Column

INPUTS = {"S": (Column("A", types.INTEGER), Column("T", types.TIMESTAMP))}


def aggregate(group: str) -> Aggregate:
    """The Aggregate node of a GROUP BY on `group`."""
    application = bind(parse(f"SELECT STREAM COUNT(*) FROM S GROUP BY {group}"), INPUTS)
    node: Node = application.pumps[0].sink
    while not isinstance(node, Aggregate):
        (node,) = node.inputs
    return node


def evaluate(expression: Expression, value: object, type_: pa.DataType) -> object:
    """The expression over one row with one column."""
    batch = pa.RecordBatch.from_arrays([pa.array([value], type_)], names=["V"])
    array, failures = compile_expression(expression)(batch, Times(0, 0))
    assert not failures
    return array[0].value if hasattr(array[0], "value") else array[0].as_py()


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


PERIODS = [
    ("FLOOR(ROWTIME TO MINUTE)", "2020-01-31 22:49:10", "2020-01-31 22:50:00", "2020-01-31 22:50:00"),
    ("FLOOR(ROWTIME TO MINUTE)", "2020-01-31 22:50:00", "2020-01-31 22:51:00", "2020-01-31 22:51:00"),
    ("FLOOR(ROWTIME TO MONTH)", "2020-02-29 22:50:00", "2020-03-01 00:00:00", "2020-03-01 00:00:00"),
    ("FLOOR(ROWTIME TO YEAR)", "2020-02-29 22:50:00", "2021-01-01 00:00:00", "2021-01-01 00:00:00"),
    ("STEP(ROWTIME BY INTERVAL '10' MINUTE)", "2020-01-31 22:49:10", "2020-01-31 22:50:00", "2020-01-31 22:50:00"),
    ("STEP(S.ROWTIME BY INTERVAL '3' MONTH)", "2020-02-29 22:49:10", "2020-04-01 00:00:00", "2020-04-01 00:00:00"),
    ("FLOOR(ROWTIME TO HOUR) + INTERVAL '5' MINUTE", "2020-01-31 22:49:10", "2020-01-31 23:00:00", "2020-01-31 23:00:00"),
    ("FLOOR((ROWTIME - INTERVAL '15' MINUTE) TO HOUR)", "2020-01-31 22:10:00", "2020-01-31 22:15:00", "2020-01-31 22:15:00"),
    ("FLOOR((S.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') SECOND / 10 TO SECOND)", "2020-01-31 22:49:17",
     "2020-01-31 22:49:20", "2020-01-31 22:49:20"),  # C-088
    ("FLOOR((S.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') MINUTE / 5 TO MINUTE)", "2020-01-31 22:49:17",
     "2020-01-31 22:50:00", "2020-01-31 22:50:00"),
    ("CEIL(ROWTIME TO MINUTE)", "2020-01-31 22:49:10", "2020-01-31 22:50:00.001", "2020-01-31 22:50:00"),  # C-096
    ("CEIL(ROWTIME TO MINUTE)", "2020-01-31 22:50:00", "2020-01-31 22:50:00.001", "2020-01-31 22:50:00"),
    ("ROWTIME", "2020-01-31 22:50:00", "2020-01-31 22:50:00.001", "2020-01-31 22:50:00"),
]  # fmt: skip


@pytest.mark.parametrize(("group", "row", "closes", "end"), PERIODS)
def test_when_a_period_closes_and_which_time_its_results_carry(
    group: str, row: str, closes: str, end: str
) -> None:
    window = aggregate(group).window
    value = evaluate(window.value, ms(row), pa.timestamp("ms"))
    assert evaluate(window.closes, value, window.value.type.arrow) == ms(closes)
    assert evaluate(window.end, value, window.value.type.arrow) == ms(end)


@pytest.mark.parametrize("group", dict.fromkeys(group for group, *_ in PERIODS))
def test_the_value_changes_exactly_where_the_period_closes(group: str) -> None:
    window = aggregate(group).window
    for row in ("2020-01-31 22:49:10.123", "2020-02-29 23:59:59.999", "1999-12-31 00:00:00"):
        value = evaluate(window.value, ms(row), pa.timestamp("ms"))
        closes = evaluate(window.closes, value, window.value.type.arrow)
        assert evaluate(window.value, closes - 1, pa.timestamp("ms")) == value
        assert evaluate(window.value, closes, pa.timestamp("ms")) > value


@pytest.mark.parametrize("group", ["MONOTONIC(a)", "STEP(MONOTONIC(t) BY INTERVAL '1' MINUTE)", "-A, ROWTIME"])
def test_what_only_rows_can_close(group: str) -> None:
    window = aggregate(group).window
    assert (window.closes is None) == ("ROWTIME" not in group)


def test_a_column_of_a_subquery_moves_as_the_expression_that_made_it() -> None:  # C-095
    sql = (
        "SELECT STREAM COUNT(*) FROM (SELECT STREAM ROWTIME AS window_time, a FROM S) "
        "GROUP BY STEP(window_time BY INTERVAL '10' SECOND)"
    )
    node: Node = bind(parse(sql), INPUTS).pumps[0].sink
    while not isinstance(node, Aggregate):
        (node,) = node.inputs
    assert node.window.closes is not None


def test_the_period_of_a_grouped_subquery_can_be_grouped_again() -> None:
    sql = (
        "SELECT STREAM m, COUNT(*) FROM (SELECT STREAM FLOOR(ROWTIME TO MINUTE) AS m, a, COUNT(*) AS n FROM S "
        "GROUP BY FLOOR(ROWTIME TO MINUTE), a) GROUP BY m"
    )
    node: Node = bind(parse(sql), INPUTS).pumps[0].sink
    while not isinstance(node, Aggregate):
        (node,) = node.inputs
    # The value is the minute before the row's ROWTIME, the inner period's end.
    batch_time = ms("2020-01-31 22:50:00")
    batch = pa.RecordBatch.from_arrays(
        [pa.array([batch_time], pa.timestamp("ms")), pa.array([ms("2020-01-31 22:49:00")], pa.timestamp("ms"))],
        names=["ROWTIME", "M"],
    )
    array, _ = compile_expression(node.window.value)(batch, Times(0, 0))
    assert array[0].value == ms("2020-01-31 22:49:00")
    closes = evaluate(node.window.closes, array[0].value, pa.timestamp("ms"))
    assert closes == ms("2020-01-31 22:50:00.001")
