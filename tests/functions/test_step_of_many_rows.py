"""STEP of columns that lie in one period, in a few, and far apart: always the quotient rounded down."""

import numpy as np
import pytest

from streamsql.functions.rounding import _multiples_below


@pytest.mark.parametrize("spread", [1, 59, 60, 61, 240, 299, 1000, 10**12])
@pytest.mark.parametrize("start", [-(10**6), -61, -60, -1, 0, 7, 10**12])
def test_multiples_below(start, spread):
    values = start + np.random.default_rng(spread).integers(0, spread, 200)
    assert _multiples_below(values, 60).tolist() == [value // 60 * 60 for value in values.tolist()]


def test_of_no_rows():
    assert len(_multiples_below(np.zeros(0, dtype=np.int64), 60)) == 0
