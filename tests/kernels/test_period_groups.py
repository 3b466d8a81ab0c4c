"""Groups by key and period are those of a dict that is emptied when a period begins."""

import random
from itertools import pairwise

import numpy as np
import pytest

from streamsql.kernels.period_groups import PeriodGroups

KEYS = 7


class Twin:
    """The same, row by row. A group is a pair of a period and a key."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.period = 0
        self.groups: list[tuple[int, int]] = []

    def assign(self, codes: list[int], starts: list[int]) -> tuple[list[int], list[int], list[int]]:
        groups, fresh, edges = [], [], []
        for row in range(len(codes) + 1):
            for _ in range(starts.count(row)):
                self.period += 1
                edges.append(len(self.groups))
            if row == len(codes):
                continue
            group = (self.period, codes[row])
            count = sum(period == self.period for period, _ in self.groups)
            if group not in self.groups and codes[row] >= 0 and count < self.most:
                self.groups.append(group)
                fresh.append(row)
            groups.append(self.groups.index(group) if group in self.groups else -1)
        return groups, fresh, edges


@pytest.mark.parametrize("most", [3, 1000])
@pytest.mark.parametrize("seed", range(40))
def test_groups_are_those_of_the_twin(seed: int, most: int) -> None:
    chance = random.Random(seed)
    groups, twin = PeriodGroups(most), Twin(most)
    for _ in range(12):
        length = chance.choice([0, 1, 5, 40])
        codes = [chance.randrange(-1, KEYS) for _ in range(length)]
        starts = sorted(chance.choices(range(length + 1), k=chance.randrange(4)))
        found = groups.assign(np.array(codes, np.int32), starts, KEYS)
        assert tuple(each.tolist() for each in found) == twin.assign(codes, starts)
        assert groups.codes.tolist() == [key for _, key in twin.groups] and len(groups) == len(twin.groups)
        if chance.random() < 0.2:
            groups.begin()
            twin.period += 1
        if chance.random() < 0.7:
            over = sum(period < twin.period for period, _ in twin.groups)
            groups.forget(over)
            del twin.groups[:over]
            if chance.random() < 0.5:  # keys without a group are forgotten: those left are 0, 1, 2 …
                twin.groups = [(twin.period, key) for key in range(len(twin.groups))]
                groups.renumber(len(twin.groups))


def test_groups_of_the_open_period_are_not_forgotten() -> None:
    groups = PeriodGroups(9)
    groups.assign(np.array([0, 1, 0], np.int32), [2], 2)
    groups.forget(2)
    with pytest.raises(ValueError, match="open period"):
        groups.forget(1)


@pytest.mark.parametrize("starts", [[-1], [4], [2, 1]])
def test_periods_begin_with_rows_in_order(starts: list[int]) -> None:
    assert any(not 0 <= start <= 3 for start in starts) or any(later < start for start, later in pairwise(starts))
    with pytest.raises(ValueError, match="no period begins before row"):
        PeriodGroups(9).assign(np.zeros(3, np.int32), starts, 1)
