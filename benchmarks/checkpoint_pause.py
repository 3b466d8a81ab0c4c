"""How long a run waits for its checkpoint: the state is taken between two steps, and written beside them.

The promise is less than 100 ms per 100 MB of state (docs/checkpoints.md).
"""

from __future__ import annotations

import statistics
import time
from functools import partial

import numpy as np
import pyarrow as pa

from benchmarks.case import Case
from streamsql.app.application import Application
from streamsql.durable.state import Frozen

KEYS = 200_000
BATCH = 50_000
FILL = 40  # batches
COLUMNS = ("state", "MB", "taken ms", "frozen ms", "ms per 100 MB", "least – most")
SCHEMA = {
    "S": "K VARCHAR(16), V DOUBLE, N BIGINT, T TIMESTAMP",
    "R": "K VARCHAR(16), V DOUBLE, N BIGINT, T TIMESTAMP",
}
WINDOW = "WINDOW w AS (PARTITION BY K RANGE INTERVAL '1' HOUR PRECEDING)"
QUERIES = {
    "sliding, count and average": (
        "K VARCHAR(16), C BIGINT, A DOUBLE",
        f"SELECT STREAM K, COUNT(*) OVER w, AVG(V) OVER w FROM S {WINDOW}",
    ),
    "sliding, seven aggregates": (
        "A DOUBLE, B DOUBLE, C DOUBLE, D DOUBLE, E BIGINT, F BIGINT, G DOUBLE",
        "SELECT STREAM AVG(V) OVER w, MIN(V) OVER w, MAX(V) OVER w, VAR_POP(V) OVER w, SUM(N) OVER w, "
        f"COUNT(N) OVER w, FIRST_VALUE(V) OVER w FROM S {WINDOW}",
    ),
    "tumbling with COUNT(DISTINCT)": (
        "K VARCHAR(16), C BIGINT, D BIGINT, A DOUBLE",
        "SELECT STREAM K, COUNT(*), COUNT(DISTINCT N), AVG(V) FROM S "
        "GROUP BY K, STEP(S.ROWTIME BY INTERVAL '1' HOUR)",
    ),
    "stagger": (
        "K VARCHAR(16), C BIGINT, A DOUBLE",
        "SELECT STREAM K, COUNT(*), AVG(V) FROM S WINDOWED BY STAGGER (PARTITION BY K RANGE INTERVAL '20' MINUTE)",
    ),
    "hopping": (
        "K VARCHAR(16), C BIGINT, A DOUBLE",
        "SELECT STREAM K, COUNT(*), AVG(V) FROM S "
        "GROUP BY K, HOP(S.ROWTIME, INTERVAL '10' MINUTE, INTERVAL '20' MINUTE)",
    ),
    "session": (
        "K VARCHAR(16), C BIGINT, A DOUBLE",
        "SELECT STREAM K, COUNT(*), AVG(V) FROM S GROUP BY K, SESSION(S.ROWTIME, INTERVAL '5' MINUTE)",
    ),
    "join": (
        "K VARCHAR(16), V DOUBLE",
        "SELECT STREAM l.K, r.V FROM S OVER (RANGE INTERVAL '1' HOUR PRECEDING) AS l "
        "JOIN R OVER (RANGE INTERVAL '1' HOUR PRECEDING) AS r ON l.K = r.K AND l.N = r.N + 1",
    ),
}


def feed(app: Application, number: int, chance: np.random.Generator) -> None:
    """One batch of rows of every input, a millisecond and a half apart, and what comes of it read."""
    rows = number * BATCH + np.arange(BATCH)
    keys = chance.integers(0, KEYS, BATCH).astype(str)
    times = pa.array(rows * 3 // 2, pa.timestamp("ms"))
    batch = pa.table({"K": pa.array(keys), "V": chance.random(BATCH), "N": rows, "T": times})
    for name in app.schemas:
        app.feed(name, batch)
    app.read("O")


def pauses(columns: str, query: str, rounds: int) -> list[tuple[float, float, float]]:
    """(MB, CPU ms until the state is taken, until it is frozen), five times a round: after 50 minutes of rows,
    and a batch more each time."""
    sql = f"CREATE STREAM o ({columns}); CREATE PUMP p AS INSERT INTO o {query};"
    app = Application(sql, {name: SCHEMA[name] for name in SCHEMA if f"{name} " in query}, rowtime="T")
    chance, found = np.random.default_rng(1), []
    for number in range(FILL + 5 * rounds):
        feed(app, number, chance)
        if number < FILL:
            continue
        start = time.thread_time()
        state = app.snapshot()
        taken = time.thread_time()
        frozen = Frozen(state)
        done = time.thread_time()
        size = sum(len(section.data) for section in frozen.sections()) / 1e6
        found.append((size, 1000 * (taken - start), 1000 * (done - taken)))
    return found


def measure(name: str, columns: str, query: str, rounds: int) -> list[tuple[str, ...]]:
    found = pauses(columns, query, rounds)
    size = found[0][0]
    rates = [100 * (taken + frozen) / size for _, taken, frozen in found]
    middle = [statistics.median(column) for column in zip(*found, strict=True)]
    span = f"{min(rates):.0f} – {max(rates):.0f}"
    return [(name, *(f"{number:.0f}" for number in middle), f"{statistics.median(rates):.0f}", span)]


CASES = tuple(Case(name, COLUMNS, partial(measure, name, *query)) for name, query in QUERIES.items())
