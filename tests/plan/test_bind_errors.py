"""Each refusal: its code, and the words in the SQL text that it points at."""

import pytest

from streamsql import types
from streamsql.errors import ScriptErrors
from streamsql.plan import bind
from streamsql.sql import parse
from streamsql.types import Column

INPUTS = {
    "S": (
        Column("A", types.INTEGER),
        Column("K", types.varchar(8)),
        Column("price", types.DOUBLE),
        Column("T", types.TIMESTAMP),
        Column("AMOUNT", types.decimal(10, 2)),
    ),
    "R": (Column("K", types.varchar(8)), Column("B", types.INTEGER)),
}
TABLES = {"COMPANY": (Column("K", types.varchar(8)), Column("NAME", types.varchar(32)))}
D = "CREATE STREAM D (x INTEGER);\n"
P = D + "CREATE PUMP P AS INSERT INTO D "

CASES = [
    # names
    ("SELECT STREAM a FROM nowhere", "NAM-001", "nowhere"),
    ("SELECT STREAM b FROM S", "NAM-002", "b"),
    ("SELECT STREAM price FROM S", "NAM-002", "price"),  # C-003
    ("SELECT STREAM z.a FROM S", "NAM-002", "z"),
    ("SELECT STREAM S.zz FROM S", "NAM-002", "zz"),
    ("SELECT STREAM K FROM S JOIN R ON S.A = R.B", "NAM-003", "K"),  # C-074
    ("SELECT STREAM A FROM S JOIN R OVER (RANGE INTERVAL '1' MINUTE PRECEDING) ON ROWTIME = T", "NAM-003", "ROWTIME"),
    ("SELECT STREAM AVERAGE(a) FROM S", "NAM-004", "AVERAGE"),
    ("SELECT STREAM RANDOM_CUT_FOREST(a) FROM S", "NAM-004", "RANDOM_CUT_FOREST"),
    ("SELECT STREAM COUNT(*) OVER w FROM S", "NAM-005", "w"),  # C-114
    ("SELECT STREAM S.A FROM S JOIN R AS S ON TRUE", "NAM-005", None),
    (D + D, "NAM-006", None),  # C-047
    ("CREATE STREAM error_stream (a INTEGER)", "NAM-006", "error_stream"),  # C-049
    ("CREATE STREAM ERROR_STREAM (a INTEGER)", "NAM-006", "ERROR_STREAM"),
    (P + "SELECT STREAM a FROM S; CREATE OR REPLACE STREAM D (y INTEGER)", "NAM-006", None),  # C-048
    ("CREATE STREAM E (a INTEGER, A VARCHAR(3))", "NAM-006", None),
    # types
    ("SELECT STREAM a + k FROM S", "TYP-001", "+"),
    ("SELECT STREAM a FROM S WHERE a", "TYP-001", "a"),
    ("SELECT STREAM CAST(5 AS INTERVAL SECOND) FROM S", "TYP-002", "CAST"),  # C-029
    ("SELECT STREAM CAST(a AS DATE) FROM S", "TYP-002", "CAST"),
    (P + "SELECT STREAM t FROM S", "TYP-003", "t"),  # C-036
    ("SELECT STREAM CASE WHEN TRUE THEN a ELSE k END FROM S", "TYP-004", "k"),
    ("CREATE STREAM E (a INTERVAL SECOND)", "TYP-005", "INTERVAL"),  # C-040
    ("CREATE STREAM E (a STRING)", "TYP-005", "STRING"),
    # insert
    (P + "SELECT STREAM a, a FROM S", "INS-001", "D"),
    ("CREATE STREAM E (x INTEGER, y INTEGER, z INTEGER); CREATE PUMP P AS INSERT INTO E (x, y) "
     "SELECT STREAM a, a, a FROM S", "INS-001", "E"),  # C-052
    ("CREATE STREAM E (x INTEGER, y INTEGER NOT NULL); CREATE PUMP P AS INSERT INTO E (x) SELECT STREAM a FROM S",
     "INS-002", None),
    ("CREATE PUMP P AS INSERT INTO S SELECT STREAM * FROM S", "INS-003", "S"),
    ("CREATE PUMP P AS INSERT INTO ERROR_STREAM SELECT STREAM * FROM S", "INS-003", "ERROR_STREAM"),
    ("CREATE PUMP P AS INSERT INTO COMPANY SELECT STREAM k, k FROM S", "INS-003", "COMPANY"),
    # streams
    ("SELECT STREAM k, COUNT(*) FROM S GROUP BY k", "STR-001", "k"),  # C-082
    ("SELECT STREAM COUNT(*) FROM S GROUP BY STEP(t BY INTERVAL '1' MINUTE)", "STR-001", "STEP"),  # C-083
    ("SELECT STREAM COUNT(*) FROM S GROUP BY FLOOR(ROWTIME TO MINUTE), FLOOR(ROWTIME TO HOUR)", "STR-002", "FLOOR"),  # C-084
    ("SELECT STREAM k FROM S ORDER BY k", "STR-003", "k"),  # C-123
    ("SELECT STREAM DISTINCT k FROM S", "STR-004", "SELECT"),  # C-128
    ("SELECT STREAM k FROM S UNION SELECT STREAM k FROM R", "STR-005", "UNION"),  # C-131
    ("SELECT STREAM k FROM S UNION ALL VALUES ('a')", "STR-005", "UNION"),
    ("SELECT STREAM a, k FROM S UNION ALL SELECT STREAM k FROM R", "STR-005", "UNION"),  # C-132
    ("SELECT STREAM COUNT(*) FROM S", "STR-006", "COUNT"),
    ("SELECT STREAM a FROM S HAVING a > 1", "STR-006", None),  # C-092
    ("SELECT STREAM a, COUNT(*) FROM S GROUP BY FLOOR(ROWTIME TO MINUTE)", "STR-007", "a"),
    ("SELECT STREAM S.ROWTIME FROM S GROUP BY FLOOR(S.ROWTIME TO MINUTE)", "STR-007", "S"),  # C-087
    ("SELECT STREAM t FROM S WINDOWED BY STAGGER (PARTITION BY FLOOR(t TO MINUTE) RANGE INTERVAL '1' MINUTE)",
     "STR-007", "t"),  # C-122
    ("SELECT STREAM a FROM S WHERE COUNT(*) > 1", "STR-008", "COUNT"),
    ("SELECT STREAM SUM(COUNT(*)) FROM S GROUP BY FLOOR(ROWTIME TO MINUTE)", "STR-008", "COUNT"),
    ("SELECT STREAM a FROM S WHERE COUNT(*) OVER (ROWS 2 PRECEDING) > 1", "STR-008", "COUNT"),
    ("SELECT STREAM COUNT(DISTINCT a) OVER (ROWS 2 PRECEDING) FROM S", "STR-009", "COUNT"),
    ("SELECT STREAM COUNT(*) OVER (ROWS BETWEEN 4 PRECEDING AND UNBOUNDED FOLLOWING) FROM S", "STR-010", "ROWS"),  # C-107
    ("SELECT STREAM COUNT(*) OVER (ROWS BETWEEN 0 PRECEDING AND 4 PRECEDING) FROM S", "STR-010", "ROWS"),  # C-107
    ("SELECT STREAM COUNT(*) OVER (ORDER BY a ROWS 4 PRECEDING) FROM S", "STR-010", "a"),  # C-108
    ("SELECT STREAM COUNT(*) OVER (RANGE 4 PRECEDING) FROM S", "STR-010", "RANGE"),
    ("SELECT STREAM COUNT(*) OVER (ROWS INTERVAL '1' SECOND PRECEDING) FROM S", "STR-010", "ROWS"),
    ("SELECT STREAM S.A FROM S JOIN R OVER (PARTITION BY K RANGE INTERVAL '1' MINUTE PRECEDING) ON S.K = R.K",
     "STR-010", "K"),  # C-143
    ("SELECT STREAM S.A FROM S RIGHT JOIN COMPANY ON S.K = COMPANY.K", "STR-012", None),  # C-149
    ("SELECT STREAM NAME FROM COMPANY", "STR-013", "COMPANY"),
    # table functions
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a FROM S), 0))", "FUN-001", "0"),  # C-154
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a FROM S), 1001))", "FUN-001", "1001"),  # C-154
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a FROM S), 100, 9))", "FUN-001", "9"),  # C-154
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a FROM S), 100, 256, 256))", "FUN-001",
     "RANDOM_CUT_FOREST"),  # C-154
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a FROM S), 100, 256, 1000, 31))", "FUN-001",
     "31"),  # C-154
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a FROM S), 'x'))", "FUN-001", "'x'"),
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM k FROM S)))", "FUN-001", "RANDOM_CUT_FOREST"),  # C-155
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM amount FROM S)))", "FUN-001",
     "RANDOM_CUT_FOREST"),  # C-155
    ("CREATE FUNCTION f(x DOUBLE) RETURNS DOUBLE RETURN x; SELECT STREAM f(k) FROM S", "FUN-002", "f"),  # C-059
    # forms that are not run
    (P + "SELECT STREAM a FROM D2", "NAM-001", "D2"),
    ("CREATE STREAM E (x INTEGER); CREATE STREAM F (x INTEGER); CREATE PUMP P1 AS INSERT INTO E SELECT STREAM x FROM F;"
     "CREATE PUMP P2 AS INSERT INTO F SELECT STREAM x FROM E", "UNS-001", "P2"),  # C-064
    ("SELECT STREAM RANK() OVER (ROWS 1 PRECEDING) FROM S", "UNS-001", "RANK"),
]  # fmt: skip


