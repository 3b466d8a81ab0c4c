"""A result in a few numbers, so that engines can be compared whatever order and notation they write.

As a program (a process of its own keeps the benchmark's small): `python -m benchmarks.rows.digest FILE` prints the
number of rows and the sum of each numeric column.
"""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json

TOLERANCE = 1e-5
"""Relative: mawk writes six digits, and sums of a million rows depend on their order."""


def digest(path: Path) -> list[float]:
    """Rows, then the sum of each numeric column in the order of the columns."""
    if path.suffix == ".csv":
        table = pyarrow.csv.read_csv(path)
    else:
        table = pyarrow.json.read_json(path, pyarrow.json.ReadOptions(block_size=1 << 24))
    numeric = [c for c in table.columns if pa.types.is_integer(c.type) or pa.types.is_floating(c.type)]
    return [table.num_rows, *(float(pc.sum(column).as_py()) for column in numeric)]


def of_file(path: Path) -> list[float]:
    """The digest, worked out by another process."""
    program = [sys.executable, "-m", "benchmarks.rows.digest", str(path)]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    return [float(number) for number in done.stdout.split()]


def agree(one: list[float], other: list[float]) -> bool:
    """The same rows exactly, the same sums nearly."""
    if len(one) != len(other) or one[0] != other[0]:
        return False
    return all(math.isclose(a, b, rel_tol=TOLERANCE) for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    print(*digest(Path(sys.argv[1])))
