"""The command line as plain data: every command, every option, in one place.

Options are declared as `argparse` has it, by `add_argument`; `parser` and `plain` read command lines by them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from streamsql.cli.plain import PlainCommand

Command: TypeAlias = "ArgumentParser | PlainCommand"

DEFAULT_INPUT = "SOURCE_SQL_STREAM_001"
_NAMED = r'(?:([A-Za-z_][\w$]*)|"((?:[^"]|"")+)")=(.*)'

RUN_EXAMPLES = """\
examples:
  streamsql run app.sql < clicks.csv
  streamsql run app.sql --input clicks.csv.gz --rowtime timestamp --output DESTINATION_SQL_STREAM=out.json
  streamsql run app.sql --schema '"TICKER" VARCHAR(8), "PRICE" DOUBLE' --input-format csv
  streamsql run lookup.sql --input trades.csv --reference COMPANIES=companies.csv
  streamsql run join.sql --input ORDERS=orders.json --input SHIPMENTS=shipments.json --rowtime ts

exit codes: 0 done, 1 rows in error under --strict, 2 usage, 3 SQL error, 4 connector or state error,
5 rows unaccounted for (a bug), 130 interrupted
"""


def named(text: str) -> tuple[str, str]:
    """The name and the value of `[NAME=]VALUE`; a name in double quotes may hold anything; no name: empty."""
    match = re.fullmatch(_NAMED, text, re.DOTALL)
    if not match:
        return "", text
    return match[1] or match[2].replace('""', '"'), match[3]


def stream_and_path(text: str) -> tuple[str, str]:
    """The stream and the path of `STREAM[=PATH]`; no path: `-`."""
    name, path = named(text)
    return (name, path) if name else (text.strip('"'), "-")


def _check(command: Command) -> None:
    _script(command)
    _what_comes_in(command)
    command.add_argument("--json", action="store_true", help="print what was found as JSON, for editors")


def _explain(command: Command) -> None:
    _script(command)
    _what_comes_in(command)
    _memory(command)


def _discover(command: Command) -> None:
    command.add_argument(
        "path", nargs="?", default="-", metavar="PATH", help="file with the sample (default: stdin)"
    )
    _format(command)


def _layout(command: ArgumentParser) -> None:
    command.add_argument("paths", nargs="*", metavar="PATH", help="scripts; - is stdin (default)")
    how = command.add_mutually_exclusive_group()
    how.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if a script is not laid out so"
    )
    how.add_argument("--write", action="store_true", help="write the scripts back (default: to stdout)")


def _functions(command: Command) -> None:
    command.add_argument("names", nargs="*", metavar="NAME", help="functions to explain")


def _script(command: Command) -> None:
    command.add_argument("script", nargs="?", metavar="APP.sql", help="file with the SQL; - reads it from stdin")
    command.add_argument("-c", dest="sql", metavar="SQL", help="the SQL itself, instead of a file")
    command.add_argument(
        "--strict-kinesis", action="store_true", help="refuse what the service refused, with its error"
    )


def _format(command: Command) -> None:
    command.add_argument(
        "--input-format",
        choices=("auto", "csv", "json"),
        default="auto",
        help="default: by file ending, else by the first bytes",
    )


def _what_comes_in(command: Command) -> None:
    command.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="[STREAM=]PATH",
        help=f"file or - (stdin) for a stream; repeatable; gzip is read as it is (default: - for {DEFAULT_INPUT})",
    )
    _format(command)
    command.add_argument(
        "--reference",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="CSV or JSON file of a reference table; repeatable; read again when it changes",
    )
    command.add_argument(
        "--schema",
        action="append",
        default=[],
        metavar="[NAME=]SCHEMA",
        help="AWS InputSchema file (.json), or '\"COL\" TYPE, …' (default: discovered from the first records)",
    )
    command.add_argument(
        "--csv-header", choices=("auto", "yes", "no"), default="auto", help="whether CSV starts with a header line"
    )


def _run(command: Command) -> None:
    command.epilog = RUN_EXAMPLES
    _script(command)
    _what_comes_in(command)
    add = command.add_argument
    add(
        "--rowtime",
        action="append",
        default=[],
        metavar="[STREAM=]COLUMN",
        help="replay: take ROWTIME from this column (timestamps, text, or ms since 1970); default: arrival time",
    )
    add(
        "--lateness",
        type=_seconds,
        default=0.0,
        metavar="SECONDS",
        help="replay: sort in rows that come up to this much out of order; later ones are error rows",
    )
    add(
        "--output",
        action="append",
        default=[],
        metavar="STREAM[=PATH]",
        help="stream to write, and where to; repeatable (default: DESTINATION_SQL_STREAM, else the one "
        "that no pump reads)",
    )
    add(
        "--output-format",
        choices=("json", "csv", "arrow", "parquet", "table"),
        help="default: by file ending; table on a terminal, JSON lines else",
    )
    add("--with-rowtime", action="store_true", help="write ROWTIME as the first column")
    add("--errors", metavar="PATH", help="where the rows of the error stream go; - is stdout")
    add("--summary", metavar="PATH", help="where the counts of rows go, as JSON, when the run ends; - is stdout")
    add("--strict", action="store_true", help="exit with 1 if any row was in error")
    _memory(command)
    add("--no-flush", action="store_true", help="do not emit the windows that are open when the input ends")
    add("--seed", type=_count, default=0, metavar="N", help="for everything random (default: 0)")
    add("--batch-size", type=_positive, default=65536, metavar="N", help="rows taken at once, at most")
    _durable(command)
    add("--limit", type=_count, metavar="N", help="stop when every output has N rows")
    add("--quiet", action="store_true", help="no progress and no summary on stderr")


def _durable(command: Command) -> None:
    add = command.add_argument
    add("--follow", action="store_true", help="files have no end: go on reading as they grow, until stopped")
    add(
        "--checkpoint",
        metavar="DIR",
        help="save the run's state here, and go on from it when started again: no row is lost or written twice",
    )
    add(
        "--checkpoint-interval",
        type=_duration,
        default=10.0,
        metavar="TIME",
        help="how often: 500ms, 10s, 2m (default: 10s)",
    )


def _memory(command: Command) -> None:
    command.add_argument(
        "--max-memory",
        type=_bytes,
        metavar="SIZE",
        help="what the state of all operators may take: 512MB, 4GB; rows that would need more are error rows",
    )


def _refused(message: str) -> Exception:
    """The error of an option's value, which argparse shows with the option's name."""
    from argparse import ArgumentTypeError

    return ArgumentTypeError(message)


def _bytes(text: str) -> int:
    """`512MB`, `4GB`, `64KB`, or a number of bytes; 1 KB is 1024 bytes."""
    match = re.fullmatch(r"(\d+)([KMGT]?)B?", text.upper())
    if not match:
        raise _refused(f"{text!r} is no size; write 512MB or 4GB")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[match[2]]


def _duration(text: str) -> float:
    """Seconds; `10s`, `500ms`, `2m`, `1h`, or a number of seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", text)
    if not match:
        raise _refused(f"{text!r} is no time; write 500ms, 10s, 2m or 1h")
    return float(match[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}[match[2]]


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise _refused(f"{text} is no number of seconds from 0 on")
    return value


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise _refused(f"{text!r} is no whole number") from None
    if value < 0:
        raise _refused(f"{text} is below 0")
    return value


def _positive(text: str) -> int:
    if (value := _count(text)) < 1:
        raise _refused(f"{text} is below 1")
    return value


COMMANDS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "run": ("run an application", _run),
    "check": ("say what is wrong in a SQL script", _check),
    "explain": ("show how an application will run", _explain),
    "discover": ("print the input schema of a sample", _discover),
    "format": ("lay out SQL scripts one way", _layout),
    "functions": ("list the SQL functions, or explain some", _functions),
}
"""Every command: what it does, and what declares its options."""
