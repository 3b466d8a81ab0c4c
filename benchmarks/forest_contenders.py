"""How each library is fed, at its best: data converted to what it likes before the clock starts.

All forests have 100 trees of 256 samples and forget with 100 000 records, unless a case says otherwise.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.case import Contender, MissingPeerError, Run
from rcf_ext import OutlierDetector, RandomCutForest
from streamsql.functions.table.random_cut_forest import ForestOperator
from streamsql.types import DOUBLE, Column

Matrix = npt.NDArray[np.float64]
TREES, SAMPLE, DECAY = 100, 256, 100_000
BATCH_ROWS = 8192


def gaussian(rows: int, dimensions: int) -> Matrix:
    """Independent standard normal numbers, (rows, dimensions)."""
    return np.random.default_rng(1).normal(size=(rows, dimensions))


def imported(module: str) -> Any:
    """The peer's module. Raises MissingPeerError if it is not installed."""
    try:
        return __import__(module, fromlist=["_"])
    except ModuleNotFoundError as fault:
        raise MissingPeerError(f"{module} is left out: {fault}") from None


def imported_rrcf() -> Any:
    """rrcf asks pkg_resources for its own version and nothing else; setuptools no longer has that module."""
    stand_in = types.ModuleType("pkg_resources")
    vars(stand_in)["get_distribution"] = metadata.distribution
    sys.modules.setdefault("pkg_resources", stand_in)
    return imported("rrcf")


def ours(
    points: Matrix, shingle: int = 1, *, explain: bool = False, threads: int = 1, name: str = "class"
) -> Contender:
    """The Python class: a NumPy matrix in, NumPy arrays out."""

    def prepare() -> Run:
        forest = RandomCutForest(points.shape[1], TREES, SAMPLE, DECAY, shingle)
        if explain:
            return lambda: forest.process(points, explain=True, threads=threads)
        return lambda: forest.process(points, threads=threads)

    return Contender(name, len(points), prepare)


def operator(points: Matrix, shingle: int = 1, *, explain: bool = False, name: str = "SQL function") -> Contender:
    """The SQL function: Arrow batches in, Arrow batches out."""
    names = [f"C{k}" for k in range(points.shape[1])]

    def prepare() -> Run:
        table = pa.table(dict(zip(names, points.T.copy(), strict=True)))
        batches = table.to_batches(max_chunksize=BATCH_ROWS)
        columns = [Column(name, DOUBLE) for name in names]
        arguments = [TREES, SAMPLE, DECAY, shingle, *([True] if explain else [])]
        function = ForestOperator(columns, arguments, [], 0, _no_rejects, explain=explain)

        def run() -> None:
            for batch in batches:
                function.on_batch(0, batch)

        return run

    return Contender(name, len(points), prepare)


def _no_rejects(batch: pa.RecordBatch, failures: object) -> None:
    raise AssertionError("no row of these streams is rejected")


def krcf_forest(dimensions: int, shingle: int = 1) -> Any:
    """A forest of the Rust library behind krcf, one thread, set to do the same work as ours."""
    return imported("krcf").RandomCutForest(
        {
            "dimensions": dimensions,
            "shingle_size": shingle,
            "num_trees": TREES,
            "sample_size": SAMPLE,
            "lambda": 1.0 / DECAY,
            "output_after": SAMPLE,
            "initial_accept_fraction": 1.0,
            "internal_shingling": True,
            "parallel_execution_enabled": False,
            "random_seed": 1,
        }
    )


def krcf(points: Matrix, shingle: int = 1, *, explain: bool = False) -> Contender:
    """Score (or attribution), then update, of every row; rows are lists, which it takes fastest."""

    def prepare() -> Run:
        forest = krcf_forest(points.shape[1], shingle)
        answer, update, rows = forest.attribution if explain else forest.score, forest.update, points.tolist()

        def run() -> None:
            for row in rows:
                answer(row)
                update(row)

        return run

    return Contender("krcf", len(points), prepare)


def rrcf(points: Matrix) -> Contender:
    """Pure Python: forget, insert and CoDisp on sliding windows; only a few rows, after the windows are full."""
    rows = 50

    def prepare() -> Run:
        trees = [imported_rrcf().RCTree(random_state=i) for i in range(TREES)]
        for tree in trees:
            for i in range(SAMPLE):
                tree.insert_point(points[i], index=i)

        def run() -> None:
            for i in range(SAMPLE, SAMPLE + rows):
                for tree in trees:
                    tree.forget_point(i - SAMPLE)
                    tree.insert_point(points[i], index=i)
                    tree.codisp(i)

        return run

    return Contender("rrcf", rows, prepare)


def batch_detector(make: Callable[[], Any], points: Matrix, name: str) -> Contender:
    """Fit, then score all rows with the fitted forest."""

    def prepare() -> Run:
        detector = make()
        return lambda: detector.fit(points).score_samples(points)

    return Contender(name, len(points), prepare)


def isolation_forest(samples: int) -> Any:
    ensemble = imported("sklearn.ensemble")
    return ensemble.IsolationForest(n_estimators=TREES, max_samples=samples, contamination=0.01, random_state=0)


def outlier_detector(samples: int) -> OutlierDetector:
    return OutlierDetector(n_estimators=TREES, max_samples=samples, contamination=0.01)
