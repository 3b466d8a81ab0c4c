"""How many rows per CPU second does the forest score and learn, against other libraries? One thread each."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import forest_contenders as forests
from benchmarks.case import Case, Contender, race

DIMENSIONS = (1, 3, 10, 30)
SHORT, LONG = 20_000, 1_000_000


def _short(dimensions: int) -> Case:
    def contenders() -> Sequence[Contender]:
        points = forests.gaussian(SHORT, dimensions)
        return [forests.operator(points), forests.ours(points), forests.krcf(points), forests.rrcf(points)]

    return race(f"{dimensions} dim, 20k rows", contenders, "krcf")


def _long(dimensions: int) -> Case:
    """krcf's speed hardly depends on the length, so it gets the first rows only."""

    def contenders() -> Sequence[Contender]:
        points = forests.gaussian(LONG, dimensions)
        return [forests.operator(points), forests.ours(points), forests.krcf(points[:SHORT])]

    return race(f"{dimensions} dim, 1M rows", contenders, "krcf")


def _shingled(dimensions: int, shingle: int) -> Case:
    def contenders() -> Sequence[Contender]:
        points = forests.gaussian(SHORT, dimensions)
        return [
            forests.operator(points, shingle),
            forests.ours(points, shingle),
            forests.krcf(points, shingle),
        ]

    return race(f"{dimensions} dim x shingle {shingle}, 20k rows", contenders, "krcf")


def _explained(dimensions: int) -> Case:
    """Attribution and update in krcf gives no score; ours gives score, attribution, direction and strength."""

    def contenders() -> Sequence[Contender]:
        points = forests.gaussian(SHORT, dimensions)
        return [
            forests.operator(points, explain=True, name="SQL function, explanation"),
            forests.ours(points, explain=True, name="class, explanation"),
            forests.operator(points, name="SQL function, score only"),
            forests.ours(points, name="class, score only"),
            forests.krcf(points, explain=True),
        ]

    return race(f"explanation, {dimensions} dim, 20k rows", contenders, "krcf")


def _batch(dimensions: int) -> Case:
    """Data at rest: fit 100 trees of 512 samples (and a threshold, which scores the rows once), then score all."""

    def contenders() -> Sequence[Contender]:
        points = forests.gaussian(SHORT, dimensions)
        return [
            forests.batch_detector(lambda: forests.outlier_detector(512), points, "OutlierDetector"),
            forests.batch_detector(lambda: forests.isolation_forest(512), points, "IsolationForest"),
        ]

    return race(f"fit and score, {dimensions} dim, 20k rows", contenders, "IsolationForest")


CASES = (
    *(_short(d) for d in DIMENSIONS),
    _shingled(1, 8),
    *(_explained(d) for d in DIMENSIONS),
    *(_batch(d) for d in (3, 10)),
    *(_long(d) for d in DIMENSIONS),
)
