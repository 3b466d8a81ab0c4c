"""`streamsql run`: runs an application to the end of its input."""

from __future__ import annotations

import signal
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING

from streamsql.app.launch import launch
from streamsql.app.options import Person
from streamsql.app.summary import Summary
from streamsql.cli.arguments import stream_and_path
from streamsql.cli.main import DONE, INTERRUPTED, ROWS_IN_ERROR, ROWS_MISSING, report_sql
from streamsql.cli.script import by_stream, read_script, run_options
from streamsql.errors import ScriptErrors

if TYPE_CHECKING:
    import argparse

PROGRESS_EVERY = 0.5  # seconds


SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """A signal came before anything was read."""


class Interrupt:
    """The first Ctrl-C or SIGTERM ends reading, what was read is finished or saved; the second stops at once."""

    def __init__(self) -> None:
        self.seen = 0  # the signal
        self._reads = False

    def __enter__(self) -> Interrupt:
        self._before = [signal.signal(number, self._on_signal) for number in SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in zip(SIGNALS, self._before, strict=True):
            signal.signal(number, before)

    def __call__(self) -> bool:
        """Whether to stop reading; asked between two steps."""
        self._reads = True
        return bool(self.seen)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.seen = number
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if not self._reads:
            raise Stopped


class Progress:
    """One line on the terminal that is written over and over."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._next = time.monotonic() + PROGRESS_EVERY
        self._started = time.monotonic()
        self._shown = False

    def __call__(self, summary: Summary) -> None:
        now = time.monotonic()
        if not self._wanted or now < self._next:
            return
        self._next = now + PROGRESS_EVERY
        self._shown = True
        speed = summary.rows_in / (now - self._started)
        print(f"\r\x1b[K{summary.one_line()} ({speed:,.0f} rows/s)", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def main(options: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    text, path = read_script(options)
    chosen = run_options(
        options,
        rowtime=by_stream("--rowtime", options.rowtime),
        lateness=options.lateness,
        outputs=tuple(map(stream_and_path, options.output)),
        output_format=options.output_format or "",
        with_rowtime=options.with_rowtime,
        summary=options.summary or "",
        errors=options.errors or "",
        max_memory=options.max_memory,
        flush=not options.no_flush,
        seed=options.seed,
        batch_size=options.batch_size,
        limit=options.limit,
        follow=options.follow,
        checkpoint=options.checkpoint or "",
        checkpoint_interval=options.checkpoint_interval,
        terminal=sys.stdout.isatty(),
        width=_width() if sys.stdout.isatty() else 0,
    )
    # A progress line among rows that go to the same terminal would be noise.
    progress = Progress(sys.stderr.isatty() and not sys.stdout.isatty() and not options.quiet)

    def note(message: str) -> None:
        if not options.quiet:
            print(f"streamsql: {message}", file=sys.stderr)

    def warn(message: str) -> None:
        progress.clear()
        print(f"streamsql: {message}", file=sys.stderr)

    interrupt = Interrupt()
    try:
        with interrupt:
            summary = launch(text, chosen, Person(note, warn, progress, interrupt))
    except Stopped:
        return INTERRUPTED if interrupt.seen == signal.SIGINT else DONE
    except ScriptErrors as error:
        return report_sql(error, text, path)
    finally:
        progress.clear()
    note("\n".join(summary.lines()))
    if summary.missing():
        return ROWS_MISSING
    if interrupt.seen == signal.SIGINT:
        return INTERRUPTED
    return ROWS_IN_ERROR if options.strict and summary.errors.total else DONE


def _width() -> int:
    """The columns of the terminal."""
    from shutil import get_terminal_size  # brings three compression libraries along

    return get_terminal_size().columns
