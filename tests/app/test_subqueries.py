"""IN and EXISTS over a reference table, against DuckDB, with nulls on both sides."""

import random

import duckdb
import pyarrow as pa
import pytest

from streamsql import Application

SCHEMAS = {"S": '"i" INTEGER, "x" INTEGER, "y" INTEGER', "T": '"x" INTEGER, "z" INTEGER'}
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
]


def rows(chosen: random.Random, count: int, nulls: float, *names: str) -> pa.Table:
    def value() -> int | None:
        return None if chosen.random() < nulls else chosen.randrange(5)

    columns = {name: pa.array([value() for _ in range(count)], pa.int32()) for name in names}
    return pa.table(columns)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize(("size", "nulls"), [(0, 0.0), (4, 0.0), (4, 0.4), (40, 0.1)])
def test_as_duckdb(condition: str, size: int, nulls: float) -> None:
    chosen = random.Random(f"{condition} {size}")
    stream = rows(chosen, 60, 0.2, "x", "y").add_column(0, "i", pa.array(range(60), pa.int32()))
    table = rows(chosen, size, nulls, "x", "z")
    app = Application(
        'CREATE STREAM "OUT" ("i" INTEGER); CREATE PUMP "P" AS INSERT INTO "OUT" '
        f'SELECT STREAM s."i" FROM "S" AS s WHERE {condition}',
        SCHEMAS,
        references={"T": table},
    )
    app.feed("S", stream)
    connection = duckdb.connect()
    connection.register("S", stream)
    connection.register("T", table)
    expected = connection.sql(f'SELECT s."i" FROM "S" AS s WHERE {condition} ORDER BY s."i"').fetchall()
    assert [(i,) for i in app.read("OUT")["i"].to_pylist()] == expected
    assert app.errors().num_rows == 0


def test_pairs_are_looked_at_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamsql.exec.operators.exists.PAIRS_AT_ONCE", 7)
    for condition in CONDITIONS:
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
   └─ Filter: "FOUND IN T"
      └─ Exists: in T on "x" = "z"  [keeps table T]
         └─ Filter: ("y" > 1)
            └─ Source: S
"""
    assert app.explain().endswith(plan)


@pytest.mark.parametrize(
    ("source", "condition"),
    [
        ("", 'EXISTS (SELECT 1 FROM "T" AS t WHERE 10 / t."z" > 1 AND t."x" = s."x")'),
        ("", 's."x" IN (SELECT 10 / "z" FROM "T")'),
        ('JOIN "T" AS t ON s."x" = 10 / t."z"', "TRUE"),
    ],
)
@pytest.mark.parametrize("live", [True, False])
def test_a_row_of_the_table_that_cannot_be_computed_is_left_out(source: str, condition: str, live: bool) -> None:
    app = Application(
        'CREATE STREAM "OUT" ("x" INTEGER); CREATE PUMP "P" AS INSERT INTO "OUT" '
        f'SELECT STREAM s."x" FROM "S" AS s {source} WHERE {condition}',
        SCHEMAS,
        references={"T": pa.table({"x": [1, 2], "z": [0, 5]})},
        rowtime=None if live else "y",
    )
    app.feed("S", pa.table({"i": [0, 0], "x": [1, 2], "y": [1000, 2000]}))
    assert app.read("OUT")["x"].to_pylist() == [2]
    (error,) = app.errors().to_pylist()
    assert (error["ERROR_NAME"], error["PUMP_NAME"]) == ("Division by zero", "P")
    assert bytes.fromhex(error["DATA_ROW"]) == b'{"x":1,"z":0}'
