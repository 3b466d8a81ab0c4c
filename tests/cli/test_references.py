"""Reference tables from files: how they are read, what is said when they cannot be, and that changes are seen."""

import gzip
import json
import os
import select
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streamsql.cli.main import main

SQL = """\
CREATE STREAM "OUT" ("ticker" VARCHAR(8), "company" VARCHAR(16));
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM s."ticker", c."Company"
FROM "SOURCE_SQL_STREAM_001" AS s LEFT JOIN "COMPANIES" AS c ON s."ticker" = c."Ticker";
"""
TRADES = "ticker,price\nA,1.5\nZ,2.5\nB,3.5\n"
COMPANIES = "Ticker,Company\nA,Alpha\nB,Beta\n"
RESULT = '{"ticker":"A","company":"Alpha"}\n{"ticker":"Z","company":null}\n{"ticker":"B","company":"Beta"}\n'
PATIENCE = 30.0  # seconds until a test gives up
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """Runs the command line in a folder with app.sql, in.csv and companies.csv."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("app.sql", SQL), ("in.csv", TRADES), ("companies.csv", COMPANIES)):
        Path(name).write_text(text)

    def call(command: str, *arguments: str) -> tuple[int, str, str]:
        try:
            code = main([command, "app.sql", "--input", "in.csv", *arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


JSON_LINES = '{"Ticker": "A", "Company": "Alpha"}\n{"Ticker": "B", "Company": "Beta"}\n'
SCHEMA = ("--schema", 'COMPANIES="Ticker" VARCHAR(8), "Company" VARCHAR(16)')


@pytest.mark.parametrize("schema", [(), SCHEMA], ids=["discovered", "given"])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("c.csv", COMPANIES.encode(), id="CSV"),
        pytest.param("c.csv", b"\xef\xbb\xbf" + COMPANIES.replace("\n", "\r\n").encode(), id="CSV from Windows"),
        pytest.param("c.csv.gz", gzip.compress(COMPANIES.encode()), id="gzip"),
        pytest.param("c.json", JSON_LINES.encode(), id="JSON lines"),
        pytest.param("c.json", f"[{JSON_LINES.strip().replace(chr(10), ',')}]".encode(), id="JSON array"),
    ],
)
def test_files_of_every_kind(call: Call, name: str, data: bytes, schema: tuple[str, ...]) -> None:
    Path(name).write_bytes(data)
    code, out, err = call("run", "--reference", f"COMPANIES={name}", *schema)
    assert (code, out) == (0, RESULT)
    assert "table COMPANIES: 2 rows" in err
    assert ("reference table COMPANIES is read as" in err) is not bool(schema)


def test_a_first_row_that_is_no_header_is_data(call: Call) -> None:
    Path("c.csv").write_text(COMPANIES.split("\n", 1)[1])
    assert call("run", "--reference", "COMPANIES=c.csv", *SCHEMA)[:2] == (0, RESULT)


def test_an_aws_schema_types_the_table(call: Call) -> None:
    columns = [
        {"Name": name, "SqlType": "VARCHAR(16)", "Mapping": f"$[0:].{name}"} for name in ("Ticker", "Company")
    ]
    row = {"RecordFormatType": "JSON", "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$[0:]"}}}
    Path("schema.json").write_text(json.dumps({"RecordFormat": row, "RecordColumns": columns}))
    Path("c.json").write_text(f"[{JSON_LINES.strip().replace(chr(10), ',')}]")
    assert call("run", "--reference", "COMPANIES=c.json", "--schema", "COMPANIES=schema.json")[:2] == (0, RESULT)


@pytest.mark.parametrize("replay", [False, True])
def test_a_record_that_does_not_fit_is_dropped_and_reported(call: Call, replay: bool) -> None:
    """Application page, section 5: coercion errors drop the row and are reported."""
    Path("c.csv").write_text("Ticker,Company,Size\nA,Alpha,1\nZ,Zeta,many\nB,Beta,2\n")
    Path("in.csv").write_text("ticker,at\nA,2024-01-01 10:00:00\nZ,2024-01-01 10:00:01\nB,2024-01-01 10:00:02\n")
    schema = ("--schema", 'COMPANIES="Ticker" VARCHAR(8), "Company" VARCHAR(16), "Size" INTEGER')
    more = ("--rowtime", "at") if replay else ()
    code, out, err = call("run", "--reference", "COMPANIES=c.csv", *schema, "--errors", "errors.json", *more)
    assert (code, out) == (0, RESULT)
    assert "table COMPANIES: 2 rows, 1 not usable" in err
    (error,) = map(json.loads, Path("errors.json").read_text().splitlines())
    assert (error["ERROR_NAME"], error["ERROR_LEVEL"], error["PUMP_NAME"]) == ("Coercion error", "WARNING", "null")
    assert bytes.fromhex(error["DATA_ROW"]) == b"Z,Zeta,many"
    assert error["MESSAGE"].startswith('reference table "COMPANIES": ')
    assert error["ERROR_TIME"].startswith("1970-01-01 00:00:00") is replay


def test_explain_and_check_know_the_table(call: Call) -> None:
    code, out, _ = call("explain", "--reference", "COMPANIES=companies.csv")
    assert code == 0
    assert "Lookup: LEFT COMPANIES" in out
    code, out, _ = call("check", "--reference", "COMPANIES=companies.csv")
    assert (code, out) == (0, "app.sql: right (1 stream, 1 pump)\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["COMPANIES=compani.csv"],
            4,
            "--reference COMPANIES: cannot read 'compani.csv': No such file or directory",
        ),
        (["COMPANIES=compani.csv"], 4, "did you mean 'companies.csv'?"),
        (["companies.csv"], 2, "--reference companies.csv: say which table it is"),
        (["COMPANIES=-"], 2, "a reference table is read from a file, not from '-'"),
        (["COMPANIES=."], 2, "a reference table is read from a file, not from '.'"),
        (["C=companies.csv", "--reference", "C=in.csv"], 2, '"C" is given twice'),
        (
            ["COMPANIES=companies.csv", "--schema", "COMPANY=a INTEGER"],
            2,
            "no --input feeds and no --reference loads",
        ),
        (["companies=companies.csv"], 3, 'there is "companies": a name in quotes keeps its case'),
    ],
)
def test_what_is_wrong_is_said(call: Call, arguments: list[str], code: int, message: str) -> None:
    found, _, err = call("run", "--reference", *arguments)
    assert found == code
    assert message in err


@pytest.mark.parametrize("command", ["run", "check", "explain"])
def test_a_name_that_nothing_supplies_says_how_to(call: Call, command: str) -> None:
    code, _, err = call(command)
    assert code == 3
    assert 'NAM-001: stream or table "COMPANIES" does not exist' in err
    assert "--input COMPANIES=PATH feeds a stream from outside, --reference COMPANIES=PATH loads a table" in err


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    """C-148: later rows see the new table; a file that cannot be read leaves it as it was."""
    path = tmp_path / "companies.csv"
    path.write_text(COMPANIES)
    command = [sys.executable, "-m", "streamsql", "run", "-c", SQL, "--input-format", "json"]
    command += ["--schema", '"ticker" VARCHAR(8)', "--reference", f"COMPANIES={path}"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    try:

        def company() -> str:
            assert process.stdin
            assert process.stdout
            process.stdin.write(b'{"ticker": "A"}\n')
            process.stdin.flush()
            assert select.select([process.stdout], [], [], PATIENCE)[0], "no answer"
            found: str = json.loads(os.read(process.stdout.fileno(), 4096))["company"]
            return found

        def said(text: bytes) -> None:
            assert process.stderr
            while text not in (line := process.stderr.readline()):
                assert line, f"{text!r} was never said"

        assert company() == "Alpha"
        new = tmp_path / "new.csv"
        new.write_text(COMPANIES.replace("Alpha", "Aleph"))
        os.replace(new, path)
        said(b'reference table "COMPANIES" was read again: 2 rows')
        assert company() == "Aleph"
        path.unlink()
        said(b'reference table "COMPANIES" keeps its rows: cannot read')
        assert company() == "Aleph"
    finally:
        process.kill()
        process.communicate()
