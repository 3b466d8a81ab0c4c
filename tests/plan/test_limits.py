"""What a script may become: each limit is met from below, and refused with a place just above."""

from __future__ import annotations

import pyarrow as pa
import pytest

from streamsql.app.application import Application
from streamsql.errors import ScriptErrors
from streamsql.plan.limits import MAX_ARGUMENTS, MAX_COLUMNS, MAX_WAYS
from streamsql.sql.lexer import MAX_ERRORS

SCHEMAS = {"S": '"A" INTEGER, "K" VARCHAR(65535)'}
PUMP = "CREATE STREAM o (a INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM "


def refused(sql: str, message: str, code: str = "SYN-005") -> None:
    with pytest.raises(ScriptErrors, match=message) as caught:
        Application(sql, SCHEMAS)
    assert caught.value.errors[0].code == code
    assert caught.value.errors[0].span is not None


def accepted(sql: str) -> Application:
    return Application(sql, SCHEMAS, rowtime="ROWTIME")


def test_columns() -> None:
    for count in (MAX_COLUMNS, MAX_COLUMNS + 1):
        sql = f"CREATE STREAM o ({', '.join(f'c{i} INTEGER' for i in range(count))})"
        accepted(sql) if count == MAX_COLUMNS else refused(sql, "at most 2000 columns")
    query = "S"
    for level in range(40):
        query = f"(SELECT STREAM t{level}.*, t{level}.* FROM {query} AS t{level})"
    refused(f"{PUMP} A FROM {query} AS t", "at most 2000 columns")


def test_arguments() -> None:
    accepted(f"{PUMP} COALESCE({', '.join(['A'] * MAX_ARGUMENTS)}) FROM S")
    refused(f"{PUMP} COALESCE({', '.join(['A'] * (MAX_ARGUMENTS + 1))}) FROM S", "COALESCE has 1001 arguments")


def test_joins() -> None:
    for count in (49, 50):
        joined = " ".join(f"JOIN S AS r{i} ON S.A = r{i}.A" for i in range(count))
        sql = f"{PUMP} S.A FROM S {joined}"
        accepted(sql) if count == 49 else refused(sql, "FROM joins at most 50")


def test_after_very_many_errors_binding_stops() -> None:
    wrong = [f"CREATE PUMP p{i} AS INSERT INTO o SELECT STREAM nowhere FROM S;" for i in range(3 * MAX_ERRORS)]
    with pytest.raises(ScriptErrors) as raised:
        Application("CREATE STREAM o (a INTEGER);" + "".join(wrong), {"S": "A INTEGER"})
    assert len(raised.value.errors) == MAX_ERRORS


def doubled(levels: int) -> str:
    made = ["CREATE STREAM s0 (a INTEGER); CREATE PUMP p AS INSERT INTO s0 SELECT STREAM A FROM S;"]
    for i in range(levels):
        made.append(f"CREATE STREAM s{i + 1} (a INTEGER);")
        made += [f"CREATE PUMP p{i}_{j} AS INSERT INTO s{i + 1} SELECT STREAM a FROM s{i};" for j in (1, 2)]
    return "".join(made)


def test_rows_that_double_from_stream_to_stream() -> None:
    app = accepted(doubled(9))
    app.feed(
        "S",
        pa.table({"A": pa.array([1], pa.int32()), "K": ["x"], "ROWTIME": pa.array([1000], pa.timestamp("ms"))}),
    )
    app.finish()
    assert app.read("S9").num_rows == 2**9 <= MAX_WAYS
    refused(doubled(10), "in more than 1000 ways", "UNS-001")


def test_a_long_chain_of_streams() -> None:
    def chain(length: int) -> str:
        made = [f"CREATE STREAM s{i} (a INTEGER);" for i in range(length)]
        made += [f"CREATE PUMP p{i} AS INSERT INTO s{i + 1} SELECT STREAM a FROM s{i};" for i in range(length - 1)]
        return "".join(made) + "CREATE PUMP q AS INSERT INTO s0 SELECT STREAM A FROM S;"

    app = accepted(chain(80))
    app.feed(
        "S",
        pa.table({"A": pa.array([1], pa.int32()), "K": ["x"], "ROWTIME": pa.array([1000], pa.timestamp("ms"))}),
    )
    app.finish()
    assert app.read("S79").num_rows == 1
    refused(chain(300), "through more than 400 operators", "UNS-001")


