"""The running application: streams fan out to pumps, pumps write to streams.

One batch or watermark of one input is taken through all pumps, depth first, in the order of their definition,
before the next. The graph has no thread and no clock; `times` is asked only for what SQL can ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pyarrow as pa

from streamsql.errors import ConfigError, StateError
from streamsql.exec.context import Context
from streamsql.exec.errors import ERROR_STREAM, Errors, ErrorStream
from streamsql.exec.operator import END_OF_TIME, OTHER_STREAMSQL, START_OF_TIME, Columns, State, united
from streamsql.exec.pump import WAYS, Pump, Surroundings
from streamsql.exec.stream import Callback, Stream
from streamsql.functions.call import Times
from streamsql.functions.failures import Failures
from streamsql.kernels.batches import Rows, whole
from streamsql.plan import nodes
from streamsql.plan.memory import OUTSIDE, room_of, writers

STATE_VERSION = 3


class Graph:
    """A bound application, ready for rows.

    `times` gives the clock readings that SQL can ask for; `seed` and the names of pumps give every random function
    its own seed; `replay`: rows carry their own time, so the error stream is in the order of time too and its
    ERROR_TIME is the ROWTIME of the offending row; `max_memory` is what all state together may take, in bytes,
    with that of `inputs` whose rows wait outside of the graph; `room` is the part of each.
    """

    def __init__(
        self,
        plan: nodes.Application,
        *,
        times: Callable[[], Times],
        seed: int = 0,
        replay: bool = True,
        max_memory: int | None = None,
        inputs: int = 0,
    ) -> None:
        self.plan = plan
        self._times = times
        self._seed = seed
        self._replay = replay
        self.room = room_of(plan, max_memory, inputs)
        self._tables: dict[str, pa.RecordBatch] = {}
        self._error_callbacks: list[Callback] = []
        self._started = False
        self.errors = ErrorStream(None if replay else lambda: times().row, self._deliver_errors)
        inserts = [(f"INSERT {number}", sink) for number, sink in enumerate(plan.inserts, 1)]
        self._streams: dict[str, Stream] = {}
        for node in plan.streams:
            made = Stream(node, writers(plan, node), self._failed_in_stream)
            made.limit(self._context(node.name, ""))
            self._streams[node.name] = made
        # The error stream's order: input streams, then the operators of each pump.
        self._places = {name: place for place, name in enumerate(self._streams)}
        self._next_place = len(self._places)
        self._inserts = [self._pump(name, sink, True) for name, sink in inserts]
        self._pumps = {pump.name: self._pump(pump.name, pump.sink, pump.running) for pump in plan.pumps}
        for pump in self._all():
            for name in dict.fromkeys(stream for stream, _, _ in pump.inputs):
                self._streams[name].readers.append(pump)
            if not pump.running:
                self._target(pump).activate(pump.name, False)

    def _pump(self, name: str, sink: nodes.Sink, running: bool) -> Pump:
        stream = self._streams[sink.stream]
        first = self._next_place
        self._next_place += WAYS * _size(sink)

        def failed(place: int, batch: pa.RecordBatch, columns: list[int], failures: Failures) -> None:
            self.errors.failed(first + place, name, batch, columns, failures)

        surroundings = Surroundings(
            context=partial(self._context, name),
            failed=failed,
            emit=partial(stream.write, name),
            advance=partial(stream.advance, name),
            hidden=lambda name: self._streams[name].node.hidden,
        )
        return Pump(name, sink, surroundings, running=running)

    def _context(self, pump: str, path: str) -> Context:
        return Context(
            times=self._times,
            reject_values=lambda batch, failures: None,
            reject=lambda batch, failures: None,
            reject_result=lambda batch, failures: None,
            filtered=lambda rows: None,
            gathered=lambda rows: None,
            table=self._table,
            seed=partial(_seed, f"{self._seed}/{pump}/{path}"),
            room=self.room,
        )

    def _all(self) -> list[Pump]:
        return [*self._inserts, *self._pumps.values()]

    def _target(self, pump: Pump) -> Stream:
        assert isinstance(pump.root, nodes.Sink)
        return self._streams[pump.root.stream]

    # --- rows in, rows out ---------------------------------------------------------------------------------

    def push(self, stream: str, batch: Rows, last: int | None = None) -> None:
        """Rows of an input stream: ROWTIME (never less than before), declared and hidden columns; `last` is the
        last ROWTIME, if it is at hand."""
        if batch.num_rows:
            if not self._started:
                self.start(int(batch.column(0)[0].value))
            self._input(stream).write(OUTSIDE, batch, last)
            self._release_errors()

    def watermark(self, stream: str, time: int) -> None:
        """No later row of the input stream will be older than `time` (ms)."""
        if time > START_OF_TIME:
            self.start(time)
            self._input(stream).advance(OUTSIDE, time)
            self._release_errors()

    def finish(self) -> None:
        """No row will come any more: everything that is held back is released."""
        self.start(END_OF_TIME)
        for stream in self._streams.values():
            if stream.node.is_input:
                stream.advance(OUTSIDE, END_OF_TIME)
        self.errors.release(END_OF_TIME)

    def start(self, time: int) -> None:
        """Run the INSERT … VALUES, unless that has been done. Their ROWTIME is `time`, in a replay that of the
        first element; live it is the time when the queries started."""
        if self._started:
            return
        self._started = True
        if not self._replay or time == END_OF_TIME:
            time = self._times().query_start
        for pump in self._all():
            for stage in pump.constants() if pump.running else ():
                stage.start(time)

    def subscribe(self, stream: str, callback: Callback, *, lazy: bool = False) -> None:
        """Have `callback` called with every batch of a stream, or of ERROR_STREAM: a record batch, if it is not
        `lazy`."""
        if stream.upper() == ERROR_STREAM:
            self._error_callbacks.append(callback)
        else:
            self._stream(stream).callbacks.append(callback if lazy else lambda batch: callback(whole(batch)))

    def needed(self, stream: str) -> Columns:
        """The columns of an input stream that are read while nothing goes wrong."""
        found = self._input(stream)
        if found.callbacks or found.merge is not None:
            return None
        return united([pump.needed[stream] for pump in found.readers])

    def _stream(self, name: str) -> Stream:
        if name not in self._streams:
            raise ConfigError(f'no stream "{name}" (there are {", ".join(self._streams) or "none"})')
        return self._streams[name]

    def _input(self, name: str) -> Stream:
        stream = self._stream(name)
        if not stream.node.is_input:
            raise ConfigError(f'stream "{name}" is written by pumps; it cannot be fed')
        return stream

    # --- reference tables ----------------------------------------------------------------------------------

    def set_table(self, name: str, rows: pa.RecordBatch) -> None:
        """Load or replace a reference table; rows of streams that come later see the new rows."""
        self._tables[name] = rows

    def _table(self, name: str) -> pa.RecordBatch:
        if name not in self._tables:
            schema = dict(self.plan.tables).get(name, ())
            self._tables[name] = pa.RecordBatch.from_arrays(
                [pa.array([], column.type.arrow) for column in schema], names=[column.name for column in schema]
            )
        return self._tables[name]

    # --- pumps ---------------------------------------------------------------------------------------------

    def stop_pump(self, name: str) -> None:
        """Take no more rows into the pump. What it held is lost, and it holds nobody back."""
        pump = self._find_pump(name)
        if pump.running:
            pump.running = False
            pump.forget()
            pump.build()
            self._target(pump).activate(name, False)

    def start_pump(self, name: str) -> None:
        """Let the pump take the rows that come from now on."""
        pump = self._find_pump(name)
        if pump.running:
            return
        pump.running = True
        self._target(pump).activate(name, True)
        for stream, stage, port in pump.inputs:
            stage.watermark(port, self._streams[stream].bound)

    def _find_pump(self, name: str) -> Pump:
        if name not in self._pumps:
            raise ConfigError(f'no pump "{name}" (there are {", ".join(self._pumps) or "none"})')
        return self._pumps[name]

    def counters(self) -> dict[str, dict[str, dict[str, int]]]:
        """Rows per stream and per pump, an INSERT too (docs/counts.md)."""
        return {
            "streams": {name: stream.counted() for name, stream in self._streams.items()},
            "pumps": {pump.name: {**vars(pump.counts), "held": pump.held} for pump in self._all()},
        }

    def missing(self) -> list[str]:
        """Where rows went in of which nobody knows what became, in words; empty, unless there is a bug."""
        gaps = [(f"stream {name}", stream.missing()) for name, stream in self._streams.items()]
        gaps += [gap for pump in self._all() for gap in pump.gaps()]
        return [f"{place}: {abs(rows):,} {'missing' if rows > 0 else 'too many'}" for place, rows in gaps if rows]

    # --- errors --------------------------------------------------------------------------------------------

    def report(self, stream: str, errors: Errors) -> None:
        """Errors of an input; their times are where they stood among its rows."""
        self.errors.add(self._places[stream], "null", errors)

    def _failed_in_stream(
        self, node: nodes.Stream, writer: str, batch: pa.RecordBatch, failures: Failures
    ) -> None:
        columns = list(range(1, batch.num_columns - node.hidden))
        self.errors.failed(self._places[node.name], writer, batch, columns, failures)

    def _release_errors(self) -> None:
        if not self.errors.is_waiting:
            return
        inputs = [stream.bound for stream in self._streams.values() if stream.node.is_input]
        self.errors.release(min([*inputs, *(pump.bound for pump in self._all())], default=END_OF_TIME))

    def _deliver_errors(self, batch: pa.RecordBatch) -> None:
        for callback in self._error_callbacks:
            callback(batch)

    # --- state ---------------------------------------------------------------------------------------------

    def snapshot(self) -> State:
        """All state, between two pushes."""
        return {
            "version": STATE_VERSION,
            "started": self._started,
            "pumps": {pump.name: pump.snapshot() for pump in self._all()},
            "streams": {name: stream.snapshot() for name, stream in self._streams.items()},
            "errors": self.errors.snapshot(),
        }

    def restore(self, state: State) -> None:
        """Take over the snapshot of a graph with the same plan, or one that differs only in what has no state.

        Raises StateError naming what does not fit.
        """
        if state.get("version") != STATE_VERSION:
            version = state.get("version")
            raise StateError(
                f"saved state has version {version}; this is version {STATE_VERSION}", hint=OTHER_STREAMSQL
            )
        nothing = {"running": True, "counts": {}, "operators": {}}
        for pump in self._all():
            pump.restore(state["pumps"].get(pump.name, {**nothing, "running": pump.running}))
        own = {pump.name for pump in self._all()}
        for name, saved in state["pumps"].items():
            if name not in own and any(operator["state"] for operator in saved["operators"].values()):
                raise StateError(f"the saved state has a pump {name}, and the SQL has none of this name")
        for name, stream in self._streams.items():
            if name in state["streams"]:
                stream.restore(state["streams"][name])
        self.errors.restore(state["errors"])
        self._started = state["started"]


def _seed(text: str) -> int:
    """A number from 0 to 2^63 - 1 that depends on all of `text`."""
    from hashlib import blake2b  # few functions are random, and it loads OpenSSL

    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def _size(node: nodes.Node) -> int:
    """The number of nodes of a plan."""
    return 1 + sum(_size(child) for child in node.inputs)
