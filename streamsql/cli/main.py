"""The command line's front door: it finds the command, turns errors into messages, and answers with an exit code.

Commands are imported when they are called, so that each pays only for what it uses.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Sequence
from typing import Any, NoReturn

from streamsql.cli import plain
from streamsql.errors import ConfigError, ConnectorError, ScriptErrors, StateError, StreamSQLError
from streamsql.kernels.heap import keep as keep_heap

DONE, ROWS_IN_ERROR, NOT_FORMATTED, USAGE, SQL_ERROR, OUTSIDE_ERROR = 0, 1, 1, 2, 3, 4
ROWS_MISSING, INTERRUPTED = 5, 130


def command() -> NoReturn:
    """The command `streamsql`: `main` in a process of its own, which need not be tidied up.

    When `main` returns, everything that was opened is closed; so the process ends without taking the interpreter
    and the libraries apart, a tenth of a short run.
    """
    sys.meta_path.insert(0, _Unwanted())
    # numpy's linear algebra is not used, and starting its threads takes as long as importing numpy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Modules and plans stay as long as the process: the collector would look through them and find nothing. A run
    # switches it on at its first row.
    gc.disable()
    keep_heap()
    try:
        code = main()
        sys.stdout.flush()
    except SystemExit as exit:  # argparse
        code = exit.code if isinstance(exit.code, int) else USAGE
    except BrokenPipeError:
        code = DONE
    sys.stderr.flush()
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.main_thread():
            thread.join()
    os._exit(code)


class _Unwanted:
    """pyarrow imports pandas and cloudpickle, where they are installed, to know objects of the one and to keep
    Python functions with the other. The command line has neither, and half of its start-up would go into these
    imports; so here they look as if they were not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in ("pandas", "cloudpickle"):
            raise ModuleNotFoundError(f"the command line uses no {name}", name=name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    options: Any = plain.read(words) or _parsed(words)
    if options.version:
        from importlib.metadata import version

        print(f"streamsql {version('streamsql')}")
        return DONE
    if not options.command:
        from streamsql.cli.parser import parser

        parser(words).print_help()
        return USAGE
    from importlib import import_module

    try:
        return int(import_module(f"streamsql.cli.{options.command}").main(options))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return DONE
    except StreamSQLError as error:
        return report(error)


def _parsed(words: Sequence[str]) -> Any:
    """The options as argparse reads them; it ends the process after an error, and after help."""
    from streamsql.cli.parser import parser

    return parser(words).parse_args(words)


def report(error: StreamSQLError, text: str = "", path: str = "") -> int:
    """Print an error for a person, with its place in the SQL where it has one; the exit code that goes with it."""
    print(f"streamsql: {error.render()}" if not text else error.render(text, path), file=sys.stderr)
    if isinstance(error, ConfigError):
        return USAGE
    if isinstance(error, (ConnectorError, StateError)):
        return OUTSIDE_ERROR
    return SQL_ERROR


def report_sql(error: ScriptErrors, text: str, path: str) -> int:
    """Print all errors of a script, each with its line; the exit code."""
    report(error, text, path)
    count = len(error.errors)
    print(f"streamsql: {count} error{'s' if count > 1 else ''} in {path}", file=sys.stderr)
    return SQL_ERROR


def _forget_stdout() -> None:
    """The reader of stdout is gone: keep the interpreter from trying to flush into it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
