"""Command lines of `run` that are written in full, read without argparse.

To import argparse and to tell it of all options takes a tenth of a short run. So lines that hold nothing but
options by their full names, values that cannot be mistaken for options, and the script are read here, by the
same declarations and with the same result. All else (help, abbreviations, every kind of mistake) is argparse's.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from streamsql.cli.arguments import COMMANDS

PLAIN = "run"
"""The command whose start counts."""


class NotPlain(Exception):
    """The line is for argparse."""


def read(words: Sequence[str]) -> SimpleNamespace | None:
    """What argparse would make of `words`; None: ask argparse."""
    if not words or words[0] != PLAIN:
        return None
    command = PlainCommand()
    COMMANDS[PLAIN][1](command)
    try:
        return SimpleNamespace(version=False, command=PLAIN, **command.read(words[1:]))
    except NotPlain:
        return None


class PlainCommand:
    """Takes the declarations of options as `argparse.ArgumentParser` does, as far as `run` uses them."""

    def __init__(self) -> None:
        self.epilog: str | None = None
        self._options: dict[str, tuple[str, dict[str, Any]]] = {}  # by the word: the name, and what was declared
        self._positional = ""
        self._defaults: dict[str, Any] = {}

    def add_argument(self, word: str, **declared: Any) -> None:
        """Declare an option, or the one positional argument, which may be left out."""
        name = declared.get("dest") or word.lstrip("-").replace("-", "_")
        is_flag = declared.get("action") == "store_true"
        self._defaults[name] = declared.get("default", False if is_flag else None)
        if word.startswith("-"):
            self._options[word] = name, declared
        else:
            self._positional = name

    def read(self, words: Sequence[str]) -> dict[str, Any]:
        """The values of all arguments by name. Raises NotPlain."""
        found = dict(self._defaults)
        rest = list(reversed(words))
        while rest:
            word = rest.pop()
            if not word.startswith("-") or word == "-":
                if found[self._positional] is not None:
                    raise NotPlain
                found[self._positional] = word
                continue
            option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
            name, declared = self._options.get(option) or _not_plain()
            action = declared.get("action")
            if action == "store_true":
                found[name] = True if not equals else _not_plain()
                continue
            if not equals:
                value = rest.pop() if rest else _not_plain()
                if value.startswith("-") and value != "-":
                    raise NotPlain
            taken = _value(value, declared)
            found[name] = [*found[name], taken] if action == "append" else taken
        return found


def _value(text: str, declared: dict[str, Any]) -> Any:
    """An option's value as declared. Raises NotPlain for one that is wrong."""
    if text not in declared.get("choices", (text,)):
        raise NotPlain
    try:
        return declared.get("type", str)(text)
    except Exception:  # argparse will say what is wrong, and where
        raise NotPlain from None


def _not_plain() -> Any:
    raise NotPlain
