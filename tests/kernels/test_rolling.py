"""Frames and sliding aggregates against windows looked up row by row."""

import math
import random

import numpy as np
import pyarrow as pa
import pytest

from streamsql.kernels.rolling import RollingAggregate, RollingFrame

FRAMES = [(False, 50), (False, 0), (True, 3), (True, 0), (False, None)]


def stream(seed, count=400):
    chance = random.Random(seed)
    times = np.cumsum([chance.choice([0, 0, 1, 5, 30, 200]) for _ in range(count)]).astype(np.int64)
    partitions = np.array([chance.randint(0, 3) for _ in range(count)], dtype=np.int32)
    values = [None if chance.random() < 0.2 else round(chance.gauss(0, 100), 3) for _ in range(count)]
    return times, partitions, values


def inside(frame, times, partitions, row):
    rows = [i for i in range(row + 1) if partitions[i] == partitions[row]]
    if frame[1] is None:
        return rows
    return rows[-frame[1] - 1 :] if frame[0] else [i for i in rows if times[i] >= times[row] - frame[1]]


def run(frame, what, times, partitions, values, type_, cuts, restart=False, **options):
    """All results; the rows are given in the pieces that `cuts` says."""
    result = pa.int64() if what == "count" else type_

    def make():
        aggregate = RollingAggregate(what, type_, result, forever=frame[1] is None, **options)
        return RollingFrame(*frame), aggregate

    tracker, aggregate = make()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(times)], strict=True):
        part = slice(begin, end)
        leaving, _ = tracker.advance(partitions[part], 4, times[part])
        column = pa.array(values[part], type_)
        defaults = pa.nulls(end - begin, type_)
        array, failed = aggregate.update(partitions[part], 4, leaving, times[part], column, defaults)
        assert not failed.any()
        found += array.to_pylist()
        if restart:
            states = tracker.save(), aggregate.save()
            tracker, aggregate = make()
            tracker.load(states[0])
            aggregate.load(states[1])
    return found


EXPECTED = {
    "count": len,
    "sum": lambda x: math.fsum(x) if x else None,
    "average": lambda x: math.fsum(x) / len(x) if x else None,
    "least": lambda x: min(x, default=None),
    "greatest": lambda x: max(x, default=None),
    "variance population": lambda x: (
        math.fsum((v - math.fsum(x) / len(x)) ** 2 for v in x) / len(x) if x else None
    ),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("what", EXPECTED)
def test_sums_and_extremes_against_the_twin(frame, what):
    times, partitions, values = stream(3)
    whole = run(frame, what, times, partitions, values, pa.float64(), [])
    for row, found in enumerate(whole):
        members = [values[i] for i in inside(frame, times, partitions, row) if values[i] is not None]
        expected = EXPECTED[what](members)
        assert found == (expected if expected is None else pytest.approx(expected, rel=1e-12, abs=1e-9))
    cuts = sorted(random.Random(5).sample(range(1, len(times)), 60))
    assert run(frame, what, times, partitions, values, pa.float64(), cuts) == whole
    assert run(frame, what, times, partitions, values, pa.float64(), cuts, restart=True) == whole


PICKS = {
    "from first": lambda x, n: x[n - 1] if len(x) >= n else None,
    "from last": lambda x, n: x[-n] if len(x) >= n else None,
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("what", ["from first", "from last", "lag"])
@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("ignore_nulls", [True, False])
def test_picks_against_the_twin(frame, what, n, ignore_nulls):
    times, partitions, numbers = stream(4)
    values = [None if number is None else f"text {number}" for number in numbers]
    options = {"n": n, "ignore_nulls": ignore_nulls}
    whole = run(frame, what, times, partitions, values, pa.string(), [], **options)
    for row, found in enumerate(whole):
        rows = inside(frame, times, partitions, row)
        if what == "lag":
            rows = rows[:-1]
        members = [values[i] for i in rows if not ignore_nulls or values[i] is not None]
        assert found == PICKS["from last" if what == "lag" else what](members, n)
    cuts = sorted(random.Random(6).sample(range(1, len(times)), 60))
    assert run(frame, what, times, partitions, values, pa.string(), cuts, restart=True, **options) == whole


def test_integer_sums_are_exact_beyond_doubles():
    values = [2**62, 2**62 - 1, -(2**62), 1, 1]
    times, partitions = np.arange(5, dtype=np.int64), np.zeros(5, dtype=np.int32)
    found = run((True, 1), "sum", times, partitions, values, pa.int64(), [])
    assert found == [2**62, 2**63 - 1, -1, 1 - 2**62, 2]


def test_double_sums_do_not_drift():
    """A large value that has left leaves nothing behind."""
    values = [1e17, 0.1, 0.2, 0.3, 0.4]
    times, partitions = np.arange(5, dtype=np.int64), np.zeros(5, dtype=np.int32)
    assert run((True, 1), "sum", times, partitions, values, pa.float64(), [])[2:] == [0.1 + 0.2, 0.5, 0.7]


def test_keep_forgets_partitions():
    frame, aggregate = RollingFrame(False, 10), RollingAggregate("sum", pa.int64(), pa.int64())
    partitions, times = np.array([0, 1, 2], dtype=np.int32), np.array([0, 5, 12], dtype=np.int64)
    leaving, _ = frame.advance(partitions, 3, times)
    aggregate.update(partitions, 3, leaving, times, pa.array([1, 2, 3]))
    alive = frame.alive(12)
    assert alive.tolist() == [1, 2]
    frame.keep(alive)
    aggregate.keep(alive)
    partitions, times = np.array([0, 1], dtype=np.int32), np.array([15, 15], dtype=np.int64)
    leaving, inside_now = frame.advance(partitions, 2, times)
    assert inside_now.tolist() == [2, 2]
    assert aggregate.update(partitions, 2, leaving, times, pa.array([10, 10]))[0].to_pylist() == [12, 13]


def test_damaged_state_is_refused():
    aggregate = RollingAggregate("least", pa.string(), pa.string())
    one = np.zeros(1, dtype=np.int32)
    zero = np.zeros(1, dtype=np.int64)
    aggregate.update(one, 1, zero, zero, pa.array(["text"]))
    state = aggregate.save()
    for damaged in (state[:-1], state + b"x", b"\xff" * len(state)):
        with pytest.raises(RuntimeError):
            RollingAggregate("least", pa.string(), pa.string()).load(damaged)
