"""As-of joins are what looking through all rows finds."""

import numpy as np
import numpy.typing as npt
import pytest

from streamsql.kernels.asof import last_before, still_needed

KEYS = 4
Side = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]


def side(rng: np.random.Generator, rows: int) -> Side:
    """Times in order, many of them equal, and keys, some of them none."""
    return np.sort(rng.integers(0, 30, rows)), rng.integers(-1, KEYS, rows).astype(np.int32)


def found_by_looking(left: Side, right: Side) -> list[int]:
    rows = list(zip(*right, strict=True))
    return [
        max((n for n, (t, k) in enumerate(rows) if k == key and key >= 0 and t <= time), default=-1)
        for time, key in zip(*left, strict=True)
    ]


@pytest.mark.parametrize("seed", range(60))
def test_rows_found_are_those_found_by_looking(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = side(rng, seed % 25), side(rng, int(rng.integers(0, 40)))
    assert last_before(*left, *right, KEYS).tolist() == found_by_looking(left, right)


@pytest.mark.parametrize("seed", range(60))
def test_later_rows_find_the_same_among_those_still_needed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    (times, keys), right, time = side(rng, 25), side(rng, seed), int(rng.integers(-1, 31))
    later = times[times >= time], keys[times >= time]
    kept = still_needed(*right, time, KEYS)
    among = found_by_looking(later, (right[0][kept], right[1][kept]))
    assert [int(kept[n]) if n >= 0 else -1 for n in among] == found_by_looking(later, right)
    needed = [n for n, t in enumerate(right[0]) if t > time and right[1][n] >= 0]
    assert len(kept) <= len(needed) + KEYS and set(needed) <= set(kept.tolist())
