"""How a run reads, answers and ends: pipes, signals, time, batches, limits, memory."""

import json
import os
import pty
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

COMMAND = [sys.executable, "-m", "streamsql", "run"]
COPY = """\
CREATE STREAM "OUT" ("n" INTEGER);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "n" FROM "SOURCE_SQL_STREAM_001";
"""
SECONDS = """\
CREATE STREAM "OUT" ("n" BIGINT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM COUNT(*) FROM "SOURCE_SQL_STREAM_001" AS s
GROUP BY STEP(s.ROWTIME BY INTERVAL '1' SECOND);
"""
SCHEMA = ("--schema", '"n" INTEGER', "--input-format", "json")
PATIENCE = 30.0  # seconds until a test gives up; nothing here should take one


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts the command line with pipes; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        process = subprocess.Popen([*COMMAND, *arguments], stdin=pipe, stdout=pipe, stderr=pipe)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def feed(process: subprocess.Popen[bytes], text: str) -> None:
    assert process.stdin
    process.stdin.write(text.encode())
    process.stdin.flush()


def answer(process: subprocess.Popen[bytes]) -> str:
    """The next bytes that the process writes; fails when none come."""
    assert process.stdout
    assert select.select([process.stdout], [], [], PATIENCE)[0], "no answer"
    return os.read(process.stdout.fileno(), 4096).decode()


Start = Callable[..., "subprocess.Popen[bytes]"]


def test_a_row_is_answered_while_the_input_stays_open(start: Start) -> None:
    process = start("-c", COPY, *SCHEMA)
    for number in (1, 2):
        feed(process, f'{{"n": {number}}}\n')
        assert json.loads(answer(process)) == {"n": number}


def read_arrow(path: Path) -> list[int]:
    with pa.ipc.open_stream(path) as stream:
        return list(stream.read_all()["n"].to_pylist())


def read_table(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split() if line.strip("-─ ").isdigit()]


READERS: dict[str, Callable[[Path], list[int]]] = {
    "jsonl": lambda path: [json.loads(line)["n"] for line in path.read_text().splitlines()],
    "csv": lambda path: [int(line) for line in path.read_text().splitlines()[1:]],
    "arrow": read_arrow,
    "parquet": lambda path: list(pq.read_table(path)["n"].to_pylist()),
    "txt": read_table,
}


@pytest.mark.parametrize("rows", [3, 20_000])
@pytest.mark.parametrize("ending", READERS)
def test_every_format_is_written_whole(ending: str, rows: int, tmp_path: Path) -> None:
    """Few rows are written at once and many behind; a file holds the same either way."""
    source, target = tmp_path / "in.jsonl", tmp_path / f"out.{ending}"
    source.write_text("".join(f'{{"n": {number}}}\n' for number in range(rows)))
    options = ["--input", str(source), "--output", f"OUT={target}", "--quiet"]
    subprocess.run([*COMMAND, "-c", COPY, *SCHEMA, *options], check=True, timeout=PATIENCE)
    assert READERS[ending](target) == list(range(rows))


BOTH = COPY + COPY.replace('"OUT"', '"TOO"').replace('"P"', '"Q"')


