"""Reading ahead gives what reading gives, and leaves a state that belongs to what was given."""

from typing import Any

import pytest

from streamsql.app.ahead import WORTHWHILE, ReadAhead
from streamsql.app.run import RecordInput
from streamsql.app.schemas import input_schema
from streamsql.errors import ConnectorError
from streamsql.io.formats import decoder

SCHEMA = input_schema('"N" INTEGER')
LINES = b"".join(b'{"N":%d}\n' % number for number in range(20_000))


class Pieces:
    """A source of `LINES` in pieces of `size` bytes, broken behind byte `breaks`."""

    name = "lines"

    def __init__(self, size: int, breaks: int = len(LINES) + 1) -> None:
        self.size, self.breaks, self.offset, self.closed = size, breaks, 0, False

    def read(self, limit: int) -> bytes | None:
        if self.offset >= self.breaks:
            raise ConnectorError("the source is broken")
        data = LINES[self.offset : self.offset + self.size]
        self.offset += len(data)
        return data or None

    def descriptor(self) -> int | None:
        return None

    def position(self) -> dict[str, int]:
        return {"offset": self.offset}

    def seek(self, position: Any) -> None:
        self.offset = position["offset"]

    def close(self) -> None:
        self.closed = True


def numbers(source: RecordInput | ReadAhead) -> list[int]:
    got: list[int] = []
    while (decoded := source.read()) is not None:
        got += decoded.batch.column(0).to_pylist()
    return got


@pytest.mark.parametrize("size", [100, 9 * WORTHWHILE, 100_000, 1 << 20])
def test_the_rows_are_those_of_the_input(size: int) -> None:
    ahead = ReadAhead(RecordInput(Pieces(size), decoder(SCHEMA)))
    assert numbers(ahead) == list(range(20_000))
    assert ahead.read() is None
    ahead.close()


@pytest.mark.parametrize("steps", range(4))
def test_a_snapshot_belongs_to_the_rows_that_were_given(steps: int) -> None:
    ahead = ReadAhead(RecordInput(Pieces(50_000), decoder(SCHEMA)))
    given = [row for _ in range(steps) for row in ahead.read().batch.column(0).to_pylist()]  # type: ignore[union-attr]
    state = ahead.snapshot()
    ahead.close()
    resumed = ReadAhead(RecordInput(Pieces(70_000), decoder(SCHEMA)))
    resumed.restore(state)
    assert given + numbers(resumed) == list(range(20_000))
    resumed.close()


def test_a_fault_is_raised_where_the_rows_would_have_been_given() -> None:
    source = Pieces(50_000, breaks=100_000)
    ahead = ReadAhead(RecordInput(source, decoder(SCHEMA)))
    assert ahead.read() is not None
    assert ahead.read() is not None
    with pytest.raises(ConnectorError, match="the source is broken"):
        ahead.read()
    ahead.close()
    assert source.closed


def test_closing_early_ends_the_thread() -> None:
    source = Pieces(50_000)
    ahead = ReadAhead(RecordInput(source, decoder(SCHEMA)))
    ahead.read()
    ahead.close()
    assert source.closed
