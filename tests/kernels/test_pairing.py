"""Which rows of two streams meet, with integer keys that come and go, against a slow twin."""

import random

import numpy as np
import pyarrow as pa
import pytest

from streamsql.kernels.pairing import Pairing

WINDOW = (False, 50, 0, False)
NO_WINDOW = (False, 0, 0, False)


def met(pairing, left, right):
    """Pairs of (left row, right row) that come of batches of (time, key), given turn by turn."""
    pairs = []
    bounds = [-1, -1]
    for batches in zip(left, right, strict=True):
        for side, batch in enumerate(batches):
            times = np.array([time for time, _ in batch], dtype=np.int64)
            pairing.add(side, times, pa.array([key for _, key in batch], pa.int64()))
            bounds[side] = batch[-1][0]
            _, rows, others, _ = pairing.process(*bounds)
            pairs += zip(rows.tolist(), others.tolist(), strict=True)
            for each in (0, 1):
                pairing.trim(each)
    return pairs


def twin(left, right, window=50):
    """Pairs of a right row and the left rows of its key, at most `window` older."""
    left, right = [row for batch in left for row in batch], [row for batch in right for row in batch]
    return [
        (i, j)
        for j, (time, key) in enumerate(right)
        for i, (before, other) in enumerate(left)
        if key is not None and key == other and before <= time <= before + window
    ]


def batches(seed, keys):
    chance = random.Random(seed)
    times = sorted(chance.sample(range(0, 2000, 2), 600))
    rows = [(time, chance.choice(keys(time))) for time in times]
    return [rows[i : i + 20] for i in range(0, 600, 20)]


@pytest.mark.parametrize(
    "keys",
    [
        lambda time: [None, *range(8)],
        lambda time: range(0, 4000, 100),
        lambda time: range(time // 10, time // 10 + 6),
        lambda time: [-(time // 20 * 1024), (time // 20) << 40, 1 - (1 << 63), (1 << 63) - 1],
    ],
)
def test_integer_keys_that_come_and_go(keys):
    left, right = batches(1, keys), [[(t + 1, k) for t, k in b] for b in batches(2, keys)]
    limit = right[-1][-1][0]
    left[-1].append((limit + 1000, 77))  # lets the last rows of the right be taken
    found = met(Pairing(WINDOW, NO_WINDOW), [*left, [(limit + 2000, 78)]], [*right, [(limit + 3000, 79)]])
    assert sorted(found) == sorted(twin(left, right))
    assert len(found) > 20


@pytest.mark.parametrize("window", [0, 1, 50])
def test_rows_of_the_same_time_meet(window):
    """However the sides are cut, and whether the row that comes later in time is there already or not."""
    chance = random.Random(3)
    left = [(time, chance.randrange(4)) for time in sorted(chance.choices(range(60), k=200))]
    right = [(time, chance.randrange(4)) for time in sorted(chance.choices(range(60), k=200))]
    for size in (1, 7, 200):
        cuts = [[rows[i : i + size] for i in range(0, 200, size)] for rows in (left, right)]
        for side in cuts:
            side.append([(1000, None)])
        found = met(Pairing((False, window, 0, False), NO_WINDOW), *cuts)
        assert sorted(found) == sorted(twin(*cuts, window))
        assert len(found) > 50


@pytest.mark.parametrize("time", [1000, 1001])
def test_of_rows_of_one_time_the_last_are_in_a_window_of_rows(time):
    """Section 10.2 of the language page: `ROWS n PRECEDING` is the last n + 1 rows, whatever their ROWTIMEs."""
    pairing = Pairing((False, 60_000, 0, False), (True, 1, 0, False))
    left, right = [[(time, 7)], [(5000, None)]], [[(1000, 7), (1000, 7), (1000, 7)], [(5000, None)]]
    assert met(pairing, left, right) == [(0, 1), (0, 2)]


def test_saved_in_the_middle():
    left, right = (
        batches(1, lambda time: range(8)),
        [[(t + 1, k) for t, k in b] for b in batches(2, lambda time: range(8))],
    )
    pairing, other = Pairing(WINDOW, NO_WINDOW), Pairing(WINDOW, NO_WINDOW)
    met(pairing, left[:15], right[:15])
    saved = pairing.save()
    other.load(saved)
    assert other.save() == saved
    expected = met(pairing, left[15:], right[15:])
    assert met(other, left[15:], right[15:]) == expected
    assert len(expected) > 20
    with pytest.raises(RuntimeError):
        other.load(saved[:-4])
