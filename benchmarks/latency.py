"""One row at a time through a pipe: from the write of a row to the line it becomes.

Ten rows go in and the pipe stays open: "first line" is the time from the start of the process to its first line.
Then rows go in one by one at a steady rate. `cat` in the same place shows what pipes and this measurement cost,
and Bytewax, where it is installed, what another engine of Python and compiled code takes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from benchmarks.case import Case, MissingPeerError
from benchmarks.program import OUTPUT, PROGRAM, SOURCE
from benchmarks.rows import tables
from benchmarks.rows.engines import PEERS, python
from benchmarks.rows.workloads import WORKLOADS

COLUMNS = ("case", "command", "first line s", "median ms", "99 % ms", "most ms", "lines")
RATE, ROWS, FIRST = 1000, 3000, 10
PATIENCE = 30.0
TIME = slice(len('{"EVENT_TIME":"'), len('{"EVENT_TIME":"2026-01-01 00:00:00.000'))  # where a row says which it is


@dataclass
class Trial:
    """`first` in seconds from the start; `seen` has the moment each line came, by the time in the row."""

    process: subprocess.Popen[bytes]
    started: float
    first: float = 0.0
    seen: dict[bytes, float] = field(default_factory=dict)

    def read(self) -> None:
        """Until the process closes its output."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            now = time.perf_counter()
            self.first = self.first or now - self.started
            self.seen[line[TIME]] = now


def _trial(command: Sequence[str], rows: Sequence[bytes]) -> tuple[float, list[float]]:
    """Seconds to the first line, and the milliseconds of each row that came out."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        env=environment,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        trial = Trial(process, started)
        reader = threading.Thread(target=trial.read)
        reader.start()
        assert process.stdin is not None
        process.stdin.write(b"".join(rows[:FIRST]))
        while not trial.first and time.perf_counter() - started < PATIENCE:
            time.sleep(0.002)
        sent = _send(process, rows[FIRST:])
        process.stdin.close()
        reader.join()
    return trial.first, [(trial.seen[key] - at) * 1000 for key, at in sent.items() if key in trial.seen]


def _send(process: subprocess.Popen[bytes], rows: Sequence[bytes]) -> dict[bytes, float]:
    """One write per row, at RATE; gives the moment of each."""
    assert process.stdin is not None
    sent = {}
    begin = time.perf_counter()
    for number, row in enumerate(rows):
        time.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
        sent[row[TIME]] = time.perf_counter()
        process.stdin.write(row)
    return sent


def _streamsql(sql: Path) -> list[str]:
    schema = ["--schema", f"{SOURCE}={tables.COLUMNS['ticker']}", "--input-format", "json"]
    output = ["--output", OUTPUT, "--output-format", "json"]
    return [str(PROGRAM), "run", str(sql), "--quiet", *schema, *output]


def _bytewax(workload: str) -> list[str]:
    runner = [python("bytewax"), str(PEERS / "run_bytewax.py"), workload]
    return ["env", "AT_ONCE=1", *runner, "/dev/stdout", "ticker=/dev/stdin"]


def case(name: str, commands: Mapping[str, Callable[[], Sequence[str]]]) -> Case:
    """Commands in turn, round by round."""

    def measure(rounds: int) -> list[tuple[str, ...]]:
        with open(tables.path("ticker", "jsonl"), "rb") as source:
            rows = list(islice(source, ROWS + FIRST))
        ready, missing = {}, {}
        for says, command in commands.items():
            try:
                ready[says] = command()
            except MissingPeerError as error:
                missing[says] = str(error)
        trials = [(says, _trial(command, rows)) for _ in range(rounds) for says, command in ready.items()]
        cells = [_cells([trial for whose, trial in trials if whose == says]) for says in ready]
        found = [(name, says, *told) for says, told in zip(ready, cells, strict=True)]
        return found + [(name, says, note, *[""] * (len(COLUMNS) - 3)) for says, note in missing.items()]

    return Case(name, COLUMNS, measure)


def _cells(trials: Sequence[tuple[float, list[float]]]) -> tuple[str, ...]:
    """Medians of the rounds of one command."""
    first = statistics.median(trial[0] for trial in trials)
    late = [statistics.quantiles(trial[1], n=100) for trial in trials]
    middle, most = statistics.median(cuts[49] for cuts in late), statistics.median(max(t[1]) for t in trials)
    rare = statistics.median(cuts[98] for cuts in late)
    lines = f"{len(trials[0][1]):,} of {ROWS:,}"
    return f"{first:.2f}", f"{middle:.2f}", f"{rare:.2f}", f"{most:.1f}", lines


SQL = {workload.name: workload.sql for workload in WORKLOADS}


def _race(workload: str) -> Mapping[str, Callable[[], Sequence[str]]]:
    return {
        "cat": lambda: ["cat"],
        "streamsql": lambda: _streamsql(SQL[workload]),
        "bytewax": lambda: _bytewax(workload),
    }


CASES = (case("filter", _race("w1")), case("sliding minute", _race("w4")))
