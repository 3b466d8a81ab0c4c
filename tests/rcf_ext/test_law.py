"""The engine draws by the right laws: its trees those of fresh trees, its samples those of explicit weights.

Random by nature, fixed by seeds. The bounds are those of two-sided tests at the level 1e-4, so a right engine with
other random numbers passes as well; the last test shows that wrong ones would not.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import forest_twin as twin
import numpy as np
import numpy.typing as npt
import pytest
from forest_state import trees_of

from rcf_ext import RandomCutForest

Vector = npt.NDArray[np.float64]
LEVEL_Z = 3.9  # two-sided, 1e-4
LEVEL_KS = math.sqrt(-0.5 * math.log(1e-4 / 2))
TREES, SAMPLE = 1000, 16


def kolmogorov_smirnov(a: Vector, b: Vector) -> float:
    """Largest distance of the empirical distributions, in units in which the law of large samples is one."""
    a, b = np.sort(np.round(a, 9)), np.sort(np.round(b, 9))
    grid = np.concatenate([a, b])
    apart = np.searchsorted(a, grid, "right") / len(a) - np.searchsorted(b, grid, "right") / len(b)
    return float(np.abs(apart).max() * math.sqrt(len(a) * len(b) / (len(a) + len(b))))


def paired_z(a: Vector, b: Vector) -> float:
    """Mean of the differences in standard errors."""
    difference = a - b
    spread = difference.std(ddof=1)
    return float(difference.mean() / spread * math.sqrt(len(a))) if spread > 1e-12 else 0.0


@dataclass(frozen=True)
class Stream:
    name: str
    records: Callable[[np.random.Generator, int], Vector]
    dimensions: int

    def __str__(self) -> str:
        return self.name


STREAMS = [
    Stream("one dimension", lambda draw, n: draw.normal(size=(n, 1)), 1),
    Stream("one dimension, few values", lambda draw, n: draw.integers(0, 6, (n, 1)) ** 2.0, 1),
    Stream("one dimension, drifting", lambda draw, n: draw.normal(size=(n, 1)) + np.arange(n)[:, None] / 50, 1),
    Stream("three dimensions", lambda draw, n: draw.normal(size=(n, 3)) * [1.0, 2.0, 0.3], 3),
    Stream("three dimensions, few values", lambda draw, n: draw.integers(0, 3, (n, 3)) * 1.0, 3),
]


def depths(node: twin.Node, depth: int = 0) -> list[int]:
    """Depth of each sampled point."""
    if isinstance(node, twin.Leaf):
        return [depth] * node.mass
    return depths(node.left, depth + 1) + depths(node.right, depth + 1)


def engine_trees(stream: Stream, records: int) -> list[tuple[twin.Node, list[twin.Point]]]:
    """The trees of an engine that has replaced its sample several times over, with their samples."""
    forest = RandomCutForest(stream.dimensions, TREES, SAMPLE, 60, seed=11)
    forest.update(stream.records(np.random.default_rng(0), records))
    return [(sampled.tree, sampled.slots) for sampled in trees_of(forest)]


def answers(tree: twin.Node, queries: Sequence[twin.Point]) -> list[float]:
    """What a tree looks like in numbers: scores of the queries, mean and largest depth, and its root's cut."""
    found, root = depths(tree), (tree.dimension, tree.left.mass) if isinstance(tree, twin.Inner) else (0, 0)
    return [*(twin.tree_score(tree, x, SAMPLE) for x in queries), sum(found) / SAMPLE, max(found), *root]


def compare(stream: Stream, fresh: Callable[[list[twin.Point], random.Random], twin.Node]) -> float:
    """The worst test statistic, as a share of its bound, of the engine's trees against fresh ones."""
    draw = random.Random(3)
    queries = [tuple(x) for x in 2 * stream.records(np.random.default_rng(1), 8)]
    trees = engine_trees(stream, 500)
    old = np.array([answers(tree, queries) for tree, _ in trees])
    new = np.array([answers(fresh(sample, draw), queries) for _, sample in trees])
    return max(
        max(kolmogorov_smirnov(a, b) / LEVEL_KS, abs(paired_z(a, b)) / LEVEL_Z)
        for a, b in zip(old.T, new.T, strict=True)
    )


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_grown_trees_look_like_fresh_ones(stream: Stream) -> None:
    assert compare(stream, twin.build) < 1.0


def test_first_trees_look_like_fresh_ones() -> None:
    stream = STREAMS[3]
    trees = engine_trees(stream, SAMPLE)
    draw = random.Random(8)
    assert len({tuple(sorted(sample)) for _, sample in trees}) == 1
    old = np.array([depths(tree)[0] for tree, _ in trees], float)
    new = np.array([depths(twin.build(sample, draw))[0] for _, sample in trees], float)
    assert kolmogorov_smirnov(old, new) < LEVEL_KS


@pytest.mark.parametrize("stream", [STREAMS[1], STREAMS[4]], ids=str)
def test_the_twins_own_inserts_and_deletes_keep_the_law(stream: Stream) -> None:
    records = [tuple(x) for x in stream.records(np.random.default_rng(0), 60)]
    query = tuple(3 * stream.records(np.random.default_rng(1), 1)[0])
    draw = random.Random(5)
    grown = []
    for _ in range(300):
        tree: twin.Node | None = twin.build(records[:SAMPLE], draw)
        for i in range(SAMPLE, len(records)):
            tree = twin.insert(twin.delete(tree, records[i - SAMPLE]), records[i], draw)
        grown.append(twin.tree_score(tree, query, SAMPLE))
    fresh = [twin.tree_score(twin.build(records[-SAMPLE:], draw), query, SAMPLE) for _ in range(300)]
    assert kolmogorov_smirnov(np.array(grown), np.array(fresh)) < LEVEL_KS


