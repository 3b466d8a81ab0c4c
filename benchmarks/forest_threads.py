"""How much faster are two threads than one? Wall-clock time; the scores are the same."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks import forest_contenders as forests
from benchmarks.case import Case, Contender, race


def _threads(dimensions: int, rows: int) -> Case:
    def contenders() -> Sequence[Contender]:
        points = forests.gaussian(rows, dimensions)
        return [
            forests.ours(points, threads=1, name="1 thread"),
            forests.ours(points, threads=2, name="2 threads"),
        ]

    return race(f"{dimensions} dim, {rows:,} rows", contenders, "1 thread", time.perf_counter)


CASES = tuple(_threads(dimensions, 100_000) for dimensions in (1, 3, 10, 30))
