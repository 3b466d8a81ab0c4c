"""The conformance statements of the language page (section 14) that concern single expressions."""

from collections.abc import Callable
from typing import Any

import pytest

from streamsql import types
from streamsql.errors import ScriptErrors

Sql = Callable[..., Any]

EXPECTED = {
    "C-007": [("CHAR_LENGTH('it''s')", "4"), (r"CHAR_LENGTH('\d')", "2")],
    "C-015": [("1 != 2", "TRUE"), ("1 != 1.0", "FALSE")],
    "C-018": [("5/2", "2"), ("5.0/2", "2.500000000000"), ("3.0+2", "5.0")],
    "C-020": [("2147483647 + 1", "RUN-002")],
    "C-022": [("CAST(NULL AS INTEGER) + 1", "NULL"), ("CAST(NULL AS VARCHAR(3)) || 'x'", "NULL")],
    "C-023": [("CAST(2.6 AS INTEGER)", "3"), ("CAST(-2.4 AS INTEGER)", "-2")],
    "C-024": [
        ("CAST(DATE '2008-08-23' AS VARCHAR(9))", "RUN-003"),
        ("CAST(DATE '2008-08-23' AS VARCHAR(10))", "2008-08-23"),
    ],
    "C-025": [
        ("CAST(TIMESTAMP '2007-02-19 21:25:35' AS VARCHAR(18))", "RUN-003"),
        ("CAST(TIMESTAMP '2007-02-19 21:25:35' AS VARCHAR(25))", "2007-02-19 21:25:35"),
    ],
    "C-026": [
        ("CAST('2007-02-19 21:23:45.0' AS TIME)", "RUN-003"),
        ("CAST('2007-02-19 21:23:45.0' AS DATE)", "RUN-003"),
        ("CAST(CAST('2007-02-19 21:23:45.0' AS TIMESTAMP) AS TIME)", "21:23:45"),
        ("CAST(CAST('2007-02-19 21:23:45.0' AS TIMESTAMP) AS DATE)", "2007-02-19"),
    ],
    "C-027": [("CAST('21:23' AS TIME)", "RUN-003"), ("CAST(' 21:23:45.0' AS TIME)", "21:23:45")],
    "C-028": [("CAST('abc' AS INTEGER)", "RUN-003")],
    "C-029": [("CAST(5000 * INTERVAL '0 00:00:00.001' DAY TO SECOND AS VARCHAR(20))", "+0 00:00:05")],
    "C-030": [
        ("CAST(INTERVAL '120' MINUTE(3) AS DECIMAL(2))", "RUN-002"),
        ("CAST(INTERVAL '120' MINUTE(3) AS DECIMAL(3))", "120"),
    ],
    "C-031": [
        ("CAST((TIME '12:03:34' - TIME '11:57:23') MINUTE TO SECOND AS VARCHAR(20))", "+6:11"),
        ("CAST((TIME '12:03:34' - TIME '11:57:23') SECOND AS VARCHAR(20))", "+371"),
        ("CAST((TIME '12:03:34' - TIME '11:57:23') MINUTE AS VARCHAR(20))", "+6"),
    ],
    "C-032": [("CAST((DATE '2004-12-02' - DATE '2003-12-01') DAY AS BIGINT)", "367")],
    "C-034": [
        ("CAST(2 * INTERVAL '3 4' DAY TO HOUR AS VARCHAR(20))", "+6 08"),
        ("CAST(INTERVAL '3 4' DAY TO HOUR / 2 AS VARCHAR(20))", "+1 14"),
    ],
    "C-041": [
        ("1 IS DISTINCT FROM 1.0", "FALSE"),
        ("CAST(NULL AS INTEGER) IS NOT DISTINCT FROM CAST(NULL AS INTEGER)", "TRUE"),
    ],
    "C-042": [("FALSE AND UNKNOWN", "FALSE"), ("TRUE OR UNKNOWN", "TRUE"), ("(NOT UNKNOWN) IS UNKNOWN", "TRUE")],
    "C-043": [
        (r"'ab' LIKE 'a\_' ESCAPE '\'", "FALSE"),
        (r"'a_' LIKE 'a\_' ESCAPE '\'", "TRUE"),
        ("'ab' LIKE 'A%'", "FALSE"),
    ],
    "C-044": [
        ("'cd' SIMILAR TO '[a-e^c]d'", "FALSE"),
        ("'accccd' SIMILAR TO 'ab*c+d'", "TRUE"),
        ("'aabc' SIMILAR TO 'ab*c+d'", "FALSE"),
    ],
    "C-045": [("5 BETWEEN 3 AND 5", "TRUE")],
    "C-046": [("CASE WHEN 1 = 2 THEN 3 END", "NULL"), ("CASE WHEN 1 = 1 THEN 3 ELSE 1/0 END", "3")],
    "C-168": [
        ("STEP(23 BY 5)", "20"),
        ("STEP(TIMESTAMP '2004-09-30 13:48:23' BY INTERVAL '2' HOUR)", "2004-09-30 12:00:00"),
    ],
    "C-169": [("STEP(TIMESTAMP '2004-09-27 13:48:23' BY INTERVAL '5' DAY)", "2004-09-24 00:00:00")],
    "C-170": [
        (
            "(TIME '10:00:00', TIME '11:00:00') OVERLAPS (TIME '11:00:00', TIME '12:00:00')",
            "FALSE",
        ),
        ("(TIME '10:00:00', TIME '11:00:00') CONTAINS TIME '11:00:00'", "FALSE"),
        ("(TIME '10:00:00', TIME '11:00:00') CONTAINS TIME '10:00:00'", "TRUE"),
    ],
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [pytest.param(*case, id=f"{number} {case[0]}") for number, cases in EXPECTED.items() for case in cases],
)
def test_statement(sql: Sql, expression: str, expected: str) -> None:
    assert sql(expression).only == expected


def test_c014_types_of_literals(sql: Sql) -> None:
    assert sql("1e2").type == types.DOUBLE
    assert sql("2.0").type == types.decimal(2, 1)
    assert sql("3000000000").type == types.BIGINT


def test_c019_types_of_decimal_arithmetic(sql: Sql) -> None:
    columns = {"A": (types.decimal(10, 1), [None]), "B": (types.decimal(10, 3), [None])}
    assert sql("a * b", columns).type == types.decimal(18, 4)
    assert sql("a + b", columns).type == types.decimal(13, 3)


@pytest.mark.parametrize("type_", [types.INTEGER, types.decimal(6, 2), types.REAL, types.DOUBLE], ids=str)
def test_c021_division_by_zero_fails_for_every_type(sql: Sql, type_: types.SqlType) -> None:
    result = sql("a / 0", {"A": (type_, [1, None, 0])})
    assert result.values == [None] * 3
    assert {row: error.code for row, error in result.errors.items()} == {0: "RUN-001", 2: "RUN-001"}


@pytest.mark.parametrize(
    ("number", "expression", "code"),
    [
        ("C-029", "CAST(5 AS INTERVAL SECOND)", "TYP-002"),
        ("C-032", "DATE '2004-12-02' - DATE '2003-12-01'", "TYP-001"),
        ("C-033", "TIME '1:00:00' - TIMESTAMP '2004-12-02 00:00:00'", "TYP-004"),
    ],
)
def test_refused(sql: Sql, number: str, expression: str, code: str) -> None:
    with pytest.raises(ScriptErrors) as caught:
        sql(expression)
    assert [error.code for error in caught.value.errors] == [code]
