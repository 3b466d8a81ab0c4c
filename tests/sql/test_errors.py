"""Every malformed script says where and why; sections 1.4, 3.7, 12 and the shapes people really published."""

import pytest

from streamsql.errors import ParseError
from streamsql.sql import parse


def only_error(sql: str) -> ParseError:
    script = parse(sql)
    assert len(script.errors) == 1, script.errors
    assert not script.statements
    return script.errors[0]


@pytest.mark.parametrize(
    ("sql", "code", "column", "said"),
    [
        ("CREATE STREAM s (a INT,)", "SYN-001", 23, 'comma before ")"'),
        ("SELECT a FROM s, WHERE a", "SYN-001", 16, "comma in FROM"),
        ("SELECT CAST(a AS BIGINT * 2 FROM s", "SYN-001", 25, 'the "(" at line 1, column 12 is not closed'),
        ("CREATE STREAM s (a INT", "SYN-001", 23, 'the "(" at line 1, column 17 is not closed'),
        ("SELECT a FROM s, STEP(s.ROWTIME BY INTERVAL '1' HOUR)", "SYN-001", 18, "belongs in GROUP BY"),
        ("SELECT a FROM F(CURSOR(SELECT 1 FROM s))", "SYN-001", 15, "TABLE(F(…))"),
        ("SELECT a FROM s JOIN t IN s.a = t.a", "SYN-001", 24, "did you mean ON?"),
        ("SELECT a, ... FROM s", "SYN-001", 11, "shortened example"),
        ("CREATE STREAM x AS SELECT a FROM y LIMIT 3", "UNS-001", 17, "CREATE PUMP"),
        ("CREATE PUMP p AS SELECT a FROM s", "SYN-001", 18, "INSERT INTO"),
        ("CREATE PUMP p INSERT INTO t SELECT a FROM s", "SYN-001", 15, '"AS"'),
        ("CREATE PUMP p AS INSERT INTO tSELECT a FROM s", "SYN-001", 38, 'blank missing in "tSELECT"'),
        ("This fills it CREATE PUMP p", "SYN-001", 1, 'a comment needs "--"'),
        ("SELECT a FROM s CREATE PUMP p", "SYN-001", 17, 'is a ";" missing'),
        ("SELECT a FROM s WHERE b GROUP BY c WHERE d", "SYN-001", 36, "the order is WHERE"),
        ("SELECT a FROM s GROUP BY a WINDOWED BY STAGGER (RANGE x)", "SYN-001", 28, "exclude each other"),
        ("SELECT a b c FROM s", "SYN-001", 12, '"," or "FROM"'),
        ("SELECT a FROM s b c", "SYN-001", 19, '";"'),
        ("SELECT a FROM s )", "SYN-001", 17, '")"'),
        ("SELECT a FROM s WHERE", "SYN-001", 22, "end of the text"),
        ("SELECT a AS 'b' FROM s", "SYN-001", 13, "quoted with"),
        ("SELECT (a + b) SECOND FROM s", "SYN-001", 16, "difference"),
        ("SELECT a FROM s LEFT JOIN t", "SYN-001", 28, '"ON" or "USING"'),
        ("SELECT DISTINCT STREAM a FROM s", "SYN-001", 17, "before DISTINCT"),
        ("SELECT a FROM SELECT b FROM s", "SYN-001", 15, "in parentheses"),
        ("VALUES (1, 2), (3)", "SYN-001", 1, "2 elements"),
        ("(SELECT a FROM s ORDER BY a) ORDER BY b", "SYN-001", 30, "of its own"),
        ("SELECT a.b.c.d.e FROM s", "SYN-001", 15, "4 parts"),
        ("CREATE STREAM x (value INTEGER)", "SYN-003", 18, 'quote it: "value"'),
        ("SELECT a AS value FROM s", "SYN-003", 13, '"value"'),
        ("SELECT COUNT(*) count FROM s", "SYN-003", 17, '"count"'),
        ("SELECT value FROM s", "SYN-003", 8, '"value"'),
        ("SELECT a FROM table", "SYN-003", 15, '"table"'),
        ("SELECT a OVER w FROM s", "SYN-001", 10, '"OVER"'),
    ],
)
def test_malformed_statements(sql: str, code: str, column: int, said: str) -> None:
    """C-009 among others."""
    error = only_error(sql)
    assert error.span is not None
    assert (error.code, error.span.line, error.span.column) == (code, 1, column), str(error)
    assert said in f"{error.message} {error.hint}"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE s SET a = 1",
        "DELETE FROM s",
        "MERGE INTO s",
        "GRANT x TO y",
        "EXPLAIN SELECT a FROM s",
        "CREATE TABLE t (a INT)",
        "CREATE FOREIGN STREAM t (a INT)",
        "SELECT a FROM s GROUP BY ROLLUP(a)",
        "SELECT a FROM s GROUP BY GROUPING SETS ((a))",
        "SELECT a FROM LATERAL (SELECT 1 FROM t)",
        "SELECT a FROM s WHERE b = ANY (SELECT 1 FROM t)",
        "WITH RECURSIVE a AS (SELECT 1 FROM b) SELECT 1 FROM a",
    ],
)
def test_unsupported_forms_are_refused_by_name(sql: str) -> None:
    """Section 3.7."""
    error = only_error(sql)
    assert error.code == "UNS-001"
    assert "not supported" in error.message


def test_a_semicolon_inside_a_cursor() -> None:
    sql = "CREATE PUMP p AS INSERT INTO t SELECT * FROM TABLE(F(CURSOR(SELECT * FROM s;), 10));\nSELECT 1 FROM s"
    first, second = parse(sql).errors
    assert 'the "(" at line 1, column 60 is not closed' in first.hint
    assert "too early" in second.hint
    assert len(parse(sql).statements) == 1


def test_a_comment_that_swallows_the_rest() -> None:
    error = only_error("SELECT * FROM TABLE(F(CURSOR(SELECT * FROM s), 'a', -- a name 10, 60))")
    assert "the comment at line 1, column 53 may swallow the rest" in error.hint


def test_all_errors_of_a_script_are_told_in_order() -> None:
    sql = "CREATE STREAM s (a INT,);\nSELECT 1 FROM s;\nSELECT \u2013 FROM s;\nSELECT b FROM;\nDROP PUMP p"
    script = parse(sql)
    assert [error.span.line for error in script.errors if error.span] == [1, 3, 4]
    assert len(script.statements) == 2


def test_the_rendered_error_shows_the_line() -> None:
    sql = "CREATE STREAM s (a INT,\n  b INT,\n)"
    assert only_error(sql).render(sql, "app.sql").splitlines() == [
        'app.sql:2:8: SYN-001: a comma before ")" in the list of columns has nothing behind it',
        "    b INT,",
        "         ^",
        "  hint: delete the comma",
    ]


def test_a_comma_before_from_is_read_with_a_warning() -> None:
    script = parse("SELECT STREAM a,\n  b,\nFROM s")
    assert not script.errors
    ((message, span),) = script.warnings
    assert message == "a comma before FROM has nothing behind it"
    assert (span.line, span.column) == (2, 4)
