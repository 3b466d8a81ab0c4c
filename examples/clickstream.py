"""Makes the click stream of the examples: nine days of a web shop's log, with two incidents on the last day.

    page,user,timestamp       one line per click, in the order of time

    2020-07-15 10:10 - 11:20  user counting goes wrong: every click is booked on a user of its own
    2020-07-15 17:30 - 17:40  the site is down: no click at all

The same seed always gives the same bytes. Run it to rewrite the compressed copies beside the queries:

    python examples/clickstream.py --seed 4 --out examples/queries

It prints the line `clicks = intercept + slope * users`, fitted over the days before the incidents; the queries
hold these two numbers, so that the residual of clicks on users is plain SQL.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FIRST_DAY = np.datetime64("2020-07-07T00:00:00", "ms")
DAYS = 9
BIN = np.timedelta64(10, "m")
MINUTES_PER_BIN = 10
BINS_PER_DAY = 24 * 60 // MINUTES_PER_BIN
PAGES = 240
KNOWN_USERS = 20_000
USERS_PER_BIN = 62.0
FURTHER_CLICKS = 1.2  # clicks of a user in a bin beyond the first, on average

USER_ERROR = (np.datetime64("2020-07-15T10:10"), np.datetime64("2020-07-15T11:20"))
SITE_DOWN = (np.datetime64("2020-07-15T17:30"), np.datetime64("2020-07-15T17:40"))


@dataclass(frozen=True)
class Clicks:
    """One value per click, ordered by time: page number, user number, time in ms."""

    page: np.ndarray
    user: np.ndarray
    time: np.ndarray


def traffic(rng: np.random.Generator) -> np.ndarray:
    """Expected users in each bin: a morning shoulder, an evening peak, quiet week-ends, a slow drift."""
    hour = np.arange(DAYS * BINS_PER_DAY) * MINUTES_PER_BIN / 60
    day = 1 + 0.38 * np.cos((hour - 12) * np.pi / 12) + 0.12 * np.cos((hour - 13.5) * np.pi / 6)
    weekend = np.isin((hour // 24 + 1) % 7, (5, 6))  # the first day is a Tuesday
    drift = np.cumsum(rng.normal(size=len(hour)))
    return USERS_PER_BIN * day * np.where(weekend, 0.88, 1.0) * (1 + 0.04 * drift / np.abs(drift).max())


def clicks_of_bin(rng: np.random.Generator, start: np.datetime64, users: float, fresh: int) -> Clicks:
    """The clicks of ten minutes. `fresh` is the first user number that the faulty counter hands out."""
    visitors = rng.choice(KNOWN_USERS, size=rng.poisson(users), replace=False)
    user = np.repeat(visitors, 1 + rng.poisson(FURTHER_CLICKS, len(visitors)))
    if USER_ERROR[0] <= start < USER_ERROR[1]:
        user = fresh + np.arange(len(user))
    if SITE_DOWN[0] <= start < SITE_DOWN[1]:
        user = user[:0]
    popularity = 1 / np.arange(1, PAGES + 1)
    page = rng.choice(PAGES, size=len(user), p=popularity / popularity.sum())
    time = np.sort(rng.integers(0, MINUTES_PER_BIN * 60_000, len(user)))
    return Clicks(page, user, start.astype("datetime64[ms]") + time)


def generate(seed: int) -> Clicks:
    """All clicks of the nine days."""
    rng = np.random.default_rng(seed)
    starts = FIRST_DAY + np.arange(DAYS * BINS_PER_DAY) * BIN
    bins = []
    fresh = KNOWN_USERS
    for start, users in zip(starts, traffic(rng), strict=True):
        bins.append(clicks_of_bin(rng, start, users, fresh))
        fresh = max(fresh, int(bins[-1].user.max(initial=0)) + 1)
    return Clicks(*(np.concatenate([getattr(part, name) for part in bins]) for name in ("page", "user", "time")))


def resample(clicks: Clicks) -> np.ndarray:
    """urls, users, clicks in each bin, empty bins included; shape (bins, 3)."""
    number = ((clicks.time - FIRST_DAY) // BIN).astype(int)
    bins = DAYS * BINS_PER_DAY

    def distinct(values: np.ndarray) -> np.ndarray:
        return np.bincount(np.unique(np.stack([number, values]), axis=1)[0], minlength=bins)

    return np.stack([distinct(clicks.page), distinct(clicks.user), np.bincount(number, minlength=bins)], axis=1)


def fit(table: np.ndarray) -> tuple[float, float]:
    """Intercept and slope of clicks on users, without the day of the incidents."""
    normal = table[:-BINS_PER_DAY]
    slope, intercept = np.polyfit(normal[:, 1], normal[:, 2], 1)
    return round(float(intercept), 4), round(float(slope), 4)


def click_lines(clicks: Clicks) -> Iterator[str]:
    yield "page,user,timestamp\n"
    times = np.datetime_as_string(clicks.time, unit="ms")
    for page, user, time in zip(clicks.page, clicks.user, times, strict=True):
        yield f"/p/{page},u{user},{time.replace('T', ' ')}\n"


def table_lines(table: np.ndarray, intercept: float, slope: float) -> Iterator[str]:
    yield "TIMESTAMPS,URLS,USERS,CLICKS,RESIDUALS\n"
    starts = np.datetime_as_string(FIRST_DAY + np.arange(len(table)) * BIN, unit="s")
    for start, (urls, users, clicks) in zip(starts, table, strict=True):
        residual = round(clicks - (intercept + slope * users))
        yield f"{start.replace('T', ' ')},{urls},{users},{clicks},{residual}\n"


def write(path: Path, lines: Iterator[str]) -> None:
    """Compressed without name and time of the file, so that the bytes depend on the lines only."""
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write("".join(lines).encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "queries")
    options = parser.parse_args()
    clicks = generate(options.seed)
    table = resample(clicks)
    intercept, slope = fit(table)
    write(options.out / "clickstream.csv.gz", click_lines(clicks))
    write(options.out / "clickstream_resampled.csv.gz", table_lines(table, intercept, slope))
    print(f"{len(clicks.time)} clicks; clicks = {intercept} + {slope} * users")


if __name__ == "__main__":
    main()
