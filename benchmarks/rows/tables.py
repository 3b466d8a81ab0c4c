"""The data sets of the row workloads. Times rise strictly, so no result depends on how ties are ordered."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import data
from benchmarks.data import Columns, instants

ROWS = int(os.environ.get("BENCH_ROWS", 2_000_000))
SECTORS = ("TECHNOLOGY", "HEALTHCARE", "RETAIL", "ENERGY", "FINANCIAL")
REGIONS = ("EU", "US", "APAC", "LATAM")

COLUMNS = {
    "ticker": '"EVENT_TIME" TIMESTAMP, "TICKER" VARCHAR(8), "PRICE" DOUBLE, "CHANGE" DOUBLE, "SECTOR" VARCHAR(16)',
    "companies": '"TICKER" VARCHAR(8), "COMPANY" VARCHAR(32), "REGION" VARCHAR(8)',
    "quotes": '"QTIME" TIMESTAMP, "TICKER" VARCHAR(8), "BID" DOUBLE, "ASK" DOUBLE',
    "trades": '"TTIME" TIMESTAMP, "TICKER" VARCHAR(8), "PRICE" DOUBLE, "QTY" BIGINT',
    "orders": '"OTIME" TIMESTAMP, "ORDER_ID" BIGINT, "TICKER" VARCHAR(8)',
    "shipments": '"STIME" TIMESTAMP, "ORDER_ID" BIGINT, "QTY" BIGINT',
    "bid": '"B_TIME" TIMESTAMP, "AUCTION" BIGINT, "BIDDER" BIGINT, "PRICE" BIGINT',
}
"""A schema for each; the first column of a stream's is its time."""


def symbol(number: int) -> str:
    """Four letters, different for each number below 26³."""
    letters = [chr(ord("A") + number // 26**place % 26) for place in range(3)]
    return "".join(letters) + "X"


def rising(random: np.random.Generator, rows: int, steps: int) -> npt.NDArray[np.int64]:
    """Milliseconds that grow by 1 to `steps`."""
    return np.cumsum(random.integers(1, steps + 1, rows))


def ticker(rows: int = ROWS, keys: int = 100) -> Columns:
    """500 rows a second of event time; 45 % of the prices are above 50."""
    random = np.random.default_rng(1)
    key = random.integers(0, keys, rows)
    level = np.linspace(5, 87, keys)
    names, sectors = map(symbol, key.tolist()), (SECTORS[k % 5] for k in key.tolist())
    return {
        "EVENT_TIME": instants(rising(random, rows, 3)),
        "TICKER": list(names),
        "PRICE": np.round(np.maximum(1, level[key] + random.normal(0, 3, rows)), 2).tolist(),
        "CHANGE": np.round(random.normal(0, 1.5, rows), 2).tolist(),
        "SECTOR": list(sectors),
    }


def companies() -> Columns:
    return {
        "TICKER": [symbol(k) for k in range(100)],
        "COMPANY": [f"Company {k}" for k in range(100)],
        "REGION": [REGIONS[k % 4] for k in range(100)],
    }


def quotes() -> Columns:
    """At even milliseconds."""
    random, rows = np.random.default_rng(2), ROWS // 2
    key = random.integers(0, 100, rows)
    bid = np.round(20 + key + random.normal(0, 1, rows), 2)
    return {
        "QTIME": instants(rising(random, rows, 3) * 2),
        "TICKER": [symbol(k) for k in key.tolist()],
        "BID": bid.tolist(),
        "ASK": np.round(bid + 0.05, 2).tolist(),
    }


def trades() -> Columns:
    """At odd milliseconds, so never at the same time as a quote."""
    random, rows = np.random.default_rng(3), ROWS // 4
    key = random.integers(0, 100, rows)
    return {
        "TTIME": instants(rising(random, rows, 6) * 2 + 61),
        "TICKER": [symbol(k) for k in key.tolist()],
        "PRICE": np.round(20 + key + random.normal(0, 1, rows), 2).tolist(),
        "QTY": random.integers(1, 500, rows).tolist(),
    }


def _order_times() -> npt.NDArray[np.int64]:
    return rising(np.random.default_rng(4), ROWS // 4, 7)


def orders() -> Columns:
    times = _order_times()
    key = np.random.default_rng(5).integers(0, 100, len(times))
    return {
        "OTIME": instants(times),
        "ORDER_ID": list(range(len(times))),
        "TICKER": [symbol(k) for k in key.tolist()],
    }


def shipments() -> Columns:
    """90 % of the orders ship, 1 to 90 s later: about 60 % of all within a minute."""
    random, times = np.random.default_rng(6), _order_times()
    shipped = np.flatnonzero(random.random(len(times)) < 0.9)
    at = times[shipped] + random.integers(1000, 90_001, len(shipped))
    order = np.argsort(at, kind="stable")
    numbers = shipped[order].tolist()
    return {"STIME": instants(at[order]), "ORDER_ID": numbers, "QTY": [n % 97 + 1 for n in numbers]}


def bid() -> Columns:
    """Nexmark's bids: half of them on the hot auction of the moment, the others on a recent one."""
    random, rows = np.random.default_rng(7), ROWS * 46 // 50
    newest = np.maximum(1, np.arange(rows) // 46 * 3)
    recent = np.maximum(0, newest - random.integers(1, 300, rows))
    return {
        "B_TIME": instants(rising(random, rows, 2)),
        "AUCTION": np.where(random.random(rows) < 0.5, (newest - 1) // 100 * 100, recent).tolist(),
        "BIDDER": np.maximum(0, newest // 3 - random.integers(0, 1000, rows)).tolist(),
        "PRICE": random.integers(100, 1_000_000, rows).tolist(),
    }


MAKERS: dict[str, Callable[[], Columns]] = {
    "ticker": ticker,
    "companies": companies,
    "quotes": quotes,
    "trades": trades,
    "orders": orders,
    "shipments": shipments,
    "bid": bid,
}


def time_column(name: str) -> str:
    return COLUMNS[name].split('"')[1]


def path(name: str, suffix: str) -> Path:
    """The file of a data set, generated if it is not there."""
    return data.file(name, suffix, MAKERS[name])
