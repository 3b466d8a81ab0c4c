"""What a record is: learning phase, shingles, missing numbers, equal numbers; docs/spec/rcf.md, section 1."""

import math

import numpy as np
import pytest

from rcf_ext import RandomCutForest

DRAW = np.random.default_rng(9)


@pytest.mark.parametrize("shingle", [1, 2, 7, 30])
@pytest.mark.parametrize("dimensions", [1, 2, 5])
@pytest.mark.parametrize("sample", [10, 64])
def test_learning_phase(dimensions: int, shingle: int, sample: int) -> None:
    found = RandomCutForest(dimensions, 10, sample, 1000, shingle).process(
        DRAW.normal(size=(200, dimensions)), explain=True
    )
    first = sample + shingle - 1
    assert not found.scores[:first].any()
    assert (found.scores[first:] > 0.0).all()
    assert not found.attribution[:first].any()
    assert not found.strength[:first].any()
    assert not found.direction_high[:first].any()


def test_range_of_the_score() -> None:
    scores = RandomCutForest(3, 50, 32, 500).process(DRAW.normal(size=(500, 3)))
    assert (scores <= 5.0).all()
    far = RandomCutForest(1, 50, 32, 500)
    far.update(np.zeros(32))
    assert far.score([1e300])[0] == 5.0


@pytest.mark.parametrize("missing", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("dimensions", "shingle"), [(1, 1), (3, 1), (2, 4)])
def test_incomplete_records_score_nan_and_are_as_if_they_had_not_come(
    dimensions: int, shingle: int, missing: float
) -> None:
    records = DRAW.normal(size=(400, dimensions))
    holes = np.sort(DRAW.choice(400, 60, replace=False))
    records[holes, DRAW.integers(0, dimensions, 60)] = missing
    complete = np.isfinite(records).all(axis=1)
    options = (dimensions, 10, 32, 500, shingle)
    with_holes, without = RandomCutForest(*options), RandomCutForest(*options)
    found, expected = with_holes.process(records, explain=True), without.process(records[complete], explain=True)
    assert np.isnan(found.scores[~complete]).all()
    assert np.isnan(found.attribution[~complete]).all()
    assert np.array_equal(found.scores[complete], expected.scores)
    assert np.array_equal(found.attribution[complete], expected.attribution)
    assert np.array_equal(found.strength[complete], expected.strength)
    assert with_holes.records_seen == complete.sum()
    assert with_holes.to_bytes() == without.to_bytes()


@pytest.mark.parametrize("dimensions", [1, 2])
def test_minus_zero_is_zero(dimensions: int) -> None:
    records = np.round(DRAW.normal(size=(400, dimensions)))
    signed = np.where(records == 0.0, np.where(DRAW.random(records.shape) < 0.5, -0.0, 0.0), records)
    assert np.signbit(signed[signed == 0.0]).any()
    plain, other = RandomCutForest(dimensions, 10, 32, 500), RandomCutForest(dimensions, 10, 32, 500)
    assert np.array_equal(plain.process(records + 0.0), other.process(signed))
    assert plain.to_bytes() == other.to_bytes()


@pytest.mark.parametrize("shingle", [2, 3])
def test_a_shingle_is_the_last_records_side_by_side(shingle: int) -> None:
    """The internal shingle gives what a forest over hand-made shingles gives."""
    records = np.round(DRAW.normal(size=(300, 2)), 1)
    last = len(records) - shingle + 1
    made = np.concatenate([records[i : i + last] for i in range(shingle)], axis=1)
    inside = RandomCutForest(2, 10, 32, 500, shingle).process(records, explain=True)
    outside = RandomCutForest(2 * shingle, 10, 32, 500).process(made, explain=True)
    assert not inside.scores[: shingle - 1].any()
    assert np.array_equal(inside.scores[shingle - 1 :], outside.scores)
    by_column = outside.attribution.reshape(last, shingle, 2).sum(axis=1)
    assert inside.attribution[shingle - 1 :] == pytest.approx(by_column, abs=1e-12)


def test_the_order_of_columns_carries_no_weight() -> None:
    """Columns of one kind get the same attribution on average, wherever they stand."""
    records = DRAW.normal(size=(3000, 4))
    shares = RandomCutForest(4, 100, 64).process(records, explain=True).attribution[64:].mean(axis=0)
    assert shares == pytest.approx(shares.mean(), rel=0.03)


def test_wider_columns_get_more_cuts() -> None:
    """Nothing is scaled: a column with a larger range takes more of the score."""
    records = DRAW.normal(size=(2000, 2)) * [100.0, 1.0]
    shares = RandomCutForest(2, 50, 64).process(records, explain=True).attribution[64:].mean(axis=0)
    assert shares[0] > 1.5 * shares[1]
    outlier = RandomCutForest(2, 50, 64)
    outlier.update(records)
    assert outlier.score([[0.0, 12.0]])[0] < outlier.score([[1200.0, 0.0]])[0]


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("shingle", [1, 3])
def test_direction_and_strength_of_clear_outliers(side: float, shingle: int) -> None:
    forest = RandomCutForest(2, 100, 256, shingle_size=shingle)
    forest.update(DRAW.normal(size=(2000, 2)))
    near, far = (forest.score([[0.0, side * size]], explain=True) for size in (20.0, 200.0))
    assert far.direction_high[0, 1] == near.direction_high[0, 1] == (side > 0)
    assert far.strength[0, 1] > 5 * near.strength[0, 1] > 25 * near.strength[0, 0]
    assert near.attribution[0, 1] > 3 * near.attribution[0, 0]


def test_published_blood_pressure_rows() -> None:
    """Section 4. Ordinary rows: scores 0.71 to 0.74, 0.33 to 0.40 of it a column, strength 0.02 to 0.10. The outlier
    (144, 123): 3.86 = 1.74 + 2.11, strengths 0.86 and 7.1. The rows are drawn as stated there, their order is not known.
    """
    draw = np.random.default_rng(1)
    low, high, count = [90, 60], [120, 80], 20_000
    rows = draw.integers(low, np.add(high, 1), (count, 2))
    odd = draw.random(count)
    rows[odd < 0.005] = draw.integers([50, 30], [80, 50], ((odd < 0.005).sum(), 2))
    rows[odd > 0.995] = draw.integers([130, 90], [150, 130], ((odd > 0.995).sum(), 2))
    forest = RandomCutForest(2, seed=2)
    found = forest.process(rows.astype(float), explain=True)
    ordinary = (odd >= 0.005) & (odd <= 0.995) & (np.arange(count) > 2000)
    assert 0.71 < np.quantile(found.scores[ordinary], 0.1) < 0.74
    assert 0.33 < np.quantile(found.attribution[ordinary], 0.25) < 0.40
    assert 0.02 < np.median(found.strength[ordinary]) < 0.10
    outlier = forest.score([[144.0, 123.0]], explain=True)
    assert 3.3 < outlier.scores[0] < 4.4
    assert outlier.direction_high.all()
    assert 1.2 < outlier.attribution[0, 0] < outlier.attribution[0, 1] < 2.8
    assert 0.5 < outlier.strength[0, 0] < 4.0 < outlier.strength[0, 1] < 10.0
