"""A file that is written in committed parts: it holds what a checkpoint covers, and never more.

Between two checkpoints bytes go to a part beside the checkpoints. `cut` ends the part, the checkpoint is saved
with its description, and only then `commit` puts it at the end of the file. A crash anywhere in between leaves
either the old checkpoint, which knows nothing of the part, or the new one and the part: `recover` commits it.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from typing import Any

from streamsql.durable.outside import File, Outside
from streamsql.errors import ConnectorError, StateError
from streamsql.record import fields, record

PREFIX = "part-"
_BUFFER = 1 << 18
_PIECE = 1 << 20


@record
class Part:
    """Bytes [start, start + length) of a file, with their CRC-32; `serial` counts the parts of the file."""

    serial: int
    start: int
    length: int
    checksum: int

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> Part:
        """A part from what `plain` gave."""
        return cls(**{name: int(saved[name]) for name in ("serial", "start", "length", "checksum")})

    def plain(self) -> dict[str, int]:
        """The part as plain data, for a checkpoint."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @property
    def end(self) -> int:
        return self.start + self.length


class CommittedFile:
    """A sink whose bytes become visible at `commit`. `folder` is that of the checkpoints; `number` tells the files
    of a run apart. `begin` or `recover` comes first. `cut` and `write` belong to the run; `sync` and `commit` may
    happen beside it."""

    def __init__(self, outside: Outside, path: str, folder: str, number: int) -> None:
        self.name = path
        self._outside = outside
        self._stem = os.path.join(folder, f"{PREFIX}{number}-")
        self._buffer = bytearray()
        self._file: File | None = None
        self._cut: File | None = None
        self._serial = 1
        self._start = self._length = self._checksum = 0

    def begin(self) -> None:
        """An empty file. Raises ConnectorError."""
        try:
            self._outside.open(self.name, "create").close()
            self._outside.sync_folder(os.path.dirname(self.name))
        except OSError as error:
            raise self._failed(error) from None

    def write(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self._spill()

    def flush(self) -> None:
        """Nothing is handed on before `commit`."""

    def position(self) -> Mapping[str, int]:
        return {"offset": self._start + self._length + len(self._buffer)}

    def _spill(self) -> None:
        """Put what was written into the part."""
        if not self._buffer:
            return
        data, self._buffer = bytes(self._buffer), bytearray()
        try:
            if self._file is None:
                self._file = self._outside.open(self._path(self._serial), "create")
            self._file.write(data)
        except OSError as error:
            raise self._failed(error) from None
        self._length += len(data)
        self._checksum = zlib.crc32(data, self._checksum)

    def cut(self) -> Part:
        """End the part, and begin the next one. The one before must have been committed."""
        self._spill()
        part = Part(self._serial, self._start, self._length, self._checksum)
        self._cut, self._file = self._file, None
        self._serial, self._start = self._serial + 1, part.end
        self._length = self._checksum = 0
        return part

    def sync(self) -> None:
        """Let the part that was cut survive a loss of power; its name does not yet. Raises ConnectorError."""
        if self._cut is None:
            return
        file, self._cut = self._cut, None
        try:
            file.sync()
        except OSError as error:
            raise self._failed(error) from None
        finally:
            file.close()

    def commit(self, part: Part) -> None:
        """Put a part at its place in the file, which ends there then. Raises ConnectorError."""
        if not part.length:
            return
        try:
            file = self._outside.open(self.name, "update")
            try:
                file.truncate(part.start)
                self._append(file, part)
                file.sync()
            finally:
                file.close()
            self._outside.remove(self._path(part.serial))
        except OSError as error:
            raise self._failed(error) from None

    def _append(self, file: File, part: Part) -> None:
        file.seek(part.start)
        source = self._outside.open(self._path(part.serial), "read")
        try:
            while data := source.read(_PIECE):
                file.write(data)
        finally:
            source.close()

    # --- after a restart -----------------------------------------------------------------------------------

    def recover(self, part: Part) -> None:
        """Bring the file to the end of a part that the newest checkpoint covers, and go on from there.

        Raises StateError when neither the part nor the file has its bytes; ConnectorError.
        """
        try:
            if part.length and self._holds(self._path(part.serial), 0, part):
                self.commit(part)
            elif self._holds(self.name, part.start, part):
                self._shorten(part.end)
            else:
                raise StateError(
                    f"{self.name!r} does not hold what the checkpoint says was written to it ({part.end:,} bytes)",
                    hint="put the file back as it was, or start anew with an empty checkpoint directory",
                )
            self._outside.sync_folder(os.path.dirname(self.name))
        except OSError as error:
            raise self._failed(error) from None
        self._serial, self._start = part.serial + 1, part.end

    def _shorten(self, size: int) -> None:
        file = self._outside.open(self.name, "update")
        try:
            file.truncate(size)
            file.sync()
        finally:
            file.close()

    def _holds(self, path: str, start: int, part: Part) -> bool:
        """Whether a file has the bytes of a part from `start` on."""
        try:
            file = self._outside.open(path, "read")
        except FileNotFoundError:
            return part.end == 0
        try:
            if file.size() < start + part.length:
                return False
            file.seek(start)
            left, checksum = part.length, 0
            while left and (data := file.read(min(left, _PIECE))):
                left -= len(data)
                checksum = zlib.crc32(data, checksum)
            return not left and checksum == part.checksum
        finally:
            file.close()

    def close(self) -> None:
        """Write no more; what was not committed comes again after a restart."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _path(self, serial: int) -> str:
        return f"{self._stem}{serial:010d}"

    def _failed(self, error: OSError) -> ConnectorError:
        return ConnectorError(f"cannot write {error.filename or self.name!r}: {error.strerror or error}")