def errors_of(sql: str, *, strict: bool = False) -> tuple:
    """The errors of a script over the test's inputs."""
    with pytest.raises(ScriptErrors) as raised:
        bind(parse(sql), INPUTS, tables=TABLES, strict=strict)
    return raised.value.errors


@pytest.mark.parametrize(("sql", "code", "words"), CASES, ids=[f"{code} {sql[-50:]}" for sql, code, _ in CASES])
def test_refusal(sql: str, code: str, words: str | None) -> None:
    error, *others = errors_of(sql)
    assert not others
    assert error.code == code
    assert error.span is not None
    if words is not None:
        assert sql[error.span.start : error.span.start + len(words)] == words


STRICT = [
    ("SELECT STREAM COUNT(DISTINCT a) FROM S GROUP BY FLOOR(ROWTIME TO MINUTE)", "STR-009"),  # C-091
    ("WITH x AS (SELECT STREAM a FROM S) SELECT STREAM a FROM x", "SYN-001"),
    ("SELECT STREAM a FROM S QUALIFY COUNT(*) OVER (ROWS 1 PRECEDING) > 1", "SYN-001"),
    ("SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a, k FROM S) PARTITION BY k))", "SYN-001"),
]


@pytest.mark.parametrize(("sql", "code"), STRICT)
def test_extension_runs_and_is_refused_under_strict_rules(sql: str, code: str) -> None:
    application = bind(parse(sql), INPUTS, tables=TABLES)
    assert [notice.code for notice in application.notices if notice.kind == "extension"] == [code]
    (error,) = errors_of(sql, strict=True)
    assert error.code == code


