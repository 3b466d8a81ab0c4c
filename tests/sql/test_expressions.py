"""What expressions mean as trees, and where their nodes stand: sections 1.7, 4.5, 5 and 6."""

import pytest

from streamsql.sql import nodes as n
from streamsql.sql import parse, span_of


def item(text: str, index: int = 0) -> n.Expression:
    script = parse(f"SELECT {text} FROM s")
    assert not script.errors, script.errors
    node = script.statements[0].args["expressions"][index]
    assert isinstance(node, n.Expression)
    return node


def shape(node: n.Expression) -> str:
    """A tree of operators with every grouping written out."""
    if isinstance(node, n.Name):
        return node.last
    name = type(node).__name__
    parts = [shape(child) for child in node.iter_expressions() if isinstance(child, n.Expression)]
    return f"{name}({','.join(parts)})" if parts else name


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", "Add(A,Mul(B,C))"),
        ("a - b - c", "Sub(Sub(A,B),C)"),
        ("a / b * c", "Mul(Div(A,B),C)"),
        ("-a * b", "Mul(Neg(A),B)"),
        ("a || b + c", "DPipe(A,Add(B,C))"),
        ("a || b < c", "LT(DPipe(A,B),C)"),
        ("NOT a = b", "Not(EQ(A,B))"),
        ("NOT a IS NULL", "Not(IsTest(A))"),
        ("NOT a AND b", "And(Not(A),B)"),
        ("a OR b AND c", "Or(A,And(B,C))"),
        ("a AND b OR c AND d", "Or(And(A,B),And(C,D))"),
        ("a BETWEEN b AND c AND d", "And(Between(A,B,C),D)"),
        ("a = b IS TRUE", "IsTest(EQ(A,B))"),
        ("a != b", "NEQ(A,B)"),
        ("NOT UNKNOWN IS UNKNOWN", "IsTest(Not(Unknown))"),
        ("(a + b) * c", "Mul(Paren(Add(A,B)),C)"),
    ],
)
def test_precedence(text: str, tree: str) -> None:
    """Section 1.7; C-015 for `!=`, C-042 for the negated truth value."""
    assert shape(item(text)) == tree


def test_long_chains_of_conditions_stay_shallow() -> None:
    text = " OR ".join(f"a = {number}" for number in range(3000))
    node = item(text)
    leaves = list(node.find_all(n.Literal))
    assert sorted(int(leaf.this) for leaf in leaves) == list(range(3000))
    # balanced: 3000 comparisons in a tree of 12 levels, with the comparison and its literal below
    assert depth(node) <= 15


def depth(node: n.Expression) -> int:
    return 1 + max((depth(child) for child in node.iter_expressions()), default=0)


def test_a_difference_with_a_qualifier_is_no_alias() -> None:
    node = item("(a - b) SECOND")
    assert isinstance(node, n.DateTimeDifference)
    assert (node.this.last, node.expression.last) == ("A", "B")
    assert node.args["qualifier"].text_form == "SECOND"
    assert item("((a - b)) DAY TO SECOND") == item("(a - b) DAY TO SECOND")


def test_a_plural_behind_a_difference_is_its_qualifier_and_elsewhere_an_alias() -> None:
    assert isinstance(item("(a - b) seconds"), n.DateTimeDifference)
    assert isinstance(item("(a) seconds"), n.Alias)


def test_ordinary_calls_keep_their_names_and_arguments() -> None:
    for name in (
        "LOG10",
        "LOG",
        "LAG",
        "IFNULL",
        "DATE_ADD",
        "STDDEV_SAMP",
        "NVL",
        "LEFT",
        "DATE",
        "UNIX_TIMESTAMP",
    ):
        node = item(f"{name}(x, 1)")
        assert isinstance(node, n.Call)
        assert node.this.parts == (name,)
        assert len(node.args["expressions"]) == 2


def test_rounding_keeps_its_unit() -> None:
    floor, ceiling = item("FLOOR(x TO MINUTE), CEILING(x TO DAY)", 0), item("CEILING(x TO DAY)")
    assert isinstance(floor, n.FloorTo)
    assert floor.args["unit"] == "MINUTE"
    assert isinstance(ceiling, n.CeilTo)
    assert ceiling.args["unit"] == "DAY"
    assert isinstance(item("FLOOR(x)"), n.Call)


def test_quoted_function_names_have_no_special_syntax() -> None:
    assert isinstance(item('"FLOOR"(x)'), n.Call)
    assert parse('SELECT "STEP"(x BY 1) FROM s').errors


