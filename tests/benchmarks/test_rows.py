"""The row path's benchmarks can be listed and run, and their workloads answer what DuckDB answers."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKLOADS = ["w1", "w1c", "w3", "w3c", "w4", "w4c", "w5", "w6", "w9", "w9v", "q1", "q2"]


def benchmarks(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    environment = os.environ | variables
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, env=environment)


def test_stages_are_measured() -> None:
    command = [sys.executable, "benchmarks/decode.py", "--rows", "500", "--rounds", "1"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    stages = [line.split("  ")[0] for line in printed.splitlines()]
    assert {"JSON, 5 columns", "CSV, 5 columns", "encode JSON", "encode CSV"} <= set(stages)


def test_workloads_are_listed() -> None:
    listed = benchmarks("rows", "--list").stdout.strip().removeprefix("rows: ")
    assert [case.split(":")[0] for case in listed.split("; ")] == WORKLOADS


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("workload", ["w1", "w4c", "w5", "w6", "w9"])
def test_the_answers_are_those_of_duckdb(workload: str, data: str) -> None:
    done = benchmarks(
        "rows",
        "--case",
        f"{workload}:",
        "--rounds",
        "1",
        BENCH_ENGINES="duckdb",
        BENCH_ROWS="40000",
        BENCH_DATA=data,
    )
    assert done.returncode == 0, done.stderr
    head, _, ours, theirs = [
        line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line[:2] == "| "
    ]
    rows_out = head.index("rows out")
    assert ours[1].startswith("streamsql ")
    assert theirs[1].startswith("duckdb ")
    assert theirs[-1] == "agrees"
    assert ours[rows_out] == theirs[rows_out] != "0"


@pytest.mark.skipif(find_spec("polars") is not None, reason="polars is installed")
def test_a_missing_engine_gets_a_row_that_says_so(tmp_path: Path) -> None:
    variables = {"BENCH_ENGINES": "polars", "BENCH_PEERS": str(tmp_path), "BENCH_ROWS": "1000"}
    done = benchmarks("rows", "--case", "q2:", "--rounds", "1", BENCH_DATA=str(tmp_path), **variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("| q2 | polars | ")
    assert done.stdout.rstrip(" |\n").endswith("polars is not installed")
