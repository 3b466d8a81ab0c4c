"""What all syntax nodes have in common: arguments by name, a place in the text, a way through the tree."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, ClassVar, Self, TypeVar

from streamsql.errors import Span

E = TypeVar("E", bound="Expression")


class Expression:
    """A syntax node. `args` are its children and plain values by name, `span` where it stands, if it was parsed.

    Nodes are equal when they have the same class and the same arguments, wherever they stand; an argument that is
    None, False or an empty list is as good as none.
    """

    arg_types: ClassVar[dict[str, bool]] = {}  # every argument that the class knows: whether it must be there

    def __init__(self, **args: Any) -> None:
        self.args: dict[str, Any] = args
        self.span: Span | None = None

    @property
    def this(self) -> Any:
        """The argument `this`, mostly the one operand."""
        return self.args.get("this")

    @property
    def expression(self) -> Any:
        """The argument `expression`, mostly the second operand."""
        return self.args.get("expression")

    @property
    def expressions(self) -> list[Any]:
        """The argument `expressions`; none: an empty list."""
        return self.args.get("expressions") or []

    def set(self, key: str, value: Any) -> None:
        """Say or replace one argument."""
        self.args[key] = value

    def iter_expressions(self) -> Iterator[Expression]:
        """The children, in the order of the arguments."""
        for value in self.args.values():
            if isinstance(value, Expression):
                yield value
            elif isinstance(value, list):
                yield from [item for item in value if isinstance(item, Expression)]

    def walk(self) -> Iterator[Expression]:
        """This node and all below it, level by level."""
        pending = deque([self])
        while pending:
            node = pending.popleft()
            yield node
            pending.extend(node.iter_expressions())

    def find_all(self, *kinds: type[E]) -> Iterator[E]:
        """The nodes of these classes, this one included, level by level."""
        return (node for node in self.walk() if isinstance(node, kinds))

    def copy(self) -> Self:
        """A tree of its own with the same arguments and places."""
        new = type(self)(**{key: _copied(value) for key, value in self.args.items()})
        new.span = self.span
        return new

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and type(self) is type(other) and self._said() == other._said()

    __hash__ = None  # type: ignore[assignment]  # arguments may change

    def _said(self) -> dict[str, Any]:
        return {key: value for key, value in self.args.items() if _is_said(value)}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self._said().items())})"


def _is_said(value: Any) -> bool:
    return value is not None and value is not False and value != []


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    return value.copy() if isinstance(value, Expression) else value
