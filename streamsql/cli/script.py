"""The SQL that a command is about, and its inputs, from the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from streamsql.app.options import DEFAULT_INPUT, Person, RunOptions
from streamsql.cli.arguments import named
from streamsql.errors import ConfigError, nearest

if TYPE_CHECKING:
    import argparse


def read_script(options: argparse.Namespace) -> tuple[str, str]:
    """The SQL text and the name to show for it. Raises ConfigError."""
    if options.sql is not None:
        if options.script:
            raise ConfigError(f"give either a file ({options.script}) or -c SQL, not both")
        return options.sql, "SQL"
    if not options.script:
        raise ConfigError("which SQL? give a file, or the SQL itself with -c")
    return read_file(options.script)


def read_file(path: str) -> tuple[str, str]:
    """The text of a file, or of standard input for `-`, and the name to show for it. Raises ConfigError."""
    if path == "-":
        return sys.stdin.read(), "standard input"
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read(), path
    except OSError as error:
        raise ConfigError(f"cannot read {path!r}: {error.strerror}", hint=_similar(path)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path!r} is not UTF-8 text: byte {error.start} is wrong") from None


def run_options(options: argparse.Namespace, **more: object) -> RunOptions:
    """What the command line says about inputs, as data. Raises ConfigError."""
    inputs = tuple((name or DEFAULT_INPUT, path) for name, path in map(named, options.input))
    if options.script == "-" and (not inputs or any(path == "-" for _, path in inputs)) and more:
        raise ConfigError("standard input cannot be both the SQL and the rows: give one of them as a file")
    return RunOptions(
        inputs=inputs,
        references=tuple(map(_reference, options.reference)),
        input_format=options.input_format,
        schemas=by_stream("--schema", options.schema),
        csv_header=options.csv_header,
        strict_kinesis=options.strict_kinesis,
        **more,  # type: ignore[arg-type]
    )


def _reference(text: str) -> tuple[str, str]:
    """The table and the path of `NAME=PATH`. Raises ConfigError."""
    name, path = named(text)
    if not name or not path:
        raise ConfigError(f"--reference {text}: say which table it is", hint="--reference NAME=PATH")
    return name, path


def by_stream(option: str, values: list[str]) -> dict[str, str]:
    """`[STREAM=]VALUE` options by stream. Raises ConfigError for two of the same."""
    found: dict[str, str] = {}
    for name, value in map(named, values):
        if name in found:
            raise ConfigError(f"{option} is given twice for {name or 'the same stream'}")
        found[name] = value
    return found


def person(quiet: bool = False) -> Person:
    """Notes go to stderr."""
    return Person(note=lambda text: None if quiet else print(f"streamsql: {text}", file=sys.stderr))


def _similar(path: str) -> str:
    import os

    folder, name = os.path.split(path)
    if not os.path.isdir(folder or "."):
        return f"there is no folder {folder!r}"
    guess = nearest(name, os.listdir(folder or "."))
    return f"did you mean {os.path.join(folder, guess)!r}?" if guess else ""
