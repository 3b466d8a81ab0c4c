"""`streamsql format`: lays out scripts one way."""

from __future__ import annotations

import argparse
import sys

from streamsql.app.format import format_text
from streamsql.app.options import STANDARD
from streamsql.cli.main import DONE, NOT_FORMATTED, SQL_ERROR, report_sql
from streamsql.cli.script import read_file
from streamsql.errors import ConfigError, ScriptErrors


def main(options: argparse.Namespace) -> int:
    """Run the command; the exit code: that of the worst file."""
    paths = options.paths or [STANDARD]
    if options.write and STANDARD in paths:
        raise ConfigError("--write needs a file; standard input is written to standard output")
    return max(_one(path, options) for path in paths)


def _one(path: str, options: argparse.Namespace) -> int:
    text, shown = read_file(path)
    try:
        new = format_text(text)
    except ScriptErrors as error:
        report_sql(error, text, shown)
        return SQL_ERROR
    if options.check:
        if new != text:
            print(f"streamsql: {shown} would be laid out anew", file=sys.stderr)
        return DONE if new == text else NOT_FORMATTED
    if not options.write:
        sys.stdout.write(new)
    elif new != text:
        _write(path, new)
    return DONE


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(f"cannot write {path!r}: {error.strerror}") from None
    print(f"streamsql: {path} was laid out anew", file=sys.stderr)