def test_queries_that_double() -> None:
    tables = ["c0 AS (SELECT STREAM A FROM S)"]
    tables += [f"c{i + 1} AS (SELECT STREAM A FROM c{i} UNION ALL SELECT STREAM A FROM c{i})" for i in range(20)]
    with_tables = PUMP.replace("SELECT STREAM", f"WITH {', '.join(tables)} SELECT STREAM")
    refused(f"{with_tables} A FROM c20", "more than 2000 queries")
    deep = ["c0 AS (SELECT STREAM A FROM S)"] + [f"c{i + 1} AS (SELECT STREAM A FROM c{i})" for i in range(300)]
    refused(
        PUMP.replace("SELECT STREAM", f"WITH {', '.join(deep)} SELECT STREAM") + "A FROM c300", "nested too deeply"
    )


def test_functions_that_double() -> None:
    made = ["CREATE FUNCTION f0 (x INTEGER) RETURNS INTEGER CONTAINS SQL RETURN x + 1;"]
    made += [
        f"CREATE FUNCTION f{i + 1} (x INTEGER) RETURNS INTEGER CONTAINS SQL RETURN f{i}(x) * f{i}(x);"
        for i in range(30)
    ]
    refused("".join(made) + f"{PUMP} f30(A) FROM S", "more than 50000 terms")
    deep = [
        *made[:1],
        *(
            f"CREATE FUNCTION f{i + 1} (x INTEGER) RETURNS INTEGER CONTAINS SQL RETURN f{i}(x) + 1;"
            for i in range(160)
        ),
    ]
    refused("".join(deep), "more than 150 levels")


def test_products_of_values() -> None:
    rows = ", ".join(f"({i})" for i in range(100))
    product = [f"(VALUES {rows}) AS t{i}(x)" for i in range(3)]
    accepted(f"{PUMP} A FROM S WHERE A IN (SELECT t0.x FROM {', '.join(product[:2])})")
    refused(
        f"{PUMP} A FROM S WHERE A IN (SELECT t0.x FROM {', '.join(product)})", "may give more than 100000 rows"
    )


def test_a_case_of_a_thousand_branches_computes() -> None:
    """Each branch is open only to the rows that no branch before it took."""
    branches = " ".join(f"WHEN A = {i} THEN 10 / (A - {i} + 1)" for i in range(1000))
    app = accepted(f"{PUMP} CASE {branches} ELSE A / 0 END FROM S")
    times = pa.array([1000, 2000, 3000], pa.timestamp("ms"))
    app.feed("S", pa.table({"A": pa.array([0, 999, 1000], pa.int32()), "K": ["x"] * 3, "ROWTIME": times}))
    app.finish()
    assert app.read("O")["A"].to_pylist() == [10, 10]
    assert app.read("ERROR_STREAM").num_rows == 1


def test_long_patterns_and_replacements() -> None:
    refused(f"{PUMP} A FROM S WHERE K LIKE '{'%a' * 2049}'", "at most 4096 are allowed", "RUN-006")
    refused(f"{PUMP} A FROM S WHERE K SIMILAR TO '{'a' * 4097}'", "at most 4096 are allowed", "RUN-006")
    sql = "CREATE STREAM o (n INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM CHAR_LENGTH("
    app = accepted(f"{sql}REGEX_REPLACE(K, 'a', '{'x' * 1000}', 1, 0)) FROM S")
    texts = ["b", "a" * 60, "a" * 66, "a" * 60_000]  # 1, 60,000 and 66,000 characters, and too many
    times = pa.array([1000, 2000, 3000, 4000], pa.timestamp("ms"))
    app.feed("S", pa.table({"A": pa.array([1] * 4, pa.int32()), "K": texts, "ROWTIME": times}))
    app.finish()
    assert app.read("O")["N"].to_pylist() == [1, 60_000, 65_535]
    assert "more than 8388608 bytes" in app.read("ERROR_STREAM")["MESSAGE"][0].as_py()


def test_digits() -> None:
    for digits in (20, 10_000):
        refused(f"{PUMP} {'9' * digits} FROM S", "has more than 19 digits", "LIT-004")
    accepted(f"{PUMP} {'0' * 10_000}7 FROM S")
