"""The encoder's numbers, against Python's `repr`, around the shapes that it writes in one go."""

from __future__ import annotations

import datetime as dt
import json
import os

import numpy as np
import pyarrow as pa
import pytest

from streamsql.io.formats import encoder

VALUES = int(os.environ.get("STREAMSQL_RECORDS", "20000"))
EDGES = [
    0.0,
    1e-4,
    9.9999e-5,
    1e9,
    1e15,
    1e16,
    2.0**53,
    5e-324,
    1.7976931348623157e308,
    0.1,
    0.005,
    999999999.995,
    1e-6,
]


def column(values: pa.Array, format: str) -> list[str]:
    made = encoder(format, pa.schema([("x", values.type)]))
    batch = pa.record_batch([values], names=["x"])
    lines = (made.start() + made.encode(batch) + made.finish()).decode().splitlines()
    return lines[1:] if format == "csv" else [line.removeprefix('{"x":').removesuffix("}") for line in lines]


def neighbours(values: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.concatenate([values, np.nextafter(values, np.inf), np.nextafter(values, -np.inf)])


@pytest.mark.parametrize("format", ["json", "csv"])
def test_doubles(format: str) -> None:
    chance = np.random.default_rng(7)
    whole = chance.integers(-(10**12), 10**12, VALUES)
    size = chance.integers(1, 13, VALUES)
    made = [np.trunc(whole / 10.0**size) / 10.0**places for places in (0, 1, 2, 3, 6, 7)]
    bits = chance.integers(-(2**63), 2**63 - 1, VALUES).view(np.float64)
    values = neighbours(np.concatenate([*made, bits, EDGES, np.negative(EDGES)]))
    values = values[np.isfinite(values)]
    texts = column(pa.array(values), format)
    assert texts == [repr(value) for value in values.tolist()]


def test_moments() -> None:
    chance = np.random.default_rng(7)
    stamps = chance.integers(-62_135_596_800_000, 253_402_300_799_999, VALUES)
    stamps = np.concatenate([stamps, stamps[:100] // 60_000 * 60_000, stamps[:100] // 86_400_000 * 86_400_000 - 1])
    texts = column(pa.array(stamps, pa.timestamp("ms")), "csv")
    start = dt.datetime(1970, 1, 1)
    assert texts == [
        (start + dt.timedelta(milliseconds=ms)).isoformat(" ", "milliseconds") for ms in stamps.tolist()
    ]


def test_texts() -> None:
    """Every character at every place of the sixteen bytes that are copied at once."""
    chance = np.random.default_rng(7)
    letters = [*map(chr, range(128)), "\u00e9", "\u20ac", "\U0001f600"]
    texts = [
        "x" * place + letter + "y" * behind for letter in letters for place in range(18) for behind in (0, 16)
    ]
    texts += ["".join(chance.choice(letters, chance.integers(0, 60))) for _ in range(VALUES // 20)]
    made = encoder("json", pa.schema([("x", pa.string())]))
    data = made.start() + made.encode(pa.record_batch([pa.array(texts)], names=["x"])) + made.finish()
    assert data.decode().split("\n")[:-1] == [f'{{"x":{json.dumps(text, ensure_ascii=False)}}}' for text in texts]
