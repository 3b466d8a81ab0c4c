"""Files, plain or gzip (by the first bytes when read, by the ending `.gz` when written)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from streamsql.durable.outside import Outside, System
from streamsql.errors import ConnectorError
from streamsql.io.connector import GZIP_MAGIC, Inflater, Position

if TYPE_CHECKING:
    from gzip import GzipFile

_COMPRESSED_CHUNK = 1 << 16
_WRITE_BUFFER = 1 << 18


class FileSource:
    """A file: to its end, or for ever with `follow`. Positions count plain bytes, also in a gzip file."""

    def __init__(self, path: str, outside: Outside | None = None, *, follow: bool = False) -> None:
        self.name = path
        self._follow = follow
        try:
            self._file = (outside or System()).open(path, "read")
            self._descriptor = self._file.descriptor()
            self._compressed = self._peek()
        except OSError as error:
            raise ConnectorError(f"cannot read {path!r}: {error.strerror}", hint=_similar(path)) from None
        self._inflate = Inflater(path)
        self._offset = 0

    def _peek(self) -> bool:
        """Whether the file starts like gzip (a pipe or device is never asked)."""
        if self._descriptor is not None:
            return self.name.endswith(".gz")
        magic = self._file.read(len(GZIP_MAGIC))
        self._file.seek(0)
        return magic == GZIP_MAGIC

    def read(self, limit: int) -> bytes | None:
        try:
            data = self._read_gzip(limit) if self._compressed else self._file.read(limit)
            if not data and self._follow and self._descriptor is None:
                self._check_length()
                return b""
        except OSError as error:
            raise ConnectorError(f"cannot read {self.name!r}: {error.strerror}") from None
        self._offset += len(data)
        return data or None

    def _check_length(self) -> None:
        """A file that is followed may only grow. Raises ConnectorError."""
        if not self._compressed and self._file.size() < self._offset:
            raise ConnectorError(
                f"{self.name!r} has become shorter while it was followed",
                hint="a followed file may only grow; read another one from its start",
            )

    def _read_gzip(self, limit: int) -> bytes:
        while True:
            data = b"" if self._inflate.has_more else self._file.read(_COMPRESSED_CHUNK)
            if not data and not self._inflate.has_more:
                if not self._follow:
                    self._inflate.finish()
                return b""
            if plain := self._inflate(data, limit):
                return plain

    def descriptor(self) -> int | None:
        return self._descriptor

    def position(self) -> Position:
        return {"offset": self._offset}

    def seek(self, position: Position) -> None:
        wanted = position["offset"]
        try:
            if not self._compressed and self._file.size() < wanted:
                raise self._too_short(wanted)
            self._file.seek(0 if self._compressed else wanted)
        except OSError as error:
            raise ConnectorError(f"cannot read {self.name!r}: {error.strerror}") from None
        self._inflate = Inflater(self.name)
        self._offset = 0 if self._compressed else wanted
        while self._offset < wanted:
            if not self.read(min(1 << 20, wanted - self._offset)):
                raise self._too_short(wanted)

    def _too_short(self, wanted: int) -> ConnectorError:
        return ConnectorError(f"{self.name!r} ends before byte {wanted}, where the run stopped")

    def close(self) -> None:
        self._file.close()


class FileSink:
    """Writes a file anew; the path is opened at once, so that a wrong one is reported before the run."""

    def __init__(self, path: str) -> None:
        self.name = path
        self._offset = 0
        try:
            self._file: BinaryIO = open(path, "wb", buffering=_WRITE_BUFFER)  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise ConnectorError(f"cannot write {path!r}: {error.strerror}") from None
        # No time stamp and no name inside: the same rows give the same bytes.
        self._gzip = _compressor(self._file) if path.endswith(".gz") else None

    def write(self, data: bytes) -> None:
        try:
            (self._gzip or self._file).write(data)
        except OSError as error:
            raise ConnectorError(f"cannot write {self.name!r}: {error.strerror}") from None
        self._offset += len(data)

    def flush(self) -> None:
        if self._gzip:
            return  # flushing a compressor would make the bytes depend on when rows came
        try:
            self._file.flush()
        except OSError as error:
            raise ConnectorError(f"cannot write {self.name!r}: {error.strerror}") from None

    def position(self) -> Position:
        return {"offset": self._offset}

    def close(self) -> None:
        try:
            if self._gzip:
                self._gzip.close()
            self._file.close()
        except OSError as error:
            raise ConnectorError(f"cannot write {self.name!r}: {error.strerror}") from None


def _compressor(file: BinaryIO) -> GzipFile:
    from gzip import GzipFile  # imports three compression libraries

    return GzipFile("", "wb", 6, file, mtime=0)


def _similar(path: str) -> str:
    """A hint at the file of the same folder whose name is most like the one asked for."""
    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return f"there is no folder {folder!r}" if not os.path.exists(folder) else ""
    import difflib  # nobody needs it before the first mistake

    match = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {os.path.join(folder, match[0])!r}?" if match and match[0] != name else ""
