"""Every command and option has its help, every function its page, and every example of a page gives what it says."""

import argparse
from collections.abc import Iterator

import pyarrow as pa
import pytest

from streamsql import Application
from streamsql.cli.parser import parser
from streamsql.functions.registry import Documentation, ScalarFunction, functions

DOCUMENTED = functions()
EXAMPLES = [
    pytest.param(sql, result, id=f"{name} {number}")
    for name, entry in DOCUMENTED.items()
    if isinstance(entry, ScalarFunction)
    for number, (sql, result) in enumerate(entry.doc.examples, 1)
]


def options(command: argparse.ArgumentParser) -> Iterator[tuple[argparse.ArgumentParser, argparse.Action]]:
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from options(inner)
        else:
            yield command, action


def test_every_option_has_help() -> None:
    silent = [(command.prog, action.dest) for command, action in options(parser()) if not action.help]
    assert silent == []


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_function_has_a_page(name: str) -> None:
    page: Documentation = DOCUMENTED[name].doc
    assert page.text
    assert page.syntax


@pytest.mark.parametrize(("sql", "result"), EXAMPLES)
def test_examples_give_what_they_say(sql: str, result: str) -> None:
    app = Application(
        f'CREATE STREAM "OUT" (x VARCHAR(200)); CREATE PUMP p AS INSERT INTO "OUT" '
        f'SELECT STREAM CAST({sql} AS VARCHAR(200)) FROM "IN"',
        {"IN": '"n" INTEGER'},
        rowtime="t",
    )
    app.feed("IN", pa.table({"n": pa.array([1], pa.int32()), "t": [0]}))
    app.finish()
    got = [row["MESSAGE"] for row in app.errors().to_pylist()] or app.read("OUT")["X"].to_pylist()
    assert got == [None if result in ("NULL", "null") else result]