@pytest.mark.parametrize("gone", ["a reader", "a disk"])
def test_when_one_output_breaks_the_others_can_be_read(gone: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "too.parquet"
    source.write_text("".join(f'{{"n": {number}}}\n' for number in range(300_000)))
    where = "-" if gone == "a reader" else "/dev/full"
    options = ["--input", str(source), "--output", f"OUT={where}", "--output", f"TOO={target}", "--quiet"]
    options += ["--output-format", "parquet"] if gone == "a disk" else []
    reading, writing = os.pipe()
    with subprocess.Popen(
        [*COMMAND, "-c", BOTH, *SCHEMA, *options], stdout=writing, stderr=subprocess.PIPE
    ) as run:
        os.close(writing)
        os.close(reading)
        _, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == (0 if gone == "a reader" else 4), err
    numbers = READERS["parquet"](target)
    assert numbers == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--output", "OUT=in.jsonl"],
            "'in.jsonl' is given for --input SOURCE_SQL_STREAM_001 and for --output OUT",
        ),
        (["--output", "OUT=link"], "'link' is given for --input SOURCE_SQL_STREAM_001 and for --output OUT"),
        (["--output", "OUT=a", "--output", "TOO=./a"], "'./a' is given for --output OUT and for --output TOO"),
        (["--output", "OUT=a", "--errors", "a"], "'a' is given for --output OUT and for --errors"),
        (["--output", "OUT=a", "--summary", "a"], "'a' is given for --output OUT and for --summary"),
    ],
)
def test_a_file_with_two_uses_is_refused(options: list[str], said: str, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"n": 1}\n')
    (tmp_path / "link").symlink_to(source)
    command = [*COMMAND, "-c", BOTH, *SCHEMA, "--input", "in.jsonl", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert said in done.stderr and "write to another file" in done.stderr
    assert source.read_text() == '{"n": 1}\n'


def test_a_device_may_have_two_uses(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"n": 1}\n')
    options = ["--input", str(source), "--output", "OUT=/dev/null", "--output", "TOO=/dev/null", "--quiet"]
    subprocess.run([*COMMAND, "-c", BOTH, *SCHEMA, *options], check=True, timeout=PATIENCE)


def test_a_terminal_is_shown_a_table(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"n": 41}\n{"n": 42}\n')
    terminal, process_side = pty.openpty()
    command = [*COMMAND, "-c", COPY, *SCHEMA, "--input", str(source), "--quiet"]
    with subprocess.Popen(command, stdout=process_side, stdin=subprocess.DEVNULL) as process:
        assert process.wait(PATIENCE) == 0
        os.close(process_side)
        shown = os.read(terminal, 4096).decode()
    os.close(terminal)
    assert [line.strip() for line in shown.splitlines()][-2:] == ["41", "42"]


def test_the_first_row_is_answered_also_when_columns_are_discovered(start: Start) -> None:
    process = start("-c", COPY.replace("INTEGER", "BIGINT"))
    feed(process, '{"n": 1}\n')
    assert json.loads(answer(process)) == {"n": 1}


def test_time_closes_windows_without_rows(start: Start) -> None:
    """C-165, with seconds for minutes: the result comes although the input is silent and open."""
    process = start("-c", SECONDS, *SCHEMA)
    feed(process, '{"n": 1}\n')
    assert json.loads(answer(process)) == {"n": 1}


def test_interrupt_finishes_what_was_read(start: Start, tmp_path: Path) -> None:
    """C-097: the open period is emitted at the end."""
    days = tmp_path / "days.json"
    sql = COPY + SECONDS.replace("'1' SECOND", "'1' DAY").replace('"OUT"', '"DAYS"').replace('"P"', '"D"')
    process = start("-c", sql, *SCHEMA, "--output", "OUT", "--output", f"DAYS={days}")
    feed(process, '{"n": 1}\n')
    answer(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert json.loads(days.read_text()) == {"n": 1}
    assert b"1 row in, 2 rows out" in err
    assert b"Traceback" not in err


def test_no_flush_leaves_open_windows_unsaid() -> None:
    """C-097"""
    for more, expected in (((), '{"n":2}\n'), (("--no-flush",), "")):
        done = subprocess.run(
            [*COMMAND, "-c", SECONDS.replace("'1' SECOND", "'1' DAY"), *SCHEMA, *more],
            input='{"n": 1}\n{"n": 2}\n',
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout) == (0, expected)


def test_a_closed_pipe_is_no_error(start: Start) -> None:
    process = start("-c", COPY, *SCHEMA)
    feed(process, '{"n": 1}\n')
    answer(process)
    assert process.stdout
    process.stdout.close()
    feed(process, '{"n": 2}\n' * 10)
    assert process.wait(PATIENCE) == 0
    assert process.stderr
    assert b"Traceback" not in process.stderr.read()


def rows_file(path: Path, count: int) -> Path:
    path.write_text("".join(f'{{"n": {n}, "t": {1_700_000_000_000 + 10 * n}}}\n' for n in range(count)))
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True)


def test_limit_is_exact_for_any_batches(tmp_path: Path) -> None:
    source = str(rows_file(tmp_path / "in.json", 5000))
    expected = "".join(f'{{"n":{n}}}\n' for n in range(123))
    for size in ("1", "7", "65536"):
        done = run("-c", COPY, *SCHEMA, "--input", source, "--limit", "123", "--batch-size", size)
        assert (done.returncode, done.stdout) == (0, expected)


ALL_KINDS = """\
CREATE STREAM "W" ("n" BIGINT); CREATE STREAM "OUT" ("a" INTEGER, "b" BIGINT, "c" DOUBLE);
CREATE PUMP "P1" AS INSERT INTO "W" SELECT STREAM COUNT(*) FROM "SOURCE_SQL_STREAM_001" AS s
GROUP BY STEP(s.ROWTIME BY INTERVAL '1' SECOND);
CREATE PUMP "P2" AS INSERT INTO "OUT"
SELECT STREAM "n", SUM("n") OVER w, AVG(1e0 / (MOD("n", 97))) OVER w FROM "SOURCE_SQL_STREAM_001"
WHERE MOD("n", 3) = 0 WINDOW w AS (PARTITION BY MOD("n", 5) RANGE INTERVAL '2' SECOND PRECEDING);
CREATE PUMP "P3" AS INSERT INTO "OUT" SELECT STREAM CAST(-"n" AS INTEGER), "n", 0 FROM "W";
"""


def test_output_and_errors_are_the_same_for_any_batches(tmp_path: Path) -> None:
    """C-166: rows, error rows, late rows and broken records, in every size of batch and across two runs."""
    source = tmp_path / "in.json"
    lines = [f'{{"n": {n}, "t": {1_700_000_000_000 + 10 * n - (n % 89 == 0) * 500}}}' for n in range(3000)]
    lines[10] = "broken"
    lines[1500] = '{"n": "x", "t": 1}'
    lines[1501] = '{"n": 1, "t": null}'
    source.write_text("\n".join(lines))
    results = set()
    for size in ("1", "7", "1000", "65536", "65536"):
        errors = tmp_path / "errors.json"
        done = run(
            *("-c", ALL_KINDS, "--input", str(source), "--schema", '"n" INTEGER, "t" BIGINT', "--rowtime", "t"),
            *(
                "--lateness",
                "0.2",
                "--output",
                "OUT",
                "--errors",
                str(errors),
                "--batch-size",
                size,
                "--with-rowtime",
            ),
        )
        assert done.returncode == 0, done.stderr
        results.add((done.stdout, errors.read_text(), done.stderr))
    assert len(results) == 1
    out, errors_text, err = results.pop()
    assert len(out.splitlines()) > 900
    names = [json.loads(line)["ERROR_NAME"] for line in errors_text.splitlines()]
    assert {"Parse error", "Coercion error", "Rows out of order", "Division by zero"} == set(names)
    assert "3,000 rows in" in err


def test_several_inputs_are_merged_by_time(tmp_path: Path) -> None:
    for name, first in (("a", 0), ("b", 1)):
        text = "".join(f"{name}{n},{n}\n" for n in range(first, 20, 2))
        (tmp_path / f"{name}.csv").write_text(text)
    union = """CREATE STREAM "OUT" (x VARCHAR(8));
        CREATE PUMP p AS INSERT INTO "OUT" SELECT STREAM "x" FROM "A" UNION ALL SELECT STREAM "x" FROM "B";"""
    arguments = ["-c", union, "--input", f"A={tmp_path / 'a.csv'}", "--input", f"B={tmp_path / 'b.csv'}"]
    for stream in "AB":
        arguments += ["--schema", f'{stream}="x" VARCHAR(8), "t" BIGINT']
    done = run(*arguments, "--rowtime", "t", "--output-format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["X", *(f"{'ab'[n % 2]}{n}" for n in range(20))]


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    """The peak for an input twice as long is the same, up to noise far below the difference in size."""
    peaks = []
    for count in (200_000, 400_000):
        source = rows_file(tmp_path / "in.json", count)  # about 35 bytes a row
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        done = run("-c", ALL_KINDS, "--input", str(source), "--rowtime", "t", "--output", "W=/dev/null", "--quiet")
        assert done.returncode == 0, done.stderr
        peaks.append(max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
    assert peaks[1] < peaks[0] + 30_000  # kB; the second file alone is 14 MB longer on disk, far more in Arrow
