"""Writing behind writes what writing does, in the same order, and says what went wrong."""

from threading import Event

import numpy as np
import pyarrow as pa
import pytest

from streamsql.app.behind import WAITING, WORTHWHILE, WriteBehind
from streamsql.app.outputs import Output
from streamsql.errors import ConnectorError
from streamsql.io.formats import encoder

SCHEMA = pa.schema([("ROWTIME", pa.timestamp("ms")), ("N", pa.int64())])


class Pieces:
    """A sink that remembers what it got; it breaks at write number `breaks`, and waits before each for `free`."""

    name = "pieces"

    def __init__(self, breaks: int = -1) -> None:
        self.got: list[bytes | str] = []
        self.breaks = breaks
        self.free = Event()
        self.free.set()
        self.closed = False

    def write(self, data: bytes) -> None:
        self.free.wait()
        if sum(isinstance(each, bytes) for each in self.got) == self.breaks:
            raise ConnectorError("the sink is broken")
        self.got.append(data)

    def flush(self) -> None:
        self.got.append("flush")

    def position(self) -> dict[str, int]:
        return {}

    def close(self) -> None:
        self.closed = True


def batches(sizes: list[int]) -> list[pa.RecordBatch]:
    numbers = iter(range(sum(sizes)))
    made = []
    for size in sizes:
        column = pa.array([next(numbers) for _ in range(size)], pa.int64())
        times = pa.array(np.zeros(size, np.int64)).cast(pa.timestamp("ms"))
        made.append(pa.RecordBatch.from_arrays([times, column], schema=SCHEMA))
    return made


def written(output: Output, sizes: list[int]) -> list[bytes | str]:
    assert isinstance(output.sink, Pieces)
    output.start()
    for batch in batches(sizes):
        output.take(batch)
        output.flush()
    output.finish()
    output.close()
    assert output.rows == sum(sizes)
    assert output.sink.closed
    return output.sink.got


@pytest.mark.parametrize(
    "sizes", [[], [1, 0, 3], [WORTHWHILE] * 9, [1, WORTHWHILE, 2, 5000, 1, 1, 3 * WORTHWHILE]]
)
@pytest.mark.parametrize("format_", ["csv", "json", "arrow"])
def test_the_bytes_are_those_of_any_output(sizes: list[int], format_: str) -> None:
    shown = pa.schema(list(SCHEMA)[1:])
    behind = WriteBehind(Pieces(), encoder(format_, shown), 1)
    assert written(behind, sizes) == written(Output(Pieces(), encoder(format_, shown), 1), sizes)


def test_few_rows_do_not_overtake_many() -> None:
    sink = Pieces()
    sink.free.clear()
    output = WriteBehind(sink, encoder("json", pa.schema(list(SCHEMA)[1:])), 1)
    many, few = batches([WORTHWHILE, 1])
    output.take(many)
    output.take(few)
    assert sink.got == []
    sink.free.set()
    output.finish()
    texts = [each for each in sink.got if isinstance(each, bytes)]
    assert [text.count(b"\n") for text in texts] == [WORTHWHILE, 1]
    output.close()


def test_a_fault_is_raised_and_nothing_is_written_after_it() -> None:
    sink = Pieces(breaks=1)
    output = WriteBehind(sink, encoder("json", pa.schema(list(SCHEMA)[1:])), 1)
    with pytest.raises(ConnectorError, match="the sink is broken"):
        for batch in batches([WORTHWHILE] * (WAITING + 4)):
            output.take(batch)
    with pytest.raises(ConnectorError, match="the sink is broken"):
        output.finish()
    output.close()
    assert len(sink.got) == 1 and sink.closed


def test_a_fault_of_the_last_rows_is_raised_at_the_end() -> None:
    output = WriteBehind(Pieces(breaks=0), encoder("json", pa.schema(list(SCHEMA)[1:])), 1)
    output.take(batches([WORTHWHILE])[0])
    with pytest.raises(ConnectorError, match="the sink is broken"):
        output.finish()
    output.close()


@pytest.mark.parametrize("format_", ["csv", "arrow", "parquet"])
@pytest.mark.parametrize("kind", [Output, WriteBehind])
def test_an_end_is_written_once(kind: type[Output], format_: str) -> None:
    """Whoever finishes the others when one breaks need not know which are finished already."""
    output = kind(Pieces(), encoder(format_, pa.schema(list(SCHEMA)[1:])), 1)
    got = written(output, [3]).copy()
    output.finish()
    assert output.sink.got == got  # type: ignore[attr-defined]
