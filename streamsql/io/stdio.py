"""Standard input and standard output."""

from __future__ import annotations

import os
import select
import sys

from streamsql.errors import ConnectorError
from streamsql.io.connector import GZIP_MAGIC, Inflater, Position, ReaderGone

_WANTED_PIPE = 1 << 20  # a roomy pipe means fewer, larger reads
_F_SETPIPE_SZ = 1031


class StdinSource:
    """Standard input; gzip is recognised by its first bytes."""

    name = "standard input"

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._offset = 0
        self._skipped_to = 0  # what stands before was read by the run that is gone on with
        self._inflate: Inflater | None = None
        _widen(descriptor)

    def read(self, limit: int) -> bytes | None:
        data, before = self._read(limit), self._offset
        if data is None:
            if before < self._skipped_to:
                raise ConnectorError(f"{self.name} ends before byte {self._skipped_to}, where the run stopped")
            return None
        self._offset += len(data)
        return data if before >= self._skipped_to else data[self._skipped_to - before :]

    def _read(self, limit: int) -> bytes | None:
        if self._inflate and self._inflate.has_more:
            return self._inflate(b"", limit)
        try:
            data = os.read(self._descriptor, limit)  # all that a pipe holds
        except OSError as error:
            raise ConnectorError(f"cannot read standard input: {error.strerror}") from None
        if not data:
            if self._inflate:
                self._inflate.finish()
            return None
        if self._offset == 0 and self._inflate is None and data.startswith(GZIP_MAGIC):
            self._inflate = Inflater(self.name)
        return self._inflate(data, limit) if self._inflate else data

    def descriptor(self) -> int | None:
        return None if self._inflate and self._inflate.has_more else self._descriptor

    def position(self) -> Position:
        return {"offset": max(self._offset, self._skipped_to)}

    def seek(self, position: Position) -> None:
        """Pass over what was read before, as it comes: the caller replays the input from its beginning."""
        self._skipped_to = position["offset"]

    def close(self) -> None:
        """Standard input belongs to the process and stays open."""


class StdoutSink:
    """Standard output, unbuffered: a row that is written is seen."""

    name = "standard output"

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._offset = 0
        _widen(descriptor)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                written = os.write(self._descriptor, view)
            except BrokenPipeError:
                raise ReaderGone(self.name) from None
            except BlockingIOError:
                select.select([], [self._descriptor], [])
                continue
            except OSError as error:
                raise ConnectorError(f"cannot write to standard output: {error.strerror}") from None
            self._offset += written
            view = view[written:]

    def flush(self) -> None:
        """Nothing is held back."""

    def position(self) -> Position:
        return {"offset": self._offset}

    def close(self) -> None:
        """Standard output belongs to the process and stays open."""


def _widen(descriptor: int) -> None:
    """Ask for a larger pipe where the system has that; anything but a pipe stays as it is."""
    if sys.platform != "linux":
        return
    import fcntl

    try:
        fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _WANTED_PIPE)
    except OSError:
        return
