"""Rows for a long time through windows, a join and a forest: a bad record in every thousand, restarts from a checkpoint.

`soak.py ROWS RESTART` prints how memory grew, in MiB per 10 million rows: the line of least squares over the second half
of the run. It exits with 1 when that is more than 1 MiB or when a record is missing.

Memory is looked at in two ways. `in_use`: what is allocated and not freed, which shows a leak from 2 million rows on.
`resident`: what the process holds, which falls by some 10 MiB for a moment now and then, when an allocator gives pages
back; the median of each PARTS-th of the run counts, and as that says something only after many rows, from LONG rows on.
"""

import json
import sys
import tempfile
import time

import heap
import numpy as np
import pyarrow as pa

from streamsql.app.application import Application
from streamsql.io.formats import decoder, schema_from_ddl

DDL = '"K" VARCHAR(8), "V" DOUBLE, "T" TIMESTAMP'
SQL = """
CREATE STREAM totals (k VARCHAR(8), n BIGINT, s DOUBLE);
CREATE PUMP p1 AS INSERT INTO totals SELECT STREAM K, COUNT(*), SUM(V) FROM S
    GROUP BY K, STEP(S.ROWTIME BY INTERVAL '10' SECOND);
CREATE STREAM averages (k VARCHAR(8), a DOUBLE);
CREATE PUMP p2 AS INSERT INTO averages SELECT STREAM K, AVG(V) OVER (PARTITION BY K RANGE INTERVAL '1' SECOND PRECEDING)
    FROM S WHERE V > 90;
CREATE STREAM pairs (k VARCHAR(8), v DOUBLE, n BIGINT);
CREATE PUMP p3 AS INSERT INTO pairs SELECT STREAM l.K, l.V, r.n
    FROM S OVER (RANGE INTERVAL '1' SECOND PRECEDING) AS l
    JOIN totals OVER (RANGE INTERVAL '1' SECOND PRECEDING) AS r ON l.K = r.k WHERE l.V > 99.9;
CREATE STREAM scores (score DOUBLE);
CREATE PUMP p4 AS INSERT INTO scores SELECT STREAM ANOMALY_SCORE
    FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM V FROM S WHERE V > 99.5), 20, 64));
"""
CHUNK = 20_000
A_MILLISECOND = 50  # rows
EVERY = 10  # chunks between two looks at memory
PARTS = 20
LONG = 50_000_000  # rows
MIB = 1 << 20
SMALL_OBJECT = 512  # bytes: the largest that Python keeps in its own arenas, which malloc does not count


def chunk(first: int, chance: np.random.Generator) -> bytes:
    """The records of rows `first` and following, every thousandth broken."""
    start = np.datetime64("2024-01-01T00:00:00", "ms")
    times = np.datetime_as_string(start + (first + np.arange(CHUNK)) // A_MILLISECOND, "ms")
    keys = chance.integers(0, 1000, CHUNK)
    values = np.round(chance.random(CHUNK) * 100, 2)
    lines = [f"k{k},{v},{t}" for k, v, t in zip(keys.tolist(), values.tolist(), times.tolist(), strict=True)]
    lines[::1000] = ["k1,broken,2024-01-01"] * len(lines[::1000])
    return ("\n".join(lines) + "\n").encode()


def resident() -> float:
    """MiB of memory that this process has now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / MIB


def in_use() -> float:
    """MiB that are allocated and not freed: by malloc, by Arrow and, every small object taken for a large one, by Python."""
    by_malloc, small = heap.in_use(), SMALL_OBJECT * sys.getallocatedblocks()
    return float(by_malloc + pa.total_allocated_bytes() + small) / MIB


def slope(rows: np.ndarray, mib: np.ndarray) -> float:
    """MiB per 10 million rows, over the second half of the samples."""
    half = len(rows) // 2
    return round(float(np.polyfit(rows[half:] / 10_000_000, mib[half:], 1)[0]), 3)


def application() -> Application:
    return Application(SQL, {"S": DDL}, rowtime="T")


def restarted(app: Application) -> Application:
    """Another application that goes on where `app` is, by way of a checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        app.save(folder)
        fresh = application()
        fresh.load(folder)
    return fresh


def main(rows: int, restart: int) -> int:
    chance = np.random.default_rng(1)
    app, records = application(), decoder(schema_from_ddl(DDL, "CSV"))
    taken = rejected = given = 0
    samples = np.zeros((rows // (CHUNK * EVERY), 3))  # made beforehand, so that it does not grow with the rows
    begin = time.monotonic()
    for number, first in enumerate(range(0, rows, CHUNK), 1):
        result = records.feed(chunk(first, chance))
        taken, rejected = taken + result.batch.num_rows, rejected + len(result.rejects)
        app.feed("S", result.batch)
        given += sum(app.read(name).num_rows for name in [*app.streams, "ERROR_STREAM"] if name != "S")
        if first and first % restart < CHUNK:
            app = restarted(app)
        if number % EVERY == 0:
            samples[number // EVERY - 1] = first + CHUNK, resident(), in_use()
    missing = rows - taken - rejected
    seconds = time.monotonic() - begin
    usual = np.array([np.median(part, axis=0) for part in np.array_split(samples, PARTS) if len(part)])
    held, used = slope(usual[:, 0], usual[:, 1]), slope(samples[:, 0], samples[:, 2])
    report: dict[str, float] = {
        "rows": rows,
        "rejected": rejected,
        "missing": missing,
        "given": given,
        "seconds": round(seconds),
    }
    report |= {"resident_mib": round(resident(), 1), "in_use_mib": round(in_use(), 1)}
    report |= {"resident_mib_per_10_million_rows": held, "in_use_mib_per_10_million_rows": used}
    print(json.dumps(report))
    grown = used > 1 or (rows >= LONG and held > 1)
    return int(missing != 0 or rejected != rows // 1000 or grown)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
