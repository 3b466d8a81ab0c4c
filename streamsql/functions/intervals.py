"""Interval qualifiers: their fields, their units, and what combining two of them gives."""

from __future__ import annotations

import re

FIELDS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
"""From the largest to the smallest."""

UNITS = {"DAY": 86_400_000, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1000}
"""Milliseconds of the day-time fields."""

MONTHS = {"YEAR": 12, "MONTH": 1}
"""Months of the year-month fields."""


def ends(qualifier: str) -> tuple[str, str]:
    """The largest and the smallest field of a qualifier such as `DAY TO SECOND` or `MINUTE(3)`."""
    fields = re.sub(r"\([^)]*\)", "", qualifier).upper().split(" TO ")
    return fields[0].strip(), fields[-1].strip()


def fields(qualifier: str) -> tuple[str, ...]:
    """All fields of a qualifier, largest first."""
    first, last = ends(qualifier)
    return FIELDS[FIELDS.index(first) : FIELDS.index(last) + 1]


def covering(left: str, right: str) -> str:
    """The qualifier whose fields are those of both."""
    if left == right:
        return left
    places = [FIELDS.index(field) for qualifier in (left, right) for field in ends(qualifier)]
    first, last = FIELDS[min(places)], FIELDS[max(places)]
    return first if first == last else f"{first} TO {last}"