@pytest.mark.parametrize(
    ("text", "syntax", "arguments"),
    [
        ("SUBSTRING(a FROM b FOR c)", "FROM", "A B C"),
        ("SUBSTRING(a, b, c)", None, "A B C"),
        ("POSITION(a IN b)", "IN", "A B"),
        ("TRIM(LEADING a FROM b)", "LEADING", "B A"),
        ("TRIM(a FROM b)", "BOTH", "B A"),
        ("TRIM(a)", None, "A"),
        ("OVERLAY(a PLACING b FROM c FOR d)", "PLACING", "A B C D"),
    ],
)
def test_special_argument_forms(text: str, syntax: str | None, arguments: str) -> None:
    node = item(text)
    assert node.args.get("syntax") == syntax
    assert " ".join(argument.last for argument in node.args["expressions"]) == arguments


def test_call_suffixes() -> None:
    over = item("NTH_VALUE(x, 2) FROM LAST IGNORE NULLS OVER w")
    assert isinstance(over, n.Over)
    call = over.this
    assert (call.args["from_last"], call.args["nulls"], over.args["window"].this) == (True, "IGNORE", "W")
    assert item("COUNT(*)").args["star"]
    assert item("COUNT(DISTINCT x)").args["distinct"]
    assert not item("COUNT(ALL x)").args["distinct"]


def test_chained_temporal_predicates_hold_between_neighbours() -> None:
    node = item("(a, b) PRECEDES (c, d) STRICTLY PRECEDES PERIOD (e, f)")
    assert isinstance(node, n.Paren)
    first, second = node.this.this, node.this.expression
    assert (first.args["kind"], first.args["modifier"]) == ("PRECEDES", None)
    assert (second.args["kind"], second.args["modifier"]) == ("PRECEDES", "STRICTLY")
    assert first.expression == second.this
    assert isinstance(second.expression, n.Period)


def test_contains_takes_a_point_in_time_and_the_others_do_not() -> None:
    assert isinstance(item("(a, b) CONTAINS t").args["expression"], n.Name)
    (error,) = parse("SELECT (a, b) PRECEDES t FROM s").errors
    assert "period" in error.message


def test_names_fold_unless_quoted() -> None:
    """C-001, C-002, C-010."""
    node = item('s."aB".Location')
    assert isinstance(node, n.Name)
    assert node.parts == ("S", "aB", "LOCATION")


@pytest.mark.parametrize(
    ("text", "kind", "under"),
    [
        ("aaa + bbb", n.Add, "+"),
        ("aaa || bbb", n.DPipe, "||"),
        ("aaa >= bbb", n.GTE, ">="),
        ("aaa OR bbb", n.Or, "OR"),
        ("NOT aaa", n.Not, "NOT"),
        ("aaa NOT BETWEEN 1 AND 2", n.Between, "NOT"),
        ("aaa IS NULL", n.IsTest, "IS"),
        ("aaa IN (1)", n.In, "IN"),
        ("(aaa - bbb) SECOND", n.DateTimeDifference, "-"),
        ("sch.fun(aaa)", n.Call, "sch"),
        ("FLOOR(aaa TO DAY)", n.FloorTo, "FLOOR"),
        ("SUM(aaa) OVER w", n.Over, "OVER"),
        ("CAST(aaa AS INT)", n.Cast, "CAST"),
        ("CAST(aaa AS DECIMAL(3, 1))", n.TypeName, "DECIMAL(3, 1)"),
        ("CASE WHEN aaa THEN 1 END", n.Case, "CASE"),
        ("SUM(aaa) OVER (ROWS 2 PRECEDING)", n.Frame, "ROWS 2 PRECEDING"),
        ("SUM(aaa) OVER (ROWS 2 PRECEDING)", n.FrameBound, "2 PRECEDING"),
        ("sch.aaa", n.Name, "sch.aaa"),
        ("DATE '2020-01-01'", n.DateTimeLiteral, "DATE '2020-01-01'"),
        ("(a, b) STRICTLY PRECEDES (c, d)", n.TemporalPredicate, "STRICTLY"),
    ],
)
def test_places(text: str, kind: type[n.Expression], under: str) -> None:
    """Ruling 10: operators stand at the operator, calls at the name, frames at the frame."""
    sql = f"SELECT {text} FROM s"
    node = next(parse(sql).statements[0].find_all(kind))
    span = span_of(node)
    assert span is not None
    assert sql[span.start : span.end] == under


def test_a_made_node_has_no_place() -> None:
    assert span_of(n.Null()) is None
