"""What does it cost to find the pairs of a join, by how many keys are alive?

Rows of both sides come in turn, in batches, each key once on either side; a window of a minute keeps as many rows
of the left as there are keys. CPU time per row of either side, without reading, taking or writing the rows.
"""

from __future__ import annotations

import statistics
import time
from functools import partial

import numpy as np
import pyarrow as pa

from benchmarks.case import Case
from streamsql.kernels.pairing import Pairing

COLUMNS = ("keys alive", "rows", "pairs", "ns per row", "fastest to slowest")
MINUTE = 60_000
ROWS = 500_000
BATCH = 25_000
ENDLESS = (1 << 63) - 1


def _sides(keys: int, rows: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(times, keys) of the left and of the right side, which answers up to a minute later, and not always."""
    random = np.random.default_rng(5)
    left = np.arange(rows) * (MINUTE / keys)
    answered = np.flatnonzero(random.random(rows) < 0.9)
    right = left[answered] + random.uniform(0, 1.5 * MINUTE, len(answered))
    order = np.argsort(right, kind="stable")
    return [(left.astype(np.int64), np.arange(rows)), (right[order].astype(np.int64), answered[order])]


def _run(keys: int, rows: int) -> tuple[float, int]:
    """Seconds of CPU, and how many pairs there were."""
    sides, at, bounds = _sides(keys, rows), [0, 0], [-1, -1]
    columns = [pa.array(numbers) for _, numbers in sides]
    pairing, pairs, start = Pairing((False, MINUTE, 0, False), (False, 0, 0, False)), 0, time.process_time()
    while min(bounds) < ENDLESS:
        side = int(bounds[1] < bounds[0])
        times = sides[side][0][at[side] : at[side] + BATCH]
        pairing.add(side, times, columns[side].slice(at[side], BATCH))
        at[side] += BATCH
        bounds[side] = int(times[-1]) if at[side] < len(sides[side][0]) else ENDLESS
        pairs += len(pairing.process(*bounds)[1])
        for each in (0, 1):
            pairing.trim(each)
    return time.process_time() - start, pairs


def _measure(keys: int, rounds: int) -> list[tuple[str, ...]]:
    rows = max(ROWS, 3 * keys)
    runs = [_run(keys, rows) for _ in range(rounds)]
    total = sum(len(times) for times, _ in _sides(keys, rows))
    costs = sorted(seconds / total * 1e9 for seconds, _ in runs)
    span = f"{costs[0]:.0f} – {costs[-1]:.0f}"
    return [(f"{keys:,}", f"{total:,}", f"{runs[0][1]:,}", f"{statistics.median(costs):.0f}", span)]


CASES = tuple(Case(f"{keys:,} keys", COLUMNS, partial(_measure, keys)) for keys in (100, 15_000, 1_000_000))
