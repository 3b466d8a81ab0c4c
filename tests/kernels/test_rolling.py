"""Frames and sliding aggregates against windows looked up row by row."""

import math
import random
from datetime import datetime, time
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from streamsql.kernels.groups import Grouping, GroupTable
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


def batch_of(times, partitions, values, type_, defaults=None):
    """Time, partition, value and default, and where the last three are."""
    columns = [pa.array(times), pa.array(partitions), pa.array(values, type_), pa.array(defaults or values, type_)]
    batch = pa.RecordBatch.from_arrays(columns, ["time", "partition", "value", "default"])
    return batch, [(number, batch.schema.field(number).type.id) for number in (1, 2, 3)]


def run(frame, what, times, partitions, values, type_, cuts, restart=False, **options):
    """All results; the rows are given in the pieces that `cuts` says."""
    result = pa.int64() if what == "count" else type_

    def make():
        aggregate = RollingAggregate(what, type_, result, forever=frame[1] is None, **options)
        return RollingFrame(*frame), aggregate

    tracker, aggregate = make()
    table = GroupTable()
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(times)], strict=True):
        part = slice(begin, end)
        batch, (partition, value, default) = batch_of(
            times[part], partitions[part], values[part], type_, [None] * (end - begin)
        )
        steps = tracker.advance(table.group(batch, [partition]), len(table), batch)
        results, failed = aggregate.update(steps, value, default)
        assert not failed
        found += results.whole().column(0).to_pylist()
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
    table = GroupTable()
    batch, (partition, value, _) = batch_of([0, 5, 12], [7, 8, 9], [1, 2, 3], pa.int64())
    aggregate.update(frame.advance(table.group(batch, [partition]), 3, batch), value)
    alive = frame.alive(12)
    assert alive.tolist() == [1, 2]
    for each in (table, frame, aggregate):
        each.keep(alive)
    batch, _ = batch_of([15, 15], [8, 9], [10, 10], pa.int64())
    steps = frame.advance(table.group(batch, [partition]), 2, batch)
    assert steps.sizes.whole().column(0).to_pylist() == [2, 2]
    assert aggregate.update(steps, value)[0].whole().column(0).to_pylist() == [12, 13]


RESULTS = {
    pa.bool_(): [True, None, False, True, True, None, False, False, None, True, True],
    pa.int8(): [-128, None, 127, 0],
    pa.int16(): [-(2**15), None, 2**15 - 1],
    pa.int32(): [-(2**31), 2**31 - 1, None],
    pa.int64(): [2**63 - 1, None, -(2**63)],
    pa.float32(): [0.5, None, -1.25],
    pa.float64(): [0.1, None, -1e300],
    pa.decimal128(18, 2): [Decimal("-9999999999999999.99"), None, Decimal("0.01")],
    pa.string(): ["", None, "öl", "a text longer than a word"],
    pa.binary(): [b"", None, b"\x00\xff"],
    pa.timestamp("ms"): [datetime(1969, 12, 31), None, datetime(2026, 1, 1)],
    pa.time32("ms"): [time(23, 59), None, time(0)],
}


@pytest.mark.parametrize("type_", RESULTS, ids=str)
@pytest.mark.parametrize("nulls", [True, False])
def test_results_have_the_type_that_was_asked_for(type_, nulls):
    """The value of the row before, of a batch whose values begin inside its memory."""
    values = [each for each in RESULTS[type_] * 2 if nulls or each is not None]
    batch, (_, value, _) = batch_of(range(len(values)), [0] * len(values), values, type_)
    part = batch.slice(1)
    steps = RollingFrame(True, 1).advance(Grouping.single(part.num_rows), 1, part)
    found = RollingAggregate("lag", type_, type_).update(steps, value)[0].whole()
    found.validate(full=True)
    assert found.column(0).type == type_
    assert found.column(0).to_pylist() == [None, *values[1:-1]]


def test_values_out_of_range_are_null_and_listed():
    batch, (_, value, _) = batch_of([0, 1, 2, 3], [0] * 4, [2**63 - 1, 1, None, -5], pa.int64())
    steps = RollingFrame(True, 1).advance(Grouping.single(4), 1, batch)
    sums, failed = RollingAggregate("sum", pa.int64(), pa.int64()).update(steps, value)
    assert failed == [1]
    assert sums.whole().column(0).to_pylist() == [2**63 - 1, None, 1, -5]


def test_damaged_state_is_refused():
    aggregate = RollingAggregate("least", pa.string(), pa.string())
    batch, (_, value, _) = batch_of([0], [0], ["text"], pa.string())
    aggregate.update(RollingFrame(True, 1).advance(Grouping.single(1), 1, batch), value)
    state = aggregate.save()
    for damaged in (state[:-1], state + b"x", b"\xff" * len(state)):
        with pytest.raises(RuntimeError):
            RollingAggregate("least", pa.string(), pa.string()).load(damaged)
