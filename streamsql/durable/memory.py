"""An outside in memory that can lose its power: what was not synced may then be kept, lost, torn or reordered.

It promises as little as POSIX does. `write` and `truncate` are safe after the file's `sync`; names that are made,
changed and removed after the folder's `sync_folder`. Neither implies the other, nothing orders what is unsynced.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from random import Random

from streamsql.durable.outside import Data, File, Mode


@dataclass
class _Content:
    """The bytes of a file, those that are safe, and what was done since: (offset, data), or (size, None)."""

    data: bytearray = field(default_factory=bytearray)
    safe: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, bytes | None]] = field(default_factory=list)

    def change(self, offset: int, data: bytes | None) -> None:
        _apply(self.data, offset, data)
        self.unsynced.append((offset, data))

    def sync(self) -> None:
        self.safe = bytearray(self.data)
        self.unsynced.clear()


def _apply(target: bytearray, offset: int, data: bytes | None) -> None:
    end = offset if data is None else offset + len(data)
    if len(target) < end:
        target.extend(bytes(end - len(target)))
    if data is None:
        del target[end:]
    else:
        target[offset:end] = data


@dataclass(frozen=True)
class _NameChange:
    """A name that stands for something else from now on: a content, or None."""

    path: str
    content: _Content | None


@dataclass(frozen=True)
class Loss:
    """What becomes of unsynced changes when the power goes.

    `contents` and `names`: the share of writes and of changed names that are kept, each chosen for itself, so that
    later ones may be there without earlier ones. `torn`: writes are kept and lost in blocks of this many bytes.
    """

    contents: float = 0.0
    names: float = 0.0
    torn: int = 0


LOSSES = {
    "dropped": Loss(),
    "kept": Loss(1.0, 1.0),
    "names only": Loss(0.0, 1.0),
    "contents only": Loss(1.0, 0.0),
    "reordered": Loss(0.5, 0.5),
    "torn at 512 bytes": Loss(0.5, 1.0, 512),
    "torn at 4 KiB": Loss(0.5, 1.0, 4096),
}
"""The ways to lose power that are worth trying."""


class _MemoryFile:
    """An open file of a `MemoryOutside`."""

    def __init__(self, content: _Content, path: str, writable: bool) -> None:
        self._content = content
        self._path = path
        self._writable = writable
        self._place = 0

    def read(self, size: int) -> bytes:
        data = bytes(self._content.data[self._place : self._place + size])
        self._place += len(data)
        return data

    def write(self, data: Data) -> None:
        if not self._writable:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF), self._path)
        if data:
            self._content.change(self._place, bytes(data))
            self._place += len(data)

    def seek(self, offset: int) -> None:
        self._place = offset

    def truncate(self, size: int) -> None:
        if size != len(self._content.data):
            self._content.change(size, None)

    def size(self) -> int:
        return len(self._content.data)

    def sync(self) -> None:
        self._content.sync()

    def descriptor(self) -> int | None:
        return None

    def close(self) -> None:
        """Nothing is held."""


class MemoryOutside:
    """Files in memory, one flat space of paths; folders exist by themselves. The clocks go on by `step` seconds
    whenever they are read; a job is done at once."""

    def __init__(self, step: float = 0.0) -> None:
        self._step = step
        self._time = 1_700_000_000.0
        self._files: dict[str, _Content] = {}
        self._safe_names: dict[str, _Content] = {}
        self._unsynced: list[_NameChange] = []

    def put(self, path: str, data: bytes) -> None:
        """A file that is there, and safe."""
        self._files[path] = self._safe_names[path] = _Content(bytearray(data), bytearray(data))

    def get(self, path: str) -> bytes:
        """The bytes of a file as it is."""
        return bytes(self._content(path).data)

    def files(self) -> dict[str, bytes]:
        """All files as they are."""
        return {path: bytes(content.data) for path, content in self._files.items()}

    def after_crash(self, loss: Loss, chance: Random) -> MemoryOutside:
        """Another outside, as this one could be after its power was lost now."""
        after = MemoryOutside(self._step)
        after._time = self._time
        names = dict(self._safe_names)
        for change in self._unsynced:
            if chance.random() < loss.names:
                _rename(names, change)
        contents = {id(content): _survivor(content, loss, chance) for content in names.values()}
        after._files = {path: contents[id(content)] for path, content in names.items()}
        after._safe_names = dict(after._files)
        return after

    def _content(self, path: str) -> _Content:
        if path not in self._files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return self._files[path]

    def _change(self, path: str, content: _Content | None) -> None:
        change = _NameChange(path, content)
        _rename(self._files, change)
        self._unsynced.append(change)

    # --- the calls of an outside ---------------------------------------------------------------------------

    def open(self, path: str, mode: Mode) -> File:
        if mode != "read" and path not in self._files:
            self._change(path, _Content())
        file = _MemoryFile(self._content(path), path, mode != "read")
        if mode == "create":
            file.truncate(0)
        return file

    def rename(self, path: str, to: str) -> None:
        content = self._content(path)
        self._change(to, content)
        self._change(path, None)

    def remove(self, path: str) -> None:
        self._content(path)
        self._change(path, None)

    def names(self, folder: str) -> list[str]:
        return [os.path.basename(path) for path in self._files if os.path.dirname(path) == folder]

    def make_folder(self, path: str) -> None:
        """Folders exist by themselves."""

    def sync_folder(self, path: str) -> None:
        for change in self._unsynced:
            if os.path.dirname(change.path) == path:
                _rename(self._safe_names, change)
        self._unsynced = [change for change in self._unsynced if os.path.dirname(change.path) != path]

    def lock(self, path: str) -> Callable[[], None]:
        return lambda: None  # nobody else is there

    def start(self, job: Callable[[], None]) -> Future[None]:
        done: Future[None] = Future()
        try:
            job()
        except Exception as error:
            done.set_exception(error)
        else:
            done.set_result(None)
        return done

    def now(self) -> int:
        return round(self.monotonic() * 1000)

    def monotonic(self) -> float:
        self._time += self._step
        return self._time


def _rename(names: dict[str, _Content], change: _NameChange) -> None:
    if change.content is None:
        names.pop(change.path, None)
    else:
        names[change.path] = change.content


def _survivor(content: _Content, loss: Loss, chance: Random) -> _Content:
    """What is left of a file's bytes."""
    data = bytearray(content.safe)
    for offset, written in content.unsynced:
        if written is None or not loss.torn:
            if chance.random() < loss.contents:
                _apply(data, offset, written)
            continue
        at = offset
        while at < offset + len(written):  # blocks of the file, not of the write
            end = min(at - at % loss.torn + loss.torn, offset + len(written))
            if chance.random() < loss.contents:
                _apply(data, at, written[at - offset : end - offset])
            at = end
    return _Content(data, bytearray(data))
