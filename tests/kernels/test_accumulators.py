"""Grouped aggregates against Python's own arithmetic, and the same bits however rows are cut."""

import math
import random
import statistics
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from streamsql.kernels.accumulators import GroupAccumulator


def feed(what, groups, total, column, result, cuts=(), **options):
    """Results of one accumulator that gets the rows in pieces, restarted after each."""
    accumulator = GroupAccumulator(what, column.type, result, **options)
    for begin, end in zip([0, *cuts], [*cuts, len(column)], strict=True):
        accumulator.update(groups[begin:end], total, column.slice(begin, end - begin))
        state = accumulator.save()
        accumulator = GroupAccumulator(what, column.type, result, **options)
        accumulator.load(state)
    return accumulator.result()


def members(groups, values, total):
    return [
        [value for group, value in zip(groups, values, strict=True) if group == number and value is not None]
        for number in range(total)
    ]


def rows(seed, make, count=500, total=7):
    chance = random.Random(seed)
    groups = np.array([chance.randint(0, total - 2) for _ in range(count)], dtype=np.int32)  # the last stays empty
    return groups, [None if chance.random() < 0.2 else make(chance) for _ in range(count)], total


DOUBLES = {
    "count": len,
    "sum": lambda x: math.fsum(x) if x else None,
    "average": lambda x: math.fsum(x) / len(x) if x else None,
    "variance population": lambda x: statistics.pvariance(x) if x else None,
    "variance sample": lambda x: statistics.variance(x) if len(x) > 1 else None,
    "deviation population": lambda x: statistics.pstdev(x) if x else None,
    "deviation sample": lambda x: statistics.stdev(x) if len(x) > 1 else None,
    "least": lambda x: min(x, default=None),
    "greatest": lambda x: max(x, default=None),
    "first": lambda x: x[0] if x else None,
    "last": lambda x: x[-1] if x else None,
}


@pytest.mark.parametrize("what", DOUBLES)
def test_doubles(what):
    groups, values, total = rows(1, lambda chance: chance.gauss(1e6, 1) * 10 ** chance.randint(-3, 3))
    column, result = pa.array(values, pa.float64()), pa.int64() if what == "count" else pa.float64()
    options = {"ignore_nulls": True} if what in ("first", "last") else {}
    found, failed = feed(what, groups, total, column, result, **options)
    expected = [DOUBLES[what](group) for group in members(groups, values, total)]
    for one, other in zip(found.to_pylist(), expected, strict=True):
        assert one == (other if other is None else pytest.approx(other, rel=1e-12))
    assert not failed.any()
    cuts = sorted(random.Random(2).sample(range(1, len(values)), 40))
    assert feed(what, groups, total, column, result, cuts, **options)[0].equals(found)


def test_double_sums_keep_what_rounding_loses():
    column = pa.array([1e16, 1.0, -1e16] * 100)
    found, _ = feed("sum", np.zeros(300, dtype=np.int32), 1, column, pa.float64())
    assert found.to_pylist() == [100.0]


def test_variance_of_close_large_numbers():
    """S2 - S1²/N would lose everything here."""
    column = pa.array([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16])
    found, _ = feed("variance sample", np.zeros(4, dtype=np.int32), 1, column, pa.float64())
    assert found.to_pylist() == [30.0]


@pytest.mark.parametrize("type_", [pa.int8(), pa.int16(), pa.int32(), pa.int64()])
def test_integers(type_):
    groups, values, total = rows(3, lambda chance: chance.randint(-128, 127))
    column = pa.array(values, type_)
    each = members(groups, values, total)
    assert feed("sum", groups, total, column, pa.int64())[0].to_pylist() == [sum(x) if x else None for x in each]
    averages = [int(Decimal(sum(x)) / len(x)) if x else None for x in each]
    assert feed("average", groups, total, column, type_)[0].to_pylist() == averages
    assert feed("greatest", groups, total, column, type_)[0].to_pylist() == [max(x, default=None) for x in each]


def test_integer_sum_out_of_range_is_told():
    column, groups = pa.array([2**63 - 1, 1, 2**63 - 1, -1]), np.array([0, 0, 1, 1], dtype=np.int32)
    found, failed = feed("sum", groups, 2, column, pa.int64())
    assert found.to_pylist() == [None, 2**63 - 2]
    assert failed.tolist() == [True, False]


