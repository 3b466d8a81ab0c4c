"""Rows that could not be computed → rows of the error stream."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from json.encoder import encode_basestring
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.context import arrow_schema
from streamsql.exec.operator import END_OF_TIME, State
from streamsql.exec.time import rowtimes, timestamps
from streamsql.functions.failures import ERROR_NAMES, Failures
from streamsql.kernels import compute as pc
from streamsql.types import ROWTIME, TIMESTAMP, Column, varchar

ERROR_STREAM = "ERROR_STREAM"
MAX_DATA_ROW = 49152
MAX_MESSAGE = 4096
MAX_WAITING = 8 << 20
"""Bytes of the errors of one writer and ROWTIME that wait in full; of the others it is said how many there are."""
MAX_AT_ONCE = 1000
"""Errors of a batch of a live stream that are handed on together."""
ERROR_SIZE = 512
"""Bytes of an error besides its texts."""
LAST = 1 << 62
ERROR_COLUMNS = (
    ROWTIME,
    Column("ERROR_TIME", TIMESTAMP),
    Column("ERROR_LEVEL", varchar(10)),
    Column("ERROR_NAME", varchar(32)),
    Column("MESSAGE", varchar(MAX_MESSAGE)),
    Column("DATA_ROWTIME", TIMESTAMP),
    Column("DATA_ROW", varchar(MAX_DATA_ROW)),
    Column("PUMP_NAME", varchar(128)),
)
"""The columns of the error stream."""

ERROR_SCHEMA = arrow_schema(ERROR_COLUMNS)

Numbers = npt.NDArray[np.int64]
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


_WAITING = pa.schema(
    [
        ("rowtime", pa.int64()),
        ("writer", pa.int64()),
        ("number", pa.int64()),
        ("level", pa.string()),
        ("name", pa.string()),
        ("message", pa.string()),
        ("data", pa.string()),
        ("pump", pa.string()),
        ("data_rowtime", pa.int64()),
    ]
)
"""Errors that wait: what they are sorted by, and columns of the error stream."""


class Errors(NamedTuple):
    """Errors of one writer, column by column: where each stands in the order of time (ms), its name, its message,
    the offending record or row as bytes, its level (none: all are ERROR), and the row's own ROWTIME (none: the
    same times)."""

    times: Sequence[int]
    names: Sequence[str]
    messages: Sequence[str]
    records: Sequence[bytes]
    levels: Sequence[str] = ()
    own_times: Sequence[int] = ()


class ErrorStream:
    """Collects errors of several writers (inputs, then the operators of the pumps, each in several ways) and hands
    them on as batches.

    Live, at once, with the clock's time. In a replay ERROR_TIME is the offending row's ROWTIME, and the order is
    (ROWTIME, writer, the writer's own order), so that it does not depend on how rows came in batches: an error
    waits until no writer can have an earlier one, and there may be only so many of one ROWTIME (MAX_WAITING).
    """

    def __init__(self, now: Callable[[], int] | None, deliver: Callable[[pa.RecordBatch], None]) -> None:
        """`now`: the clock, None in a replay."""
        self._now = now
        self._deliver = deliver
        self._waiting: list[pa.RecordBatch] = []  # of _WAITING
        self._oldest = END_OF_TIME  # ROWTIME of those that wait
        self._number = 0
        self._sizes: Counter[tuple[int, int]] = Counter()  # by ROWTIME and writer: bytes that wait,
        self._more: Counter[tuple[int, int, str]] = Counter()  # and errors that are only counted, by pump too

    @property
    def is_waiting(self) -> bool:
        """Whether there are errors to release."""
        return bool(self._waiting)

    def failed(
        self, writer: int, pump: str, batch: pa.RecordBatch, columns: Sequence[int], failures: Failures
    ) -> None:
        """Add the failed rows of `batch`, whose declared columns are `columns`."""
        rows = sorted(failures.rows)
        failed = pc.take(batch, pa.array(rows, pa.int64()))
        reasons = [failures.rows[row] for row in rows]
        names = [ERROR_NAMES.get(reason.code, "Conversion error") for reason in reasons]
        messages = [reason.message for reason in reasons]
        self.add(writer, pump, Errors(rowtimes(failed).tolist(), names, messages, row_records(failed, columns)))

    def add(self, writer: int, pump: str, errors: Errors) -> None:
        """Add errors in the writer's own order."""
        if not errors.times:
            return
        times = np.array(errors.times, dtype=np.int64)
        data = [record[: MAX_DATA_ROW // 2].hex().upper() for record in errors.records]
        length = len(data)
        columns = [
            pc.from_numpy(times),
            pa.repeat(pa.scalar(writer, pa.int64()), length),
            pc.from_numpy(np.arange(self._number, self._number + length)),
            pa.array(errors.levels, pa.string()) if errors.levels else pa.repeat("ERROR", length),
            pa.array([name[:32] for name in errors.names], pa.string()),
            pa.array([message[:MAX_MESSAGE] for message in errors.messages], pa.string()),
            pa.array(data, pa.string()),
            pa.repeat(pump, length),
            pa.array(errors.own_times, pa.int64()) if errors.own_times else pc.from_numpy(times),
        ]
        waiting = pa.RecordBatch.from_arrays(columns, schema=_WAITING)
        if self._now is not None:
            for begin in range(0, length, MAX_AT_ONCE):
                self._hand_on(waiting.slice(begin, MAX_AT_ONCE), self._now())
            return
        costs = (
            ERROR_SIZE + np.fromiter(map(len, data), np.int64) + np.fromiter(map(len, errors.messages), np.int64)
        )
        fits = self._fitting(writer, pump, times, costs)
        if not fits.all():
            waiting, times = pc.filter(waiting, pc.from_numpy(fits)), times[fits]
        if len(times):
            self._number += length
            self._waiting.append(waiting)
            self._oldest = min(self._oldest, int(times.min()))

    def _fitting(self, writer: int, pump: str, times: Numbers, costs: Numbers) -> npt.NDArray[np.bool_]:
        """The errors for which there is room beside those of the same ROWTIME; the others are only counted."""
        order = np.argsort(times, kind="stable")
        ordered = times[order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        counts = np.diff(np.append(starts, len(times)))
        different = ordered[starts].tolist()
        sums = np.cumsum(costs[order]) - costs[order]
        before = sums - np.repeat(sums[starts] - [self._sizes[time, writer] for time in different], counts)
        fits = np.empty(len(times), dtype=bool)
        fits[order] = fitting = before < MAX_WAITING
        for time, size in zip(different, np.add.reduceat(costs[order] * fitting, starts).tolist(), strict=True):
            self._sizes[time, writer] += size
        self._more.update((time, writer, pump) for time in times[~fits].tolist())
        return fits

    def release(self, bound: int) -> None:
        """Hand on the errors of rows older than `bound`."""
        everything = bound == END_OF_TIME
        if not self._waiting or (self._oldest >= bound and not everything):
            return
        ready, rest = [], []
        for batch in self._waiting:
            times = batch.column(0).to_numpy()
            old = times < bound if not everything else np.ones(len(times), dtype=bool)
            if old.all():
                ready.append(batch)
            elif old.any():
                ready.append(pc.filter(batch, pc.from_numpy(old)))
                rest.append(pc.filter(batch, pc.from_numpy(~old)))
            else:
                rest.append(batch)
        self._waiting = rest
        self._oldest = min((int(batch.column(0).to_numpy().min()) for batch in rest), default=END_OF_TIME)
        errors = pa.concat_batches([*ready, *self._counted(bound)])
        keys = [errors.column(place).to_numpy() for place in (2, 1, 0)]
        errors = pc.take(errors, pc.from_numpy(np.lexsort(keys)))
        self._hand_on(errors, errors.column(0))

    def _hand_on(self, errors: pa.RecordBatch, time: pa.Array | int) -> None:
        """Rows of the error stream: `time` is when they occurred."""
        times = np.full(errors.num_rows, time, np.int64) if isinstance(time, int) else time.to_numpy()
        occurred, own = timestamps(times), timestamps(errors.column("data_rowtime").to_numpy())
        level, name, message, data, pump = errors.columns[3:8]
        columns = [occurred, occurred, level, name, message, own, data, pump]
        self._deliver(pa.RecordBatch.from_arrays(columns, schema=ERROR_SCHEMA))

    def _counted(self, bound: int) -> list[pa.RecordBatch]:
        """Rows for the errors older than `bound` that are only counted, which ends their counting."""
        rows = []
        for time, writer, pump in [key for key in self._more if key[0] < bound]:
            count = self._more.pop((time, writer, pump))
            message = f"{count:,} more rows of this ROWTIME are in error"
            rows.append((time, writer, LAST, "ERROR", "Too many errors", message, "", pump, time))
        for key in [key for key in self._sizes if key[0] < bound]:
            del self._sizes[key]
        if not rows:
            return []
        columns = zip(zip(*sorted(rows), strict=True), _WAITING.types, strict=True)
        return [pa.RecordBatch.from_arrays([pa.array(*column) for column in columns], schema=_WAITING)]

    def snapshot(self) -> State:
        """The errors that wait."""
        return {
            "number": self._number,
            "waiting": list(self._waiting),
            "sizes": [[*key, size] for key, size in self._sizes.items()],
            "more": [[*key, count] for key, count in self._more.items()],
        }

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._number = state["number"]
        self._waiting = list(state["waiting"])
        self._oldest = min((int(batch.column(0).to_numpy().min()) for batch in self._waiting), default=END_OF_TIME)
        self._sizes = Counter({(time, writer): size for time, writer, size in state["sizes"]})
        self._more = Counter({(time, writer, pump): count for time, writer, pump, count in state["more"]})


def row_records(rows: pa.RecordBatch, columns: Iterable[int]) -> list[bytes]:
    """Each row as a JSON object of the given columns, in UTF-8."""
    chosen = list(columns)
    if not chosen:
        return [b"{}"] * rows.num_rows
    names = [json.dumps(rows.schema.names[i]).replace("%", "%%") for i in chosen]
    form = "{" + ",".join(f"{name}:%s" for name in names) + "}"
    return [(form % row).encode() for row in zip(*[_json_values(rows.column(i)) for i in chosen], strict=True)]


def _json_values(column: pa.Array) -> list[str]:
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_time(kind):
        column = pc.cast(column, pa.string())
    elif pa.types.is_duration(kind):
        column = pc.cast(column, pa.int64())
    values = column.to_pylist()
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type):
        return _encode(values)[1:-1].split(", ") if values else []
    if pa.types.is_string(column.type):
        return ["null" if value is None else encode_basestring(value) for value in values]
    if pa.types.is_decimal(kind):
        return ["null" if value is None else f"{value:f}" for value in values]
    if pa.types.is_binary(kind):
        import base64  # few rows in error have such a column

        values = [None if value is None else base64.b64encode(value).decode() for value in values]
    return list(map(_encode, values))
