"""How long does one record take, handed over alone? Wall-clock time of single calls, learning phase long past."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks import forest_contenders as forests
from benchmarks.case import Case, MissingPeerError
from rcf_ext import OnlineForest, RandomCutForest

LEARNED, CALLS = 100_000, 3000
COLUMNS = ("case", "contender", "calls", "median, µs", "99 %, µs")
OneRecord = Callable[[Sequence[float]], object]


def _forest(dimensions: int) -> RandomCutForest:
    forest = RandomCutForest(dimensions, forests.TREES, forests.SAMPLE, forests.DECAY)
    forest.update(forests.gaussian(LEARNED, dimensions))
    return forest


def _process(dimensions: int) -> OneRecord:
    forest, row = _forest(dimensions), np.empty((1, dimensions))

    def one(record: Sequence[float]) -> object:
        row[0] = record
        return forest.process(row)

    return one


def _score_and_learn(dimensions: int) -> OneRecord:
    online = OnlineForest.of(_forest(dimensions))

    def one(record: Sequence[float]) -> object:
        score = online.score_one(record)
        online.learn_one(record)
        return score

    return one


def _krcf(dimensions: int) -> OneRecord:
    forest = forests.krcf_forest(dimensions)
    for row in forests.gaussian(5000, dimensions).tolist():
        forest.update(row)

    def one(record: Sequence[float]) -> object:
        score = forest.score(record)
        forest.update(record)
        return score

    return one


CONTENDERS = {"class, process": _process, "class, score_one and learn_one": _score_and_learn, "krcf": _krcf}


def _latency(dimensions: int) -> Case:
    name = f"{dimensions} dim, one record"

    def measure(rounds: int) -> list[tuple[str, ...]]:
        records = np.random.default_rng(2).normal(size=(CALLS, dimensions)).tolist()
        rows: list[tuple[str, ...]] = []
        for contender, make in CONTENDERS.items():
            try:
                median, slow = _percentiles(make(dimensions), records, rounds)
            except MissingPeerError as missing:
                rows.append((name, contender, "–", str(missing), "–"))
                continue
            rows.append((name, contender, f"{CALLS:,}", f"{median:.1f}", f"{slow:.1f}"))
        return rows

    return Case(name, COLUMNS, measure)


def _percentiles(one: OneRecord, records: Sequence[Sequence[float]], rounds: int) -> tuple[float, float]:
    """Median and 99 % in microseconds, each the median of the rounds."""
    found = []
    for _ in range(rounds):
        nanoseconds = []
        for record in records:
            start = time.perf_counter_ns()
            one(record)
            nanoseconds.append(time.perf_counter_ns() - start)
        found.append(np.percentile(nanoseconds, [50, 99]) / 1000.0)
    median, slow = np.median(found, axis=0)
    return float(median), float(slow)


CASES = tuple(_latency(dimensions) for dimensions in (1, 3, 10, 30))