def test_decimals():
    groups, values, total = rows(5, lambda chance: Decimal(chance.randint(-(10**9), 10**9)) / 1000)
    column = pa.array(values, pa.decimal128(18, 3))
    each = members(groups, values, total)
    found, _ = feed("sum decimal", groups, total, column, pa.decimal128(18, 3))
    assert found.to_pylist() == [sum(x) if x else None for x in each]
    found, _ = feed("average decimal", groups, total, column, pa.decimal128(18, 6), shift=3)
    for average, group in zip(found.to_pylist(), each, strict=True):
        if group:
            exact = Decimal(sum(group)) / len(group)
            assert abs(average - exact) <= Decimal("0.0000005")
        else:
            assert average is None


@pytest.mark.parametrize(("values", "expected"), [(["0.01", "0.02"], "0.015"), (["0.0", "0.01"], "0.005")])
def test_decimal_average_rounds_half_away_from_zero(values, expected):
    """Two decimals of scale 2 averaged in scale 2, to see the rounding: 0.015 → 0.02, -0.015 → -0.02."""
    for sign in (1, -1):
        column = pa.array([sign * Decimal(value) for value in values], pa.decimal128(9, 2))
        found, _ = feed("average decimal", np.zeros(2, dtype=np.int32), 1, column, pa.decimal128(18, 2))
        rounded = {"0.015": Decimal("0.02"), "0.005": Decimal("0.01")}[expected]
        assert found.to_pylist() == [sign * rounded]


def test_decimal_sum_out_of_range_is_told():
    column = pa.array([Decimal(10) ** 18 - 1, Decimal(1)], pa.decimal128(19, 0))
    found, failed = feed("sum decimal", np.zeros(2, dtype=np.int32), 1, column, pa.decimal128(18, 0))
    assert (found.to_pylist(), failed.tolist()) == ([None], [True])


def test_text_and_other_values():
    groups, values, total = rows(7, lambda chance: chance.choice(["a", "", "ä", "z" * 30, "zz"]))
    each, column = members(groups, values, total), pa.array(values)
    # The order of UTF-8 bytes is the order of code points, which is Python's.
    assert feed("least", groups, total, column, pa.string())[0].to_pylist() == [min(x, default=None) for x in each]
    assert feed("greatest", groups, total, column, pa.string(), [100, 101])[0].to_pylist() == [
        max(x, default=None) for x in each
    ]
    booleans = pa.array([True, None, False, None])
    ids = np.array([0, 0, 1, 2], dtype=np.int32)
    assert feed("greatest", ids, 3, booleans, pa.bool_())[0].to_pylist() == [True, False, None]
    dates = pa.array([5, 3], pa.date32())
    assert feed("least", ids[:2], 1, dates, pa.date32())[0].cast(pa.int32()).to_pylist() == [3]


def test_first_and_last_with_and_without_nulls():
    column, groups = pa.array([None, "a", "b", None]), np.zeros(4, dtype=np.int32)
    found = [
        feed(what, groups, 1, column, pa.string(), ignore_nulls=ignore)[0].to_pylist()
        for what in ("first", "last")
        for ignore in (False, True)
    ]
    assert found == [[None], ["a"], [None], ["b"]]


def test_rows_in_no_group_are_left_out_and_keep_renumbers():
    accumulator = GroupAccumulator("sum", pa.int64(), pa.int64())
    accumulator.update(np.array([0, -1, 1, 2], dtype=np.int32), 4, pa.array([1, 10, 2, 3]))
    assert accumulator.result()[0].to_pylist() == [1, 2, 3, None]
    assert accumulator.result(np.array([2, 0], dtype=np.int32))[0].to_pylist() == [3, 1]
    accumulator.keep([2, 1])
    assert accumulator.result()[0].to_pylist() == [3, 2]
    accumulator.clear()
    assert len(accumulator) == 0


def test_slices_with_nulls_are_read_in_place():
    column = pa.array([None, 1, None, 2, 3, None, 4]).slice(2, 4)
    found, _ = feed("sum", np.array([0, 0, 1, 1], dtype=np.int32), 2, column, pa.int64())
    assert found.to_pylist() == [2, 3]
