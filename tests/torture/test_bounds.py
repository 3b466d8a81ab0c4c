"""Memory stays below a bound for inputs that are made to fill it: one ROWTIME, one key, every row its own key.

CI takes STREAMSQL_ROWS = 60,000 rows, `make torture` more. The rows come through a pipe from a process of their own;
measured is the peak of resident memory of the command line.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROWS = int(os.environ.get("STREAMSQL_ROWS", "60000"))
LIMIT = 2  # MB of state
PEAK = 400  # MB of the whole process: its modules, a megabyte of records in work as rows, and slack
MAKE = """
import sys
shape, rows = sys.argv[1], int(sys.argv[2])
line = {
    "one rowtime": lambda i: f"{i % 50},{i % 7},1000\\n",
    "one key": lambda i: f"{0 if i % 100 else i},{i % 7},{i // 10}\\n",
    "many keys": lambda i: f"{i},{i % 7},{i // 1000}\\n",
}[shape]
for start in range(0, rows, 10000):
    sys.stdout.write("".join(map(line, range(start, min(start + 10000, rows)))))
"""
# A process starts with the peak of the one that it was forked from, so a small one stands between.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
MINUTE = "STEP(S.ROWTIME BY INTERVAL '60' MINUTE)"
QUERIES = {
    "groups": f"SELECT STREAM K, COUNT(*) FROM S GROUP BY K, {MINUTE}",
    "medians": f"SELECT STREAM K, CAST(MEDIAN(V) AS BIGINT) FROM S GROUP BY K, {MINUTE}",
    "sliding": "SELECT STREAM K, SUM(V) OVER (PARTITION BY K RANGE INTERVAL '60' MINUTE PRECEDING) FROM S",
    "stagger": "SELECT STREAM K, COUNT(*) FROM S WINDOWED BY STAGGER (PARTITION BY K RANGE INTERVAL '5' MINUTE)",
    "sorted": f"SELECT STREAM K, V FROM S ORDER BY {MINUTE}, V",
    "running": "SELECT STREAM K, SUM(V) OVER (PARTITION BY K) FROM S",
}
# These grow with the number of keys only.
BY_KEY = {"groups", "stagger", "running"}


@pytest.mark.parametrize("shape", ["one rowtime", "one key", "many keys"])
@pytest.mark.parametrize("query", QUERIES)
def test_memory_is_bounded(query: str, shape: str, tmp_path: Path) -> None:
    sql = f"CREATE STREAM O (K BIGINT, N BIGINT); CREATE PUMP p AS INSERT INTO O {QUERIES[query]};"
    summary = tmp_path / "summary.json"
    options = ["--input", "S=-", "--input-format", "csv", "--csv-header", "no", "--rowtime", "T", "--quiet"]
    options += ["--schema", 'S="K" BIGINT, "V" BIGINT, "T" BIGINT', "--max-memory", f"{LIMIT}MB"]
    options += ["--output", f"O={tmp_path / 'out.csv'}", "--summary", str(summary)]
    maker = subprocess.Popen([sys.executable, "-c", MAKE, shape, str(ROWS)], stdout=subprocess.PIPE)
    command = [sys.executable, "-m", "streamsql", "run", "-c", sql, *options]
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        stdin=maker.stdout,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert maker.stdout is not None
    maker.stdout.close()
    assert maker.wait() == 0
    assert int(run.stdout) < PEAK * 1024
    counts = json.loads(summary.read_text())
    pump = counts["pumps"]["P"]
    assert counts["balanced"] and counts["inputs"]["S"]["taken"] == pump["rows_in"] == ROWS
    if ROWS <= 1_000_000 or query not in BY_KEY:  # else one row in a hundred has many keys too
        assert (pump["in_error"] > 0) == (shape == "many keys" or query not in BY_KEY)
