"""The way of rows into the graph: they get their ROWTIME, their place in the order, and their hidden columns.

Live (no ROWTIME column): rows are pushed as they come, stamped with the clock. Replay: rows wait in `Replay` until
nothing earlier can come. What cannot be used is reported, for the error stream.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.app.rowtime import ArrivalTimes, times_of_column
from streamsql.errors import StateError
from streamsql.exec.context import arrow_schema
from streamsql.exec.errors import row_records
from streamsql.exec.operator import END_OF_TIME, START_OF_TIME, State
from streamsql.exec.time import milliseconds, timestamps
from streamsql.io.format import Reject
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import LazyBatch, Rows, stamped, timed, whole
from streamsql.plan.nodes import Stream
from streamsql.record import record
from streamsql.types import Column, Kind

if TYPE_CHECKING:
    from streamsql.app.replay import Replay, Times

Mask = npt.NDArray[np.bool_]


@record
class Feed:
    """One input: the stream that it feeds, and in a replay the column that holds ROWTIME."""

    stream: Stream
    rowtime: str = ""


class InputError(NamedTuple):
    """Something that came in and could not be used: a row of the error stream.

    `time` is when it happened, `name` the ERROR_NAME; `record` the bytes of the offending record, or the row as
    JSON; `own_time` the ROWTIME of the row, if it has one.
    """

    time: int
    name: str
    message: str
    record: bytes
    level: str
    own_time: int


_PlacedError = tuple[float, InputError]
"""An error and where it stood: at a row's number, or a half before it."""


@record(frozen=False)
class Counts:
    """What has come for one input stream, in records or rows: all, those used, not usable, and late."""

    taken: int = 0
    rows: int = 0
    rejected: int = 0
    late: int = 0


