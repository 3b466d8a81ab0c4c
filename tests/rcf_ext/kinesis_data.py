"""The recorded outputs of the real function (tests/data/kinesis)."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).parents[1] / "data" / "kinesis"
NAMES = sorted(path.name.removesuffix(".csv.gz") for path in FOLDER.glob("*.csv.gz"))
LEARNING = 256


@dataclass(frozen=True, eq=False)
class Recording:
    """A series and the scores that the service gave it."""

    values: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]


@cache
def recording(name: str) -> Recording:
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    return Recording(
        np.array([float(row["value"]) for row in rows]),
        np.array([float(row["kinesis_anomaly_score"]) for row in rows]),
    )
