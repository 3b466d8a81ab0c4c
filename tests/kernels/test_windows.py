"""Windows per key: what was saved, closed windows included, goes on as what was not."""

from __future__ import annotations

import numpy as np
import pytest

from streamsql.kernels.windows import KeyedWindows

KEYS = 40
GAP = 60


def step(windows: KeyedWindows, extend: bool, chance: np.random.Generator, time: int) -> list[list[int]]:
    """Some rows at `time`, then what is over at that time, in plain numbers."""
    keys = chance.integers(-1, KEYS, 10).astype(np.int32)
    times = np.full(10, time)
    assigned = windows.assign(keys, KEYS, times, times + (GAP if extend else chance.integers(1, 90, 10)))
    return [assigned.tolist(), *(found.tolist() for found in windows.close(time)), [windows.next_end(-1)]]


@pytest.mark.parametrize("extend", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_windows_go_on_from_what_was_saved(seed: int, extend: bool) -> None:
    undisturbed, chance = KeyedWindows(extend=extend), np.random.default_rng(seed)
    expected = [step(undisturbed, extend, chance, time) for time in range(0, 1000, 7)]
    windows, chance = KeyedWindows(extend=extend), np.random.default_rng(seed)
    for time, found in zip(range(0, 1000, 7), expected, strict=True):
        assert step(windows, extend, chance, time) == found
        saved = windows.save()
        windows = KeyedWindows(extend=extend)
        windows.load(saved)
    assert undisturbed.compact()[1].tolist() == windows.compact()[1].tolist()


@pytest.mark.parametrize("length", [0, 8, 40, 63])
def test_what_is_cut_short_is_refused(length: int) -> None:
    windows = KeyedWindows()
    ends = np.array([5, 6])
    windows.assign(np.array([0, 1], dtype=np.int32), 2, ends, ends)
    saved = windows.save()
    with pytest.raises(RuntimeError, match=r"cut short|damaged"):
        KeyedWindows().load(saved[: min(length, len(saved) - 1)])


def test_keys_beyond_their_number_are_refused() -> None:
    windows = KeyedWindows()
    times = np.array([5])
    windows.assign(np.array([3], dtype=np.int32), 4, times, times + 1)
    saved = windows.save()
    with pytest.raises(RuntimeError, match="damaged"):
        KeyedWindows().load(saved[:-8] + (3).to_bytes(8, "little"))
