"""The outside world as a few calls: files, folders, clocks, work beside the run.

Whatever has to survive a crash goes through an `Outside`. `System` is the real one; `memory` has one in which
every crash can be tried, `faults` one whose calls fail. No call gives random numbers: everything random is seeded.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

Data = bytes | memoryview
Mode = Literal["read", "create", "update"]
"""`read`: must exist; `create`: emptied, or made; `update`: read and written, kept as it is, or made."""


class File(Protocol):
    """An open file. Every method may raise OSError."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes from the place where it is; b"" at the end."""
        ...

    def write(self, data: Data) -> None:
        """Write all of `data` at the place where it is. It is safe only after `sync`."""
        ...

    def seek(self, offset: int) -> None: ...

    def truncate(self, size: int) -> None: ...

    def size(self) -> int: ...

    def sync(self) -> None:
        """Let what was written survive a loss of power. The file's name is safe only after `sync_folder`."""
        ...

    def descriptor(self) -> int | None:
        """For a pipe or a device, what becomes readable; None for a file, which never has to be waited for."""
        ...

    def close(self) -> None: ...


class Outside(Protocol):
    """What a run may ask of the world. Every method but the clocks may raise OSError."""

    def open(self, path: str, mode: Mode) -> File: ...

    def rename(self, path: str, to: str) -> None:
        """Give a file another name, in place of the file that has it."""
        ...

    def remove(self, path: str) -> None: ...

    def names(self, folder: str) -> list[str]:
        """The names in a folder."""
        ...

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it, where they do not exist."""
        ...

    def sync_folder(self, path: str) -> None:
        """Let what was created, renamed and removed in a folder survive a loss of power."""
        ...

    def lock(self, path: str) -> Callable[[], None]:
        """Claim the file `path` until what is returned is called, or the process ends. Raises BlockingIOError when
        somebody else has it."""
        ...

    def start(self, job: Callable[[], None]) -> Future[None]:
        """Do a job beside the run."""
        ...

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


_FLAGS = {
    "read": os.O_RDONLY | os.O_CLOEXEC,
    "create": os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC,
    "update": os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
}


class _SystemFile:
    """A file of the operating system, unbuffered."""

    def __init__(self, path: str, mode: Mode) -> None:
        self._number = os.open(path, _FLAGS[mode], 0o666)
        self._is_open = True

    def read(self, size: int) -> bytes:
        return os.read(self._number, size)

    def write(self, data: Data) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._number, rest) :]

    def seek(self, offset: int) -> None:
        os.lseek(self._number, offset, os.SEEK_SET)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._number, size)

    def size(self) -> int:
        return os.fstat(self._number).st_size

    def sync(self) -> None:
        os.fsync(self._number)

    def descriptor(self) -> int | None:
        mode = os.fstat(self._number).st_mode
        return None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else self._number

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._number)


class System:
    """The operating system."""

    def open(self, path: str, mode: Mode) -> File:
        return _SystemFile(path, mode)

    def rename(self, path: str, to: str) -> None:
        os.replace(path, to)

    def remove(self, path: str) -> None:
        os.unlink(path)

    def names(self, folder: str) -> list[str]:
        return os.listdir(folder or ".")

    def make_folder(self, path: str) -> None:
        os.makedirs(path, exist_ok=True)

    def sync_folder(self, path: str) -> None:
        descriptor = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self, path: str) -> Callable[[], None]:
        import fcntl

        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return lambda: os.close(descriptor)

    def start(self, job: Callable[[], None]) -> Future[None]:
        from concurrent.futures import Future  # brings logging along, which a run without checkpoints never needs

        done: Future[None] = Future()
        Thread(target=_perform, args=(job, done), name="checkpoint").start()
        return done

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()


def _perform(job: Callable[[], None], done: Future[None]) -> None:
    """Do a job, and hand what it raises to whoever waits for it."""
    try:
        job()
    except BaseException as error:
        done.set_exception(error)
    else:
        done.set_result(None)
