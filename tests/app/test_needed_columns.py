"""Columns that no reader of an input needs are not decoded, and nobody can tell (docs/decisions/0011)."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from streamsql import Application
from streamsql.app.inputs import row_input
from streamsql.app.run import WORTH_SKIPPING
from streamsql.kernels import batches

COLUMNS = ("T", "A", "B", "C", "D", "E", "F")
DDL = '"T" TIMESTAMP, "A" INTEGER, "B" VARCHAR(8), "C" DOUBLE, "D" BOOLEAN, "E" DECIMAL(9,2), "F" VARCHAR(20)'
ROWS = 2000
MINUTE = "STEP(S.ROWTIME BY INTERVAL '60' SECOND)"
RANGE = "RANGE INTERVAL '1' MINUTE"
SIDES = f'"S" OVER ({RANGE} PRECEDING) AS L JOIN "S" OVER ({RANGE} PRECEDING) AS R'
LATER = f'"S" OVER ({RANGE} FOLLOWING) AS L LEFT JOIN "S" OVER ({RANGE} PRECEDING) AS R'
TWO = '"p" DOUBLE, "q" DOUBLE'


def value_rows(count: int = ROWS) -> list[tuple[str, int, str, float, bool, float, str]]:
    """One row a second. Every number and text tells in which row it stands."""
    return [
        (
            f"2024-01-01 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}",
            n % 7,
            f"k{n % 3}",
            n / 4,
            n % 2 == 0,
            n / 100,
            f"text {n}",
        )
        for n in range(count)
    ]


def write(path: Path, rows: list[tuple[str, int, str, float, bool, float, str]]) -> str:
    if path.suffix == ".csv":
        lines = [
            ",".join(str(value).lower() if isinstance(value, bool) else str(value) for value in row)
            for row in rows
        ]
    else:
        lines = [json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows]
    data = "\n".join(lines) + "\n"
    assert len(data) > 4 * WORTH_SKIPPING
    path.write_text(data)
    return str(path)


def application(sql: str, *, replay: bool = True) -> Application:
    numbers = {"a": [0, 2, 3, 3], "x": [0.5, 1.5, 2.5, 3.5]}
    return Application(sql, {"S": DDL}, rowtime="T" if replay else None, references={"N": pa.table(numbers)})


def pump(number: int, columns: str, select: str) -> str:
    return f'CREATE STREAM "O{number}" ({columns}); CREATE PUMP "P{number}" AS INSERT INTO "O{number}" {select};'


@pytest.fixture(params=["csv", "json"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"rows.{request.param}"


def shown(error: dict[str, str]) -> dict[str, object]:
    row: dict[str, object] = json.loads(bytes.fromhex(error["DATA_ROW"]))
    return row


def whole_row(n: int) -> dict[str, object]:
    """What an error row shows of row n: all of its columns."""
    time, *values = value_rows(n + 1)[n]
    return {"T": f"{time}.000", **dict(zip(COLUMNS[1:], values, strict=True))}


@pytest.mark.parametrize(
    ("select", "columns", "needed"),
    [
        ('SELECT STREAM "A" FROM "S"', '"a" INTEGER', {"A"}),
        ('SELECT STREAM "A" + 1 FROM "S" WHERE "C" > 5', '"a" INTEGER', {"A", "C"}),
        ('SELECT STREAM UPPER("B") FROM "S"', '"b" VARCHAR(8)', {"B"}),
        (f'SELECT STREAM "B", SUM("C") FROM "S" GROUP BY "B", {MINUTE}', '"b" VARCHAR(8), "c" DOUBLE', {"B", "C"}),
        (f'SELECT STREAM "B" FROM "S" WHERE "D" IS TRUE GROUP BY "B", {MINUTE}', '"b" VARCHAR(8)', {"B", "D"}),
        ('SELECT STREAM "A" FROM "S" WHERE "B" LIKE \'k%\'', '"a" INTEGER', {"A", "B"}),
        ('SELECT STREAM SUM("A") OVER (PARTITION BY "B" ROWS 3 PRECEDING) FROM "S"', '"a" BIGINT', {"A", "B"}),
        ('SELECT STREAM "C", COUNT(*) OVER (ROWS 3 PRECEDING) FROM "S"', '"c" DOUBLE, "n" BIGINT', {"C"}),
        (f'SELECT STREAM "B" FROM "S" WINDOWED BY STAGGER (PARTITION BY "B" {RANGE})', '"b" VARCHAR(8)', {"B"}),
        (f'SELECT STREAM L."C", R."E" FROM {SIDES} ON L."A" = R."A"', TWO, {"A", "C", "E"}),
        (f'SELECT STREAM L."C", 1 FROM {SIDES} ON L."E" < R."E"', TWO, {"C", "E"}),
        ('SELECT STREAM "C", N."x" FROM "S" JOIN "N" ON "S"."A" = N."a"', TWO, {"A", "C"}),
        ('SELECT STREAM "C", N."x" FROM "S" JOIN "N" ON N."a" < "S"."E"', TWO, {"C", "E"}),
        ('SELECT STREAM "C", 1 FROM "S" WHERE "A" IN (SELECT "a" FROM "N")', TWO, {"A", "C"}),
        ('SELECT STREAM "C", 1 FROM "S" ORDER BY FLOOR("S".ROWTIME TO MINUTE), "E"', TWO, {"C", "E"}),
        ('SELECT STREAM "C", 1 FROM "S" WHERE "A" > 1 ORDER BY FLOOR("S".ROWTIME TO MINUTE), "E"', TWO, None),
    ],
)
def test_what_is_needed_is_what_expressions_read(select: str, columns: str, needed: set[str] | None) -> None:
    app = application(pump(1, columns, select))
    found = app.engine().needed("S")
    assert (found if found is None else {COLUMNS[number] for number in found}) == (needed and needed | {"T"})


def test_the_needs_of_all_pumps_count_and_whoever_listens_needs_all() -> None:
    sql = pump(1, '"a" INTEGER', 'SELECT STREAM "A" FROM "S"') + pump(
        2, '"e" DOUBLE', 'SELECT STREAM "C" FROM "S"'
    )
    engine = application(sql, replay=False).engine()
    assert engine.needed("S") == frozenset({1, 3})
    engine.subscribe("S", lambda batch: None)
    assert engine.needed("S") is None


def test_rows_that_wait_for_others_are_whole() -> None:
    sql = pump(1, '"a" INTEGER', 'SELECT STREAM "A" FROM "S"')
    assert Application(sql, {"S": DDL}, rowtime="T", lateness=1).engine().needed("S") is None
    assert application(sql).engine([("S", "T"), ("S", "T")]).needed("S") is None


def test_some_columns_are_not_decoded(path: Path) -> None:
    """That they are asked for is one thing; here nothing may look at the batch before."""
    app = application(pump(1, '"a" INTEGER', 'SELECT STREAM "A" FROM "S"'))
    source = row_input(app, "S", write(path, value_rows()))
    decoded = source.read()
    source.close()
    assert decoded is not None
    assert batches.by_column(decoded.rows) is decoded.rows  # columns are not there yet
    texts = [row[6] for row in value_rows()[: decoded.rows.num_rows]]
    assert len(texts) > 500 and decoded.batch.column("F").to_pylist() == texts
    assert batches.by_column(decoded.rows) is decoded.batch


@pytest.mark.parametrize("replay", [True, False])
@pytest.mark.parametrize(
    "select",
    [
        'SELECT STREAM 10 / "A" FROM "S"',
        'SELECT STREAM "A" FROM "S" WHERE 10 / "A" >= 0',
        'SELECT STREAM 10 / "A" FROM "S" WHERE "C" >= 0',
        'SELECT STREAM 10 / "A" FROM "S" WHERE "C" < 100',
        f'SELECT STREAM SUM(10 / "A") FROM "S" GROUP BY {MINUTE}',
        f'SELECT STREAM SUM(10 / "A") FROM "S" WHERE "C" < 100 GROUP BY {MINUTE}',
    ],
)
def test_a_row_in_error_shows_columns_that_nobody_reads(path: Path, select: str, replay: bool) -> None:
    """Those in which A is 0, one in seven (C < 100 is the case in the first 400 rows)."""
    app = application(pump(1, '"q" BIGINT', select), replay=replay)
    app.run({"S": write(path, value_rows())})
    errors = app.errors().to_pylist()
    wrong = [n for n in range(400 if "100" in select else ROWS) if n % 7 == 0]
    assert [shown(error) for error in errors] == [whole_row(n) for n in wrong]


def test_late_rows_show_all_columns(path: Path) -> None:
    app = application(pump(1, '"a" INTEGER', 'SELECT STREAM "A" FROM "S"'))
    rows = value_rows()
    rows.insert(1500, rows.pop(700))
    app.run({"S": write(path, rows)})
    (error,) = app.errors().to_pylist()
    assert shown(error) == whole_row(700)
    assert app.read("O1")["a"].to_pylist() == [row[1] for n, row in enumerate(value_rows()) if n != 700]


def test_what_does_not_fit_a_column_that_nobody_reads_is_an_error_where_it_stood(path: Path) -> None:
    """The rows around it are in order, in a replay too: the error has the time of the row before."""
    app = application(pump(1, '"a" INTEGER', 'SELECT STREAM "A" FROM "S"'))
    rows, wrong = value_rows(), [0, 5, 1100, 1101, ROWS - 1]
    for n in wrong:
        rows[n] = (*rows[n][:5], 1e9, rows[n][6])
    app.run({"S": write(path, rows)})
    errors = app.errors().to_pylist()
    assert [error["ROWTIME"].isoformat(" ") for error in errors] == [rows[max(n - 1, 1)][0] for n in wrong[:3]] + [
        rows[n][0] for n in (1099, ROWS - 2)
    ]
    message = 'For input string: "1000000000.0" (column "E" DECIMAL(9,2): out of range)'
    assert [error["MESSAGE"] for error in errors] == [message] * len(wrong)
    assert app.read("O1")["a"].to_pylist() == [row[1] for n, row in enumerate(rows) if n not in wrong]


@pytest.mark.parametrize(
    ("select", "columns"),
    [
        ('SELECT STREAM "A", 10 / "A" FROM "S" WHERE "B" LIKE \'k%\' AND "F" LIKE \'%7%\'', TWO),
        ('SELECT STREAM 10 / "A", SUM("C") OVER (PARTITION BY "B" ROWS 3 PRECEDING) FROM "S"', TWO),
        ('SELECT STREAM "C", SUM(10 / "A") OVER (PARTITION BY "B" ROWS 3 PRECEDING) FROM "S"', TWO),
        (f'SELECT STREAM SUM(10 / "A"), COUNT(*) FROM "S" WINDOWED BY STAGGER (PARTITION BY "B" {RANGE})', TWO),
        (f'SELECT STREAM L."C", 10 / R."A" FROM {SIDES} ON L."A" = R."A" AND L."E" < R."E"', TWO),
        (f'SELECT STREAM L."C", R."C" FROM {SIDES} ON L."B" = R."B" AND 10 / L."A" < R."A"', TWO),
        (f'SELECT STREAM L."C", 10 / R."A" FROM {LATER} ON L."A" = R."A" AND L."E" > R."E"', TWO),
        (f'SELECT STREAM L."C", 10 / R."A" FROM {LATER} ON L."F" = R."F"', TWO),
        ('SELECT STREAM L."C", 10 / R."A" FROM "S" AS L LEFT ASOF JOIN "S" AS R ON L."B" = R."B"', TWO),
        ('SELECT STREAM 10 / "S"."A", N."x" FROM "S" JOIN "N" ON "S"."A" = N."a"', TWO),
        ('SELECT STREAM 10 / "S"."A", N."x" FROM "S" LEFT JOIN "N" ON "S"."A" = N."a" AND "C" > N."x"', TWO),
        ('SELECT STREAM "C", 10 / "A" FROM "S" WHERE "A" IN (SELECT "a" FROM "N")', TWO),
        ('SELECT STREAM "E", "A" FROM "S" ORDER BY FLOOR("S".ROWTIME TO MINUTE), 10 / "A"', TWO),
        ('SELECT STREAM "S".ROWTIME + INTERVAL \'1\' SECOND * "A" AS ROWTIME, "A", "C" FROM "S"', TWO),
    ],
)
def test_nothing_depends_on_what_is_decoded(path: Path, select: str, columns: str) -> None:
    """Results, and whole rows in errors, are those of a run in which somebody listens to the stream itself."""
    runs = []
    for listened in (False, True):
        app = application(pump(1, columns, select))
        if listened:
            app.engine().subscribe("S", lambda batch: None)
        app.run({"S": write(path, value_rows())})
        runs.append((app.read("O1").to_pylist(), app.errors().to_pylist()))
    assert runs[0] == runs[1]
    assert runs[0][0] and runs[0][1]
