"""Doubles of any length are the nearest ones: Python's own reader is the reference."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Literal

import pytest

from streamsql.io.formats import decoder, schema_from_ddl


def halfway(random: Random) -> str:
    """A number of up to 19 digits that lies between two neighbouring doubles, or next to such a one."""
    even = random.getrandbits(52) | 1 << 52
    power = random.randint(-8, 6)
    middle = Fraction(2 * even + 1) * Fraction(2) ** (power - 1)
    digits = random.randint(0, 26)
    return f"{round(middle * 10**digits) + random.randint(-1, 1)}e-{digits}"


def digits(random: Random) -> str:
    """Up to 19 digits, with a point or an exponent or neither."""
    text = str(random.randrange(10 ** random.randint(1, 19)))
    point = random.randint(0, len(text))
    form = random.randint(0, 2)
    if form == 0:
        return f"{text}e{random.randint(-40, 40)}"
    return f"{text[:point] or '0'}.{text[point:] or '0'}" if form == 1 else text


@pytest.mark.parametrize("format", ["JSON", "CSV"])
@pytest.mark.parametrize("make", [halfway, digits])
def test_doubles_are_correctly_rounded(format: Literal["JSON", "CSV"], make: Callable[[Random], str]) -> None:
    random = Random(11)
    texts = [random.choice(["", "-"]) + make(random) for _ in range(20_000)]
    lines = (f'{{"X": {text}}}\n' if format == "JSON" else text + "\n" for text in texts)
    made = decoder(schema_from_ddl('"X" DOUBLE', format), csv_header="no")
    assert made.feed("".join(lines).encode()).batch.column(0).to_pylist() == [float(text) for text in texts]
