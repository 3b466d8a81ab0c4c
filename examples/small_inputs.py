"""Makes the two small inputs of the examples: a stock ticker and a log of transcoding jobs.

The same seed always gives the same bytes. Run it to rewrite the files beside the queries:

    python examples/small_inputs.py --out examples/queries
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

TICKERS = ("AMZN", "TBV", "ZZX")
FIRST_PRICES = (180.0, 41.5, 9.25)
TRADES = 240
JOBS = 1200
CODECS = (27, 173, 226)  # as ffmpeg numbers H.264, H.265 and AV1
UNUSUAL_JOBS = {700: (900, 95_000), 1033: (23_000, 4_000)}  # job → (memory, time) far from the others


def ticker_lines(seed: int) -> Iterator[str]:
    """TICKER,PRICE,CHANGE,TRADED_AT: about one trade a second and a half, prices on a random walk."""
    rng = np.random.default_rng(seed)
    prices = dict(zip(TICKERS, FIRST_PRICES, strict=True))
    time = np.datetime64("2024-03-01T09:30:00.000")
    yield "TICKER,PRICE,CHANGE,TRADED_AT\n"
    for _ in range(TRADES):
        time += np.timedelta64(int(rng.exponential(1500)) + 1, "ms")
        ticker = TICKERS[rng.choice(3, p=(0.5, 0.3, 0.2))]
        change = round(float(rng.normal(0, 0.002)) * prices[ticker], 2)
        prices[ticker] = round(prices[ticker] + change, 2)
        yield f"{ticker},{prices[ticker]:.2f},{change:.2f},{str(time).replace('T', ' ')}\n"


def job_lines(seed: int) -> Iterator[str]:
    """Jobs as JSON: memory in MB and time in ms grow together, but for the unusual ones."""
    rng = np.random.default_rng(seed)
    time = np.datetime64("2024-03-01T00:00:00.000")
    for number in range(JOBS):
        time += np.timedelta64(int(rng.exponential(400)) + 1, "ms")
        size = rng.lognormal(0, 0.35)
        memory, duration = round(2000 * size), round(12_000 * size * rng.lognormal(0, 0.1))
        memory, duration = UNUSUAL_JOBS.get(number, (memory, duration))
        job = {
            "transcoded_codec": int(rng.choice(CODECS, p=(0.7, 0.2, 0.1))),
            "transcoding_memory": memory,
            "transcoding_time": duration,
            "finished_at": str(time).replace("T", " "),
        }
        yield json.dumps(job) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "queries")
    options = parser.parse_args()
    (options.out / "stocks.csv").write_text("".join(ticker_lines(options.seed)))
    (options.out / "transcoding.jsonl").write_text("".join(job_lines(options.seed)))


if __name__ == "__main__":
    main()
