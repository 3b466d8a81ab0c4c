"""`python -m benchmarks [QUESTION …] [--case TEXT] [--rounds N] [--list]`: measures and prints, changes nothing.

A question is the beginning of a module's name in this folder (`forest`, `forest_speed`); without one, all run.
Peers that are not installed are left out with a note: `pip install 'streamsql[bench]'` brings them.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.case import Case

PACKAGES = ("streamsql", "numpy", "pyarrow", "krcf", "rrcf", "scikit-learn")


def questions(beginnings: Sequence[str] = ("",)) -> dict[str, tuple[Case, ...]]:
    """The cases of each module in this folder whose name begins so and that has any."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    asked = [name for name in names if name != "__main__" and name.startswith(tuple(beginnings))]
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in asked}
    return {name: module.CASES for name, module in modules.items() if hasattr(module, "CASES")}


def machine() -> str:
    """One line: processor, Python and the versions of what is measured."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = f"{len(models)} × {models[0]}" if models else cpu
    return ", ".join([cpu, f"Python {platform.python_version()}", *map(_version, PACKAGES)])


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} not installed"


def _line(cells: Iterable[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def run(name: str, cases: Sequence[Case], rounds: int) -> None:
    """Print the tables of one question, row by row as they come."""
    print(f"\n### {name}", flush=True)
    columns: tuple[str, ...] = ()
    for case in cases:
        rows = case.measure(rounds)
        if case.columns != columns:
            columns = case.columns
            print()
            _line(columns)
            _line("---" for _ in columns)
        for row in rows:
            _line(row)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("questions", nargs="*", help="beginnings of module names; all if none is given")
    parser.add_argument("--case", default="", help="only cases whose name contains this text")
    parser.add_argument("--rounds", type=int, default=3, help="how often each contender runs; the median counts")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    options = parser.parse_args()
    found = {
        name: [case for case in cases if options.case in case.name]
        for name, cases in questions(options.questions or [""]).items()
    }
    if not any(found.values()):
        parser.error(f"no such case (questions: {', '.join(questions())})")
    if not options.list:
        print(machine())
    for name, cases in found.items():
        if options.list:
            print(f"{name}: " + "; ".join(case.name for case in cases))
        elif cases:
            run(name, cases, options.rounds)


if __name__ == "__main__":
    main()
