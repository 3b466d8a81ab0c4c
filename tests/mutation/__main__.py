"""`make mutants`: do the tests notice mistakes? After `make coverage`, which says what test runs what line.

Draws mutants of the engine, always the same ones while their functions stay the same. For each, in a copy of the tree
below build/mutation, runs tests that run the changed line until one fails: some that differ in what else of the file
they run, then a few of every file of tests, quick ones first. Goes on where it was stopped; build/mutation/results.txt
is the table. `--retry` tries the survivors again; with `--seconds` against more of the tests.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path

from coverage import CoverageData

from tests.mutation.durations import DURATIONS
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.trial import Trials

ROOT = Path(__file__).parents[2]
WORK = ROOT / "build/mutation"
COVERAGE = ROOT / "build/coverage/data"
ENGINE = (
    *(
        "streamsql/exec/*.py",
        "streamsql/exec/operators/*.py",
        "streamsql/exec/windows/*.py",
        "streamsql/durable/*.py",
    ),
    *(f"streamsql/app/{name}.py" for name in ("checkpoint", "running", "save", "replay", "intake")),
)
COPIED = ("streamsql", "rcf_ext", "tests", "examples", "docs", "benchmarks")
SECONDS = 20.0  # of tests for one mutant
PATIENCE = 6.0  # tests that take so many times as long were changed by the mutant


def drawn(count: int, seed: int) -> list[Mutant]:
    """Mutants of the engine, the same for the same seed."""
    paths = sorted(path.relative_to(ROOT) for pattern in ENGINE for path in ROOT.glob(pattern))
    sources = {str(path): (ROOT / path).read_text(encoding="utf-8") for path in paths}
    every = [mutant for path, source in sources.items() for mutant in mutants_of(path, source)]
    chosen: list[Mutant] = []
    for mutant in sorted(every, key=lambda mutant: mutant.rank(seed)):
        with suppress(SyntaxError):
            compile(mutant.applied(sources[mutant.path]), mutant.path, "exec")
            chosen.append(mutant)
        if len(chosen) == count:
            break
    return chosen


class Selection:
    """The tests for a mutant, by what the run under coverage has seen."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: how long the tests of one mutant may take together."""
        if not COVERAGE.exists() or not DURATIONS.exists():
            sys.exit("no build/coverage: run `make coverage` first")
        self._data = CoverageData(str(COVERAGE))
        self._data.read()
        self._seconds: dict[str, float] = json.loads(DURATIONS.read_text())
        self._most = seconds

    def tests(self, mutant: Mutant) -> list[str]:
        """Node ids, in the order in which to run them; together they take some seconds."""
        if (ROOT / mutant.path).stat().st_mtime > COVERAGE.stat().st_mtime:
            sys.exit(f"{mutant.path} is newer than build/coverage: run `make coverage` first")
        by_line = {
            line: {context.rpartition("|")[0] for context in contexts} & self._seconds.keys()
            for line, contexts in self._data.contexts_by_lineno(str(ROOT / mutant.path)).items()
        }
        found = set().union(*(by_line.get(line, ()) for line in mutant.lines or by_line))
        tests = sorted(sorted(found), key=lambda name: self._seconds[name])
        chosen, left = [], self._most
        for name in dict.fromkeys([*_different(tests, by_line.values()), *_in_turns(tests)]):
            if self._seconds[name] < left:
                chosen.append(name)
                left -= self._seconds[name]
        return chosen or tests[:1]


def _different(tests: Sequence[str], of_lines: Iterable[Set[str]]) -> list[str]:
    """Some of the tests such that together they run every line of the file that any of them runs, rare lines first."""
    chosen: list[str] = []
    for others in sorted(of_lines, key=len):
        if others.isdisjoint(chosen):
            chosen += [name for name in tests if name in others][:1]
    return chosen


def _in_turns(tests: Sequence[str]) -> list[str]:
    """The first of each file, the second of each file …"""
    files: dict[str, list[str]] = {}
    for name in tests:
        files.setdefault(name.partition("::")[0], []).append(name)
    return [name for turn in zip_longest(*files.values()) for name in turn if name]


def copied() -> Path:
    """A tree to change files in, which nobody else reads."""
    tree = WORK / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, tree / name)
    for path in (*ROOT.glob("*.toml"), *ROOT.glob("*.md"), *ROOT.glob("*.py"), ROOT / "Makefile"):
        shutil.copy2(path, tree)
    return tree


def table(results: list[dict[str, str]]) -> str:
    """The results as text: how many, and each one."""
    counts = Counter(result["outcome"] for result in results)
    killed = len(results) - counts["survived"] - counts["no test"]
    lines = [f"{killed} of {len(results)} killed ({killed / max(len(results), 1):.1%}): {dict(counts)}", ""]
    for result in sorted(results, key=lambda result: (result["outcome"], result["place"])):
        lines += [
            f"{result['outcome']:9} {result['place']} {result['kind']}: {result['change']}   [{result['by']}]"
        ]
    return "\n".join(lines) + "\n"


def brief(text: str) -> str:
    return " ".join(text.split())[:70]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--mutants", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--retry", action="store_true", help="try the survivors again, with tests that are new")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of tests for one mutant")
    options = parser.parse_args()
    selection, journal = Selection(options.seconds), WORK / "results.json"
    results: dict[str, dict[str, str]] = json.loads(journal.read_text()) if journal.exists() else {}
    trials = Trials(copied(), WORK, PATIENCE * options.seconds)
    mutants = drawn(options.mutants, options.seed)
    for number, mutant in enumerate(mutants, 1):
        rank = mutant.rank(options.seed)
        if rank in results and not (options.retry and results[rank]["outcome"] in ("survived", "no test")):
            continue
        tests, started = selection.tests(mutant), time.monotonic()
        outcome, by = trials.attempt(mutant, tests) if tests else ("no test", "")
        change = f"{brief(mutant.before)} -> {brief(mutant.after)}"
        place = f"{mutant.path}:{mutant.line}"
        by = by or f"{len(tests)} tests"
        results[rank] = {"outcome": outcome, "place": place, "kind": mutant.kind, "change": change, "by": by}
        journal.write_text(json.dumps(results, indent=1))
        print(f"{number} {outcome} {place} {change} [{by}] {time.monotonic() - started:.1f} s", flush=True)
    shown = [results[mutant.rank(options.seed)] for mutant in mutants]
    (WORK / "results.txt").write_text(table(shown))
    print(table(shown).partition("\n")[0])
    if trials.fail_unchanged({result["by"] for result in shown if "::" in result["by"]}):
        sys.exit("tests that killed fail without a mutant too: see build/mutation/output.txt")


if __name__ == "__main__":
    main()