# --- samples -----------------------------------------------------------------------------------------------------


def engine_samples(records: int, decay: int, size: int = SAMPLE, trees: int = TREES) -> list[list[int]]:
    """Which records each tree has kept: the records are numbered by their values."""
    forest = RandomCutForest(1, trees, size, decay, seed=2)
    forest.update(np.arange(records, dtype=float))
    return [[int(x) for (x,) in sampled.slots] for sampled in trees_of(forest)]


def twin_samples(records: int, decay: int, size: int = SAMPLE) -> list[list[int]]:
    samples = []
    for seed in range(TREES):
        reservoir = twin.Reservoir(size, decay, random.Random(seed))
        for _ in range(records):
            reservoir.offer()
        samples.append(reservoir.records)
    return samples


def ages(samples: list[list[int]], records: int) -> Vector:
    return np.array([records - 1 - record for sample in samples for record in sample], float)


@pytest.mark.parametrize(("records", "decay"), [(40, 10**9), (300, 10**9), (300, 100), (300, 17), (150, 40)])
def test_samples_have_the_ages_that_explicit_weights_give(records: int, decay: int) -> None:
    ours, theirs = engine_samples(records, decay), twin_samples(records, decay)
    assert all(len(set(sample)) == SAMPLE for sample in ours)
    assert kolmogorov_smirnov(ages(ours, records), ages(theirs, records)) < LEVEL_KS
    means = [np.array([np.mean(sample) for sample in samples]) for samples in (ours, theirs)]
    spread = math.hypot(*(m.std() / math.sqrt(TREES) for m in means))
    assert abs(means[0].mean() - means[1].mean()) < LEVEL_Z * spread


def test_ages_stay_the_same_in_a_long_stream() -> None:
    """8000 records are 727 times the decay: weights without a moving base would overflow on the way."""
    long, short = engine_samples(8000, 11, 10, 200), twin_samples(200, 11, 10)
    assert kolmogorov_smirnov(ages(long, 8000), ages(short, 200)) < LEVEL_KS


def test_uniform_sample_without_decay() -> None:
    """Every record is kept with the probability size / records, by every tree for itself."""
    records = 200
    samples = engine_samples(records, 2_147_483_647)
    counts = np.bincount([record for sample in samples for record in sample], minlength=records)
    share = SAMPLE / records
    z = (counts - TREES * share) / math.sqrt(TREES * share * (1 - share))
    assert np.abs(z).max() < 4.9  # 200 tests together
    assert (z**2).sum() / (records - 1) == pytest.approx(1.0, abs=LEVEL_Z * math.sqrt(2 / (records - 1)))
    common = [len(set(a) & set(b)) for a, b in zip(samples[::2], samples[1::2], strict=True)]
    expected = SAMPLE * share
    spread = math.sqrt(expected * (1 - share) * (1 - (SAMPLE - 1) / (records - 1)) / len(common))
    assert abs(np.mean(common) - expected) < LEVEL_Z * spread


# --- all of it together ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dimensions", "shingle"), [(1, 1), (2, 1), (1, 3)])
def test_scores_over_a_stream(dimensions: int, shingle: int) -> None:
    """Score and update in turn, engine against twin, row by row."""
    records = np.round(np.random.default_rng(4).normal(size=(90, dimensions)), 1)
    forests = [twin.Forest(1, 12, 50, shingle, seed) for seed in range(200)]
    theirs = np.array([[forest.process(record) for record in records.tolist()] for forest in forests])
    ours = np.array(
        [RandomCutForest(dimensions, 50, 12, 50, shingle, seed).process(records) for seed in range(12)]
    )
    learning = 12 + shingle - 1
    assert not ours[:, :learning].any()
    assert not theirs[:, :learning].any()
    ours, theirs = ours[:, learning:], theirs[:, learning:]
    error = np.sqrt(theirs.var(axis=0, ddof=1) * (1 / 200 + 1 / 600))
    random_rows = error > 1e-9
    z = (ours.mean(axis=0) - theirs.mean(axis=0))[random_rows] / error[random_rows]
    assert np.abs(z).max() < 5.5
    assert math.sqrt(np.mean(z**2)) < 1.5


def test_wrong_laws_are_found_out() -> None:
    """The same comparison with trees whose cuts fall on every dimension alike, and with stale samples."""

    def any_dimension(points: Sequence[twin.Point], draw: random.Random) -> twin.Node:
        wide = [k for k in range(3) if len({p[k] for p in points}) > 1]
        if not wide:
            return twin.Leaf(points[0], len(points))
        k = draw.choice(wide)
        side = sorted({p[k] for p in points})
        cut = min(draw.uniform(side[0], side[-1]), math.nextafter(side[-1], -math.inf))
        halves = [p for p in points if p[k] <= cut], [p for p in points if p[k] > cut]
        return twin.Inner(k, cut, any_dimension(halves[0], draw), any_dimension(halves[1], draw))

    assert compare(STREAMS[3], any_dimension) > 1.5
    records = 300
    assert kolmogorov_smirnov(
        ages(engine_samples(records, 100), records), ages(twin_samples(records, 130), records)
    ) > (1.5 * LEVEL_KS)
