"""Rows that could not be computed → rows of the error stream."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa

from streamsql.exec.context import arrow_schema
from streamsql.exec.operator import END_OF_TIME, State
from streamsql.exec.time import rowtimes
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

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class ErrorRow(NamedTuple):
    """One row of the error stream; ERROR_TIME is known when it is released."""

    rowtime: int
    writer: int
    number: int
    level: str
    name: str
    message: str
    data: str
    pump: str
    data_rowtime: int


class ErrorStream:
    """Collects errors of several writers (inputs, then the operators of the pumps) and hands them on as batches.

    Live, at once, with the clock's time. In a replay ERROR_TIME is the offending row's ROWTIME, and the order is
    (ROWTIME, writer, the writer's own order), so that it does not depend on how rows came in batches: an error
    waits until no writer can have an earlier one, and there may be only so many of one ROWTIME (MAX_WAITING).
    """

    def __init__(self, now: Callable[[], int] | None, deliver: Callable[[pa.RecordBatch], None]) -> None:
        """`now`: the clock, None in a replay."""
        self._now = now
        self._deliver = deliver
        self._waiting: list[ErrorRow] = []
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
        for row, time, record in zip(rows, rowtimes(failed).tolist(), row_records(failed, columns), strict=True):
            error = failures.rows[row]
            name = ERROR_NAMES.get(error.code, "Conversion error")
            self._wait(writer, time, name, error.message, record, pump, "ERROR", time)
            if self._now is not None and len(self._waiting) == MAX_AT_ONCE:
                self.release(END_OF_TIME)
        if self._now is not None:
            self.release(END_OF_TIME)

    def add(
        self,
        writer: int,
        rowtime: int,
        name: str,
        message: str,
        record: bytes,
        pump: str,
        level: str = "ERROR",
        data_rowtime: int | None = None,
    ) -> None:
        """Add one error; `record` is the offending record or row as bytes, `data_rowtime` its own ROWTIME where
        that is not the time at which it stood in the order."""
        own = rowtime if data_rowtime is None else data_rowtime
        self._wait(writer, rowtime, name, message, record, pump, level, own)
        if self._now is not None:
            self.release(END_OF_TIME)

    def _wait(
        self,
        writer: int,
        rowtime: int,
        name: str,
        message: str,
        record: bytes,
        pump: str,
        level: str,
        data_rowtime: int,
    ) -> None:
        """Have an error wait for its release, or only count it."""
        data = record[: MAX_DATA_ROW // 2].hex().upper()
        if self._now is None:
            if self._sizes[rowtime, writer] >= MAX_WAITING:
                self._more[rowtime, writer, pump] += 1
                return
            self._sizes[rowtime, writer] += ERROR_SIZE + len(data) + len(message)
        self._waiting.append(
            ErrorRow(
                rowtime, writer, self._number, level, name[:32], message[:MAX_MESSAGE], data, pump, data_rowtime
            )
        )
        self._number += 1

    def release(self, bound: int) -> None:
        """Hand on the errors of rows older than `bound`."""
        everything = bound == END_OF_TIME
        ready = [row for row in self._waiting if everything or row.rowtime < bound]
        if self._now is None:
            ready = sorted(ready + self._counted(bound))
        if not ready:
            return
        self._waiting = [] if everything else [row for row in self._waiting if row.rowtime >= bound]
        times = [row.rowtime if self._now is None else self._now() for row in ready]
        columns = [
            pa.array(times, TIMESTAMP.arrow),
            pa.array(times, TIMESTAMP.arrow),
            pa.array([row.level for row in ready]),
            pa.array([row.name for row in ready]),
            pa.array([row.message for row in ready]),
            pa.array([row.data_rowtime for row in ready], TIMESTAMP.arrow),
            pa.array([row.data for row in ready]),
            pa.array([row.pump for row in ready]),
        ]
        self._deliver(pa.RecordBatch.from_arrays(columns, schema=ERROR_SCHEMA))

    def _counted(self, bound: int) -> list[ErrorRow]:
        """Rows for the errors older than `bound` that are only counted, which ends their counting."""
        rows = []
        for time, writer, pump in [key for key in self._more if key[0] < bound]:
            count = self._more.pop((time, writer, pump))
            message = f"{count:,} more rows of this ROWTIME are in error"
            rows.append(ErrorRow(time, writer, LAST, "ERROR", "Too many errors", message, "", pump, time))
        for key in [key for key in self._sizes if key[0] < bound]:
            del self._sizes[key]
        return rows

    def snapshot(self) -> State:
        """The errors that wait."""
        return {
            "number": self._number,
            "waiting": [list(row) for row in self._waiting],
            "sizes": [[*key, size] for key, size in self._sizes.items()],
            "more": [[*key, count] for key, count in self._more.items()],
        }

    def restore(self, state: State) -> None:
        """Take over a snapshot."""
        self._number = state["number"]
        self._waiting = [ErrorRow(*row) for row in state["waiting"]]
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
    if pa.types.is_decimal(kind):
        return ["null" if value is None else f"{value:f}" for value in values]
    if pa.types.is_binary(kind):
        values = [None if value is None else base64.b64encode(value).decode() for value in values]
    return list(map(_encode, values))
