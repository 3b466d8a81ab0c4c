"""Subqueries and relations of reference tables, against DuckDB, with nulls on both sides."""

import random

import duckdb
import pyarrow as pa
import pytest

from streamsql import Application

SCHEMAS = {
    "S": '"i" INTEGER, "x" INTEGER, "y" INTEGER',
    "T": '"x" INTEGER, "z" INTEGER',
    "U": '"x" INTEGER, "w" INTEGER',
}
CONDITIONS = [
    's."x" IN (SELECT "z" FROM "T")',
    's."x" NOT IN (SELECT "z" FROM "T")',
    's."x" NOT IN (SELECT t."z" FROM "T" AS t WHERE t."z" IS NOT NULL)',
    's."x" NOT IN (SELECT t."z" FROM "T" AS t WHERE t."x" = s."y")',
    's."x" IN (SELECT t."z" FROM "T" AS t WHERE t."x" > s."y")',
    's."x" + 1 NOT IN (SELECT t."z" * 2 FROM "T" AS t WHERE t."x" > s."y" AND t."z" < 3)',
    's."y" = 2 OR s."x" NOT IN (SELECT "z" FROM "T" WHERE "z" > 1)',
    '(s."x" IN (SELECT t."z" FROM "T" AS t WHERE t."x" = s."y")) IS NULL',
    '(s."x", s."y") IN (SELECT "z", "x" FROM "T")',
    '(s."x", s."y") NOT IN (SELECT "z", "x" FROM "T" WHERE "x" <> 1)',
    'EXISTS (SELECT * FROM "T" AS t WHERE t."x" = s."x" AND t."z" > s."y")',
    'NOT EXISTS (SELECT 1 FROM "T" AS t WHERE t."x" = s."x" AND t."z" = s."y" + 1)',
    'EXISTS (SELECT 1 FROM "T" AS t WHERE t."z" < s."y") AND NOT EXISTS (SELECT 1 FROM "T" WHERE "z" = s."x")',
    's."y" > 1 AND EXISTS (SELECT 1 FROM "T" AS t WHERE s."y" > 2)',
    'EXISTS (SELECT 1 FROM "T") AND s."x" > 1',
    # nested queries, joins, groups and set operations inside
    's."x" IN (SELECT "z" FROM "T" WHERE "x" IN (SELECT "x" FROM "U"))',
    's."x" NOT IN (SELECT "z" FROM "T" AS t WHERE NOT EXISTS (SELECT 1 FROM "U" AS u WHERE u."x" = t."x"))',
    's."x" IN (SELECT t."z" FROM "T" AS t WHERE t."x" = s."y" AND t."z" IN (SELECT "w" FROM "U" WHERE "x" > 1))',
    'EXISTS (SELECT 1 FROM "T" AS t JOIN "U" AS u ON t."x" = u."x" WHERE u."w" = s."x" AND t."z" < s."y")',
    'EXISTS (SELECT 1 FROM "T" AS t LEFT JOIN "U" AS u ON t."x" = u."x" WHERE u."w" IS NULL AND t."z" = s."x")',
    's."x" NOT IN (SELECT t."z" FROM "T" AS t FULL JOIN "U" AS u ON t."x" = u."w" AND u."x" > t."z")',
    's."x" IN (SELECT "z" FROM "T" GROUP BY "z" HAVING COUNT(*) > 1)',
    's."x" IN (SELECT COUNT(*) FROM "T" AS t WHERE t."x" = s."y")',
    's."x" NOT IN (SELECT MAX("z") FROM "T" AS t WHERE t."x" = s."y" GROUP BY "z")',
    's."x" NOT IN (SELECT MAX("z") + 1 FROM "T" AS t WHERE t."x" = s."y")',
    'EXISTS (SELECT "z" FROM "T" AS t WHERE t."x" = s."x" GROUP BY "z" HAVING SUM("x") > 2)',
    's."x" IN (SELECT "z" FROM "T" UNION SELECT "w" FROM "U" WHERE "x" = s."y")',
    's."x" NOT IN (SELECT "z" FROM "T" UNION ALL SELECT "w" FROM "U")',
    's."x" NOT IN (SELECT "z" FROM "T" EXCEPT SELECT "w" FROM "U")',
    's."x" IN (SELECT "z" FROM "T" INTERSECT SELECT "w" FROM "U")',
    's."x" IN (SELECT "z" FROM (SELECT DISTINCT "x", "z" FROM "T" WHERE "x" > 1) AS d WHERE d."x" <> s."y")',
    's."x" IN (SELECT v.a FROM (VALUES (1), (3), (NULL)) AS v(a) JOIN "T" AS t ON t."z" = v.a)',
    's."x" IN (VALUES (1), (2))',
    's."x" IN (SELECT "z" FROM "T" ORDER BY "z" NULLS LAST, "x" NULLS LAST LIMIT 2)',
    '(s."x", s."y") NOT IN (SELECT t."z", u."w" FROM "T" AS t, "U" AS u WHERE t."x" = u."x")',
    # values
    's."x" > (SELECT MIN("z") FROM "T")',
    's."x" = (SELECT MAX("z") FROM "T" AS t WHERE t."x" = s."y")',
    's."x" >= (SELECT COUNT(*) FROM "T" AS t WHERE t."x" = s."y") + (SELECT COUNT("w") FROM "U")',
    '(SELECT SUM("z") FROM "T" AS t WHERE t."x" = s."y" AND t."z" > 1) IS NULL',
    '(SELECT COUNT(*) * 2 FROM "T" AS t JOIN "U" AS u ON t."x" = u."x" WHERE u."w" = s."y") > s."x"',
    'COALESCE((SELECT DISTINCT 3 FROM "T" WHERE "x" > 2), 0) < s."x"',
]


