"""Reading ahead: while the engine works on what an input gave, a thread reads and decodes what comes next."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread

from streamsql.app.run import RecordInput
from streamsql.exec.operator import State
from streamsql.io.format import Decoded

WORTHWHILE = 1000  # rows; after a step of fewer the next one is not read ahead

_Answer = tuple[Decoded | None, State, BaseException | None]


class ReadAhead:
    """`inner`, an input that never has to wait, read one step ahead. What `read` gives, and in which order, is the
    same as without; `snapshot` is the state after the step that was given last."""

    is_idle = False

    def __init__(self, inner: RecordInput) -> None:
        self._inner = inner
        self._state = inner.snapshot()
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._answers: SimpleQueue[_Answer] = SimpleQueue()
        self._thread: Thread | None = None
        self._waiting = False

    def read(self) -> Decoded | None:
        """The next rows; None at the end. Raises what reading raised."""
        decoded, self._state, fault = self._answers.get() if self._waiting else self._step()
        self._waiting = False
        if fault is not None:
            raise fault
        if decoded is not None and decoded.rows.num_rows >= WORTHWHILE:
            self._ask()
        return decoded

    def _ask(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._work, daemon=True)
            self._thread.start()
        self._asked.put(True)
        self._waiting = True

    def _work(self) -> None:
        while self._asked.get():
            self._answers.put(self._step())

    def _step(self) -> _Answer:
        try:
            decoded = self._inner.read()
        except BaseException as fault:
            return None, self._state, fault
        return decoded, self._inner.snapshot(), None

    def descriptor(self) -> int | None:
        return None

    def snapshot(self) -> State:
        """How far it has been read, as `RecordInput.snapshot`."""
        return self._state

    def restore(self, state: State) -> None:
        """Go on from a snapshot, before the first `read`."""
        self._inner.restore(state)
        self._state = state

    def close(self) -> None:
        """Let the thread end, then close the source."""
        if self._thread is not None:
            self._asked.put(False)
            self._thread.join()
        self._inner.close()
