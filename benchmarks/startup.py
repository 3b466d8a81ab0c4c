"""What it costs to start: `streamsql run` over ten rows, beside the imports that nothing here can do without.

The commands take turns, each once a round. The first, "import numpy, pyarrow", is the floor: what is above it is
ours.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.case import Case
from benchmarks.process import Usage, measure
from benchmarks.program import PROGRAM, SOURCE, application

COLUMNS = ("case", "CPU s", "from", "to", "wall s", "CPU over the floor s")
FLOOR = "import numpy, pyarrow"
LEAST_ROUNDS = 11
QUERIES = {
    "ten rows, a filter": application(
        "TICKER VARCHAR(4), PRICE DOUBLE", f'SELECT STREAM TICKER, PRICE FROM "{SOURCE}" WHERE PRICE > 50'
    ),
    "ten rows, a window": application(
        "TICKER VARCHAR(4), PRICE DOUBLE",
        f'SELECT STREAM TICKER, AVG(PRICE) FROM "{SOURCE}" AS S '
        "GROUP BY TICKER, STEP(S.ROWTIME BY INTERVAL '1' SECOND)",
    ),
}


def commands(folder: Path) -> dict[str, list[str]]:
    """What is measured, by name; the scripts and the rows are written into `folder`."""
    rows = folder / "rows.csv"
    rows.write_text("TICKER,PRICE\n" + "".join(f"AM{number},{number * 10}.5\n" for number in range(10)))
    found = {
        "python": [sys.executable, "-c", "pass"],
        FLOOR: [sys.executable, "-c", FLOOR],
        "check": [str(PROGRAM), "check", "-c", "SELECT STREAM 1 FROM S"],
    }
    for number, (name, text) in enumerate(QUERIES.items()):
        script = folder / f"{number}.sql"
        script.write_text(text)
        found[name] = [str(PROGRAM), "run", str(script), "--quiet", "--input", str(rows)]
    return found


def start(rounds: int) -> list[tuple[str, ...]]:
    """One row a command: medians of at least LEAST_ROUNDS rounds, after one that fills the caches."""
    used: dict[str, list[Usage]] = {}
    with tempfile.TemporaryDirectory() as folder:
        todo = commands(Path(folder))
        for name in todo:
            measure(todo[name])
        for _ in range(max(rounds, LEAST_ROUNDS)):
            for name, command in todo.items():
                used.setdefault(name, []).append(measure(command))
    floor = [usage.cpu for usage in used[FLOOR]]
    return [_row(name, usages, floor) for name, usages in used.items()]


def _row(name: str, usages: list[Usage], floor: list[float]) -> tuple[str, ...]:
    cpu = [usage.cpu for usage in usages]
    over = statistics.median(own - least for own, least in zip(cpu, floor, strict=True))
    wall = statistics.median(usage.wall for usage in usages)
    return (name, *(f"{value:.3f}" for value in (statistics.median(cpu), min(cpu), max(cpu), wall, over)))


CASES = (Case("start", COLUMNS, start),)
