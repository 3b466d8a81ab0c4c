"""JSON documents of a sample, and the columns that their members make."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from streamsql.io.formats.discover_types import Values

MAX_LEVELS = 2  # objects inside objects that are flattened; deeper ones stay text
MAX_DOCUMENTS = 10_000

_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$:/ "


class Number(str):
    """A JSON number as it was written."""


def json_documents(text: str) -> tuple[list[dict[str, Any]], bool]:
    """The objects of a sample, and whether they are the elements of top-level arrays.

    A line that does not parse, and a last document that is cut off, are passed over.
    """
    decoder = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)
    documents: list[dict[str, Any]] = []
    arrays = 0
    position = 0
    while len(documents) < MAX_DOCUMENTS:
        position = _after_blanks(text, position)
        if position >= len(text):
            break
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            line = text.find("\n", position)
            if line < 0:
                break
            position = line + 1
            continue
        if isinstance(value, list):
            arrays += 1
            documents.extend(element for element in value if isinstance(element, dict))
        elif isinstance(value, dict):
            documents.append(value)
    return documents, arrays > 0


def _after_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def json_columns(documents: Sequence[dict[str, Any]], prefix: str) -> list[tuple[str, str, Values]]:
    """(name, path, values) of each member, in the order of first appearance; inner members are called by their own
    name, or `outer_inner` where that is taken."""
    found: dict[tuple[str, ...], Values] = {}
    for document in documents:
        for path, value in _leaves(document, ()):
            _add(found.setdefault(path, Values()), value)
    # A member that is an object in some documents and a null in others is its members.
    inner = {path[:length] for path in found for length in range(1, len(path))}
    paths = [path for path in found if path not in inner or found[path].longest]
    names = Counter(path[-1] for path in paths)
    return [
        (path[-1] if names[path[-1]] == 1 else "_".join(path), prefix + _written(path), found[path])
        for path in paths
    ]


def _leaves(value: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, member in value.items():
        if isinstance(member, dict) and member and len(path) < MAX_LEVELS:
            yield from _leaves(member, (*path, name))
        else:
            yield (*path, name), member


def _add(values: Values, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        values.add_boolean(value)
    elif isinstance(value, Number):
        values.add_number(value)
    elif isinstance(value, str):
        values.add_string(value)
    else:
        values.add_container(_text(value))


def _text(value: Any) -> str:
    """A value as JSON, numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_text(member)}" for name, member in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)


def _written(path: tuple[str, ...]) -> str:
    """`.a.b`, or `['a.b']` for a name that a dot cannot carry."""
    steps = []
    for name in path:
        if name and all(c in _PLAIN or c.isalnum() for c in name):
            steps.append("." + name)
        else:
            steps.append("['" + name.replace("\\", "\\\\").replace("'", "\\'") + "']")
    return "".join(steps)
