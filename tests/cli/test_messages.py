"""What a newcomer does wrong, and what they are told: the fact, the name, what to do, and the exit code."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamsql.cli.main import main

SQL = """\
CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" ("name" VARCHAR(16), "price" DOUBLE);
CREATE OR REPLACE PUMP "P" AS INSERT INTO "DESTINATION_SQL_STREAM"
SELECT STREAM "name", "price" FROM "SOURCE_SQL_STREAM_001" WHERE "price" > 1;
"""
CSV = "name,price,ts\na,1.5,2024-01-01 10:00:00\nb,0.5,2024-01-01 10:00:01\nc,2.5,2024-01-01 10:00:02\n"
RESULT = '{"name":"a","price":1.5}\n{"name":"c","price":2.5}\n'


@dataclass
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the command line in a folder with app.sql and in.csv."""
    monkeypatch.chdir(tmp_path)
    Path("app.sql").write_text(SQL)
    Path("in.csv").write_text(CSV)

    def run(*arguments: str) -> Ran:
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        return Ran(code, captured.out, captured.err)

    return run


Run = Callable[..., Ran]


def test_it_runs(run: Run) -> None:
    ran = run("run", "app.sql", "--input", "in.csv")
    assert (ran.code, ran.out) == (0, RESULT)
    assert "3 rows in, 2 rows out, 0 rows in error" in ran.err
    assert 'SOURCE_SQL_STREAM_001 is read as CSV with the columns "name" VARCHAR' in ran.err


def test_quiet_says_nothing(run: Run) -> None:
    assert run("run", "app.sql", "--input", "in.csv", "--quiet").err == ""


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(CSV.removesuffix("\n").encode(), id="no newline at the end"),
        pytest.param(CSV.replace("\n", "\r\n").encode(), id="Windows line ends"),
        pytest.param(b"\xef\xbb\xbf" + CSV.encode(), id="byte order mark"),
        pytest.param(gzip.compress(CSV.encode()), id="gzip"),
    ],
)
def test_files_as_they_come(run: Run, data: bytes) -> None:
    Path("in.csv").write_bytes(data)
    ran = run("run", "app.sql", "--input", "in.csv")
    assert (ran.code, ran.out) == (0, RESULT)


def test_script_file_that_is_not_there(run: Run) -> None:
    ran = run("run", "ap.sql", "--input", "in.csv")
    assert ran.code == 2
    assert "cannot read 'ap.sql': No such file or directory" in ran.err
    assert "did you mean 'app.sql'?" in ran.err


def test_input_file_that_is_not_there(run: Run) -> None:
    ran = run("run", "app.sql", "--input", "inn.csv")
    assert ran.code == 4
    assert "cannot read 'inn.csv': No such file or directory" in ran.err
    assert "did you mean 'in.csv'?" in ran.err


def test_empty_input(run: Run) -> None:
    Path("in.csv").write_text("")
    ran = run("run", "app.sql", "--input", "in.csv")
    assert ran.code == 2
    assert "'in.csv' is empty" in ran.err
    assert "--schema" in ran.err


def test_empty_input_with_a_schema_is_no_error(run: Run) -> None:
    Path("in.csv").write_text("")
    ran = run("run", "app.sql", "--input", "in.csv", "--schema", '"name" VARCHAR(8), "price" DOUBLE')
    assert (ran.code, ran.out) == (0, "")
    assert "0 rows in" in ran.err


def test_column_that_is_not_there(run: Run) -> None:
    Path("app.sql").write_text(SQL.replace('"price" >', '"pric" >'))
    ran = run("run", "app.sql", "--input", "in.csv")
    assert ran.code == 3
    assert "app.sql:3:" in ran.err
    assert "NAM-002" in ran.err
    assert "^^^^" in ran.err
    assert "price" in ran.err


def test_all_errors_of_a_script_are_shown(run: Run) -> None:
    Path("app.sql").write_text(SQL.replace('"price" >', '"pric" >').replace('STREAM "name",', 'STREAM "nam",'))
    Path("app.sql").write_text(Path("app.sql").read_text() + "CREATE STREAM x (value INTEGER);")
    ran = run("run", "app.sql", "--input", "in.csv")
    assert ran.code == 3
    assert "SYN-003" in ran.err


def test_broken_records_are_counted_and_the_rest_goes_on(run: Run) -> None:
    Path("in.json").write_text(
        '{"name": "a", "price": 1.5}\n{"name": broken\n{"name": "c", "price": "x"}\n{"name": "d", "price": 3}\n'
    )
    ran = run("run", "app.sql", "--input", "in.json", "--schema", '"name" VARCHAR(8), "price" DOUBLE')
    assert (ran.code, ran.out) == (0, '{"name":"a","price":1.5}\n{"name":"d","price":3.0}\n')
    assert "4 rows in, 2 rows out, 2 rows in error" in ran.err
    assert "Parse error" in ran.err
    assert "Coercion error" in ran.err


def test_strict_makes_rows_in_error_an_exit_code(run: Run) -> None:
    Path("in.json").write_text('{"name": broken\n')
    schema = ("--schema", '"name" VARCHAR(8), "price" DOUBLE')
    assert run("run", "app.sql", "--input", "in.json", *schema, "--strict").code == 1


