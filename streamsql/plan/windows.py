"""What windows mean; how they run is `exec.windows`.

A tumbling window is any non-decreasing expression of ROWTIME. Its boundaries are expressions too, over one
column that holds the value of the grouping expression, so one evaluator serves them all.
"""

from __future__ import annotations

from streamsql.plan.expressions import Expression
from streamsql.record import record


@record
class Tumbling:
    """Rows with equal `value` form a period; the period is over once the value changes.

    `value`  over the input row, e.g. STEP(ROWTIME BY INTERVAL '10' SECOND).
    `closes` over a single column holding `value`: the first instant that belongs to the next period
             (TIMESTAMP), or None when only rows can tell (MONOTONIC(e)).
    `end`    over the same column: ROWTIME of the period's results, or None for the ROWTIME of the row that
             changed the value. STEP, FLOOR: equal to `closes`; CEIL: the value itself.
    """

    value: Expression
    closes: Expression | None
    end: Expression | None
    descending: bool = False


@record
class Stagger:
    """A window per key that opens with the key's first row and lasts `length` ms (section 9.3)."""

    length: int


@record
class Hopping:
    """Windows of `length` ms that start every `hop` ms (extension)."""

    length: int
    hop: int


@record
class Session:
    """A window per key that ends `gap` ms after the key's last row (extension)."""

    gap: int


Window = Tumbling | Stagger | Hopping | Session
