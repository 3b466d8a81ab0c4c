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
            codes, total = pairing.encode(pa.array([key for _, key in batch], pa.int64()), 1 << 20)
            pairing.add(side, np.array([time for time, _ in batch], dtype=np.int64), codes, total)
            bounds[side] = batch[-1][0]
            _, rows, others, _ = pairing.process(*bounds)
            pairs += zip(rows.tolist(), others.tolist(), strict=True)
            for each in (0, 1):
                pairing.trim(each)
    return pairs


def twin(left, right):
    """Pairs of a right row and the earlier left rows of its key, at most 50 older."""
    left, right = [row for batch in left for row in batch], [row for batch in right for row in batch]
    return [
        (i, j)
        for j, (time, key) in enumerate(right)
        for i, (before, other) in enumerate(left)
        if key is not None and key == other and (before < time <= before + 50)
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


def test_no_more_keys_than_the_limit_and_room_again_once_rows_are_gone():
    pairing = Pairing(WINDOW, NO_WINDOW)
    codes, total = pairing.encode(pa.array([5, None, 6, 5, 7], pa.int64()), 2)
    assert codes.tolist() == [0, -1, 1, 0, -2]
    pairing.add(0, np.arange(4, dtype=np.int64), codes[:4], total)
    pairing.process(1000, 1000)
    saved = pairing.save()
    other = Pairing(WINDOW, NO_WINDOW)
    other.load(saved)
    codes, total = other.encode(pa.array([7, 8, 9], pa.int64()), 2)
    assert sorted(codes[:2].tolist()) == [0, 1]
    assert codes[2] == -2
    with pytest.raises(RuntimeError):
        other.load(saved[:-4])
