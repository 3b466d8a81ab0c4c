"""The engine's trees, read out of its state, give the engine's scores and explanations when the twin computes them.

So the score, the climb, the boxes and the masses are right whatever was inserted and deleted before; that the trees
are drawn by the right law is the subject of test_law.py.
"""

from dataclasses import dataclass

import forest_twin as twin
import numpy as np
import numpy.typing as npt
import pytest
from forest_state import trees_of

from rcf_ext import RandomCutForest

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """A forest's parameters and what it is fed with."""

    dimensions: int
    shingle: int
    kind: str

    def __str__(self) -> str:
        return f"{self.dimensions}x{self.shingle} {self.kind}"

    def forest(self, trees: int = 5) -> RandomCutForest:
        return RandomCutForest(self.dimensions, trees, 24, 200, self.shingle, seed=5)

    def records(self, count: int, seed: int = 0) -> Matrix:
        random = np.random.default_rng(seed)
        points = random.normal(size=(count, self.dimensions))
        if self.kind == "few values":
            return np.round(points)
        if self.kind == "scales apart":
            return points * 10.0 ** np.linspace(-150, 150, self.dimensions)
        if self.kind == "sorted":
            return np.sort(points, axis=0)
        if self.kind == "runs":
            return np.repeat(points, 9, axis=0)[:count]
        return points


STREAMS = [
    Stream(dimensions, shingle, kind)
    for dimensions, shingle in ((1, 1), (2, 1), (3, 1), (5, 1), (9, 1), (1, 4), (2, 3), (30, 1))
    for kind in ("normal", "few values", "scales apart", "sorted", "runs")
]


def points_of(stream: Stream, records: Matrix) -> list[twin.Point]:
    """The shingles that end at each record from the first complete one on."""
    last = len(records) - stream.shingle + 1
    return [tuple(records[i : i + stream.shingle].ravel().tolist()) for i in range(last)]


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_scores_and_explanations(stream: Stream) -> None:
    forest = stream.forest()
    forest.update(stream.records(600))
    held = [sampled.tree for sampled in trees_of(forest)]
    queries = np.concatenate(
        [stream.records(600)[-12:], stream.records(12, seed=1), 9 * stream.records(4, seed=2)]
    )
    rounding = 1e-12 * np.abs(queries).max(axis=0)  # strength is a difference: its digits are those of the data
    context = stream.records(600)[600 - stream.shingle + 1 :]
    found = forest.score(queries, explain=True)
    assert np.array_equal(found.scores, forest.score(queries))
    for i, x in enumerate(points_of(stream, np.concatenate([context, queries]))):
        assert found.scores[i] == pytest.approx(twin.score(held, x, 24), rel=1e-9, abs=0)
        for k, share in enumerate(twin.explanation(held, x, 24, stream.dimensions)):
            assert found.attribution[i, k] == pytest.approx(share.attribution, rel=1e-9, abs=1e-12)
            assert found.strength[i, k] == pytest.approx(share.strength, rel=1e-9, abs=rounding[k])
            if share.strength > rounding[k]:
                assert found.direction_high[i, k] == share.high


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_attributions_add_up_to_the_score(stream: Stream) -> None:
    found = stream.forest().process(stream.records(600), explain=True)
    assert found.attribution.sum(axis=1) == pytest.approx(found.scores, abs=1e-9)
    assert (found.attribution >= 0.0).all()
    assert (found.strength >= 0.0).all()


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_inserts_and_deletes_leave_no_trace(stream: Stream) -> None:
    """A restored forest has boxes, masses and depths made anew from the points; nothing may tell it apart."""
    forest = stream.forest()
    forest.update(stream.records(3000))
    again = RandomCutForest.from_bytes(forest.to_bytes())
    queries = np.concatenate([stream.records(300), 5 * stream.records(300, seed=1)])
    old, new = forest.score(queries, explain=True), again.score(queries, explain=True)
    assert np.array_equal(old.scores, new.scores)
    assert np.array_equal(old.attribution, new.attribution)
    assert np.array_equal(old.strength, new.strength)
    assert forest.to_bytes() == again.to_bytes()


@pytest.mark.parametrize("stream", STREAMS, ids=str)
def test_trees_hold_exactly_their_samples(stream: Stream) -> None:
    forest = stream.forest()
    records = stream.records(900) + 0.0
    forest.update(records)
    offered = set(points_of(stream, records))
    for sampled in trees_of(forest):
        assert set(sampled.slots) <= offered
        assert sampled.tree.mass == 24
        assert _keeps_its_promise(sampled.tree)
        assert sampled.next_record >= len(records) - stream.shingle + 1


def _keeps_its_promise(node: twin.Node) -> bool:
    """Every cut has all of its left points on or below it and all of its right points above."""
    if isinstance(node, twin.Leaf):
        return True
    k = node.dimension
    return (
        node.left.high[k] <= node.cut < node.right.low[k]
        and _keeps_its_promise(node.left)
        and _keeps_its_promise(node.right)
    )
