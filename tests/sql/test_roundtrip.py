"""Every form parses to a tree whose text parses to the same tree; the samples have the shapes of section 13.1."""

import inspect
from pathlib import Path

import pytest

from streamsql.sql import nodes as n
from streamsql.sql import parse, span_of
from streamsql.sql.generator import to_sql

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.sql"))
FORMS = (Path(__file__).parent / "forms.txt").read_text().splitlines()


def statements(sql: str) -> tuple[n.Expression, ...]:
    script = parse(sql)
    assert not script.errors, "\n".join(error.render(sql) for error in script.errors)
    return script.statements


def assert_round_trip(statement: n.Expression) -> None:
    text = to_sql(statement)
    assert statements(text) == (statement,), text
    assert to_sql(statements(text)[0]) == text


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_published_shapes_parse_whole(path: Path) -> None:
    text = path.read_text()
    found = statements(text)
    assert len(found) == text.upper().count("CREATE ")
    for statement in found:
        assert_round_trip(statement)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_round_trips(form: str) -> None:
    (statement,) = statements(form)
    assert_round_trip(statement)


def test_the_forms_reach_every_kind_of_node() -> None:
    """So no node can be added without a form, and none lacks its text."""
    seen = {type(node) for form in FORMS for statement in statements(form) for node in statement.walk()}
    every = {kind for _, kind in inspect.getmembers(n, inspect.isclass) if kind.__name__ in n.__all__}
    assert every - {n.Expression} == seen


def test_every_node_has_a_place_or_a_child_with_one() -> None:
    for form in FORMS:
        for statement in statements(form):
            for node in statement.walk():
                span = span_of(node)
                assert span is not None, (form, repr(node))
                assert 0 <= span.start < span.end <= len(form)
                assert (span.line, span.column) == (1, span.start + 1)


def test_a_foreign_node_has_no_text() -> None:
    with pytest.raises(TypeError, match="Binary"):
        to_sql(n.Binary(this=n.Null(), expression=n.Null()))


def test_the_text_is_one_clause_a_line() -> None:
    sql = (
        "create or replace pump p as insert into o (a, b) "
        "select stream x.a, count(*) c from x where a > 1 group by a"
    )
    assert to_sql(statements(sql)[0]).splitlines() == [
        "CREATE OR REPLACE PUMP P AS",
        "INSERT INTO O (A, B)",
        "SELECT STREAM",
        "  X.A,",
        "  COUNT(*) AS C",
        "FROM X",
        "WHERE A > 1",
        "GROUP BY A",
    ]


def test_a_nested_query_is_indented_and_its_strings_are_not() -> None:
    (statement,) = statements("SELECT a FROM (SELECT 'x\ny' AS a FROM s) AS t")
    assert to_sql(statement) == "SELECT A\nFROM (\n  SELECT 'x\ny' AS A\n  FROM S\n) AS T"
