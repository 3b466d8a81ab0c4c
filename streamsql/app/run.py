"""The local loop: read what is there, push it, write what comes of it, let time pass while nothing comes."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from streamsql.errors import ConnectorError
from streamsql.exec.operator import Columns, State
from streamsql.io.connector import ReaderGone, Source
from streamsql.io.format import Decoded, Decoder, Reject
from streamsql.kernels.batches import Rows
from streamsql.record import record, replace

if TYPE_CHECKING:
    from streamsql.app.engine import Engine
    from streamsql.app.outputs import Output

READ_AT_ONCE = 1 << 20  # bytes
WORTH_SKIPPING = 1 << 14  # bytes: of fewer, all columns are decoded
SHORT_RECORD = 64  # bytes; whoever wants few rows at once is read few bytes at once
IDLE_WAIT = 0.2  # seconds between two looks at the clock while nothing comes
NAP, NAPS = 0.0001, 20  # seconds, and how many come before a long sleep


class Input(Protocol):
    """Something that gives rows. `is_idle`: the last `read` found that nothing had come."""

    is_idle: bool

    def read(self) -> Decoded | None:
        """Rows that are there now, maybe none; None at the end."""
        ...

    def descriptor(self) -> int | None:
        """What becomes readable when there is something; None: `read` never has to wait."""
        ...

    def close(self) -> None: ...


@record
class Hooks:
    """What a run asks and tells. `interrupted`: whether to stop reading; `between_steps` is called when all that
    was read has been pushed, `ended(finished)` before the outputs are closed."""

    interrupted: Callable[[], bool] = lambda: False
    between_steps: Callable[[], None] = lambda: None
    ended: Callable[[bool], None] = lambda finished: None


class RecordInput:
    """Bytes of a source, decoded."""

    def __init__(
        self,
        source: Source,
        decoder: Decoder,
        batch_size: int = READ_AT_ONCE,
        needed: Callable[[], Columns] = lambda: None,
    ) -> None:
        """`needed`: the columns that will probably be read (`Decoder.feed`)."""
        self._needed = needed
        self._source = source
        self._decoder = decoder
        self._limit = min(READ_AT_ONCE, batch_size * SHORT_RECORD)
        self._ended = False
        self.is_idle = False

    def read(self) -> Decoded | None:
        if self._ended:
            return None
        data = self._source.read(self._limit)
        self._ended = data is None
        self.is_idle = data == b""
        if data is None:
            return self._decoder.finish()
        return self._decoder.feed(data, self._needed() if len(data) >= WORTH_SKIPPING else None)

    def descriptor(self) -> int | None:
        return None if self._ended else self._source.descriptor()

    def snapshot(self) -> State:
        """How far it has been read."""
        return {
            "position": dict(self._source.position()),
            "decoder": self._decoder.snapshot(),
            "ended": self._ended,
        }

    def restore(self, state: State) -> None:
        """Go on from a snapshot of an input with the same bytes and schema. Raises ConnectorError, StateError."""
        self._ended = state["ended"]
        if not self._ended:
            self._source.seek(state["position"])
            self._decoder.restore(state["decoder"])

    def close(self) -> None:
        self._source.close()


class BatchInput:
    """Record batches of an iterator."""

    is_idle = False

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches

    def read(self) -> Decoded | None:
        batch = next(self._batches, None)
        return None if batch is None else Decoded(batch, (), batch.num_rows)

    def descriptor(self) -> int | None:
        return None

    def close(self) -> None:
        """Nothing is open."""


@record
class Limits:
    """How a run ends and in which steps it goes: rows taken at once, whether open windows are emitted, and whether
    a run that is interrupted goes on later, so that it leaves everything open."""

    batch_size: int = 65536
    flush: bool = True
    resumes: bool = False


class Stop(Enum):
    """Why a run stopped reading."""

    END = "all inputs are at their end"
    INTERRUPT = "somebody asked for it"
    FULL = "every output has the rows it may have"


def run(
    engine: Engine, inputs: Sequence[Input], outputs: Sequence[Output], limits: Limits, hooks: Hooks | None = None
) -> None:
    """Run to the end of all inputs, until interrupted, until every output is full or its reader is gone.

    Closes inputs and outputs. Raises ConnectorError.
    """
    hooks = hooks or Hooks()
    with ExitStack() as opened:
        for output in outputs:
            opened.callback(output.close)
        for source in inputs:
            opened.callback(source.close)
        try:
            stop = _read_all(engine, inputs, outputs, limits, hooks)
            finished = not (stop is Stop.INTERRUPT and limits.resumes)
            if finished:
                _finish(engine, outputs, stop, limits)
            hooks.ended(finished)
        except (ReaderGone, ConnectorError) as broken:
            if not limits.resumes:  # else the next run finishes them
                _end_the_others(outputs)
            if isinstance(broken, ConnectorError):
                raise


def _finish(engine: Engine, outputs: Sequence[Output], stop: Stop, limits: Limits) -> None:
    """What was read is used to the end; nothing comes after it."""
    if stop is not Stop.FULL and limits.flush:
        engine.finish()
    elif stop is not Stop.FULL:
        engine.drain()
    for output in outputs:
        output.finish()


def _end_the_others(outputs: Sequence[Output]) -> None:
    """An output or input is broken: what the other outputs have can be read."""
    for output in outputs:
        with suppress(ReaderGone, ConnectorError):  # why the run ends is known
            output.finish()


def _read_all(
    engine: Engine, inputs: Sequence[Input], outputs: Sequence[Output], limits: Limits, hooks: Hooks
) -> Stop:
    """Read and push; why that ended."""
    open_inputs = set(range(len(inputs)))
    ticked = time.monotonic()
    while open_inputs:
        ready = _ready(inputs, open_inputs, engine.intake.wanted)
        if hooks.interrupted():  # asked after waiting: what ended the writer of a pipe often ends us too
            return Stop.INTERRUPT
        for number in ready:
            decoded = inputs[number].read()
            if decoded is None:
                open_inputs.discard(number)
                engine.intake.end(number)
                continue
            for rows, rejects in _cut(decoded, limits.batch_size):
                engine.intake.take(number, rows, rejects)
                if outputs and all(output.is_full for output in outputs):
                    return Stop.FULL
        if time.monotonic() - ticked >= IDLE_WAIT:
            engine.intake.tick()
            ticked = time.monotonic()
        for output in outputs:
            output.flush()
        hooks.between_steps()
    return Stop.END


def _ready(inputs: Sequence[Input], open_inputs: set[int], wanted: int | None) -> list[int]:
    """The inputs to read next, in order; none if nothing came within IDLE_WAIT.

    `wanted`: the one that all others wait for; reading the others would only fill memory.
    """
    numbers = [wanted] if wanted in open_inputs else sorted(open_inputs)
    descriptors = [inputs[number].descriptor() for number in numbers]
    waiting = [descriptor for descriptor in descriptors if descriptor is not None]
    silent = [number for number, descriptor in zip(numbers, descriptors, strict=True) if descriptor is None]
    busy = [number for number in silent if not inputs[number].is_idle]
    readable = _wait(waiting, 0 if busy else IDLE_WAIT) if waiting or not busy else []
    if len(readable) == len(waiting):
        return numbers
    come = zip(numbers, descriptors, strict=True)
    return [number for number, descriptor in come if descriptor is None or descriptor in readable]


def _wait(descriptors: Sequence[int], patience: float) -> list[int]:
    """Those that are readable, as soon as there are any; none after `patience` seconds.

    A hypervisor lends a processor that sleeps for a fraction of a millisecond to somebody else, and it comes back
    late and with cold caches: the next row then takes twice as long. So in the first milliseconds after something
    has come, sleep is short. It costs little: warm caches give back most of what naps take.
    """
    if patience and descriptors:
        for _ in range(NAPS):
            readable, _, _ = select.select(descriptors, [], [], NAP)
            if readable:
                return readable
    return select.select(descriptors, [], [], patience)[0]


def _cut(decoded: Decoded, size: int) -> Iterable[tuple[Rows, Sequence[Reject]]]:
    """The rows in pieces of at most `size`, each with the rejects that stand between its rows."""
    return [decoded[:2]] if decoded.rows.num_rows <= size else _pieces(decoded, size)


def _pieces(decoded: Decoded, size: int) -> Iterator[tuple[Rows, Sequence[Reject]]]:
    rows = decoded.batch
    for start in range(0, rows.num_rows, size):
        end = min(start + size, rows.num_rows)
        rejects = [
            replace(reject, before=reject.before - start)
            for reject in decoded.rejects
            if start < reject.before <= end or start == reject.before == 0
        ]
        yield rows.slice(start, size), rejects
