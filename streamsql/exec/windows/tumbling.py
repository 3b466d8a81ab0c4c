"""Tumbling windows: where periods begin in a sequence of rows, and when the open one is over.

A period is a run of rows with an equal value of `Tumbling.value`. What happens to the rows of a period is the
business of the operator (GROUP BY, ORDER BY).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.context import Context
from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, State
from streamsql.exec.time import milliseconds, timestamps
from streamsql.kernels import compute as pc
from streamsql.plan.expressions import columns_used
from streamsql.plan.windows import Tumbling
from streamsql.record import record


@record
class Span:
    """Rows `begin` … `end` of a batch. `values` are the values of their periods, `starts` the rows with which they
    begin or go on, `changed` ROWTIME of the row that ended each period (None: not over yet), `ends` ROWTIME of the
    results of each, where that is known already."""

    begin: int
    end: int
    values: pa.Array
    starts: npt.NDArray[np.int64]
    changed: npt.NDArray[np.int64] | None
    ends: npt.NDArray[np.int64] | None = None

    @property
    def period(self) -> npt.NDArray[np.int64]:
        """For each row the number of its period among `values`."""
        return np.repeat(np.arange(len(self.starts)), np.diff(self.starts, append=self.end))


class Periods:
    """The open period, and the way from one to the next."""

    def __init__(self, window: Tumbling, context: Context) -> None:
        self._times = context.times
        self._value = context.compile(window.value)
        self._closes = None if window.closes is None else context.compile(window.closes)
        self._end = None if window.end is None else context.compile(window.end)
        self._ends_as_it_closes = window.end is None or window.end == window.closes
        self._type = window.value.type.arrow
        self._of_rowtime = columns_used(window.value) <= {0}
        self._open: pa.Array | None = None
        self._newest = START_OF_TIME  # ROWTIME of the last row
        self._limits: tuple[int, int] | None = None  # closes and end of the period that time is in, once asked

    @property
    def is_open(self) -> bool:
        """Whether a period has begun and is not over."""
        return self._open is not None

    def spans(self, values: pa.Array, rowtimes: npt.NDArray[np.int64]) -> list[Span]:
        """The rows of a batch cut into at most three: those of the open period; all of the periods that begin and
        end in the batch; those of the period that is open after it. Empty ones are left out, but not the first
        when its period is over."""
        length = len(values)
        starts = self._starts(values)
        self._newest = int(rowtimes[-1])
        if not len(starts):
            return [Span(0, length, self._value_of_open(), np.zeros(1, dtype=np.int64), None)]
        spans = []
        first, last = int(starts[0]), int(starts[-1])
        if self._open is not None:
            begin = np.zeros(1, dtype=np.int64)
            spans.append(Span(0, first, self._open, begin, rowtimes[starts[:1]], self._known_end()))
        if len(starts) > 1:
            over = pc.take(values, pc.from_numpy(starts[:-1]))
            spans.append(Span(first, last, over, starts[:-1], rowtimes[starts[1:]]))
        self._open = pa.concat_arrays([values.slice(last, 1)])
        self._limits = None
        spans.append(Span(last, length, self._open, starts[-1:], None))
        return spans

    def _value_of_open(self) -> pa.Array:
        assert self._open is not None
        return self._open

    def _starts(self, values: pa.Array) -> npt.NDArray[np.int64]:
        """The rows whose value differs from that of the row before."""
        differs = np.empty(len(values), dtype=bool)
        differs[1:] = changes(values)
        differs[0] = self._open is None or not self._open.equals(values.slice(0, 1))
        return np.flatnonzero(differs)

    def close(self, time: int) -> Span | None:
        """The open period, if a watermark at `time` ends it. Without further rows it ends, at the latest, at the
        end of time, with ROWTIME of its last row."""
        if self._open is None:
            return None
        if time != END_OF_TIME and (self._closes is None or time < self._limits_of(self._open)[0]):
            return None
        span = Span(0, 0, self._open, np.zeros(1, dtype=np.int64), np.array([self._newest]), self._known_end())
        self._open = None
        self._limits = None
        return span

    def ends(self, span: Span) -> npt.NDArray[np.int64]:
        """ROWTIME of the results of each period of `span`."""
        if self._end is None:
            assert span.changed is not None
            return span.changed
        return self._evaluate(self._end, span.values) if span.ends is None else span.ends

    def bound(self, time: int) -> int:
        """What no later result is older than, given the watermark `time`."""
        if self._end is None or time in (END_OF_TIME, START_OF_TIME):
            return time
        if self._open is not None:
            return max(self._limits_of(self._open)[1], time)
        if not self._of_rowtime:
            return time
        if self._limits is None or time >= self._limits[0]:
            now = pa.RecordBatch.from_arrays([timestamps(np.array([time]))], names=["ROWTIME"])
            value, failures = self._value(now, self._times())
            if failures:
                return time
            self._limits = None
            self._limits_of(value)
        assert self._limits is not None
        return max(self._limits[1], time)

    def _known_end(self) -> npt.NDArray[np.int64] | None:
        """The end of the open period, if it was asked for before."""
        return None if self._limits is None or self._end is None else np.array([self._limits[1]])

    def _limits_of(self, value: pa.Array) -> tuple[int, int]:
        """When the period of `value` closes, and its end."""
        if self._limits is None:
            assert self._closes is not None
            closes = int(self._evaluate(self._closes, value)[0])
            end = closes if self._ends_as_it_closes else int(self._evaluate(self._end or self._closes, value)[0])
            self._limits = closes, end
        return self._limits

    def _evaluate(self, evaluator: object, values: pa.Array) -> npt.NDArray[np.int64]:
        batch = pa.RecordBatch.from_arrays([values], names=["value"])
        return milliseconds(evaluator(batch, self._times())[0])  # type: ignore[operator]

    def snapshot(self) -> State:
        """The open period."""
        empty = pa.array([], self._type)
        return {"open": empty if self._open is None else self._open, "newest": self._newest}

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._open = state["open"] if len(state["open"]) else None
        self._newest = state["newest"]
        self._limits = None


def changes(values: pa.Array) -> npt.NDArray[np.bool_]:
    """For each row but the first: whether its value differs from that of the row before. Nulls are equal."""
    if len(values) < 2:
        return np.zeros(0, dtype=bool)
    fixed = not (pa.types.is_boolean(values.type) or pa.types.is_null(values.type))
    if fixed and not values.null_count and values.type.num_buffers == 2 and values.type.bit_width <= 64:
        numbers = np.frombuffer(values.buffers()[1], dtype=f"i{values.type.bit_width // 8}")
        numbers = numbers[values.offset : values.offset + len(values)]
        return np.asarray(numbers[1:] != numbers[:-1], dtype=np.bool_)
    before, after = values.slice(0, len(values) - 1), values.slice(1)
    differ = pc.fill_null(pc.not_equal(before, after), False)
    if values.null_count:
        differ = pc.or_(differ, pc.xor(pc.is_null(before), pc.is_null(after)))
    return np.asarray(differ, dtype=np.bool_)