class Intake:
    """Takes rows of `feeds`, in any pieces, and pushes them in order.

    `push(stream, batch, last)` gets batches with ROWTIME, the declared and the hidden columns, and the ROWTIME of
    the last row if it is at hand; `watermark(stream, time)` what no later row is older than; `report` what could
    not be used.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        arrival: ArrivalTimes,
        lateness: int,
        push: Callable[[str, Rows, int | None], None],
        watermark: Callable[[str, int], None],
        report: Callable[[str, Sequence[InputError]], None],
        room: int | None = None,
    ) -> None:
        """`lateness` is in ms; `room` the bytes that the rows of each input may take which wait for late ones."""
        self._feeds = feeds
        self._room = room
        self._arrival = arrival
        self._push = push
        self._watermark = watermark
        self._report = report
        self._streams = list(dict.fromkeys(feed.stream.name for feed in feeds))
        self._schemas = {feed.stream.name: arrow_schema(feed.stream.schema) for feed in feeds}
        self._declared = {name: schema.remove(0) for name, schema in self._schemas.items()}  # without ROWTIME
        is_replay = any(feed.rowtime for feed in feeds)
        self._replay: Replay | None = None
        if is_replay:
            from streamsql.app.replay import Replay

            self._replay = Replay([feed.stream.name for feed in feeds], lateness, room)
        self._announced = dict.fromkeys(self._streams, START_OF_TIME)
        self._unplaced: list[tuple[int, Reject]] = []  # by the number of their input
        self.counts = {name: Counts() for name in self._streams}

    @property
    def wanted(self) -> int | None:
        """The input whose rows the others wait for; None: rows of any input are used at once."""
        return self._replay.slowest if self._replay and len(self._feeds) > 1 else None

    def take(self, number: int, rows: Rows, rejects: Sequence[Reject] = ()) -> None:
        """Rows of input `number` (its columns by name), and what stood between them and gave none."""
        feed = self._feeds[number]
        counts = self.counts[feed.stream.name]
        counts.taken += rows.num_rows + len(rejects)
        counts.rejected += len(rejects)
        if self._replay is None:
            self._take_live(feed.stream, rows, rejects)
        else:
            self._take_replayed(self._replay, number, rows, rejects)

    def _take_live(self, stream: Stream, rows: Rows, rejects: Sequence[Reject]) -> None:
        self.counts[stream.name].rows += rows.num_rows
        if rows.num_rows:
            time, schema = self._arrival.now(), self._schemas[stream.name]
            if self._is_declared(rows.schema, stream.name):
                batch: Rows = stamped(rows, time, schema)
            else:
                batch = with_rowtime(stream, whole(rows), np.full(rows.num_rows, time), schema)
            self._push(stream.name, batch, time)
        if rejects:
            now = self._arrival.now()
            self._report(stream.name, [_record_error(reject, now) for reject in rejects])

    def _is_declared(self, schema: pa.Schema, stream: str) -> bool:
        """Whether these are the columns of a stream but for ROWTIME."""
        if schema is self._declared[stream]:
            return True
        if not schema.equals(self._declared[stream]):
            return False
        self._declared[stream] = schema  # most likely that of the next batch too: found equal at one look
        return True

    def _take_replayed(self, replay: Replay, number: int, rows: Rows, rejects: Sequence[Reject]) -> None:
        feed = self._feeds[number]
        name = feed.stream.name
        times, valid = times_of_column(rows.column(feed.rowtime), f'column "{feed.rowtime}" of {name}')
        if valid is None and replay.continues(number, times):
            self._take_in_order(replay, number, rows, rejects, times)
        else:
            self._sort_out(replay, number, whole(rows), rejects, times, valid)
        self._release(replay)

    def _take_in_order(
        self, replay: Replay, number: int, rows: Rows, rejects: Sequence[Reject], times: Times
    ) -> None:
        """Take rows that continue those before, and report the rejects between them."""
        stream = self._feeds[number].stream
        schema = self._schemas[stream.name]
        errors: list[_PlacedError] = []
        if rejects:
            errors = self._place(number, rejects, np.concatenate([[replay.newest(number)], times]))
        else:
            self._report_unplaced(int(times[0]), number)
        if isinstance(rows, LazyBatch) and self._is_declared(rows.schema, stream.name):
            replay.append(number, timed(rows, timestamps(times), schema), times)
        else:
            replay.append(number, with_rowtime(stream, whole(rows), times, schema), times)
        self.counts[stream.name].rows += len(times)
        if errors:
            self._report(stream.name, [error for _, error in errors])

    def _sort_out(
        self,
        replay: Replay,
        number: int,
        rows: pa.RecordBatch,
        rejects: Sequence[Reject],
        times: Times,
        valid: npt.NDArray[np.bool_] | None,
    ) -> None:
        """Take rows among which some may be late or have no ROWTIME, and report those and the rejects."""
        feed = self._feeds[number]
        name = feed.stream.name
        if valid is None:
            valid = np.ones(len(times), dtype=np.bool_)
        known = np.concatenate([[replay.newest(number)], np.where(valid, times, START_OF_TIME)])
        newest = np.maximum.accumulate(known)
        errors = self._place(number, rejects, newest)
        places = np.flatnonzero(valid)
        if not valid.all():
            unknown = np.flatnonzero(~valid)
            missing = "Coercion error", f'"{feed.rowtime}" holds no ROWTIME'
            errors += self._row_errors(rows, unknown, unknown, newest, missing)
            self.counts[name].rejected += len(unknown)
            rows, times, newest = pc.filter(rows, pc.from_numpy(valid)), times[valid], newest[:-1][valid]
        rows = with_rowtime(feed.stream, rows, times, self._schemas[name])
        without = replay.refused(number, rows, times)
        late = np.flatnonzero(replay.add(number, rows, times, without))
        refused = np.flatnonzero(without) if without is not None else late[:0]
        self.counts[name].rows += len(times) - len(late) - len(refused)
        self.counts[name].late += len(late)
        self.counts[name].rejected += len(refused)
        errors += self._row_errors(rows, late, places[late], newest)
        full = f"no room: --lateness keeps {self._room} bytes already, all that --max-memory leaves to it"
        errors += self._row_errors(rows, refused, places[refused], newest, ("Invalid argument", full))
        if errors:
            self._report(name, [error for _, error in sorted(errors, key=itemgetter(0))])

    def _release(self, replay: Replay) -> None:
        """Push what has its place, then say how far time has come. A stream at its end goes on with the time of
        the others, so that they need not wait for it; that all have ended says whoever finishes."""
        for stream, rows in replay.release():
            self._push(stream, rows, None)
        bounds = replay.bounds()
        going_on = min((bound for bound in bounds.values() if bound < END_OF_TIME), default=START_OF_TIME)
        for stream, bound in bounds.items():
            time = bound if bound < END_OF_TIME else going_on
            if self._announced[stream] < time:
                self._announced[stream] = time
                self._watermark(stream, time)

    def advance(self, stream: str, time: int) -> None:
        """No row of `stream` (empty: of any) older than `time` will come."""
        if self._replay is None:
            for name in self._streams if not stream else [stream]:
                self._watermark(name, self._arrival.at_least(time))
            return
        for number, feed in enumerate(self._feeds):
            if stream in ("", feed.stream.name):
                self._replay.advance(number, time)
        self._release(self._replay)

    def tick(self) -> None:
        """Live: let time come to the clock's, so that windows close without rows. Replay: nothing."""
        if self._replay is None:
            now = self._arrival.now()
            for name in self._streams:
                self._watermark(name, now)

    def end(self, number: int) -> None:
        """Input `number` is at its end."""
        if self._replay is not None and len(self._feeds) > 1:
            self._replay.advance(number, END_OF_TIME)
            self._release(self._replay)

    def drain(self) -> None:
        """Nothing comes any more: push every row that still waits. Does not move time beyond the last row."""
        self._report_unplaced(0)
        if self._replay is not None:
            self._replay.finish()
            self._release(self._replay)

    def _place(self, number: int, rejects: Sequence[Reject], newest: Times) -> list[_PlacedError]:
        """Errors of records that gave no row, at the time of the row before them; those before the input's first
        row have the time of that one."""
        placed = newest > START_OF_TIME
        if not placed.any():
            self._unplaced += [(number, reject) for reject in rejects]
            return []
        first = int(newest[placed][0])
        self._report_unplaced(first, number)
        times = np.maximum(newest, first)[[reject.before for reject in rejects]].tolist()
        return [
            (reject.before - 0.5, _record_error(reject, time)) for reject, time in zip(rejects, times, strict=True)
        ]

    def _report_unplaced(self, time: int, of: int | None = None) -> None:
        """Report what came before the first row: of one input, or of all."""
        for number, reject in self._unplaced:
            if of in (None, number):
                self._report(self._feeds[number].stream.name, [_record_error(reject, time)])
        self._unplaced = [each for each in self._unplaced if of not in (None, each[0])]

    def _row_errors(
        self,
        rows: pa.RecordBatch,
        which: Times,
        places: Times,
        newest: Times,
        reason: tuple[str, str] | None = None,
    ) -> list[_PlacedError]:
        """Errors of rows that cannot be used for a reason (its name and message), or come too late for their
        ROWTIME, which is the first column, if they have one; `places`: where they stood among those that came."""
        if not len(which):
            return []
        rows = pc.take(rows, pc.from_numpy(which))
        has_time = rows.schema.names[0] == "ROWTIME"
        times = newest[which]
        own_times = milliseconds(rows.column(0)) if has_time else np.maximum(times, 0)
        records = row_records(rows, range(int(has_time), rows.num_columns))
        if reason is None:
            behind = ((times - own_times) / 1000).tolist()
            names = ["Rows out of order"] * len(times)
            messages = [f"ROWTIME is {seconds:g} s behind the newest row" for seconds in behind]
        else:
            names, messages = ([text] * len(times) for text in reason)
        columns = (
            np.maximum(times, 0).tolist(),
            names,
            messages,
            records,
            ["ERROR"] * len(times),
            own_times.tolist(),
        )
        return list(zip(places.tolist(), map(InputError._make, zip(*columns, strict=True)), strict=True))

    def waiting(self, stream: str) -> int:
        """How many rows of a stream wait for their place in the order."""
        return self._replay.waiting(stream) if self._replay else 0

    def missing(self) -> list[str]:
        """Where records came of which nobody knows what became, in words; empty, unless there is a bug."""
        gaps = [(name, each.taken - each.rows - each.rejected - each.late) for name, each in self.counts.items()]
        return [
            f"input {name}: {abs(rows):,} {'missing' if rows > 0 else 'too many'}" for name, rows in gaps if rows
        ]

    def snapshot(self) -> State:
        """Rows that wait, and how far time has come."""
        unplaced = [(number, r.before, r.record, r.name, r.message) for number, r in self._unplaced]
        state: State = {"announced": dict(self._announced), "last": self._arrival.last, "unplaced": unplaced}
        state["counts"] = {name: vars(counts).copy() for name, counts in self.counts.items()}
        if self._replay is not None:
            state["replay"] = self._replay.snapshot()
        return state

    def restore(self, state: State) -> None:
        """Take over a snapshot of an intake with the same feeds."""
        self._announced, self._arrival.last = dict(state["announced"]), state["last"]
        self._unplaced = [(number, Reject(*reject)) for number, *reject in state["unplaced"]]
        for name, counts in state["counts"].items():
            vars(self.counts[name]).update(counts)  # the objects stay: others look at them
        if self._replay is not None:
            for number, feed in enumerate(self._feeds):
                rows = state["replay"].get(f"{number}.rows")
                if rows is not None and rows.schema != self._schemas[feed.stream.name]:
                    raise StateError(f"rows of {feed.stream.name} were saved with other columns than it has now")
            self._replay.restore(state["replay"])


def _record_error(reject: Reject, time: int) -> InputError:
    return InputError(time, reject.name, reject.message, reject.record, "WARNING", time)


def with_rowtime(stream: Stream, rows: pa.RecordBatch, times: Times, schema: pa.Schema) -> pa.RecordBatch:
    """ROWTIME, the declared columns, and the hidden ones: arrival is ROWTIME, what is unknown is null. `schema` is
    that of the stream."""
    rowtime = timestamps(times)
    whole = rows.num_columns == len(stream.schema) - 1 and not stream.hidden
    if whole:
        batch = rows.add_column(0, schema.field(0), rowtime)
        if batch.schema.equals(schema):
            return batch
    columns = [_column(stream.schema[place], rows, rowtime) for place in range(1, len(stream.schema))]
    return pa.RecordBatch.from_arrays([rowtime, *(rows.columns if whole else columns)], schema=schema)


def _column(column: Column, rows: pa.RecordBatch, rowtime: pa.Array) -> pa.Array:
    if (place := rows.schema.get_field_index(column.name)) >= 0:
        return rows.column(place)
    return rowtime if column.type.kind is Kind.TIMESTAMP else pa.nulls(rows.num_rows, column.type.arrow)
