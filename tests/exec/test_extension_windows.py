"""Hopping and session windows, from plans made by hand, against slow obvious twins."""

import random

import pyarrow as pa
import pytest

from streamsql.exec.graph import Graph
from streamsql.functions.call import Times
from streamsql.plan import nodes
from streamsql.plan.expressions import AggregateCall, Column
from streamsql.plan.windows import Hopping, Session
from streamsql.types import BIGINT, INTEGER, ROWTIME, varchar
from streamsql.types import Column as Field

S = (ROWTIME, Field("A", INTEGER), Field("K", varchar(8)))
O = (ROWTIME, Field("K", varchar(8)), Field("N", BIGINT), Field("D", BIGINT))


def plan(window):
    """SELECT k, COUNT(*), SUM(DISTINCT a) … over `window` per k."""
    calls = (
        AggregateCall(BIGINT, "COUNT", ()),
        AggregateCall(BIGINT, "SUM", (Column(INTEGER, 1),), distinct=True),
    )
    node = nodes.Aggregate(O, nodes.Source(S, "S"), window, (Column(varchar(8), 2),), calls)
    pump = nodes.Pump("P", nodes.Sink(O, node, "O"))
    return nodes.Application((nodes.Stream("S", S, is_input=True), nodes.Stream("O", O)), (pump,))


def run(application, rows, cuts, restart=False):
    found = []

    def make():
        graph = Graph(application, times=lambda: Times(0, 0))
        graph.subscribe("O", lambda batch: found.extend(batch.to_pylist()))
        return graph

    graph = make()
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        times, a, k = zip(*rows[begin:end], strict=True)
        arrays = [pa.array(times, pa.timestamp("ms")), pa.array(a, pa.int32()), pa.array(k)]
        graph.push("S", pa.RecordBatch.from_arrays(arrays, names=["ROWTIME", "A", "K"]))
        if restart:
            state, graph = graph.snapshot(), make()
            graph.restore(state)
    graph.finish()
    return [(round(row["ROWTIME"].timestamp() * 1000), row["K"], row["N"], row["D"]) for row in found]


def totals(members):
    return len(members), sum({a for a in members if a is not None}) if any(
        a is not None for a in members
    ) else None


def hopping_twin(rows, length, hop):
    windows = {}
    for time, a, k in rows:
        for start in range((time - length) // hop * hop + hop, time + 1, hop):
            windows.setdefault((start + length, k), []).append(a)
    order = sorted(windows, key=lambda window: window[0])
    return [(end, k, *totals(windows[end, k])) for end, k in order]


def session_twin(rows, gap):
    windows, current = [], {}
    for time, a, k in rows:
        window = current.get(k)
        if window is None or time >= window[0]:
            window = current[k] = [time + gap, k, []]
            windows.append(window)
        window[0] = time + gap
        window[2].append(a)
    return [(end, k, *totals(members)) for end, k, members in sorted(windows, key=lambda window: window[0])]


@pytest.fixture(autouse=True)
def in_utc(monkeypatch):
    """`datetime.timestamp` of the rows is taken in this zone."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


CASES = [
    (Hopping(30, 10), hopping_twin, (30, 10)),
    (Hopping(25, 10), hopping_twin, (25, 10)),
    (Session(15), session_twin, (15,)),
]


@pytest.mark.parametrize(("window", "twin", "arguments"), CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_against_the_twin(window, twin, arguments, seed):
    chance = random.Random(seed)
    time, rows = 0, []
    for _ in range(3000):
        time += chance.choice([0, 1, 2, 5, 40])
        rows.append((time, chance.choice([1, 2, 3, None]), chance.choice("abcde")))
    expected = twin(rows, *arguments)
    application = plan(window)
    assert run(application, rows, []) == expected
    assert run(application, rows, list(range(1, 400))) == expected
    cuts = sorted(chance.sample(range(1, len(rows)), 30))
    assert run(application, rows, cuts, restart=True) == expected
