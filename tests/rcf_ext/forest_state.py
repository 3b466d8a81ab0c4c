"""Reads a forest's bytes into the twin's trees, so that the engine's answers can be computed a second time."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from forest_twin import Inner, Leaf, Node, Point

from rcf_ext import RandomCutForest
from rcf_ext.state import unwrap

END = 0xFFFF


@dataclass(frozen=True)
class Sampled:
    """One tree: the cuts and points, the sampler's clock and keys, and the point that each slot holds."""

    tree: Node
    next_record: int
    keys: list[float]
    slots: list[Point]


class Bytes:
    """Plain numbers, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def many(self, code: str, count: int) -> list[Any]:
        layout = struct.Struct(f"<{count}{code}")
        found = layout.unpack_from(self._data, self._at)
        self._at += layout.size
        return list(found)

    def one(self, code: str) -> Any:
        return self.many(code, 1)[0]

    def __len__(self) -> int:
        return len(self._data) - self._at


def trees_of(forest: RandomCutForest) -> list[Sampled]:
    """The trees of a forest that has learned."""
    (columns, trees, sample, _, shingle, _), payload = unwrap(forest.to_bytes())
    data = Bytes(payload)
    data.many("q", 2)
    data.many("d", data.one("H") * columns)
    found = [_sampled(data, sample, columns * shingle) for _ in range(trees)]
    assert not len(data), "bytes left over"
    return found


def _sampled(data: Bytes, sample: int, dimensions: int) -> Sampled:
    data.many("Q", 4)
    _, following = data.many("q", 2)
    keys, holders = data.many("d", sample), data.many("H", sample)
    tree, slots = _line(data, sample) if dimensions == 1 else _boxes(data, sample, dimensions)
    return Sampled(tree, following, keys, [slots[holder] for holder in holders])


def _line(data: Bytes, sample: int) -> tuple[Node, list[Point]]:
    """Sorted values, the cuts between neighbours and the cuts' depths."""
    leaves = data.one("H")
    values, cuts, depths = data.many("d", leaves), data.many("d", leaves - 1), data.many("h", leaves - 1)
    slots = data.many("H", sample)

    def tree(first: int, last: int, depth: int) -> Node:
        if first == last:
            return Leaf((values[first],), slots.count(first))
        at = first + depths[first:last].index(depth)
        return Inner(0, cuts[at], tree(first, at, depth + 1), tree(at + 1, last, depth + 1))

    return tree(0, leaves - 1, 0), [(values[slot],) for slot in slots]


def _boxes(data: Bytes, sample: int, dimensions: int) -> tuple[Node, list[Point]]:
    """Nodes from the root down, left before right."""
    points: list[Point] = []

    def read() -> Any:
        dimension = data.one("H")
        if dimension == END:
            points.append(tuple(data.many("d", dimensions)))
            return len(points) - 1
        cut = data.one("d")
        left = read()
        return dimension, cut, left, read()

    shape = read()
    slots = data.many("H", sample)

    def tree(shape: Any) -> Node:
        if isinstance(shape, int):
            return Leaf(points[shape], slots.count(shape))
        dimension, cut, left, right = shape
        return Inner(dimension, cut, tree(left), tree(right))

    return tree(shape), [points[slot] for slot in slots]
