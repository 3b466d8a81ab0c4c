"""Seeded data in files: generated when first asked for, into build/bench (or the folder BENCH_DATA names)."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

FOLDER = Path(os.environ.get("BENCH_DATA", Path(__file__).parents[1] / "build" / "bench"))
START = np.datetime64("2026-01-01T00:00:00.000", "ms")

Columns = dict[str, Sequence[object]]
"""Names and values; values are what JSON has: text, numbers, None, lists and dictionaries."""


def file(name: str, suffix: str, make: Callable[[], Columns]) -> Path:
    """FOLDER/NAME.SUFFIX ("csv" with a header, or "jsonl"), written from `make()` if not there."""
    path = FOLDER / f"{name}.{suffix}"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        (_write_csv if suffix == "csv" else _write_json)(partial, make())
        partial.rename(path)  # a file that an interrupted run left behind has another name
    return path


def head(path: Path, rows: int) -> Path:
    """A file beside `path` with its first rows: `ticker.csv` gives `ticker_first10.csv`."""
    part = path.with_stem(f"{path.stem}_first{rows}")
    if not part.exists():
        with open(path, "rb") as whole:
            part.write_bytes(b"".join(islice(whole, rows + (path.suffix == ".csv"))))
    return part


def count_rows(path: Path) -> int:
    """Lines, without the header of CSV."""
    with open(path, "rb") as source:
        lines = sum(block.count(b"\n") for block in iter(lambda: source.read(1 << 20), b""))
    return lines - (path.suffix == ".csv")


def instants(milliseconds: npt.NDArray[np.int64]) -> list[str]:
    """Milliseconds after the first of January 2026 as `2026-01-01 00:00:00.000`."""
    times = START + milliseconds.astype("timedelta64[ms]")
    return [text.replace("T", " ") for text in np.datetime_as_string(times, unit="ms").tolist()]


def _write_csv(path: Path, columns: Columns) -> None:
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _write_json(path: Path, columns: Columns) -> None:
    encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
    with open(path, "w", encoding="utf-8") as out:
        for row in zip(*columns.values(), strict=True):
            out.write(encode(dict(zip(columns, row, strict=True))) + "\n")
