import numpy as np
import numpy.typing as npt

class KeyedWindows:
    """At most one open window per key. It ends when the row that opened it says, or with `extend` when the last
    row in it says.

    Windows and keys are numbered from 0; both are renumbered by `compact`.
    """

    def __init__(self, *, extend: bool = False) -> None: ...
    def __len__(self) -> int:
        """The number of windows, closed ones that have not been compacted away included."""

    def assign(
        self,
        keys: npt.NDArray[np.int32],
        total: int,
        times: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.int32]:
        """The window of each row. `keys` are below `total`, or negative for a row in no window; `ends` is when a
        window of this row would end. A row at the end of its key's window or later opens a new one."""

    def close(self, time: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """The windows that end at `time` or before and were not closed yet, with their keys and ends, in order of
        end, then of opening."""

    def next_end(self, none: int) -> int:
        """The end of the window that closes first, as far as is known now; `none` when no window is open."""

    def compact(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Forget closed windows, and keys without an open one; the windows and keys that stay, in the order in
        which they become 0, 1, 2 …"""

    def save(self) -> bytes:
        """All state, closed windows that have not been compacted away included."""

    def load(self, saved: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
