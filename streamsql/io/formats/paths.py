"""JSON paths of an input schema: `$.a['b'][0].c`, `$.items[0:].x` → one tree of wanted places.

The path language and the rule "one flattened array per schema" are section 3.1 of
docs/spec/kinesis-application.md. Nothing here reads a document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from streamsql.errors import ConfigError
from streamsql.io.format import InputSchema
from streamsql.record import record

EACH = None
"""The step `[0:]`: each element of an array."""

Step = str | int | None
Path = tuple[Step, ...]

_STEP = re.compile(
    r"\.(?P<name>[^.\[\]'\"*?()@]+)"
    r"|\[(?P<quote>['\"])(?P<quoted>(?:[^\\]|\\.)*?)(?P=quote)\]"
    r"|\[(?P<index>\d{1,18})\]"
    r"|(?P<each>\[0:\])"
)


def parse_path(text: str) -> Path:
    """The steps of a path: member names, element numbers, and EACH. Raises ConfigError naming the path."""
    if not text.startswith("$"):
        raise ConfigError(f"the JSON path {text!r} does not start with $")
    steps: list[Step] = []
    position = 1
    while position < len(text):
        match = _STEP.match(text, position)
        if not match:
            raise ConfigError(
                f"the JSON path {text!r} is not understood from {text[position:]!r}",
                hint="a path is made of $, .name, ['name'], [n] and [0:]",
            )
        if match["name"] is not None:
            steps.append(match["name"])
        elif match["quoted"] is not None:
            steps.append(re.sub(r"\\(.)", r"\1", match["quoted"]))
        else:
            steps.append(int(match["index"]) if match["index"] else EACH)
        position = match.end()
    return tuple(steps)


@record
class PathPlan:
    """All paths of a schema as one tree.

    `nodes[i - 1]` is (parent, step) of node i; node 0 is the document. `places` holds the node of each column.
    `each` is the node that stands for an element of the flattened array (one row per element), or -1.
    """

    nodes: tuple[tuple[int, Step], ...]
    places: tuple[int, ...]
    each: int


def column_paths(schema: InputSchema) -> tuple[Path, ...]:
    """The path of each column; a column without a mapping is the member of its name below the row path."""
    row_path = parse_path(schema.row_path)
    return tuple(
        parse_path(column.mapping) if column.mapping else (*row_path, column.name) for column in schema.columns
    )


def plan_paths(schema: InputSchema) -> PathPlan:
    """The tree of the schema's paths. Raises ConfigError when two arrays would have to be flattened."""
    paths = column_paths(schema)
    flattened = flattened_array(schema, paths)
    tree = _Tree()
    each = -1 if flattened is None else tree.node((*flattened, EACH))
    # A last `[0:]` means the whole array, unless that array is the flattened one and its elements are the rows.
    row_path = parse_path(schema.row_path)
    places = [tree.node(path if path == row_path else _whole(path)) for path in paths]
    return PathPlan(tuple(tree.nodes), tuple(places), each)


def flattened_array(schema: InputSchema, paths: Sequence[Path]) -> Path | None:
    """The path of the array whose elements become rows, or None."""
    row_path = parse_path(schema.row_path)
    found: dict[Path, str] = {}
    if EACH in row_path:
        found[_flattened_by(row_path, schema.row_path)] = f"the row path {schema.row_path}"
    for column, path in zip(schema.columns, paths, strict=True):
        inner = path if path == row_path else _whole(path)
        if EACH in inner:
            array = _flattened_by(inner, column.mapping)
            found.setdefault(array, f"column {column.name!r} ({column.mapping or 'its default path'})")
    if len(found) > 1:
        first, second, *_ = found.values()
        raise ConfigError(
            f"only one array can be flattened into rows, not both that of {first} and that of {second}"
        )
    return next(iter(found), None)


def _flattened_by(path: Path, text: str) -> Path:
    if path.count(EACH) > 1:
        raise ConfigError(f"the path {text} flattens two levels of arrays; only one array can become rows")
    return path[: path.index(EACH)]


def _whole(path: Path) -> Path:
    return path[:-1] if path and path[-1] is EACH else path


class _Tree:
    def __init__(self) -> None:
        self.nodes: list[tuple[int, Step]] = []
        self._known: dict[tuple[int, Step], int] = {}

    def node(self, path: Path) -> int:
        """The number of the node at `path`, made if it is new."""
        node = 0
        for step in path:
            key = (node, step)
            if key not in self._known:
                self.nodes.append(key)
                self._known[key] = len(self.nodes)
            node = self._known[key]
        return node
