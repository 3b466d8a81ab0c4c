"""Connectors: where bytes come from and go to. A connector knows no format, no schema and no SQL.

Whoever reads a source waits for its `descriptor` first; what it has then is what it gives. How far it has been
read is a `Position`, plain data that `seek` takes back after a restart.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Protocol

from streamsql.errors import ConnectorError

Position = Mapping[str, int]
"""How far a source has been read, or a sink written: names to numbers, such as {"offset": 4096}."""

GZIP_MAGIC = b"\x1f\x8b"


class ReaderGone(Exception):
    """The other end of a sink was closed (a pipe into `head`): nothing more needs to be written."""


class Source(Protocol):
    """Bytes from outside, in order. `name` is how messages call it."""

    name: str

    def read(self, limit: int) -> bytes | None:
        """At most `limit` bytes that are there now; b"" while nothing has come; None at the end. It waits for
        something to come if there is a `descriptor` that is not readable."""
        ...

    def descriptor(self) -> int | None:
        """The file descriptor that becomes readable when there is something; None: `read` never gives b""."""
        ...

    def position(self) -> Position:
        """How far `read` has come."""
        ...

    def seek(self, position: Position) -> None:
        """Go on from a position that `position` gave."""
        ...

    def close(self) -> None: ...


class Sink(Protocol):
    """Takes bytes, in order. `name` is how messages call it."""

    name: str

    def write(self, data: bytes) -> None:
        """Take `data`; it may be held back until `flush`. Raises ReaderGone or ConnectorError."""
        ...

    def flush(self) -> None:
        """Hand on everything written so far."""
        ...

    def position(self) -> Position:
        """How much was written."""
        ...

    def close(self) -> None: ...


class Inflater:
    """Plain bytes of a gzip stream, which may hold several members one after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._member = zlib.decompressobj(wbits=31)
        self._rest = b""
        self._started = False

    def __call__(self, data: bytes, limit: int) -> bytes:
        """At most `limit` plain bytes of what has been given so far."""
        pending = self._rest + data
        if self._member.eof and pending:
            self._member = zlib.decompressobj(wbits=31)
        self._started = self._started or bool(pending)
        try:
            plain = self._member.decompress(pending, limit)
        except zlib.error as error:
            raise ConnectorError(f"{self._name} is damaged gzip data: {error}") from None
        self._rest = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        return plain

    @property
    def has_more(self) -> bool:
        """Whether another call without data gives more."""
        return bool(self._rest)

    def finish(self) -> None:
        """The compressed bytes are at their end. Raises ConnectorError when the data is not."""
        if self._started and not self._member.eof:
            raise ConnectorError(f"{self._name} ends in the middle of its gzip data")
