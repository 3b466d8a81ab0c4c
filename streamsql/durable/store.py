"""A folder of checkpoints: the two newest are kept, and only a whole one is ever read.

A checkpoint is written under another name, synced, and renamed: under its own name it is there as a whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from streamsql.durable.container import Damaged, Newer, pack, unpack
from streamsql.durable.outside import Data, Outside
from streamsql.durable.parts import PREFIX
from streamsql.durable.state import Frozen, thawed
from streamsql.errors import ConnectorError, StateError
from streamsql.record import record

KEPT = 2
_NAME = re.compile(r"checkpoint-(\d{10})")
_UNFINISHED = "unfinished"
_DAMAGED = ".damaged"
_PIECE = 1 << 20


@record
class Saved:
    """A checkpoint that was read: its number, the fingerprint of its application, and its state."""

    number: int
    fingerprint: bytes
    state: Any


class CheckpointStore:
    """The checkpoints in `folder`, which belongs to this store until `close`. `warn` tells a person.

    Every method raises ConnectorError when the folder cannot be used; making one raises StateError when another
    run has it.
    """

    def __init__(self, outside: Outside, folder: str, warn: Callable[[str], None]) -> None:
        self.folder = folder
        self._outside = outside
        self._warn = warn
        with self._failures():
            outside.make_folder(folder)
            outside.sync_folder(os.path.dirname(folder.rstrip("/")))
            self.close = self._lock()
            self._next = max(self._numbers(), default=0) + 1

    def _lock(self) -> Callable[[], None]:
        try:
            return self._outside.lock(os.path.join(self.folder, "lock"))
        except BlockingIOError:
            raise StateError(
                f"another run uses the checkpoint directory {self.folder!r}",
                hint="stop it, or take another directory",
            ) from None

    def _numbers(self) -> list[int]:
        """The checkpoints there are, the damaged among them too, newest first."""
        names = [name.removesuffix(_DAMAGED) for name in self._outside.names(self.folder)]
        return sorted({int(match[1]) for name in names if (match := _NAME.fullmatch(name))}, reverse=True)

    # --- saving --------------------------------------------------------------------------------------------

    def save(self, fingerprint: bytes, state: Frozen) -> None:
        """Write a checkpoint; once this returns it survives whatever happens."""
        number, self._next = self._next, self._next + 1
        unfinished = os.path.join(self.folder, _UNFINISHED)
        with self._failures():
            file = self._outside.open(unfinished, "create")
            try:
                for piece in _gathered(pack(fingerprint, state.sections())):
                    file.write(piece)
                file.sync()
            finally:
                file.close()
            # The parts of the outputs must have their names before the checkpoint that speaks of them has its own.
            self._outside.sync_folder(self.folder)
            self._outside.rename(unfinished, self._path(number))
            self._outside.sync_folder(self.folder)

    def prune(self) -> None:
        """Remove all but the newest."""
        with self._failures():
            names = sorted(name for name in self._outside.names(self.folder) if _NAME.fullmatch(name))
            for name in names[:-KEPT]:
                self._outside.remove(os.path.join(self.folder, name))

    # --- restoring -----------------------------------------------------------------------------------------

    def load(self) -> Saved | None:
        """The newest checkpoint that is whole; None when there is none at all.

        One that is damaged is set aside with a warning. Raises StateError when all are damaged, or when one was
        written by a newer version.
        """
        with self._failures():
            for number in self._numbers():
                if saved := self._load(number):
                    return saved
            damaged = any(name.endswith(_DAMAGED) for name in self._outside.names(self.folder))
        if damaged:
            raise StateError(
                f"no checkpoint in {self.folder!r} can be read",
                hint="put a copy of the directory back, or start anew with an empty checkpoint directory",
            )
        return None

    def _load(self, number: int) -> Saved | None:
        """A checkpoint; None if it is damaged."""
        path = self._path(number)
        try:
            fingerprint, sections = unpack(self._read(path))
            return Saved(number, fingerprint, thawed(sections))
        except FileNotFoundError:
            return None  # it was set aside before
        except Newer as error:
            raise StateError(
                f"the checkpoint {path!r} cannot be read: {error.message}",
                hint="use the newer streamsql, or start anew with an empty checkpoint directory",
            ) from None
        except Damaged as error:
            self._warn(f"WARNING: the checkpoint {path!r} is not used: {error.message}")
            self._outside.rename(path, path + _DAMAGED)
            return None

    def tidy(self) -> None:
        """Remove what a crash has left, once the outputs are recovered: an unfinished checkpoint, parts."""
        with self._failures():
            for name in self._outside.names(self.folder):
                if name == _UNFINISHED or name.startswith(PREFIX):
                    self._outside.remove(os.path.join(self.folder, name))

    # -------------------------------------------------------------------------------------------------------

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Failing calls name the folder."""
        try:
            yield
        except OSError as error:
            raise ConnectorError(f"checkpoint directory {self.folder!r}: {error.strerror or error}") from None

    def _read(self, path: str) -> bytes:
        file = self._outside.open(path, "read")
        try:
            pieces = []
            while piece := file.read(_PIECE):
                pieces.append(piece)
            return b"".join(pieces)
        finally:
            file.close()

    def _path(self, number: int) -> str:
        return os.path.join(self.folder, f"checkpoint-{number:010d}")


def _gathered(pieces: Iterable[Data]) -> Iterator[Data]:
    """The same bytes in fewer pieces: small ones joined, large ones as they are."""
    small = bytearray()
    for piece in pieces:
        if len(piece) < _PIECE:
            small += piece
        if len(small) >= _PIECE or (small and len(piece) >= _PIECE):
            yield bytes(small)
            small.clear()
        if len(piece) >= _PIECE:
            yield piece
    yield bytes(small)
