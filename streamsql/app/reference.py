"""What the registry knows of functions, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamsql.errors import ConfigError, nearest
from streamsql.functions.registry import (
    AggregateFunction,
    Documentation,
    Entry,
    ScalarFunction,
    functions,
)

__all__ = ["Documentation", "function_documentation", "function_names"]


def function_names() -> Mapping[str, Sequence[Documentation]]:
    """The documentation of all functions by kind, each sorted by name; another name of one is left out."""
    kinds: dict[str, list[Documentation]] = {
        "Functions of a row": [],
        "Aggregates": [],
        "Functions of a stream": [],
    }
    for name, entry in functions().items():
        if name == entry.doc.name:
            kinds[_kind(entry)].append(entry.doc)
    return kinds


def function_documentation(name: str) -> Documentation:
    """The documentation of one function, in any letter case. Raises ConfigError that offers the nearest name."""
    known = functions()
    entry = known.get(name.upper())
    if entry is None:
        guess = nearest(name, known)
        hint = f"did you mean {guess}?" if guess else "streamsql functions lists them"
        raise ConfigError(f"there is no function {name}", hint=hint)
    return entry.doc


def _kind(entry: Entry) -> str:
    if isinstance(entry, ScalarFunction):
        return "Functions of a row"
    return "Aggregates" if isinstance(entry, AggregateFunction) else "Functions of a stream"
