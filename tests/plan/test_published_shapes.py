"""Shapes of published programs that ask more of the binder than the grammar does (section 13.1)."""

from streamsql import types
from streamsql.plan import bind
from streamsql.plan.expressions import Column as ColumnExpression
from streamsql.plan.nodes import Aggregate, Distinct, Join, Node
from streamsql.sql import parse
from streamsql.types import Column

INPUTS = {
    "S": (Column("ID", types.INTEGER), Column("K", types.varchar(8))),
    "R": (Column("ID", types.INTEGER), Column("B", types.DOUBLE)),
}


def find(sql: str, kind: type[Node]) -> Node:
    """The first node of a kind, from the sink down the left side."""
    node: Node = bind(parse(sql), INPUTS).pumps[0].sink
    while not isinstance(node, kind):
        node = node.inputs[0]
    return node


DISTINCT_PER_MINUTE = (
    "SELECT STREAM m, COUNT(d.id) FROM (SELECT STREAM DISTINCT ROWTIME AS t, id, STEP(S.ROWTIME BY INTERVAL '1' MINUTE) "
    "AS m FROM S) AS d GROUP BY m, STEP(d.t BY INTERVAL '1' MINUTE)"
)


def test_the_same_period_said_twice_through_a_subquery_is_one_period() -> None:
    node = find(DISTINCT_PER_MINUTE, Aggregate)
    assert isinstance(node, Aggregate)
    assert len(node.keys) == 2
    assert node.window.closes is not None


def test_distinct_compares_no_rowtime_even_when_it_is_selected() -> None:  # C-129
    node = find(DISTINCT_PER_MINUTE, Distinct)
    assert isinstance(node, Distinct)
    assert node.compared == (2, 3)
    assert node.schema[node.monotonic].name == "M"


def test_the_name_of_a_join_window_serves_as_an_alias() -> None:
    sql = (
        "SELECT STREAM S.id, w.b FROM S JOIN R OVER w ON S.id = w.id "
        "WINDOW w AS (RANGE INTERVAL '1' MINUTE PRECEDING)"
    )
    node = find(sql, Join)
    assert isinstance(node, Join)
    ((left, right),) = node.keys
    assert isinstance(left, ColumnExpression) and isinstance(right, ColumnExpression)
    assert (left.index, right.index) == (1, 1)
