"""The engines: streamsql, and the peers that are installed, each in its own process.

A peer is looked for as a virtual environment NAME in the folder BENCH_PEERS (build/peers, where `make bench-peers`
puts them), then beside streamsql. BENCH_ENGINES, a list of names with commas, restricts the race.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path

from benchmarks.case import MissingPeerError
from benchmarks.program import command
from benchmarks.rows.workloads import Workload

PEERS = Path(__file__).parent / "peers"
ENVIRONMENTS = Path(os.environ.get("BENCH_PEERS", Path(__file__).parents[2] / "build" / "peers")).absolute()
ALL = ("w1", "w1c", "w3", "w3c", "w4", "w4c", "w5", "w6", "w9", "w9v", "q1", "q2")
Command = Callable[[Workload, bool, Path], list[str]]


@dataclass(frozen=True)
class Engine:
    """`command(workload, few, output)` gives the arguments that run it; without it, `version` says so."""

    name: str
    workloads: tuple[str, ...]
    command: Command
    version: Callable[[], str]


@cache
def python(name: str) -> str:
    """The interpreter that can import a peer."""
    own = ENVIRONMENTS / name / "bin" / "python"
    if own.exists():
        return str(own)
    if util.find_spec(name):
        return sys.executable
    raise MissingPeerError(f"{name} is not installed")


@cache
def _version(name: str) -> str:
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run([python(name), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _library(name: str, workloads: tuple[str, ...] = ALL) -> Engine:
    def run(workload: Workload, few: bool, output: Path) -> list[str]:
        tables = [table for _, table in workload.inputs] + [workload.reference] * bool(workload.reference)
        paths = [f"{table}={workload.path(table, few)}" for table in tables]
        return [python(name), str(PEERS / f"run_{name}.py"), workload.name, str(output), *paths]

    return Engine(name, workloads, run, lambda: _version(name))


def _mawk(workload: Workload, few: bool, output: Path) -> list[str]:
    program, source = PEERS / f"{workload.name}.awk", workload.path("ticker", few)
    return ["sh", "-c", 'exec mawk -f "$0" "$1" > "$2"', str(program), str(source), str(output)]


def _mawk_version() -> str:
    if shutil.which("mawk") is None:
        raise MissingPeerError("mawk is not installed")
    told = subprocess.run(["mawk", "-W", "version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return told.stdout.split()[1]


def _streamsql(workload: Workload, few: bool, output: Path) -> list[str]:
    return command(workload.sql, workload.files(few), output)


STREAMSQL = Engine("streamsql", ALL, _streamsql, lambda: metadata.version("streamsql"))
ENGINES = (
    STREAMSQL,
    _library("duckdb"),
    _library("polars"),
    _library("datafusion", tuple(name for name in ALL if name != "w9")),
    _library("chdb"),
    _library("bytewax", ("w1", "w4")),
    Engine("mawk", ("w1c", "w3c"), _mawk, _mawk_version),
)


def contenders(workload: Workload) -> list[Engine]:
    """Those that can run the workload, of those asked for; streamsql is always one of them."""
    wanted = os.environ.get("BENCH_ENGINES", ",".join(engine.name for engine in ENGINES)).split(",")
    asked = [engine for engine in ENGINES if engine is STREAMSQL or engine.name in wanted]
    return [engine for engine in asked if workload.name in engine.workloads]
