"""What became of rows: the counts of an operator and of a pump, and the law that they obey.

Every row that goes in comes out, is gathered into state (a group, a pair), is dropped by a condition, is late, is
in error, or is still held; and every row that was made of gathered ones goes on like one that came in. So

    rows_in + results = rows_out + gathered + filtered + late + in_error + held

A row counts where it is decided on, and what is `gathered` is counted by the operator that does it, so that a row
which gets lost leaves a gap.
"""

from __future__ import annotations

from streamsql.functions.failures import Failures
from streamsql.record import record

LATE = "RUN-004"


@record(frozen=False)
class Counts:
    """Rows taken in, and made of gathered ones; put out; gathered; dropped by a condition; late; in error."""

    rows_in: int = 0
    results: int = 0
    rows_out: int = 0
    gathered: int = 0
    filtered: int = 0
    late: int = 0
    in_error: int = 0

    def refuse(self, failures: Failures) -> int:
        """Count rows that were rejected; how many these are."""
        late = [error.code for error in failures.rows.values()].count(LATE)
        self.late += late
        self.in_error += len(failures.rows) - late
        return len(failures.rows)

    def missing(self, held: int) -> int:
        """How many rows went in of which nobody knows what became; 0 if the law holds."""
        known = self.rows_out + self.gathered + self.filtered + self.late + self.in_error + held
        return self.rows_in + self.results - known
