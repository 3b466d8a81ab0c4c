"""check, explain, discover, functions, --help, --version: what they print."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streamsql.cli.main import main

SQL = """\
CREATE STREAM o (n BIGINT);
CREATE PUMP p AS INSERT INTO o
SELECT STREAM COUNT(DISTINCT "a") FROM "SOURCE_SQL_STREAM_001" AS s GROUP BY FLOOR(s.ROWTIME TO MINUTE);
"""
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)
    Path("app.sql").write_text(SQL)
    Path("in.csv").write_text("a,when it was\n1,x\n")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_check_without_columns_checks_the_syntax(call: Call) -> None:
    code, out, err = call("check", "app.sql")
    assert code == 0
    assert "the syntax is right" in out
    assert "the columns of SOURCE_SQL_STREAM_001 are not known" in err
    assert "--schema 'SOURCE_SQL_STREAM_001=" in err


@pytest.mark.parametrize("inputs", [["--schema", '"a" INTEGER'], ["--input", "in.csv"]])
def test_check_marks_extensions(call: Call, inputs: list[str]) -> None:
    code, out, _ = call("check", "app.sql", *inputs)
    assert code == 0
    assert "extension: app.sql:3:" in out
    assert "STR-009" in out
    assert "app.sql: right (1 stream, 1 pump)" in out


def test_check_strict(call: Call) -> None:
    code, _, err = call("check", "app.sql", "--schema", '"a" INTEGER', "--strict-kinesis")
    assert code == 3
    assert "STR-009" in err
    assert "1 error in app.sql" in err


def test_check_finds_errors_of_syntax_without_columns(call: Call) -> None:
    code, _, err = call("check", "-c", "CREATE STREAM o (n BIGINT;")
    assert code == 3
    assert "SYN-001" in err


def test_explain_prints_the_plan(call: Call) -> None:
    code, out, _ = call("explain", "app.sql", "--schema", '"a" INTEGER')
    assert code == 0
    assert "Aggregate: tumbling FLOOR(ROWTIME TO MINUTE)" in out


def test_explain_needs_columns(call: Call) -> None:
    code, _, err = call("explain", "app.sql")
    assert code == 2
    assert "the columns of SOURCE_SQL_STREAM_001 are not known" in err


def test_discover_prints_an_aws_schema(call: Call) -> None:
    code, out, _ = call("discover", "in.csv")
    assert code == 0
    schema = json.loads(out)
    assert schema["RecordFormat"]["RecordFormatType"] == "CSV"
    assert [column["Name"] for column in schema["RecordColumns"]] == ["a", "COL_whenitwas"]


def test_discovered_schema_is_one_that_run_reads(call: Call) -> None:
    Path("schema.json").write_text(call("discover", "in.csv")[1])
    code, out, _ = call("run", "app.sql", "--input", "in.csv", "--schema", "schema.json")
    assert (code, json.loads(out)) == (0, {"N": 1})


def test_functions_lists_and_explains(call: Call) -> None:
    code, out, _ = call("functions")
    assert code == 0
    assert "RANDOM_CUT_FOREST(" in out
    assert "COUNT(" in out
    code, out, _ = call("functions", "upper")
    assert code == 0
    assert out.startswith("UPPER\n")
    assert "Examples:" in out


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for command in ("run", "check", "explain", "discover", "functions"):
        assert f"\n    {command}" in text


def test_the_module_is_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "streamsql", "--version"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("streamsql 0.")
