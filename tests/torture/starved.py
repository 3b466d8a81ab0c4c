"""Runs applications whose kernels get no memory.

Called by test_allocations with starve.cpp preloaded: `starved.py WHAT TRIES STEP`, where WHAT is `sql` (the tests in tests/slt:
an allocation that fails is a MemoryError, or the answer is right all the same) or `restart` (the applications of
tests/durable: after a MemoryError the run is gone on with from its checkpoint, and no byte of the output is another).

In every STEP-th of them TRIES numbers are tried, 0 for all: in turn only that allocation fails, and all from it on. Standard error
says what is being tried, standard output as JSON how many numbers were tried, how many were a MemoryError, and how many
bytes each of these kept.
"""

from __future__ import annotations

import ctypes
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from itertools import islice
from pathlib import Path
from typing import Any

import heap

TESTS = Path(__file__).parent.parent
C = ctypes.CDLL(None)
EVER = 1 << 40


C.starve.argtypes = [ctypes.c_long, ctypes.c_long]
C.feed.restype = ctypes.c_long


@dataclass
class Case:
    """`attempt` may raise MemoryError; `after` must not, and checks what the attempt has left."""

    name: str
    attempt: Callable[[], None]
    after: Callable[[], None]


def sql_cases() -> Iterator[Case]:
    """The tests of SQL, in the mode that also saves and restores state."""
    spec = spec_from_file_location("slt", TESTS / "slt/conftest.py")
    assert spec and spec.loader
    slt = sys.modules["slt"] = module_from_spec(spec)
    spec.loader.exec_module(slt)

    def runner(steps: list[Any]) -> Callable[[], None]:
        def run() -> None:
            script = slt.Script("restart")
            for step in steps:
                got = script.run(step)
                expected = [" ".join(slt.words_of(line)) for line in step.expected]
                assert got is None or got in (expected, step.expected), (step.line, got)

        return run

    for path in sorted((TESTS / "slt").rglob("*.slt")):
        for name, steps in slt.parse_file(path):
            if any(step.words[0] in ("feed", "records") for step in steps):
                yield Case(f"{path.stem}: {name}", runner(steps), runner(steps))


def restart_cases() -> Iterator[Case]:
    """The applications with checkpoints: a run that may fail, then one that goes on."""
    sys.path.insert(0, str(TESTS / "durable"))
    from applications import EXAMPLES, outputs_in, outside_of, run_in, undisturbed

    def case(name: str) -> Case:
        expected, outside = undisturbed(name), outside_of(name)

        def attempt() -> None:
            nonlocal outside
            outside = outside_of(name)
            run_in(name, outside)

        def after() -> None:
            run_in(name, outside)
            assert outputs_in(outside) == expected

        return Case(name, attempt, after)

    return map(case, EXAMPLES)


def allocations(case: Case) -> int:
    """How many there are, once everything is loaded that is loaded once."""
    case.attempt()
    C.starve(1, 0)
    case.attempt()
    return int(C.feed())


def fails(case: Case, first: int, last: int) -> bool:
    """Whether it was a MemoryError when these allocations failed."""
    print(f"{case.name}, allocations {first} to {last}", file=sys.stderr, flush=True)
    C.starve(first, last)
    try:
        case.attempt()
    except MemoryError:
        return True
    finally:
        C.feed()
    return False


def main(cases: Iterable[Case], tries: int) -> None:
    chance, tried, failed, kept = random.Random(1), 0, 0, 0
    for case in cases:
        numbers = range(1, allocations(case) + 1)
        before = heap.in_use()
        for place, first in enumerate(chance.sample(numbers, min(tries or len(numbers), len(numbers)))):
            failed += fails(case, first, first if place % 2 else EVER)
            case.after()
            tried += 1
        kept += heap.in_use() - before
    print(json.dumps({"tried": tried, "failed": failed, "kept": kept}))


if __name__ == "__main__":
    what, tries, step = sys.argv[1:]
    main(islice({"sql": sql_cases, "restart": restart_cases}[what](), 0, None, int(step)), int(tries))
