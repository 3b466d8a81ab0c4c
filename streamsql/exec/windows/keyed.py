"""Windows that belong to a key: which windows a row is in, and when they would end."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from streamsql.plan import windows
from streamsql.record import record

Numbers = npt.NDArray[np.int64]


@record
class Memberships:
    """One entry per row and window that it is in: the row's number, the window's end, and what tells the windows
    of one key apart (None: a key has one window at a time)."""

    rows: Numbers | None  # None: every row once
    ends: Numbers
    starts: Numbers | None = None


class WindowKind(Protocol):
    """A kind of windows. `extend`: each row puts off the end of its window."""

    extend: bool

    def memberships(self, times: Numbers) -> Memberships:
        """The windows of rows with these ROWTIMEs."""
        ...

    def earliest_end(self, time: int) -> int:
        """No window that opens at `time` or later ends before this."""
        ...


class Stagger:
    """From the first row of the key, `length` ms."""

    extend = False

    def __init__(self, window: windows.Stagger) -> None:
        self._length = window.length

    def memberships(self, times: Numbers) -> Memberships:
        return Memberships(None, times + self._length)

    def earliest_end(self, time: int) -> int:
        return time + self._length


class Session:
    """Until `gap` ms after the last row of the key."""

    extend = True

    def __init__(self, window: windows.Session) -> None:
        self._gap = window.gap

    def memberships(self, times: Numbers) -> Memberships:
        return Memberships(None, times + self._gap)

    def earliest_end(self, time: int) -> int:
        return time + self._gap


class Hopping:
    """`length` ms from every multiple of `hop` ms since 1970-01-01."""

    extend = False

    def __init__(self, window: windows.Hopping) -> None:
        self._length, self._hop = window.length, window.hop

    def memberships(self, times: Numbers) -> Memberships:
        last = times // self._hop
        first = (times - self._length) // self._hop + 1
        counts = last - first + 1
        rows = np.repeat(np.arange(len(times)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        starts = (first[rows] + within) * self._hop
        return Memberships(rows, starts + self._length, starts)

    def earliest_end(self, time: int) -> int:
        return ((time - self._length) // self._hop + 1) * self._hop + self._length


def kind_of(window: windows.Window) -> WindowKind:
    """How windows of this meaning run."""
    match window:
        case windows.Stagger():
            return Stagger(window)
        case windows.Session():
            return Session(window)
        case windows.Hopping():
            return Hopping(window)
    raise TypeError(f"{type(window).__name__} is not a window per key")
