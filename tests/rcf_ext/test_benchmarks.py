"""The forest's benchmarks can be listed and run; what they measure is read by people."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_cases_are_listed() -> None:
    listed = benchmarks("forest", "--list").stdout
    assert [line.split(":")[0] for line in listed.splitlines()] == [
        "forest_latency",
        "forest_speed",
        "forest_state",
        "forest_threads",
    ]
    assert "30 dim, 1M rows" in listed


def test_a_case_prints_its_table() -> None:
    done = benchmarks("forest_state", "--case", "1 dim x shingle 1", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    table = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(table) == 3
    assert table[2].startswith("| 1 dim x shingle 1 | 204,800 |")


def test_an_unknown_question_names_those_there_are() -> None:
    done = benchmarks("forrest")
    assert done.returncode == 2
    assert "no such case (questions: " in done.stderr
    assert "forest_speed" in done.stderr


def test_contenders_take_turns_and_a_missing_peer_is_named() -> None:
    script = """
from benchmarks.case import Contender, race
from benchmarks.forest_contenders import imported
order = []
def runner(name):
    return Contender(name, 10, lambda: lambda: order.append(name))
clock = iter(range(100))
missing = Contender("c", 10, lambda: imported("no_such_library"))
case = race("who", lambda: [runner("a"), runner("b"), missing], "a", lambda: float(next(clock)))
for row in case.measure(2):
    print(*row, sep="|")
print(*order)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == [
        "who|a|10|10|10 – 10|1 × a",
        "who|b|10|10|10 – 10|1 × a",
        "who|c|–|no_such_library is left out: No module named 'no_such_library'|–|–",
        "a b a b",
    ], done.stderr
