"""A random cut forest from CSV text to JSON text: what is left of its own speed, measured in the same run.

The defaults of the service: 100 trees of 256 samples, each row scored and then learned.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from benchmarks import cost, data
from benchmarks import forest_contenders as forests
from benchmarks.case import Case, Contender, MissingPeerError
from benchmarks.data import Columns
from benchmarks.program import SOURCE, Input, application

ROWS = 200_000
FEWER = 20_000  # for the peer
SCHEMA = '"TS" TIMESTAMP, "A" DOUBLE, "B" DOUBLE, "C" DOUBLE'
COLUMNS = ("case", "what", "rows", "rows per CPU second", "of the forest alone")
ALONE, SQL, PEER = "forest alone", "SQL, CSV to JSON", "krcf alone"


def sensor() -> Columns:
    """Ten rows a second of three noisy waves, the first with a few spikes."""
    random, row = np.random.default_rng(8), np.arange(ROWS)
    waves = [np.sin(row / period) * 10 + random.normal(0, 1, ROWS) for period in (25, 60, 140)]
    waves[0][random.random(ROWS) < 0.001] += 40
    named = zip("ABC", (np.round(wave, 3).tolist() for wave in waves), strict=True)
    return {"TS": data.instants(row * 100), **dict(named)}


def case(name: str, columns: str) -> Case:
    """The columns of the sensor that are scored, a letter each."""

    def compare(rounds: int) -> list[tuple[str, ...]]:
        source = Input(SOURCE, data.file("sensor", "csv", sensor), SCHEMA)
        points = np.loadtxt(source.path, delimiter=",", skiprows=1, usecols=(1, 2, 3))[:, : len(columns)]
        rates: dict[str, list[float]] = {ALONE: [], PEER: []}
        costs: list[cost.Cost] = []
        for _ in range(rounds):
            rates[ALONE].append(_alone(forests.ours(points)))
            costs.append(_in_sql(source, columns))
            with suppress(MissingPeerError):
                rates[PEER].append(_alone(forests.krcf(points[:FEWER])))
        rates[SQL] = [ROWS / rest for rest in cost.rests(costs)]
        return [_row(name, what, rates[what], rates[ALONE]) for what in (ALONE, SQL, PEER) if rates[what]]

    return Case(name, COLUMNS, compare)


def _alone(contender: Contender) -> float:
    """Rows per CPU second, of numbers that are ready in memory."""
    run = contender.prepare()
    start = time.process_time()
    run()
    return contender.rows / (time.process_time() - start)


def _in_sql(source: Input, columns: str) -> cost.Cost:
    """Of the command line, which reads, parses, scores and writes."""
    scored = f'SELECT STREAM TS, {", ".join(columns)} FROM "{SOURCE}"'
    query = f"SELECT STREAM TS, ANOMALY_SCORE FROM TABLE(RANDOM_CUT_FOREST(CURSOR({scored})))"
    with tempfile.TemporaryDirectory() as folder:
        sql = Path(folder, "query.sql")
        sql.write_text(application("TS TIMESTAMP, ANOMALY_SCORE DOUBLE", query))
        return cost.once(sql, source, Path(folder, "scores.jsonl"))


def _row(name: str, what: str, own: list[float], alone: list[float]) -> tuple[str, ...]:
    share = statistics.median(rate / other for rate, other in zip(own, alone, strict=True))
    rows = FEWER if what == PEER else ROWS
    return (name, what, f"{rows:,}", f"{statistics.median(own):,.0f}", f"{share:.0%}")


CASES = (case("w7a: one column", "A"), case("w7b: three columns", "ABC"))