def test_error_stream_can_be_written(run: Run) -> None:
    Path("in.json").write_text('{"name": "a", "price": "x"}\n')
    ran = run(
        "run",
        "app.sql",
        "--input",
        "in.json",
        "--schema",
        '"name" VARCHAR(8), "price" DOUBLE',
        "--errors",
        "e.csv",
    )
    assert ran.code == 0
    header, row = Path("e.csv").read_text().splitlines()
    assert header == "ROWTIME,ERROR_TIME,ERROR_LEVEL,ERROR_NAME,MESSAGE,DATA_ROWTIME,DATA_ROW,PUMP_NAME"
    assert ",WARNING,Coercion error," in row
    assert b'{"name": "a", "price": "x"}'.hex().upper() in row


def test_unknown_option_offers_the_nearest(run: Run) -> None:
    ran = run("run", "app.sql", "--imput", "in.csv")
    assert ran.code == 2
    assert "did you mean --input?" in ran.err


def test_unknown_command(run: Run) -> None:
    ran = run("rum", "app.sql")
    assert ran.code == 2
    assert "run" in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "app.sql", "--batch-size", "0"], "0 is below 1"),
        (["run", "app.sql", "--limit", "x"], "'x' is no whole number"),
        (["run", "app.sql", "--lateness", "-1"], "-1 is no number of seconds"),
        (["run", "app.sql", "-c", "x"], "either a file (app.sql) or -c SQL"),
        (["run"], "which SQL?"),
        (["run", "app.sql", "--input", "-", "--input", "X=-"], "standard input can feed one stream only"),
        (["run", "app.sql", "--input", "in.csv", "--schema", "X=a INTEGER"], '"X", which no --input feeds'),
        (["run", "app.sql", "--input", "in.csv", "--schema", "a INTEGER", "--schema", "a INTEGER"], "given twice"),
        (["run", "app.sql", "--input", "in.csv", "--schema", "nope.json"], "cannot read the schema 'nope.json'"),
        (["run", "app.sql", "--input", "in.csv", "--schema", '"a" INTEGRE'], "INTEGRE"),
        (["run", "app.sql", "--input", "in.csv", "--rowtime", "tz"], 'has no column "tz"'),
        (["run", "app.sql", "--input", "in.csv", "--output", "NOWHERE"], 'no stream "NOWHERE"'),
        (["run", "app.sql", "--input", "in.csv", "--rowtime", "X=ts"], '"X", which no --input feeds'),
        (["functions", "FLOR"], "did you mean FLOOR?"),
    ],
)
def test_usage(run: Run, arguments: list[str], message: str) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""


def test_rowtime_column_offers_the_nearest(run: Run) -> None:
    Path("in.csv").write_text(CSV.replace(",ts", ",timestamp"))
    ran = run("run", "app.sql", "--input", "in.csv", "--rowtime", "timestmap")
    assert 'did you mean "timestamp"?' in ran.err


def test_unwritable_output_is_told_before_the_run(run: Run) -> None:
    ran = run("run", "app.sql", "--input", "in.csv", "--output", "DESTINATION_SQL_STREAM=no/such/folder.json")
    assert ran.code == 4
    assert "cannot write 'no/such/folder.json': No such file or directory" in ran.err


def test_stream_from_outside_that_nobody_feeds(run: Run) -> None:
    Path("app.sql").write_text(SQL.replace("SOURCE_SQL_STREAM_001", "TRADES"))
    ran = run("run", "app.sql", "--input", "in.csv")
    assert ran.code == 3
    assert '"TRADES"' in ran.err
    assert "--input TRADES=PATH" in ran.err


def test_script_that_is_not_text(run: Run) -> None:
    Path("app.sql").write_bytes(b"\xff\xfeC")
    ran = run("run", "app.sql", "--input", "in.csv")
    assert ran.code == 2
    assert "'app.sql' is not UTF-8 text" in ran.err


def test_script_without_a_pump(run: Run) -> None:
    ran = run("run", "-c", "CREATE STREAM a (x INTEGER)", "--input", "in.csv")
    assert ran.code == 2
    assert "the script writes no stream" in ran.err


def test_several_possible_outputs(run: Run) -> None:
    sql = "".join(
        f"CREATE STREAM {name} (x VARCHAR(8)); CREATE PUMP p{name} AS INSERT INTO {name} "
        'SELECT STREAM "name" FROM "SOURCE_SQL_STREAM_001";'
        for name in "ab"
    )
    ran = run("run", "-c", sql, "--input", "in.csv")
    assert ran.code == 2
    assert 'several streams may be the output: "A", "B"' in ran.err
    assert "--output A" in ran.err


def test_strict_kinesis_refuses_extensions(run: Run) -> None:
    sql = SQL.replace('"name", "price" FROM', 'MAX("name"), COUNT(DISTINCT "price") FROM').replace(
        'WHERE "price" > 1', 'GROUP BY FLOOR("SOURCE_SQL_STREAM_001".ROWTIME TO MINUTE)'
    )
    assert run("run", "-c", sql, "--input", "in.csv", "--rowtime", "ts").code == 0
    ran = run("run", "-c", sql, "--input", "in.csv", "--rowtime", "ts", "--strict-kinesis")
    assert ran.code == 3
    assert "STR-009" in ran.err
