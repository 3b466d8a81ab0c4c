"""SIGTERM while a run is busy: it saves within 10 seconds and ends with 0, a second one ends it at once, and either way
the run goes on to the same bytes. Live runs lose no row and use none twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROMISED = 10.0  # seconds
PATIENCE = 120.0
ROWS, KEYS = 60_000, 10_000
TORTURE = os.environ.get("STREAMSQL_TORTURE") == "1"
SQL = """\
CREATE STREAM "OUT" ("k" VARCHAR(12), "n" BIGINT, "s" BIGINT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "k", COUNT(*), SUM("n") FROM "S"
GROUP BY "k", STEP("S".ROWTIME BY INTERVAL '1' MINUTE);
CREATE STREAM "SLIDING" ("k" VARCHAR(12), "a" DOUBLE);
CREATE PUMP "Q" AS INSERT INTO "SLIDING" SELECT STREAM "k", AVG("n") OVER (PARTITION BY "k" RANGE INTERVAL '1' MINUTE
PRECEDING) FROM "S";
"""
LIVE = """\
CREATE STREAM "OUT" ("n" BIGINT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "n" FROM "S";
CREATE STREAM "COUNTS" ("k" VARCHAR(4), "c" BIGINT, "s" BIGINT);
CREATE PUMP "Q" AS INSERT INTO "COUNTS" SELECT STREAM "k", COUNT(*), SUM("n") FROM "S"
GROUP BY "k", STEP("S".ROWTIME BY INTERVAL '1' SECOND);
"""


def hears(process: int) -> bool:
    """Whether a process handles SIGTERM."""
    status = Path(f"/proc/{process}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


class Runs:
    """One command line in a folder, started again and again."""

    def __init__(self, folder: Path, sql: str, *options: str) -> None:
        self.folder = folder
        self.command = [sys.executable, "-m", "streamsql", "run", "-c", sql, "--input", "S=in.csv"]
        self.command += ["--checkpoint", "state", "--quiet", *options]
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """A run that hears SIGTERM."""
        process = subprocess.Popen(self.command, cwd=self.folder, stderr=subprocess.PIPE)
        self.started.append(process)
        ends = time.monotonic() + PATIENCE
        while process.poll() is None and not hears(process.pid):
            assert time.monotonic() < ends, "it does not listen"
            time.sleep(0.005)
        return process

    def ended(self, process: subprocess.Popen[bytes], seconds: float = PATIENCE) -> int:
        """The exit code; a run that takes longer fails the test."""
        _, err = process.communicate(timeout=seconds)
        assert b"Traceback" not in err
        return process.returncode

    def read(self, name: str) -> bytes:
        path = self.folder / name
        return path.read_bytes() if path.exists() else b""

    def wait_for(self, name: str, size: int) -> None:
        """Until so many bytes of an output are committed."""
        ends = time.monotonic() + PATIENCE
        while len(self.read(name)) < size:
            assert time.monotonic() < ends, f"{name} does not grow"
            assert self.started[-1].poll() is None, "it ended"
            time.sleep(0.005)


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> Iterator[list[Runs]]:
    """What was started is killed at the end."""
    made: list[Runs] = []
    yield made
    for each in made:
        for process in each.started:
            process.kill()
            process.communicate()


def replay(folder: Path, *options: str) -> Runs:
    """A replay with a large state: sums and sliding windows of many keys."""
    folder.mkdir()
    chance = random.Random(1)
    lines = (f"{1_700_000_000_000 + i},k{chance.randrange(KEYS)},{i}\n" for i in range(ROWS))
    (folder / "in.csv").write_text("t,k,n\n" + "".join(lines))
    schema = ["--schema", 'S="t" BIGINT, "k" VARCHAR(12), "n" BIGINT', "--rowtime", "t"]
    return Runs(folder, SQL, *schema, "--output", "OUT=out.csv", "--output", "SLIDING=sliding.csv", *options)


def written(run: Runs) -> tuple[bytes, bytes]:
    return run.read("out.csv"), run.read("sliding.csv")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    run = replay(tmp_path_factory.mktemp("whole") / "run")
    assert run.ended(run.start()) == 0
    assert len(run.read("sliding.csv").splitlines()) == ROWS + 1
    return written(run)


@pytest.mark.parametrize("seed", range(10 if TORTURE else 1))
def test_sigterm_saves_within_ten_seconds_again_and_again(
    seed: int, tmp_path: Path, runs: list[Runs], undisturbed: tuple[bytes, bytes]
) -> None:
    run = replay(tmp_path / "run", "--checkpoint-interval", "1h", "--batch-size", "500")
    runs.append(run)
    chance = random.Random(seed)
    for _ in range(5):
        before = len(run.read("sliding.csv"))
        process = run.start()
        time.sleep(chance.choice([0, chance.uniform(0, 0.3), chance.uniform(0.3, 1)]))
        process.send_signal(signal.SIGTERM)
        assert run.ended(process, PROMISED) == 0
        assert all(whole.startswith(part) for whole, part in zip(undisturbed, written(run), strict=True))
        assert len(run.read("sliding.csv")) >= before
    assert run.ended(run.start()) == 0
    assert written(run) == undisturbed


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.01, 0.02, 0.05, 0.1] if TORTURE else [0.0, 0.01])
def test_a_second_sigterm_ends_it_at_once_and_no_byte_is_another(
    pause: float, tmp_path: Path, runs: list[Runs], undisturbed: tuple[bytes, bytes]
) -> None:
    run = replay(tmp_path / "run", "--checkpoint-interval", "100ms", "--batch-size", "500")
    runs.append(run)
    process = run.start()
    run.wait_for("sliding.csv", 1000)
    process.send_signal(signal.SIGTERM)
    time.sleep(pause)
    process.send_signal(signal.SIGTERM)
    assert run.ended(process, PROMISED) in (0, -signal.SIGTERM)
    assert run.ended(run.start()) == 0
    assert written(run) == undisturbed


class Writer(threading.Thread):
    """Appends rows to a file until `finish`. They come in pieces, few of which are a whole number of rows."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.rows = 0
        self._path = path
        self._ended = threading.Event()

    def run(self) -> None:
        rest = b""
        with self._path.open("ab", buffering=0) as file:
            while not self._ended.is_set():
                rest += b"".join(b"k%d,%d\n" % (i % 4, i) for i in range(self.rows, self.rows + 50))
                self.rows += 50
                file.write(rest[:-3])
                rest = rest[-3:]
                time.sleep(0.01)
            file.write(rest)

    def finish(self) -> None:
        self._ended.set()
        self.join()


def test_a_live_run_loses_no_row_and_uses_none_twice(tmp_path: Path, runs: list[Runs]) -> None:
    """Rows arrive while the run is killed, stopped and started again; each has a number of its own."""
    (tmp_path / "in.csv").write_text("k,n\n")
    schema = ["--schema", 'S="k" VARCHAR(4), "n" BIGINT', "--follow", "--with-rowtime"]
    outputs = ["--output", "OUT=out.csv", "--output", "COUNTS=counts.csv", "--checkpoint-interval", "20ms"]
    run = Runs(tmp_path, LIVE, *schema, *outputs)
    runs.append(run)
    chance, writer = random.Random(1), Writer(tmp_path / "in.csv")
    writer.start()
    try:
        for ending in [signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGKILL] * (10 if TORTURE else 1):
            process = run.start()
            run.wait_for("out.csv", len(run.read("out.csv")) + 1)
            time.sleep(chance.uniform(0, 0.3))
            process.send_signal(ending)
            assert run.ended(process) in (0, -ending)
    finally:
        writer.finish()
    run.command.remove("--follow")  # the file has an end now, and with it the windows
    assert run.ended(run.start()) == 0
    found = [line.split(",") for line in run.read("out.csv").decode().splitlines()[1:]]
    assert [int(number) for _, number in found] == list(range(writer.rows))
    times = [time for time, _ in found]
    assert times == sorted(times)
    counts = [line.split(",") for line in run.read("counts.csv").decode().splitlines()[1:]]
    assert sum(int(count) for _, _, count, _ in counts) == writer.rows
    assert sum(int(total) for _, _, _, total in counts) == writer.rows * (writer.rows - 1) // 2
    assert len({(time, key) for time, key, _, _ in counts}) == len(counts)
