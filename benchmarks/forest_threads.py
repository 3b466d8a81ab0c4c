"""How much faster are two threads than one? Wall-clock time; the scores are the same.

Two forests of their own, a thread each, show what the machine has to give: its cores share caches and neighbours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from benchmarks import forest_contenders as forests
from benchmarks.case import Case, Contender, Run, race


def _threads(dimensions: int, rows: int) -> Case:
    def contenders() -> Sequence[Contender]:
        points = forests.gaussian(rows, dimensions)
        return [
            forests.ours(points, threads=1, name="1 thread"),
            forests.ours(points, threads=2, name="2 threads"),
            _two_forests(points),
        ]

    return race(f"{dimensions} dim, {rows:,} rows", contenders, "1 thread", time.perf_counter)


def _two_forests(points: forests.Matrix) -> Contender:
    def prepare() -> Run:
        runs = [forests.ours(points).prepare() for _ in range(2)]

        def both() -> None:
            threads = [threading.Thread(target=run) for run in runs]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        return both

    return Contender("2 forests, a thread each", 2 * len(points), prepare)


CASES = tuple(_threads(dimensions, 100_000) for dimensions in (1, 3, 10, 30))
