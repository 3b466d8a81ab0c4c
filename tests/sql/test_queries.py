"""What queries mean as trees: sections 4.1, 9 and 10.2, and what sqlglot's own grammar misreads."""

import pytest

from streamsql.sql import nodes as n
from streamsql.sql import parse


def query(text: str) -> n.Expression:
    script = parse(text)
    assert not script.errors, script.errors
    (statement,) = script.statements
    return statement


def test_stream_is_a_modifier_and_never_a_column() -> None:
    """C-001."""
    node = query("select stream A from s")
    assert node.args["stream"] is True
    assert [column.parts for column in node.args["expressions"]] == [("A",)]
    quoted = query('SELECT "STREAM" FROM s')
    assert not quoted.args.get("stream")
    assert quoted.args["expressions"][0].parts == ("STREAM",)


@pytest.mark.parametrize("text", ["SELECT stream.x FROM s", "SELECT STREAM stream FROM s", "SELECT a FROM stream"])
def test_stream_as_a_name_must_be_quoted(text: str) -> None:
    (error,) = parse(text).errors
    assert error.code == "SYN-003"
    assert '"stream"' in error.hint


def test_order_by_belongs_to_the_whole_union() -> None:
    node = query("SELECT a FROM s UNION ALL SELECT b FROM t ORDER BY 1")
    assert isinstance(node, n.SetOperation)
    assert len(node.args["order_by"]) == 1
    assert not node.expression.args.get("order_by")


def test_intersect_binds_tighter() -> None:
    node = query("SELECT a FROM s UNION SELECT b FROM t INTERSECT SELECT c FROM u")
    assert node.args["kind"] == "UNION"
    assert node.expression.args["kind"] == "INTERSECT"


def test_joins_lean_to_the_left() -> None:
    node = query("SELECT * FROM a, b JOIN c ON TRUE LEFT JOIN d ON TRUE").args["source"]
    kinds = []
    while isinstance(node, n.Join):
        kinds.append((node.args["kind"], node.expression.this.last))
        node = node.this
    assert kinds == [("LEFT", "D"), ("INNER", "C"), ("COMMA", "B")]


@pytest.mark.parametrize("source", ["s OVER w AS a", "s AS a OVER w", "s OVER w a", "s a OVER w", "(s OVER w a)"])
def test_a_window_stands_before_or_after_the_alias(source: str) -> None:
    node = query(f"SELECT * FROM {source} WINDOW w AS (ROWS 1 PRECEDING)").args["source"]
    assert (node.this.last, node.args["alias"].this, node.args["window"].this) == ("S", "A", "W")


def test_clause_words_behind_a_source_are_no_alias() -> None:
    node = query("SELECT a FROM s WINDOWED BY STAGGER (RANGE INTERVAL '1' MINUTE)")
    assert node.args["source"].args.get("alias") is None
    assert isinstance(node.args["windowed_by"], n.Stagger)


def test_a_subquery_needs_no_alias() -> None:
    node = query("SELECT a FROM (SELECT STREAM a FROM s) WHERE a > 1").args["source"]
    assert isinstance(node, n.DerivedTable)
    assert node.args.get("alias") is None


def test_alias_column_lists() -> None:
    node = query('SELECT * FROM s AS t(a, "b")').args["source"]
    assert [column.this for column in node.args["columns"]] == ["A", "b"]


def test_frames_keep_what_was_written() -> None:
    spec = next(query("SELECT SUM(a) OVER (ROWS 2 PRECEDING) FROM s").find_all(n.WindowSpec))
    assert spec is not None
    frame = spec.args["frame"]
    assert (frame.args["unit"], frame.args["start"].args["kind"], frame.args.get("end")) == (
        "ROWS",
        "PRECEDING",
        None,
    )


def test_cursor_arguments() -> None:
    sql = (
        'SELECT * FROM TABLE(F(CURSOR(SELECT * FROM s) PARTITION BY ("k", l), CURSOR(SELECT 1 FROM t), 100, true))'
    )
    call = query(sql).args["source"].this
    first, second, number, truth = call.args["expressions"]
    assert [key.last for key in first.args["partition_by"]] == ["k", "L"]
    assert isinstance(second, n.Cursor)
    assert (number.this, truth.this) == ("100", True)


def test_insert_pairs_its_parts() -> None:
    node = query('INSERT INTO sch.t (a, "b") SELECT 1, 2 FROM s')
    assert isinstance(node, n.Insert)
    assert node.this.parts == ("SCH", "T")
    assert [column.this for column in node.args["columns"]] == ["A", "b"]


def test_an_insert_from_a_query_in_parentheses_has_no_column_list() -> None:
    node = query("INSERT INTO t (SELECT a FROM s)")
    assert node.args.get("columns") is None
    assert isinstance(node.args["query"], n.Select)


def test_code_without_a_final_semicolon_and_with_empty_statements() -> None:
    """C-016."""
    script = parse(";; SELECT 1 FROM s ;\n; SELECT 2 FROM s")
    assert not script.errors
    assert len(script.statements) == 2
    assert parse("").statements == parse(" -- nothing\n").statements == ()


@pytest.mark.parametrize(
    "word", ["change", "location", "sector", "description", "index", "pump", "schema", "view"]
)
def test_special_words_are_ordinary_column_names(word: str) -> None:
    """C-010."""
    query(f"CREATE STREAM x ({word} INTEGER)")
    query(f"SELECT {word}, s.{word} AS {word}, 1 {word} FROM s AS {word}")


@pytest.mark.parametrize(
    "word", ["APPROXIMATE_ARRIVAL_TIME", "partition_key", "Shard_Id", "SEQUENCE_NUMBER", "rowtime"]
)
def test_pseudo_columns_need_no_quotes(word: str) -> None:
    query(f"SELECT STREAM {word}, s.{word} FROM s")
