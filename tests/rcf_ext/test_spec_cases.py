"""Scores without randomness: the small cases and the exact anchors of docs/spec/rcf.md, section 2."""

import math
from collections.abc import Callable

import forest_twin as twin
import numpy as np
import pytest
from kinesis_data import LEARNING, NAMES, recording

from rcf_ext import RandomCutForest

CASES = [
    (50.0, 4.0),
    (200.0, 6.0),
    (-100.0, 6.0),
    (0.0, 8.0 / (1.0 + math.log2(255))),
    (100.0, 8.0),
]


def as_it_is(x: float) -> tuple[float, ...]:
    return (x,)


def beside_a_constant(x: float) -> tuple[float, ...]:
    return (7.0, x)


def in_two_halves(x: float) -> tuple[float, ...]:
    return (x / 2, x / 2)


@pytest.mark.parametrize("point", [as_it_is, beside_a_constant, in_two_halves])
@pytest.mark.parametrize(("query", "expected"), CASES)
def test_sample_of_255_zeros_and_a_hundred(
    query: float, expected: float, point: Callable[[float], tuple[float, ...]]
) -> None:
    forest = RandomCutForest(len(point(0.0)), seed=3)
    forest.update([point(0.0)] * 255 + [point(100.0)])
    assert forest.score([point(query)])[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("query", "expected"), CASES)
@pytest.mark.parametrize("cut", [0.0, 31.0, 99.9])
def test_the_twin_gives_the_same_small_cases(query: float, expected: float, cut: float) -> None:
    tree = twin.Inner(0, cut, twin.Leaf((0.0,), 255), twin.Leaf((100.0,), 1))
    assert twin.score([tree], (query,), 256) == pytest.approx(expected, abs=1e-12)


def scores_of(name: str, seed: int = 1) -> np.ndarray:
    return RandomCutForest(1, seed=seed).process(recording(name).values)


def test_one_leaf_only() -> None:
    scores = scores_of("art_flatline")
    assert scores[LEARNING:] == pytest.approx(8.0 / 257.0, abs=1e-9)
    assert scores[LEARNING:] == pytest.approx(recording("art_flatline").scores[LEARNING:], abs=1e-9)


def test_two_values_right_after_learning() -> None:
    name = "art_increase_spike_density"
    score = scores_of(name)[LEARNING]
    assert score == pytest.approx(8.0 / (1.0 + math.log2(250)), abs=1e-9)
    assert score == pytest.approx(recording(name).scores[LEARNING], abs=1e-9)


def test_first_other_value_after_zeros() -> None:
    name = "ec2_disk_write_bytes_1ef3de"
    scores, recorded = scores_of(name), recording(name).scores
    assert scores[LEARNING:462] == pytest.approx(recorded[LEARNING:462], abs=1e-9)
    assert scores[460] == pytest.approx(8.0 / 257.0, abs=1e-9)
    assert scores[461] == 8.0


@pytest.mark.parametrize("seed", range(20))
def test_the_row_after_it_counts_the_trees_that_took_it(seed: int) -> None:
    score = scores_of("ec2_disk_write_bytes_1ef3de", seed)[462]
    trees = (score - 4.0) / 0.04
    assert trees == pytest.approx(round(trees), abs=1e-9)
    # 256 / 461 of 100 trees take row 461: 55.5, standard deviation 5; the others keep scoring 8.
    assert 20 <= round(trees) <= 69


@pytest.mark.parametrize("name", NAMES)
def test_exactly_256_zeros(name: str) -> None:
    scores = scores_of(name)
    assert not scores[:LEARNING].any()
    assert (scores[LEARNING:] > 0.0).all()
    assert (scores <= 8.0).all()
