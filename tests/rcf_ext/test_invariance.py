"""What must not change a score: how records are cut into calls, threads, the way to compute, a restart."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcf_ext import RandomCutForest, StateError

Matrix = npt.NDArray[np.float64]
AWKWARD = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e-310,
    1e308,
    -1e308,
    1.7976931348623157e308,
    2.0**53,
    2.0**53 + 2,
    1.0,
    1.5,
]


@st.composite
def forests(draw: st.DrawFn) -> RandomCutForest:
    shingle = draw(st.sampled_from([1, 1, 2, 5]))
    sample = draw(st.integers(10, 40))
    return RandomCutForest(
        draw(st.sampled_from([1, 1, 2, 3, 6, 9])),
        draw(st.sampled_from([1, 3, 17])),
        sample,
        draw(st.sampled_from([sample + 1, 100, 10_000])),
        shingle,
        draw(st.integers(0, 2**64 - 1)),
    )


@st.composite
def records_for(draw: st.DrawFn, dimensions: int) -> Matrix:
    """Smooth, coarse, awkward or sorted numbers, some of them missing."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (draw(st.integers(0, 300)), dimensions)
    kind = draw(st.sampled_from(["smooth", "coarse", "awkward", "sorted", "equal"]))
    if kind == "smooth":
        found = random.normal(size=shape)
    elif kind == "coarse":
        found = random.integers(0, 3, shape) * 1.0
    elif kind == "awkward":
        found = random.choice(AWKWARD, shape)
    elif kind == "sorted":
        found = np.sort(random.normal(size=shape), axis=0)[:: draw(st.sampled_from([1, -1]))]
    else:
        found = np.full(shape, 3.25)
    if draw(st.booleans()):
        found = np.where(random.random(shape) < 0.05, np.nan, found)
    return found


def clone(forest: RandomCutForest) -> RandomCutForest:
    return RandomCutForest.from_bytes(forest.to_bytes())


def same(a: Matrix, b: Matrix) -> bool:
    return np.array_equal(a, b, equal_nan=True)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_cutting_threads_restarts_and_learning_alone(data: st.DataObject) -> None:
    forest = data.draw(forests())
    records = data.draw(records_for(forest.dimensions))
    whole, parts = clone(forest), []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=6)))
    for piece in np.split(records, cuts):
        parts.append(forest.process(piece, explain=True, threads=data.draw(st.sampled_from([1, 2, 3]))))
        if data.draw(st.booleans()):
            forest = clone(forest)
    expected = clone(whole).process(records, explain=True)
    for field in ("scores", "attribution", "strength", "direction_high"):
        assert same(np.concatenate([getattr(part, field) for part in parts]), getattr(expected, field))
    silent = clone(whole)
    silent.update(records, threads=2)
    assert same(whole.process(records), expected.scores)
    assert whole.to_bytes() == forest.to_bytes() == silent.to_bytes()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_records_that_come_one_by_one(data: st.DataObject) -> None:
    forest = data.draw(forests())
    records = data.draw(records_for(forest.dimensions))
    whole, silent, scores = clone(forest), clone(forest), []
    for record in records:
        ahead = silent.score(record[None])
        scores.append(forest.process(record[None]))
        assert same(ahead, scores[-1])
        silent.update([record])
    if scores:
        assert same(np.concatenate(scores), whole.process(records))
    assert whole.to_bytes() == forest.to_bytes() == silent.to_bytes()
    assert whole.records_seen == forest.records_seen == silent.records_seen


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_scores_stay_in_range_whatever_comes(data: st.DataObject) -> None:
    forest = data.draw(forests())
    records = data.draw(records_for(forest.dimensions))
    found = forest.process(records, explain=True)
    complete = np.isfinite(records).all(axis=1)
    assert same(np.isnan(found.scores), ~complete)
    highest = np.log2(forest.sub_sample_size) * (1 + 1e-12)
    assert ((found.scores[complete] >= 0) & (found.scores[complete] <= highest)).all()
    assert (found.attribution[complete] >= 0).all()
    assert np.isfinite(found.strength[complete]).all()
    assert found.attribution[complete].sum(axis=1) == pytest.approx(found.scores[complete], abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_score_learns_nothing_and_looks_one_record_ahead(data: st.DataObject) -> None:
    forest = data.draw(forests())
    records = data.draw(records_for(forest.dimensions))
    before = forest.to_bytes()
    forest.score(records, explain=data.draw(st.booleans()))
    assert forest.to_bytes() == before
    for row in records[:60]:
        ahead = forest.score([row])
        assert same(ahead, forest.process([row]))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_flipped_bit_and_any_cut_are_refused(data: st.DataObject) -> None:
    forest = data.draw(forests())
    forest.update(data.draw(records_for(forest.dimensions)))
    state = forest.to_bytes()
    for _ in range(20):
        at, bit = data.draw(st.integers(0, len(state) - 1)), data.draw(st.integers(0, 7))
        changed = bytearray(state)
        changed[at] ^= 1 << bit
        with pytest.raises(StateError):
            RandomCutForest.from_bytes(bytes(changed))
    with pytest.raises(StateError):
        RandomCutForest.from_bytes(state[: data.draw(st.integers(0, len(state) - 1))])
    with pytest.raises(StateError):
        RandomCutForest.from_bytes(state + b"\0")


@pytest.mark.parametrize("dimensions", [1, 10])
def test_size_of_the_state(dimensions: int) -> None:
    """The sampled points, at most 24 bytes of tree and sampler for each, and a few bytes a tree."""
    forest = RandomCutForest(dimensions)
    forest.update(np.random.default_rng(0).normal(size=(3000, dimensions)))
    numbers = 100 * 256 * 8 * dimensions
    assert numbers < len(forest.to_bytes()) < numbers + 100 * (256 * 24 + 64)


def test_parameters_are_checked() -> None:
    for options, message in [
        ({"dimensions": 0}, "dimensions must be from 1 to 1000, not 0"),
        ({"number_of_trees": 1001}, "number_of_trees must be from 1 to 1000, not 1001"),
        ({"sub_sample_size": 9}, "sub_sample_size must be from 10 to 1000, not 9"),
        ({"time_decay": 0}, "time_decay must be from 1 to 2147483647, not 0"),
        ({"time_decay": 256}, "256 is not less than 256"),
        ({"shingle_size": 31}, "shingle_size must be from 1 to 30, not 31"),
    ]:
        with pytest.raises(ValueError, match=message):
            RandomCutForest(**{"dimensions": 1, **options})
