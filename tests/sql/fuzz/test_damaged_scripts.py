"""Damaged scripts are refused with the documented errors, or run; nothing else ever comes out.

A number gives a text, so that a failure repeats: its message holds the number. A few hundred are tried always;
`STREAMSQL_FUZZ_SECONDS=600 pytest -s tests/sql/fuzz` goes on for that long, and `STREAMSQL_FUZZ_FIRST=1000000` begins
with another number. The long form ends with what it did and the slowest texts.
"""

from __future__ import annotations

import os
import resource
import time
from collections import Counter
from itertools import count

import pytest
from damage import Damage
from engine import check

SECONDS = float(os.environ.get("STREAMSQL_FUZZ_SECONDS", "0"))
FIRST = int(os.environ.get("STREAMSQL_FUZZ_FIRST", "0"))
ALWAYS = 400  # texts


@pytest.fixture(scope="module")
def damage() -> Damage:
    return Damage()


def test_damaged_scripts(damage: Damage) -> None:
    outcomes = Counter(tried(damage, number) for number in range(FIRST, FIRST + ALWAYS))
    assert outcomes["refused"] > ALWAYS / 10, "the damage is too small"
    assert outcomes["run"] > ALWAYS / 50, "the damage is too great"


def tried(damage: Damage, number: int) -> str:
    seed = damage.make(number)
    try:
        return check(seed, number)
    except BaseException as error:
        raise AssertionError(f"text {number}: {error!r}\n{seed.sql[:3000]}\n{seed.inputs}") from error


@pytest.mark.skipif(not SECONDS, reason="STREAMSQL_FUZZ_SECONDS says for how long")
def test_for_a_long_time(damage: Damage) -> None:
    outcomes: Counter[str] = Counter()
    slowest: list[tuple[float, int]] = []
    findings: dict[str, AssertionError] = {}
    begin = time.monotonic()
    for number in count(FIRST + ALWAYS):
        before = time.process_time()
        try:
            outcomes[tried(damage, number)] += 1
        except AssertionError as error:
            outcomes["FOUND"] += 1
            findings.setdefault(f"{error.__cause__!r}"[:60], error)
        slowest = sorted([*slowest, (round(time.process_time() - before, 2), number)], reverse=True)[:5]
        if (passed := time.monotonic() - begin) > SECONDS:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"\n{sum(outcomes.values()) / passed:.0f} texts a second: {dict(outcomes)}; {peak} MB; slowest {slowest}"
    )
    for error in findings.values():
        print(error)
    assert not findings
