"""Command lines read by argparse: help, abbreviations, and what is wrong with them."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Collection
from typing import NoReturn

from streamsql.cli.arguments import COMMANDS


class Parser(argparse.ArgumentParser):
    """An argument parser that names the option that may have been meant."""

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (-\S+)", message)
        known = _options(self)
        near = difflib.get_close_matches(unknown[1].split("=")[0], known, n=1) if unknown else []
        hint = f" (did you mean {near[0]}?)" if near else ""
        print(f"{self.prog}: {message}{hint}\ntry: {self.prog} --help", file=sys.stderr)
        sys.exit(2)


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """The options of a parser and of its commands."""
    found: list[str] = []
    for action in parser._actions:
        found += action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found += _options(command)
    return found


def parser(asked: Collection[str] | None = None) -> Parser:
    """The parser of the whole command line; commands that are not among the words `asked` (None: all) are listed,
    but not their options, which take time to make."""
    top = Parser(prog="streamsql", description="Runs Kinesis Data Analytics SQL over rows as they come.")
    top.add_argument("--version", action="store_true", help="print the version and stop")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, (what, add_options) in COMMANDS.items():
        command = commands.add_parser(name, help=what, formatter_class=argparse.RawDescriptionHelpFormatter)
        if asked is None or name in asked:
            add_options(command)
    return top
