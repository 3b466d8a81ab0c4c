"""How fast are records decoded and encoded? Nanoseconds of CPU per row, beside pyarrow's readers in the same run.

    python benchmarks/decode.py [--rows 200000] [--rounds 7]

Prints one line per stage: the best of the rounds, rows per second, and how many times as fast as pyarrow. The
rounds of all stages are interleaved, so that a busy machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.json

from streamsql.io.formats import decoder, encoder, schema_from_ddl

DDL = '"EVENT_TIME" TIMESTAMP, "TICKER" VARCHAR(8), "PRICE" DOUBLE, "CHANGE" DOUBLE, "SECTOR" VARCHAR(16)'
PIECE = 1 << 18  # bytes per feed
SECTORS = ("TECHNOLOGY", "HEALTHCARE", "RETAIL", "ENERGY", "FINANCIAL")


def tickers(rows: int) -> pa.RecordBatch:
    """Rows like a stock ticker's: prices of two decimals, 100 tickers, time steps of a few ms."""
    random = np.random.default_rng(7)
    names = [
        chr(65 + i % 26) + chr(65 + i * 7 % 26) + chr(65 + (i * 11 + 3) % 26) + "ABCD"[i // 26] for i in range(100)
    ]
    which = random.integers(0, 100, rows)
    columns = {
        "EVENT_TIME": pa.array(1767225600000 + np.cumsum(random.integers(1, 4, rows)), pa.timestamp("ms")),
        "TICKER": pa.array(names).take(pa.array(which)),
        "PRICE": np.round(random.uniform(2, 110, rows), 2),
        "CHANGE": np.round(random.normal(0, 1.5, rows), 2),
        "SECTOR": pa.array(SECTORS).take(pa.array(which % 5)),
    }
    return pa.record_batch(columns)


def decode(data: bytes, format: str) -> int:
    """The number of rows in `data`, fed in pieces."""
    made = decoder(schema_from_ddl(DDL, "JSON" if format == "json" else "CSV"), csv_header="auto")
    rows = sum(made.feed(data[i : i + PIECE]).batch.num_rows for i in range(0, len(data), PIECE))
    return rows + made.finish().batch.num_rows


def stages(rows: int) -> dict[str, Callable[[], object]]:
    """Every stage to measure, by its name."""
    batch = tickers(rows)
    as_json, as_csv = encoder("json", batch.schema), encoder("csv", batch.schema)
    lines, values = as_json.encode(batch), as_csv.start() + as_csv.encode(batch)
    wide = b"".join(
        json.dumps({f"c{i}": i * row % 1000 for i in range(50)}).encode() + b"\n" for row in range(rows // 50)
    )
    fifty = schema_from_ddl(", ".join(f'"c{i}" INTEGER' for i in range(50)))
    assert decode(lines, "json") == decode(values, "csv") == rows
    return {
        "pyarrow.json": lambda: pyarrow.json.read_json(
            io.BytesIO(lines), read_options=pyarrow.json.ReadOptions(use_threads=False)
        ),
        "JSON, 5 columns": lambda: decode(lines, "json"),
        "pyarrow.csv": lambda: pyarrow.csv.read_csv(
            io.BytesIO(values), read_options=pyarrow.csv.ReadOptions(use_threads=False)
        ),
        "CSV, 5 columns": lambda: decode(values, "csv"),
        "JSON, 50 integers (per row / 50)": lambda: decoder(fifty).feed(wide),
        "encode JSON": lambda: as_json.encode(batch),
        "encode CSV": lambda: as_csv.encode(batch),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    best: dict[str, float] = {}
    work = stages(options.rows)
    for _ in range(options.rounds):
        for name, stage in work.items():
            begin = time.process_time()
            stage()
            best[name] = min(best.get(name, np.inf), time.process_time() - begin)
    for name, seconds in best.items():
        line = f"{name:34}{seconds / options.rows * 1e9:8.1f} ns/row{options.rows / seconds / 1e6:8.2f} M rows/s"
        if name.endswith("5 columns"):
            line += f"{best['pyarrow.csv' if 'CSV' in name else 'pyarrow.json'] / seconds:7.1f} x pyarrow"
        print(line)


if __name__ == "__main__":
    main()
