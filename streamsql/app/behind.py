"""Writing behind: while the engine works on what comes next, a thread encodes and writes what it gave."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from queue import Queue
from threading import Thread

from streamsql.app.outputs import Output
from streamsql.io.connector import Sink
from streamsql.io.format import Encoder
from streamsql.kernels.batches import Rows

WORTHWHILE = 1000  # rows; fewer are written at once, unless others wait before them
WAITING = 2  # batches that may wait to be written


class WriteBehind(Output):
    """An output that writes the same bytes as any other, a little later; `rows` counts those written.

    What goes wrong there is raised by the call that comes next, unless that is `close`."""

    def __init__(self, sink: Sink, encoder: Encoder, first_column: int) -> None:
        super().__init__(sink, encoder, first_column)
        self._tasks: Queue[Callable[[], None] | None] = Queue(WAITING)
        self._thread: Thread | None = None
        self._fault: BaseException | None = None

    def take(self, batch: Rows) -> None:
        self._do(partial(super().take, batch), batch.num_rows >= WORTHWHILE)

    def flush(self) -> None:
        self._do(super().flush, False)

    def finish(self) -> None:
        self._tasks.join()
        self._do(super().finish, False)

    def close(self) -> None:
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
        super().close()

    def _do(self, task: Callable[[], None], worthwhile: bool) -> None:
        """Do the task now if nothing waits and it is not worth a thread's while, later if not."""
        if self._fault is not None:
            raise self._fault
        if not worthwhile and not self._tasks.unfinished_tasks:
            task()
            return
        if self._thread is None:
            self._thread = Thread(target=self._work, daemon=True)
            self._thread.start()
        self._tasks.put(task)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            if self._fault is None:
                try:
                    task()
                except BaseException as fault:
                    self._fault = fault
            self._tasks.task_done()
