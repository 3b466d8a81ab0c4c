"""How big is a forest, in memory and as bytes, and how long does it take to save and restore it?"""

from __future__ import annotations

import statistics
import time

from benchmarks import forest_contenders as forests
from benchmarks.case import Case
from rcf_ext import RandomCutForest

COLUMNS = (
    "case",
    "sampled numbers, bytes",
    "state, bytes",
    "ratio",
    "in memory, bytes",
    "save, ms",
    "restore, ms",
)


def _state(dimensions: int, shingle: int = 1) -> Case:
    name = f"{dimensions} dim x shingle {shingle}"

    def measure(rounds: int) -> list[tuple[str, ...]]:
        forest = RandomCutForest(dimensions, forests.TREES, forests.SAMPLE, forests.DECAY, shingle)
        forest.update(forests.gaussian(5000, dimensions))
        numbers = 8 * dimensions * shingle * forests.TREES * forests.SAMPLE
        times: list[tuple[float, float]] = []
        for _ in range(rounds):
            start = time.process_time()
            state = forest.to_bytes()
            saved = time.process_time()
            RandomCutForest.from_bytes(state)
            times.append((saved - start, time.process_time() - saved))
        save, restore = (f"{1000 * statistics.median(part):.1f}" for part in zip(*times, strict=True))
        size = len(state)
        return [
            (name, f"{numbers:,}", f"{size:,}", f"{size / numbers:.2f}", f"{forest.memory_bytes:,}", save, restore)
        ]

    return Case(name, COLUMNS, measure)


CASES = (_state(1), _state(3), _state(10), _state(30), _state(1, 8))