def rows(chosen: random.Random, count: int, nulls: float, *names: str) -> pa.Table:
    def value() -> int | None:
        return None if chosen.random() < nulls else chosen.randrange(5)

    columns = {name: pa.array([value() for _ in range(count)], pa.int32()) for name in names}
    return pa.table(columns)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize(("size", "nulls"), [(0, 0.0), (4, 0.4), (40, 0.1)])
def test_as_duckdb(condition: str, size: int, nulls: float) -> None:
    chosen = random.Random(f"{condition} {size}")
    stream = rows(chosen, 60, 0.2, "x", "y").add_column(0, "i", pa.array(range(60), pa.int32()))
    tables = {"T": rows(chosen, size, nulls, "x", "z"), "U": rows(chosen, size // 2, nulls, "x", "w")}
    app = Application(
        'CREATE STREAM "OUT" ("i" INTEGER); CREATE PUMP "P" AS INSERT INTO "OUT" '
        f'SELECT STREAM s."i" FROM "S" AS s WHERE {condition}; '
        'CREATE STREAM "TRUTH" ("i" INTEGER, "b" BOOLEAN); CREATE PUMP "Q" AS INSERT INTO "TRUTH" '
        f'SELECT STREAM s."i", {condition} FROM "S" AS s',
        SCHEMAS,
        references=tables,
    )
    app.feed("S", stream)
    connection = duckdb.connect()
    for name, data in {"S": stream, **tables}.items():
        connection.register(name, data)
    expected = connection.sql(f'SELECT s."i", {condition} FROM "S" AS s ORDER BY s."i"').fetchall()
    assert app.errors().num_rows == 0
    truth = app.read("TRUTH")
    assert list(zip(truth["i"].to_pylist(), truth["b"].to_pylist(), strict=True)) == expected
    assert app.read("OUT")["i"].to_pylist() == [i for i, b in expected if b]


RELATIONS = [
    'SELECT "x", "z" FROM "T" WHERE "z" > 1',
    'SELECT "x", COUNT(*) FROM "T" GROUP BY "x"',
    'SELECT COUNT(*), SUM("z") FROM "T" WHERE "x" > 100',
    'SELECT COUNT(*), MAX("z") FROM "T" HAVING COUNT(*) < 3',
    'SELECT DISTINCT "x", "x" + 1 FROM "T"',
    'SELECT t."x", u."w" FROM "T" AS t JOIN "U" AS u ON t."x" = u."x" AND t."z" < u."w"',
    'SELECT t."z", u."w" FROM "T" AS t LEFT JOIN "U" AS u ON t."x" = u."x"',
    'SELECT t."z", u."w" FROM "T" AS t RIGHT JOIN "U" AS u ON t."x" = u."x" AND t."z" > 1',
    'SELECT t."z", u."w" FROM "T" AS t FULL JOIN "U" AS u ON t."x" = u."x"',
    'SELECT a."x", b."x" FROM "T" AS a CROSS JOIN "U" AS b',
    'SELECT "z", "w" FROM "T" JOIN "U" USING ("x")',
    'SELECT "x", "z" FROM "T" UNION SELECT "x", "w" FROM "U"',
    'SELECT "x", "z" FROM "T" EXCEPT SELECT "x", "w" FROM "U"',
    'SELECT "x" FROM "T" INTERSECT SELECT "w" FROM "U"',
    'SELECT "x", 1 FROM "T" UNION ALL (SELECT "w", 2 FROM "U" EXCEPT SELECT "x", 2 FROM "T")',
    "SELECT a, b FROM (VALUES (1, 2), (NULL, 3), (1, 2)) AS v(a, b) WHERE a = 1",
    'SELECT v.a, t."z" FROM (VALUES (1), (2), (NULL)) AS v(a) LEFT JOIN "T" AS t ON t."x" = v.a',
    'SELECT "n", COUNT(*) FROM (SELECT COUNT(*) AS "n" FROM "T" GROUP BY "x") AS g GROUP BY "n"',
    'WITH c AS (SELECT "x" AS k, MAX("z") AS m FROM "T" GROUP BY "x") SELECT c.k, u."w" FROM c JOIN "U" AS u ON c.m = u."x"',
    'SELECT "x", (SELECT COUNT(*) FROM "U" AS u WHERE u."x" = t."x") FROM "T" AS t WHERE "z" NOT IN (SELECT "w" FROM "U")',
    'SELECT "x", "z" FROM "T" ORDER BY "z" DESC NULLS LAST, "x" NULLS FIRST LIMIT 3 OFFSET 1',
    'SELECT "x" + "z", 7 FROM "T" ORDER BY 1 NULLS LAST LIMIT 4',
]


@pytest.mark.parametrize("query", RELATIONS)
@pytest.mark.parametrize(("size", "nulls"), [(0, 0.0), (5, 0.3), (40, 0.1)])
def test_relations_as_duckdb(query: str, size: int, nulls: float) -> None:
    chosen = random.Random(f"{query} {size}")
    tables = {"T": rows(chosen, size, nulls, "x", "z"), "U": rows(chosen, size // 2, nulls, "x", "w")}
    connection = duckdb.connect()
    for name, data in tables.items():
        connection.register(name, data)
    expected = connection.sql(query).fetchall()
    columns = ", ".join(f"C{i} BIGINT" for i in range(len(connection.sql(query).columns)))
    app = Application(f'CREATE STREAM "OUT" ({columns}); INSERT INTO "OUT" {query}', SCHEMAS, references=tables)
    app.finish()
    found = [tuple(row.values())[1:] for row in app.read("OUT").to_pylist()]
    in_order = "ORDER BY" in query
    assert (found if in_order else sorted(found, key=repr)) == (
        expected if in_order else sorted(expected, key=repr)
    )
    assert app.errors().num_rows == 0


def test_pairs_are_looked_at_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamsql.exec.subquery.PAIRS_AT_ONCE", 7)
    for condition in CONDITIONS[:20]:
        test_as_duckdb(condition, 4, 0.4)


def test_the_plan_says_what_is_kept() -> None:
    app = Application(
        'CREATE STREAM "OUT" ("i" INTEGER); CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM s."i" FROM "S" AS s '
        'WHERE s."y" > 1 AND s."x" IN (SELECT "z" FROM "T")',
        SCHEMAS,
        references={"T": rows(random.Random(1), 1, 0, "x", "z")},
    )
    plan = """\
└─ Project: "i"
   └─ Filter: (("y" > 1) AND EXISTS(T WHERE "x" = "z"))  [keeps table T]
      └─ Source: S
"""
    assert app.explain().endswith(plan)


@pytest.mark.parametrize(
    ("source", "condition"),
    [
        ("", 'EXISTS (SELECT 1 FROM "T" AS t WHERE 10 / t."z" > 1 AND t."x" = s."x")'),
        ("", 's."x" IN (SELECT 10 / "z" FROM "T")'),
        ('JOIN "T" AS t ON s."x" = 10 / t."z"', "TRUE"),
        ("", '(s."x" IN (SELECT 10 / "z" FROM "T")) IS TRUE'),
        ("", 's."x" = (SELECT 10 / "z" FROM "T")'),
    ],
)
@pytest.mark.parametrize("live", [True, False])
def test_a_row_of_the_table_that_cannot_be_computed_is_left_out(source: str, condition: str, live: bool) -> None:
    app = Application(
        'CREATE STREAM "OUT" ("x" INTEGER); CREATE PUMP "P" AS INSERT INTO "OUT" '
        f'SELECT STREAM s."x" FROM "S" AS s {source} WHERE {condition}',
        {"S": SCHEMAS["S"]},
        references={"T": pa.table({"x": [1, 2], "z": [0, 5]})},
        rowtime=None if live else "y",
    )
    app.feed("S", pa.table({"i": [0, 0], "x": [1, 2], "y": [1000, 2000]}))
    assert app.read("OUT")["x"].to_pylist() == [2]
    (error,) = app.errors().to_pylist()
    assert (error["ERROR_NAME"], error["PUMP_NAME"]) == ("Division by zero", "P")
    assert bytes.fromhex(error["DATA_ROW"]) == b'{"x":1,"z":0}'


def test_a_value_that_cannot_be_computed_is_an_error_of_the_row_that_asks() -> None:
    """Rows that ask for other values, or for none, go on."""
    app = Application(
        'CREATE STREAM "O" ("i" INTEGER, "v" INTEGER); CREATE PUMP "P" AS INSERT INTO "O" SELECT STREAM s."i", '
        '(SELECT 10 * s."x" / (t."z" * s."x") FROM "T" AS t WHERE t."x" = s."x") FROM "S" AS s;',
        {"S": SCHEMAS["S"]},
        rowtime="t",
        references={"T": pa.table({"x": pa.array([1, 2], pa.int32()), "z": pa.array([0, 5], pa.int32())})},
    )
    numbers = pa.array([2, 1, 3, 1, 2], pa.int32())
    rows = {"i": pa.array(range(5), pa.int32()), "x": numbers, "y": numbers, "t": pa.array(range(5), pa.int64())}
    app.feed("S", pa.table(rows))
    app.finish()
    assert app.read("O").select(["i", "v"]).to_pylist() == [
        {"i": 0, "v": 2},
        {"i": 2, "v": None},
        {"i": 4, "v": 2},
    ]
    assert [row["ERROR_NAME"] for row in app.errors().to_pylist()] == ["Division by zero"] * 2
