"""The operator contract: batches and watermarks in, batches and watermarks out, state as plain arrays.

An operator has no thread, no clock, no source and no neighbours. How rows are cut into batches must never
change its answer: a row with ROWTIME t acts as a watermark t for the rows after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import pyarrow as pa

from streamsql.functions.failures import Failures
from streamsql.kernels.batches import Rows

Batches = list[pa.RecordBatch]
Released = Sequence[Rows]
State = dict[str, Any]
"""Names to Arrow arrays, NumPy arrays, record batches, bytes and plain scalars."""

Columns = frozenset[int] | None
"""Columns by number; None: all."""

Reject = Callable[[pa.RecordBatch, Failures], None]
"""Called with the input batch of an operator and the rows of it that could not be computed."""

Fate = Literal["pass", "gather", "take"]
"""What becomes of rows that are neither dropped nor rejected: they pass, maybe later; or they go into state or
pairs, of which results are made (`gather`: the operator tells the context how many did; `take`: all)."""

END_OF_TIME = (1 << 63) - 1
"""The watermark at the end of input: no row will ever come."""

START_OF_TIME = -(1 << 63)


OTHER_STREAMSQL = "go on with the streamsql that saved it, or start anew with an empty checkpoint directory"
"""The hint for state that this version does not read."""


def united(columns: Sequence[Columns]) -> Columns:
    """Those that are in any of these."""
    return None if None in columns else frozenset[int]().union(*(each for each in columns if each is not None))


def among(columns: Columns, first: int, count: int) -> Columns:
    """Those of the `count` columns from the `first` on, as numbers among them."""
    return None if columns is None else frozenset(each - first for each in columns if 0 <= each - first < count)


class Operator:
    """Base with the defaults of a stateless operator with one input."""

    ports = 1
    fate: Fate = "pass"
    lazy = False
    """Whether `on_batch` can do without pyarrow's objects; if not, all its batches are record batches."""
    keeps = False
    """Whether rows stay for a while. Chosen ones would keep all that they were chosen from: they come whole."""
    layout = 1
    """Of what `snapshot` gives, bytes of kernels included. Whoever changes it counts up: state of another
    layout is refused, not misread."""

    def needed(self, port: int, wanted: Columns) -> Columns:
        """The columns of an input that are read while nothing goes wrong, if `wanted` of the output are."""
        return None

    def on_batch(self, port: int, batch: Any) -> Released:
        """Take rows, in ROWTIME order, never older than the watermark; return the rows they release."""
        raise NotImplementedError

    def on_watermark(self, port: int, time: int) -> tuple[Released, int]:
        """No later row of `port` will be older than `time` (ms since 1970-01-01).

        Returns the rows this releases and the operator's own watermark (section 8.2 of the language page).
        """
        return [], time

    def snapshot(self) -> State:
        """All state, such that `restore` on a new operator of the same plan continues identically."""
        return {}

    def restore(self, state: State) -> None:
        """Take over a snapshot."""

    def held(self) -> int:
        """How many rows wait to pass."""
        return 0
