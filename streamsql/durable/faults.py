"""An outside whose calls are watched, and fail at a call of one's choice: every place of a run can be tried."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future

from streamsql.durable.outside import Data, File, Mode, Outside


class Faults:
    """Counts the calls and looks on: `watch` is called before each. Call number `fail_at` (counted from 1) raises
    OSError with the code `error`; if it should write something, half of that has been written."""

    def __init__(self, watch: Callable[[], object] = lambda: None, fail_at: int = 0, error: int = 0) -> None:
        self.calls = 0
        self._watch = watch
        self._fail_at = fail_at
        self._error = error

    def call(self, path: str, before_failing: Callable[[], object] = lambda: None) -> None:
        """One call. Raises OSError after `before_failing`, when it is the one that fails."""
        self.calls += 1
        self._watch()
        if self.calls == self._fail_at:
            before_failing()
            raise OSError(self._error, os.strerror(self._error), path)


class _FaultyFile:
    """A file whose calls are counted."""

    def __init__(self, file: File, path: str, faults: Faults) -> None:
        self._file = file
        self._path = path
        self._faults = faults

    def read(self, size: int) -> bytes:
        self._faults.call(self._path)
        return self._file.read(size)

    def write(self, data: Data) -> None:
        half = memoryview(data)[: len(data) // 2]
        self._faults.call(self._path, lambda: self._file.write(half))
        self._file.write(data)

    def seek(self, offset: int) -> None:
        self._faults.call(self._path)
        self._file.seek(offset)

    def truncate(self, size: int) -> None:
        self._faults.call(self._path)
        self._file.truncate(size)

    def size(self) -> int:
        self._faults.call(self._path)
        return self._file.size()

    def sync(self) -> None:
        self._faults.call(self._path)
        self._file.sync()

    def descriptor(self) -> int | None:
        return self._file.descriptor()

    def close(self) -> None:
        self._file.close()


class FaultyOutside:
    """Another outside with `faults`."""

    def __init__(self, inner: Outside, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults

    def open(self, path: str, mode: Mode) -> File:
        self._faults.call(path)
        return _FaultyFile(self._inner.open(path, mode), path, self._faults)

    def rename(self, path: str, to: str) -> None:
        self._faults.call(path)
        self._inner.rename(path, to)

    def remove(self, path: str) -> None:
        self._faults.call(path)
        self._inner.remove(path)

    def names(self, folder: str) -> list[str]:
        self._faults.call(folder)
        return self._inner.names(folder)

    def make_folder(self, path: str) -> None:
        self._faults.call(path)
        self._inner.make_folder(path)

    def sync_folder(self, path: str) -> None:
        self._faults.call(path)
        self._inner.sync_folder(path)

    def lock(self, path: str) -> Callable[[], None]:
        self._faults.call(path)
        return self._inner.lock(path)

    def start(self, job: Callable[[], None]) -> Future[None]:
        return self._inner.start(job)

    def now(self) -> int:
        return self._inner.now()

    def monotonic(self) -> float:
        return self._inner.monotonic()
