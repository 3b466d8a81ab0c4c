"""What a plan node means, in a few bytes: whether saved state fits it."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from streamsql.plan import nodes
from streamsql.record import fields, is_record
from streamsql.types import SqlType


def fingerprint(node: nodes.Node) -> str:
    """Equal for two nodes that mean the same and read the same columns, wherever these come from."""
    from hashlib import blake2b  # only checkpoints need it, and it loads OpenSSL

    children = [id(child) for child in node.inputs]
    parts = [("reads", _plain([child.schema for child in node.inputs]))]
    parts += [
        (item.name, _plain(getattr(node, item.name)))
        for item in fields(node)
        if id(getattr(node, item.name)) not in children and item.name != "sources"
    ]
    return blake2b(repr((type(node).__name__, parts)).encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    """A dataclass as its name and the fields that count for equality."""
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    if isinstance(value, SqlType):
        return _plain_type(value)
    kind: Any = type(value)
    names = _compared(kind)
    return value if names is None else _named(value, names)


def _named(value: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    return (type(value).__name__, *[_plain(getattr(value, name)) for name in names])


@lru_cache(1024)
def _plain_type(type_: SqlType) -> Any:
    """The same few types stand in all expressions."""
    return _named(type_, _compared(SqlType) or ())


@cache
def _compared(kind: Any) -> tuple[str, ...] | None:
    """The fields of a dataclass that count for equality; None: it is none."""
    return tuple(item.name for item in fields(kind) if item.compare) if is_record(kind) else None
