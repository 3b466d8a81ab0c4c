"""The engine itself: the ways to compute agree, memory can run out at any point, extreme numbers stay numbers."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from rcf_ext import RandomCutForest, StateError, _forest

Matrix = npt.NDArray[np.float64]
SHAPES = [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (11, 1), (30, 1), (1, 8), (3, 4)]


def gaussian(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return rng.normal(size=shape)


def few_values(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return rng.integers(0, 4, shape).astype(float)


def constant(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return np.full(shape, 7.5)


def alternating(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return np.where(np.arange(shape[0])[:, None] % 2 == 0, 1.0, 2.0) + np.zeros(shape)


def ascending(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return np.arange(shape[0])[:, None] + np.zeros(shape)


def descending(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return -ascending(rng, shape)


def denormal(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return rng.integers(-3, 4, shape) * 5e-324


def huge(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return rng.choice([-1.7e308, -1e308, 0.0, 1e-308, 1.0, 1.7e308], shape)


def next_to_each_other(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    return 1e16 + 2.0 * rng.integers(0, 5, shape)  # whole numbers beyond 2**53


STREAMS = [
    gaussian,
    few_values,
    constant,
    alternating,
    ascending,
    descending,
    denormal,
    huge,
    next_to_each_other,
]


@pytest.fixture
def any_path() -> Iterator[None]:
    yield
    _forest.use_path(_forest.paths()[-1])


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize(("dimensions", "shingle"), SHAPES)
def test_all_ways_to_compute_give_the_same_bits(stream, dimensions: int, shingle: int, any_path: None) -> None:
    records = stream(np.random.default_rng(5), (700, dimensions))
    results = []
    for path in _forest.paths():
        _forest.use_path(path)
        forest = RandomCutForest(dimensions, 9, 64, 1000, shingle, seed=2)
        explained = forest.process(records, explain=True)
        plain = RandomCutForest(dimensions, 9, 64, 1000, shingle, seed=2).process(records)
        assert np.array_equal(plain, explained.scores)
        alone = RandomCutForest(dimensions, 9, 64, 1000, shingle, seed=2)
        assert np.array_equal(np.concatenate([alone.process(record[None]) for record in records]), plain)
        assert alone.to_bytes() == forest.to_bytes()
        results.append((forest.to_bytes(), explained))
    for state, explained in results[1:]:
        assert state == results[0][0]
        assert np.array_equal(explained.scores, results[0][1].scores)
        assert np.array_equal(explained.attribution, results[0][1].attribution)
        assert np.array_equal(explained.strength, results[0][1].strength)
        assert np.array_equal(explained.direction_high, results[0][1].direction_high)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize(("dimensions", "shingle"), [(1, 1), (2, 1), (9, 1), (2, 3)])
def test_results_stay_numbers(stream, dimensions: int, shingle: int) -> None:
    records = stream(np.random.default_rng(6), (1500, dimensions))
    result = RandomCutForest(dimensions, 20, 128, 500, shingle, seed=3).process(records, explain=True)
    assert (result.scores >= 0.0).all() and (result.scores <= 7.0 + 1e-12).all()
    assert np.isfinite(result.strength).all() and (result.strength >= 0.0).all()
    assert np.abs(result.attribution.sum(axis=1) - result.scores).max() < 1e-9


@pytest.mark.parametrize(("dimensions", "shingle"), [(1, 1), (3, 1), (2, 3)])
def test_any_allocation_may_fail(dimensions: int, shingle: int) -> None:
    records = np.random.default_rng(0).normal(size=(200, dimensions))

    def learned() -> RandomCutForest:
        forest = RandomCutForest(dimensions, 3, 64, 1000, shingle, seed=1)
        forest.update(records[:50])
        return forest

    expected = learned().process(records[50:])
    forest, failures = learned(), 0
    before = forest.to_bytes()
    while True:
        _forest.fail_allocation(failures)
        try:
            scores = forest.process(records[50:])
            break
        except MemoryError:
            failures += 1
            assert forest.to_bytes() == before
        finally:
            _forest.fail_allocation(-1)
    assert failures > 10
    assert np.array_equal(scores, expected)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_every_flipped_bit_and_every_truncation_is_refused(dimensions: int) -> None:
    forest = RandomCutForest(dimensions, 1, 10, 100, seed=4)
    forest.update(np.random.default_rng(1).integers(0, 9, (300, dimensions)).astype(float))
    whole = forest.to_bytes()
    for length in range(len(whole)):
        with pytest.raises(StateError):
            RandomCutForest.from_bytes(whole[:length])
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StateError):
            RandomCutForest.from_bytes(bytes(flipped))


@pytest.mark.parametrize("dimensions", [1, 2])
def test_a_forged_state_does_no_harm(dimensions: int) -> None:
    """Behind a valid checksum, a damaged payload is refused or is some forest, but never reads out of bounds."""
    from rcf_ext import state

    forest = RandomCutForest(dimensions, 2, 16, 100, seed=4)
    records = np.random.default_rng(1).integers(0, 40, (300, dimensions)).astype(float)
    forest.update(records)
    arguments, payload = state.unwrap(forest.to_bytes())
    rng, accepted = np.random.default_rng(2), 0
    for _ in range(3000):
        forged = bytearray(payload)
        for place in rng.integers(0, len(payload), rng.integers(1, 4)):
            forged[place] = rng.integers(0, 256)
        try:
            other = RandomCutForest.from_bytes(state.wrap(arguments, bytes(forged)))
        except StateError:
            continue
        accepted += 1
        other.process(records, explain=True)
    assert 0 < accepted < 3000


def test_the_order_of_summation_does_not_depend_on_the_threads() -> None:
    records = np.random.default_rng(3).normal(size=(2000, 3))
    one = RandomCutForest(3, 50, seed=1).process(records, explain=True)
    for threads in (2, 3, 40):
        many = RandomCutForest(3, 50, seed=1).process(records, explain=True, threads=threads)
        assert np.array_equal(many.scores, one.scores)
        assert np.array_equal(many.attribution, one.attribution)
        assert np.array_equal(many.strength, one.strength)


def test_long_streams_and_fast_decay_keep_the_clock_in_range() -> None:
    forest = RandomCutForest(1, 5, 10, 11, seed=1)  # the keys' time base moves on about every 5500 records
    records = np.random.default_rng(3).normal(size=(60_000, 1))
    scores = forest.process(records)
    assert np.isfinite(scores).all()
    restored = RandomCutForest.from_bytes(forest.to_bytes())
    assert np.array_equal(restored.process(records[:500]), forest.process(records[:500]))
    jump = forest.score([[0.0], [1e6]])
    assert jump[1] > jump[0]
