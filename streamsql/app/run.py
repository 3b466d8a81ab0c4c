"""The local loop: read what is there, push it, write what comes of it, let time pass while nothing comes."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from streamsql.io.connector import ReaderGone, Source
from streamsql.io.format import Decoded, Decoder, Reject
from streamsql.record import record

if TYPE_CHECKING:
    from streamsql.app.engine import Engine
    from streamsql.app.outputs import Output

READ_AT_ONCE = 1 << 20  # bytes
IDLE_WAIT = 0.2  # seconds between two looks at the clock while nothing comes


class Input(Protocol):
    """Something that gives rows."""

    def read(self) -> Decoded | None:
        """Rows that are there now, maybe none; None at the end."""
        ...

    def descriptor(self) -> int | None:
        """What becomes readable when there is something; None: `read` never has to wait."""
        ...

    def close(self) -> None: ...


class RecordInput:
    """Bytes of a source, decoded."""

    def __init__(self, source: Source, decoder: Decoder) -> None:
        self._source = source
        self._decoder = decoder
        self._ended = False

    def read(self) -> Decoded | None:
        if self._ended:
            return None
        data = self._source.read(READ_AT_ONCE)
        self._ended = data is None
        return self._decoder.finish() if data is None else self._decoder.feed(data)

    def descriptor(self) -> int | None:
        return None if self._ended else self._source.descriptor()

    def close(self) -> None:
        self._source.close()


class BatchInput:
    """Record batches of an iterator."""

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
    """How a run ends and in which steps it goes: rows taken at once, and whether open windows are emitted."""

    batch_size: int = 65536
    flush: bool = True


def run(
    engine: Engine,
    inputs: Sequence[Input],
    outputs: Sequence[Output],
    limits: Limits,
    interrupted: Callable[[], bool] = lambda: False,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Run to the end of all inputs, until `interrupted`, until every output is full or its reader is gone.

    `progress` is called between two steps. Closes inputs and outputs. Raises ConnectorError.
    """
    try:
        ended = _read_all(engine, inputs, outputs, limits, interrupted, progress)
        if ended and limits.flush:
            engine.finish()
        elif ended:
            engine.drain()
        for output in outputs:
            output.finish()
    except ReaderGone:
        pass
    finally:
        for source in inputs:
            source.close()
        for output in outputs:
            output.close()


def _read_all(
    engine: Engine,
    inputs: Sequence[Input],
    outputs: Sequence[Output],
    limits: Limits,
    interrupted: Callable[[], bool],
    progress: Callable[[], None],
) -> bool:
    """Read and push; whether what came is to be drained (an interrupt drains, full outputs do not)."""
    open_inputs = set(range(len(inputs)))
    ticked = time.monotonic()
    while open_inputs and not interrupted():
        for number in _ready(inputs, open_inputs, engine.intake.wanted):
            decoded = inputs[number].read()
            if decoded is None:
                open_inputs.discard(number)
                engine.intake.end(number)
                continue
            for rows, rejects in _cut(decoded, limits.batch_size):
                engine.intake.take(number, rows, rejects)
                if outputs and all(output.is_full for output in outputs):
                    return False
        if time.monotonic() - ticked >= IDLE_WAIT:
            engine.intake.tick()
            ticked = time.monotonic()
        for output in outputs:
            output.flush()
        progress()
    return True


def _ready(inputs: Sequence[Input], open_inputs: set[int], wanted: int | None) -> list[int]:
    """The inputs to read next, in order; none if nothing came within IDLE_WAIT.

    `wanted`: the one that all others wait for; reading the others would only fill memory.
    """
    numbers = sorted(open_inputs if wanted is None else open_inputs & {wanted}) or sorted(open_inputs)
    descriptors = {number: inputs[number].descriptor() for number in numbers}
    waiting = [descriptor for descriptor in descriptors.values() if descriptor is not None]
    timeout = IDLE_WAIT if len(waiting) == len(numbers) else 0
    readable = select.select(waiting, [], [], timeout)[0] if waiting else []
    return [number for number in numbers if descriptors[number] is None or descriptors[number] in readable]


def _cut(decoded: Decoded, size: int) -> Iterator[tuple[pa.RecordBatch, Sequence[Reject]]]:
    """The rows in pieces of at most `size`, each with the rejects that stand between its rows."""
    rows = decoded.batch
    if rows.num_rows <= size:
        yield rows, decoded.rejects
        return
    for start in range(0, rows.num_rows, size):
        end = min(start + size, rows.num_rows)
        rejects = [
            replace(reject, before=reject.before - start)
            for reject in decoded.rejects
            if start < reject.before <= end or start == reject.before == 0
        ]
        yield rows.slice(start, size), rejects
