"""--checkpoint and --follow on the command line: signals, standard input that is replayed, files that grow."""

import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "streamsql", "run"]
PATIENCE = 60.0
COPY = """\
CREATE STREAM "OUT" ("n" INTEGER);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "n" FROM "SOURCE_SQL_STREAM_001";
"""
DAYS = """\
CREATE STREAM "OUT" ("n" BIGINT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM SUM("n") FROM "SOURCE_SQL_STREAM_001" AS s
GROUP BY STEP(s.ROWTIME BY INTERVAL '1' DAY);
"""
INPUT = ("--schema", '"n" INTEGER, "t" BIGINT', "--input-format", "json")
Process = subprocess.Popen[bytes]


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Starts the command line with pipes; whatever still runs at the end is killed."""
    started: list[Process] = []

    def start(*arguments: object) -> Process:
        pipe = subprocess.PIPE
        process = subprocess.Popen([*COMMAND, *map(str, arguments)], stdin=pipe, stdout=pipe, stderr=pipe)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


Start = Callable[..., Process]


def rows(first: int, end: int) -> bytes:
    return b"".join(b'{"n": %d, "t": %d}\n' % (n, 1000 * n) for n in range(first, end))


def feed(process: Process, data: bytes) -> None:
    assert process.stdin
    process.stdin.write(data)
    process.stdin.flush()


def wait_for(what: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < ends, "it does not happen"
        time.sleep(0.01)


def count_in(path: Path) -> Callable[[int], bool]:
    return lambda number: path.exists() and len(path.read_bytes().splitlines()) >= number


def ended(process: Process) -> tuple[int, str]:
    _, err = process.communicate(timeout=PATIENCE)
    return process.returncode, err.decode()


def test_sigterm_saves_and_standard_input_that_is_replayed_goes_on(start: Start, tmp_path: Path) -> None:
    """The sum over a day needs the rows of both runs, each once."""
    out, seen = tmp_path / "out.json", tmp_path / "seen.json"
    sql = DAYS + COPY.replace('"OUT"', '"SEEN"').replace('"P"', '"Q"')
    arguments = ["-c", sql, *INPUT, "--rowtime", "t", "--output", f"OUT={out}", "--output", f"SEEN={seen}"]
    arguments += ["--checkpoint", tmp_path / "state", "--checkpoint-interval", "50ms"]
    first = start(*arguments)
    feed(first, rows(0, 100) + b'{"n": 100, "t"')
    wait_for(lambda: count_in(seen)(100))
    first.send_signal(signal.SIGTERM)
    code, err = ended(first)
    assert code == 0, err
    assert out.read_bytes() == b""
    second = start(*arguments)
    feed(second, rows(0, 120))
    code, err = ended(second)
    assert code == 0, err
    assert "going on from checkpoint" in err
    assert json.loads(out.read_bytes()) == {"n": sum(range(120))}
    assert [json.loads(line)["n"] for line in seen.read_bytes().splitlines()] == list(range(120))


def test_standard_input_that_is_not_replayed_is_an_error(start: Start, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    arguments = ["-c", COPY, *INPUT, "--output", f"OUT={out}"]
    arguments += ["--checkpoint", tmp_path / "state", "--checkpoint-interval", "50ms"]
    first = start(*arguments)
    feed(first, rows(0, 10))
    wait_for(lambda: count_in(out)(10))
    first.send_signal(signal.SIGTERM)
    assert ended(first)[0] == 0
    second = start(*arguments)
    feed(second, rows(0, 1))
    code, err = ended(second)
    assert code == 4
    assert "standard input ends before byte" in err


def test_a_second_signal_stops_at_once_and_nothing_is_lost(start: Start, tmp_path: Path) -> None:
    source, out = tmp_path / "in.json", tmp_path / "out.json"
    source.write_bytes(rows(0, 300_000))
    arguments = ["-c", COPY, *INPUT, "--input", source, "--rowtime", "t", "--output", f"OUT={out}"]
    arguments += ["--checkpoint", tmp_path / "state", "--checkpoint-interval", "10ms", "--batch-size", "50"]
    first = start(*arguments)
    wait_for(lambda: count_in(out)(1000))
    first.send_signal(signal.SIGTERM)
    first.send_signal(signal.SIGTERM)
    code, err = ended(first)
    assert code in (0, -signal.SIGTERM), err
    assert "Traceback" not in err
    arguments[-1] = "65536"
    code, err = ended(start(*arguments))
    assert code == 0, err
    assert [json.loads(line)["n"] for line in out.read_bytes().splitlines()] == list(range(300_000))


def test_sigterm_before_the_first_record_ends_with_0(start: Start, tmp_path: Path) -> None:
    process = start("-c", COPY, "--checkpoint", tmp_path / "state")
    wait_for(lambda: (tmp_path / "state").is_dir())
    process.send_signal(signal.SIGTERM)
    code, err = ended(process)
    assert (code, err) == (0, "")


def test_sigterm_without_checkpoints_finishes_what_was_read(start: Start) -> None:
    process = start(
        "-c", COPY + DAYS.replace('"OUT"', '"D"').replace('"P"', '"Q"'), *INPUT, "--output", "OUT", "--output", "D"
    )
    feed(process, rows(1, 3))
    assert process.stdout
    assert select.select([process.stdout], [], [], PATIENCE)[0]
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    assert out.splitlines()[-1] == b'{"n":3}'


@pytest.mark.parametrize("given", [INPUT, ()], ids=["schema given", "schema discovered"])
def test_a_file_is_followed_as_it_grows_also_after_a_kill(start: Start, tmp_path: Path, given: tuple[str]) -> None:
    source, out = tmp_path / "in.json", tmp_path / "out.json"
    arguments = [
        "-c",
        COPY.replace("INTEGER", "BIGINT"),
        *given,
        "--input",
        source,
        "--follow",
        "--output",
        f"OUT={out}",
    ]
    arguments += ["--checkpoint", tmp_path / "state", "--checkpoint-interval", "10ms"]
    source.write_bytes(rows(0, 10) + b'{"n": 10')
    first = start(*arguments)
    wait_for(lambda: count_in(out)(10))
    with source.open("ab") as file:
        file.write(b', "t": 1}\n' + rows(11, 20))
    wait_for(lambda: count_in(out)(20))
    first.kill()
    first.wait()
    with source.open("ab") as file:
        file.write(rows(20, 30))
    second = start(*arguments)
    wait_for(lambda: count_in(out)(30))
    second.send_signal(signal.SIGTERM)
    code, err = ended(second)
    assert code == 0, err
    assert [json.loads(line)["n"] for line in out.read_bytes().splitlines()] == list(range(30))


def test_a_followed_file_that_becomes_shorter_is_an_error(start: Start, tmp_path: Path) -> None:
    source, out = tmp_path / "in.json", tmp_path / "out.json"
    source.write_bytes(rows(0, 10))
    process = start("-c", COPY, *INPUT, "--input", source, "--follow", "--output", f"OUT={out}")
    wait_for(lambda: count_in(out)(10))
    source.write_bytes(b"")
    code, err = ended(process)
    assert code == 4
    assert "has become shorter while it was followed" in err


def test_a_damaged_checkpoint_is_loud_even_when_quiet(start: Start, tmp_path: Path) -> None:
    source, state = tmp_path / "in.json", tmp_path / "state"
    source.write_bytes(rows(0, 10))
    arguments = ["-c", COPY, *INPUT, "--input", source, "--output", f"OUT={tmp_path / 'out.json'}", "--quiet"]
    arguments += ["--checkpoint", state]
    assert ended(start(*arguments)) == (0, "")
    (checkpoint,) = state.glob("checkpoint-*")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-1])
    code, err = ended(start(*arguments))
    assert code == 4
    assert "WARNING: the checkpoint" in err
    assert "start anew with an empty checkpoint directory" in err


def test_standard_output_is_at_least_once(start: Start, tmp_path: Path) -> None:
    """Rows that were written after the last checkpoint come again; none is missing."""
    source = tmp_path / "in.json"
    source.write_bytes(rows(0, 5000))
    arguments = ["-c", COPY, *INPUT, "--input", source, "--rowtime", "t", "--output", "OUT", "--batch-size", "50"]
    arguments += ["--checkpoint", tmp_path / "state", "--checkpoint-interval", "0ms"]
    first = start(*arguments)
    assert first.stdout
    before = [first.stdout.readline() for _ in range(1000)]
    wait_for(lambda: any((tmp_path / "state").glob("checkpoint-*")))
    first.kill()
    before += [line for line in first.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
    after, err = start(*arguments).communicate(timeout=PATIENCE)
    found = [json.loads(line)["n"] for line in after.splitlines()]
    assert b"going on from checkpoint" in err
    assert 0 < found[0] <= len(before)
    assert found == list(range(found[0], 5000))


def test_a_full_disk_is_an_error_and_with_room_the_run_goes_on(tmp_path: Path) -> None:
    """A limit on the size of files stands for the full disk."""
    source, out = tmp_path / "in.json", tmp_path / "out.json"
    source.write_bytes(rows(0, 20_000))
    arguments = ["-c", COPY, *INPUT, "--input", source, "--rowtime", "t", "--output", f"OUT={out}"]
    arguments += ["--checkpoint", tmp_path / "state", "--checkpoint-interval", "0ms", "--batch-size", "500"]
    command = [*COMMAND, *map(str, arguments)]
    small = ["bash", "-c", 'ulimit -f 100; exec "$@"', "bash", *command]  # blocks of 1,024 bytes
    full = subprocess.run(small, capture_output=True, text=True)
    assert full.returncode == 4
    assert "File too large" in full.stderr
    assert "Traceback" not in full.stderr
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "going on from checkpoint" in done.stderr
    assert out.read_bytes() == b"".join(b'{"n":%d}\n' % n for n in range(20_000))


@pytest.mark.parametrize("text", ["10 parsecs", "", "-1s", "1e3"])
def test_an_interval_that_is_no_time_is_refused(text: str) -> None:
    done = subprocess.run([*COMMAND, "-c", COPY, f"--checkpoint-interval={text}"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "write 500ms, 10s, 2m or 1h" in done.stderr