@pytest.mark.parametrize(
    "sql", ["SELECT STREAM a, FROM S", "SELECT STREAM a + 0 FROM S WHERE t > t - INTERVAL '1' SECONDS"]
)
def test_what_is_read_with_a_warning_is_refused_under_strict_rules(sql: str) -> None:
    assert [notice.kind for notice in bind(parse(sql), INPUTS).notices] == ["warning"]
    assert [error.code for error in errors_of(sql, strict=True)] == ["SYN-001"]


def test_every_error_of_a_script_is_reported_in_the_order_of_the_text() -> None:
    sql = "SELECT STREAM b FROM S;\nSELECT STREAM a FROM FROM;\nSELECT STREAM k + 1 FROM S;"
    assert [error.code for error in errors_of(sql)] == ["NAM-002", "SYN-001", "TYP-001"]


def test_a_missing_stream_is_no_second_error_when_its_definition_failed() -> None:
    sql = "CREATE STREAM E (a NOTYPE); CREATE PUMP P AS INSERT INTO E SELECT STREAM a FROM S;"
    assert [error.code for error in errors_of(sql)] == ["TYP-005"]


def test_a_name_in_another_case_is_offered() -> None:
    (error,) = errors_of("SELECT STREAM price FROM S")
    assert '"price"' in error.hint


def test_a_join_without_windows_is_a_warning() -> None:
    (notice,) = bind(parse("SELECT STREAM S.A FROM S JOIN R ON S.K = R.K"), INPUTS).notices
    assert (notice.kind, notice.code) == ("warning", "STR-011")
