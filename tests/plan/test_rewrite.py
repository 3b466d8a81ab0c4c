"""Each rule on a small plan: what it changes, and what it must leave alone."""

from streamsql import types
from streamsql.exec.evaluate import constant
from streamsql.functions.call import Times
from streamsql.plan import bind, rewrite
from streamsql.plan.explain import tree
from streamsql.sql import parse
from streamsql.types import Column

INPUTS = {"S": (Column("A", types.INTEGER), Column("K", types.varchar(8)))}


def rewritten(sql: str) -> list[str]:
    """The lines of the first pump's plan, below its Sink."""
    application = rewrite(bind(parse(sql), INPUTS), lambda expression: constant(expression, Times(0, 0)))
    return [line.strip("└─ ") for line in tree(application.pumps[0].sink)[1:]]


def test_constants_are_folded_with_the_engine_s_own_evaluator() -> None:
    assert rewritten("SELECT STREAM a + 2 * 3, UPPER('x') FROM S") == ["Project: (A + 6), 'X'", "Source: S"]


def test_a_constant_that_cannot_be_computed_stays_and_fails_for_its_rows() -> None:
    assert rewritten("SELECT STREAM 1 / 0 FROM S") == ["Project: (1 / 0)", "Source: S"]


def test_current_row_timestamp_is_no_constant() -> None:
    assert rewritten("SELECT STREAM CURRENT_ROW_TIMESTAMP FROM S") == [
        "Project: CURRENT_ROW_TIMESTAMP()",
        "Source: S",
    ]


def test_projections_are_merged() -> None:
    sql = "SELECT STREAM x + 1 FROM (SELECT STREAM a * 2 AS x, k FROM S)"
    assert rewritten(sql) == ["Project: ((A * 2) + 1)", "Source: S"]


def test_an_expression_that_can_fail_is_not_dropped() -> None:
    sql = "SELECT STREAM k FROM (SELECT STREAM 1 / a AS x, k FROM S)"
    assert rewritten(sql) == ["Project: K", "Project: (1 / A), K", "Source: S"]


def test_an_expression_is_not_computed_twice() -> None:
    sql = "SELECT STREAM x + x FROM (SELECT STREAM a * 2 AS x FROM S)"
    assert rewritten(sql) == ["Project: (X + X)", "Project: (A * 2)", "Source: S"]


def test_a_failing_expression_does_not_slip_into_a_branch_that_may_not_be_taken() -> None:
    sql = "SELECT STREAM CASE WHEN k = 'a' THEN x END FROM (SELECT STREAM 1 / a AS x, k FROM S)"
    assert "Project: (1 / A), K" in rewritten(sql)


def test_a_failing_expression_does_not_slip_into_an_argument_that_may_not_be_needed() -> None:
    inner = "FROM (SELECT STREAM 1 / a AS x, a, k FROM S)"
    for outer in ("k = 'a' AND x > 1", "k = 'a' OR x > 1", "COALESCE(a, x)"):
        assert "Project: (1 / A), A, K" in rewritten(f"SELECT STREAM {outer} {inner}")


def test_where_true_is_no_filter() -> None:
    assert rewritten("SELECT STREAM a FROM S WHERE 1 = 1") == ["Project: A", "Source: S"]
