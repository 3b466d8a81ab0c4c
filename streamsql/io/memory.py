"""Sources and sinks in memory: the reference for every other connector, and what tests use."""

from __future__ import annotations

from collections.abc import Iterable

from streamsql.io.connector import Position


class MemorySource:
    """Gives the pieces it was made of, one after the other; b"" stands for "nothing yet"."""

    def __init__(self, pieces: Iterable[bytes], name: str = "memory") -> None:
        self.name = name
        self._pieces = list(pieces)
        self._next = 0
        self._rest = b""
        self._offset = 0

    def read(self, limit: int) -> bytes | None:
        if not self._rest:
            if self._next == len(self._pieces):
                return None
            self._rest = self._pieces[self._next]
            self._next += 1
        data, self._rest = self._rest[:limit], self._rest[limit:]
        self._offset += len(data)
        return data

    def descriptor(self) -> int | None:
        return None

    def position(self) -> Position:
        return {"offset": self._offset}

    def seek(self, position: Position) -> None:
        rest = b"".join(self._pieces)[position["offset"] :]
        self._pieces, self._next, self._rest = [rest] if rest else [], 0, b""
        self._offset = position["offset"]

    def close(self) -> None:
        """Nothing is open."""


class MemorySink:
    """Keeps what was written in `data`; `flushed` is how much of it was handed on."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.data = bytearray()
        self.flushed = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        self.data += data

    def flush(self) -> None:
        self.flushed = len(self.data)

    def position(self) -> Position:
        return {"offset": len(self.data)}

    def close(self) -> None:
        self.flush()
        self.closed = True
