"""format, and check for editors: what they print, write and answer."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from streamsql.cli.main import main

MESSY = (
    "-- Doubles.\ncreate stream o (n double); create pump p as insert into o select stream n*2 from S -- all\n;"
)
NEAT = """\
-- Doubles.
CREATE STREAM o (
  n DOUBLE
);
CREATE PUMP p AS
INSERT INTO o
SELECT STREAM n * 2
FROM S; -- all
"""
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)
    Path("app.sql").write_text(MESSY)

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_format_prints(call: Call) -> None:
    assert call("format", "app.sql") == (0, NEAT, "")
    assert Path("app.sql").read_text() == MESSY


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_format_reads_standard_input(call: Call, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(MESSY))
    assert call("format", *arguments) == (0, NEAT, "")


def test_format_writes_and_checks(call: Call) -> None:
    Path("neat.sql").write_text(NEAT)
    code, out, err = call("format", "--check", "neat.sql", "app.sql")
    assert (code, out, err) == (1, "", "streamsql: app.sql would be laid out anew\n")
    code, out, err = call("format", "--write", "neat.sql", "app.sql")
    assert (code, out, err) == (0, "", "streamsql: app.sql was laid out anew\n")
    assert Path("app.sql").read_text() == NEAT
    assert call("format", "--check", "neat.sql", "app.sql") == (0, "", "")


def test_format_leaves_a_script_with_errors_alone(call: Call) -> None:
    Path("bad.sql").write_text("CREATE STREAM o (n;")
    code, out, err = call("format", "--write", "bad.sql", "app.sql")
    assert (code, out) == (3, "")
    assert "bad.sql:1:" in err
    assert Path("bad.sql").read_text() == "CREATE STREAM o (n;"
    assert Path("app.sql").read_text() == NEAT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--write"], "--write needs a file"),
        (["ap.sql"], "did you mean 'app.sql'?"),
        (["--write", "--check", "app.sql"], "not allowed with"),
    ],
)
def test_format_says_what_is_wrong(call: Call, arguments: list[str], message: str) -> None:
    code, _, err = call("format", *arguments)
    assert code == 2
    assert message in err


def test_check_for_editors_tells_errors_with_their_places(call: Call) -> None:
    sql = 'CREATE STREAM o (n DOUBLE);\nCREATE PUMP p AS INSERT INTO o SELECT STREAM nn,\n  1 FROM "IN";'
    code, out, _ = call("check", "--json", "--schema", 'IN="N" DOUBLE', "-c", sql)
    assert code == 3
    (found,) = json.loads(out)
    place = [found[key] for key in ("line", "column", "end_line", "end_column")]
    assert place == [2, 46, 2, 48]
    assert (found["severity"], found["code"]) == ("error", "NAM-002")
    assert found["message"].startswith('unknown column "NN"')
    assert found["hint"] == "did you mean N?"


def test_check_for_editors_tells_errors_of_syntax_without_inputs(call: Call) -> None:
    code, out, _ = call("check", "--json", "-c", "CREATE STREAM o (value INTEGER)")
    assert code == 3
    assert [(each["code"], each["column"]) for each in json.loads(out)] == [("SYN-003", 18)]


def test_check_for_editors_tells_what_the_service_did_not_have(call: Call) -> None:
    sql = 'CREATE STREAM o (n DOUBLE); CREATE PUMP p AS INSERT INTO o SELECT STREAM ROUND(n, 1) FROM "IN"'
    code, out, _ = call("check", "--json", "--schema", 'IN="N" DOUBLE', "-c", sql)
    assert code == 0
    assert [each["severity"] for each in json.loads(out)] == ["information"]
    code, out, _ = call("check", "--json", "-c", sql)
    assert code == 0
    assert [(each["severity"], each["line"]) for each in json.loads(out)] == [("warning", 1)]
    assert "the columns of IN are not known" in out


def test_check_for_editors_of_a_right_script_is_an_empty_list(call: Call) -> None:
    code, out, _ = call("check", "--json", "--schema", 'S="N" DOUBLE', "app.sql")
    assert (code, json.loads(out)) == (0, [])
