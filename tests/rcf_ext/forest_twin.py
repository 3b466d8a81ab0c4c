"""The forest of docs/spec/rcf.md written down as plainly as possible: the twin that the engine must agree with.

Trees are immutable, boxes are recomputed from the points whenever a node is made, and every record gets a weight
of its own. Slow on purpose; knows nothing of how the engine stores or orders anything.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

Point = tuple[float, ...]


@dataclass(frozen=True)
class Leaf:
    """Equal points: one point and the number of its copies."""

    point: Point
    mass: int = 1

    @property
    def low(self) -> Point:
        return self.point

    @property
    def high(self) -> Point:
        return self.point


@dataclass(frozen=True)
class Inner:
    """Points parted by one cut: those with `point[dimension] <= cut` on the left."""

    dimension: int
    cut: float
    left: Leaf | Inner
    right: Leaf | Inner

    @cached_property
    def mass(self) -> int:
        return self.left.mass + self.right.mass

    @cached_property
    def low(self) -> Point:
        return tuple(map(min, self.left.low, self.right.low))

    @cached_property
    def high(self) -> Point:
        return tuple(map(max, self.left.high, self.right.high))


Node = Leaf | Inner


def above(node: Node, x: Point) -> list[float]:
    """How far x lies over the box of a node, by dimension."""
    return [max(a - high, 0.0) for a, high in zip(x, node.high, strict=True)]


def below(node: Node, x: Point) -> list[float]:
    """How far x lies under the box of a node, by dimension."""
    return [max(low - a, 0.0) for a, low in zip(x, node.low, strict=True)]


def distance(node: Node, x: Point) -> float:
    """Sum over the dimensions of how far x lies outside the box of a node."""
    return math.fsum(above(node, x) + below(node, x))


def ranges(node: Node) -> list[float]:
    """The sides of a node's box."""
    return [high - low for low, high in zip(node.low, node.high, strict=True)]


def child(node: Inner, x: Point) -> Node:
    return node.left if x[node.dimension] <= node.cut else node.right


# --- section 2: the score ---------------------------------------------------------------------------------------


def start(leaf: Leaf, x: Point, depth: int, sampled: int) -> float:
    """The score at the leaf that x falls to."""
    if leaf.point != x:
        return 1.0 / (depth + 1)
    return 1.0 / (sampled + 1) if depth == 0 else 1.0 / (depth + math.log2(leaf.mass))


def tree_score(node: Node, x: Point, sampled: int, depth: int = 0) -> float:
    """Expected 1 / (depth that x would get), before the factor log2(n)."""
    if isinstance(node, Leaf):
        return start(node, x, depth, sampled)
    deeper = tree_score(child(node, x), x, sampled, depth + 1)
    gap = distance(node, x)
    if gap == 0.0:
        return deeper
    p = gap / (math.fsum(ranges(node)) + gap)
    return p / (depth + 1) + (1.0 - p) * deeper


def score(trees: Sequence[Node], x: Point, sampled: int) -> float:
    """Mean over the trees; `sampled` is the number of points in each, copies included."""
    return math.log2(sampled) * math.fsum(tree_score(tree, x, sampled) for tree in trees) / len(trees)


# --- section 4: the explanation ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shares:
    """By dimension: the score's share because x is too high / too low, and the expected distances of it."""

    high: list[float]
    low: list[float]
    far_above: list[float]
    far_below: list[float]


def tree_shares(node: Node, x: Point, sampled: int, depth: int = 0) -> Shares:
    over, under = above(node, x), below(node, x)
    gap = math.fsum(over + under)
    if isinstance(node, Leaf):
        even = [start(node, x, depth, sampled) / (2 * len(x))] * len(x)
        return Shares(
            even, even, [g * g / gap if gap else 0.0 for g in over], [g * g / gap if gap else 0.0 for g in under]
        )
    s = tree_shares(child(node, x), x, sampled, depth + 1)
    grown = math.fsum(ranges(node)) + gap
    keep = 1.0 - gap / grown
    return Shares(
        [keep * old + g / grown / (depth + 1) for old, g in zip(s.high, over, strict=True)],
        [keep * old + g / grown / (depth + 1) for old, g in zip(s.low, under, strict=True)],
        [keep * old + g * g / grown for old, g in zip(s.far_above, over, strict=True)],
        [keep * old + g * g / grown for old, g in zip(s.far_below, under, strict=True)],
    )


@dataclass(frozen=True)
class ColumnShare:
    """What the explanation says of one column."""

    attribution: float
    high: bool
    strength: float


def explanation(trees: Sequence[Node], x: Point, sampled: int, columns: int) -> list[ColumnShare]:
    """One entry per column; a shingled point holds its records one after the other, oldest first."""
    shares = [tree_shares(tree, x, sampled) for tree in trees]

    def mean(field: str, column: int) -> float:
        return math.fsum(math.fsum(getattr(s, field)[column::columns]) for s in shares) / len(trees)

    found = []
    for k in range(columns):
        up, down = mean("far_above", k), mean("far_below", k)
        attribution = math.log2(sampled) * (mean("high", k) + mean("low", k))
        found.append(ColumnShare(attribution, up > down, abs(up - down) / columns))
    return found


# --- section 3: cuts, insert, delete ----------------------------------------------------------------------------


def draw_cut(low: Point, high: Point, draw: random.Random) -> tuple[int, float]:
    """Uniform over the sides of a box laid end to end: the side it falls on, and the place there."""
    sides = [h - l for l, h in zip(low, high, strict=True)]
    dimension = draw.choices(range(len(sides)), sides)[0]
    cut = low[dimension] + draw.random() * sides[dimension]
    return dimension, min(cut, math.nextafter(high[dimension], -math.inf))


def build(points: Sequence[Point], draw: random.Random) -> Node:
    """A fresh tree over the points."""
    low, high = tuple(map(min, *points, points[0])), tuple(map(max, *points, points[0]))
    if low == high:
        return Leaf(points[0], len(points))
    dimension, cut = draw_cut(low, high, draw)
    left = [p for p in points if p[dimension] <= cut]
    right = [p for p in points if p[dimension] > cut]
    return Inner(dimension, cut, build(left, draw), build(right, draw))


def insert(node: Node, x: Point, draw: random.Random) -> Node:
    """The tree with x in it, by the top-down form of the spec."""
    if isinstance(node, Leaf) and node.point == x:
        return Leaf(x, node.mass + 1)
    if distance(node, x) > 0.0:
        low, high = tuple(map(min, node.low, x)), tuple(map(max, node.high, x))
        dimension, cut = draw_cut(low, high, draw)
        if x[dimension] <= cut < node.low[dimension]:
            return Inner(dimension, cut, Leaf(x), node)
        if node.high[dimension] <= cut < x[dimension]:
            return Inner(dimension, cut, node, Leaf(x))
    assert isinstance(node, Inner), "a cut between two different points always parts them"
    if x[node.dimension] <= node.cut:
        return Inner(node.dimension, node.cut, insert(node.left, x, draw), node.right)
    return Inner(node.dimension, node.cut, node.left, insert(node.right, x, draw))


def delete(node: Node, x: Point) -> Node | None:
    """The tree without one copy of x; None once nothing is left."""
    if isinstance(node, Leaf):
        assert node.point == x, "the point is not in the tree"
        return Leaf(x, node.mass - 1) if node.mass > 1 else None
    left, right = node.left, node.right
    if x[node.dimension] <= node.cut:
        left = delete(left, x)
    else:
        right = delete(right, x)
    if left is None or right is None:
        return left or right
    return Inner(node.dimension, node.cut, left, right)


# --- section 3: the reservoir; section 1: learning, shingles, order -------------------------------------------


class Reservoir:
    """Keeps the records with the smallest weights; every record draws one."""

    def __init__(self, size: int, time_decay: int, draw: random.Random) -> None:
        self._size, self._decay, self._draw = size, 1.0 / time_decay, draw
        self._kept: list[tuple[float, int]] = []
        self._records = 0

    def offer(self) -> tuple[bool, int | None]:
        """Offer the next record: whether it is kept, and the number of the record that leaves for it."""
        t, self._records = self._records, self._records + 1
        u = 1.0 - self._draw.random()
        weight = math.log(-math.log(u)) - self._decay * t if u < 1.0 else -math.inf
        if len(self._kept) < self._size:
            self._kept.append((weight, t))
            return True, None
        if weight >= max(self._kept)[0]:
            return False, None
        leaving = max(self._kept)
        self._kept[self._kept.index(leaving)] = (weight, t)
        return True, leaving[1]

    @property
    def records(self) -> list[int]:
        """Numbers of the records that are kept."""
        return sorted(t for _, t in self._kept)


class Forest:
    """Scores each record, then learns it."""

    def __init__(self, trees: int, sample: int, time_decay: int, shingle: int = 1, seed: int = 0) -> None:
        draws = [random.Random(f"{seed} {tree}") for tree in range(trees)]
        self._sample, self._shingle = sample, shingle
        self._members = [(draw, Reservoir(sample, time_decay, draw)) for draw in draws]
        self.trees: list[Node | None] = [None] * trees
        self._points: list[Point] = []
        self._last: list[Point] = []

    def process(self, record: Sequence[float]) -> float:
        """The record's score: NaN if one of its numbers is not finite, 0 while learning."""
        if not all(map(math.isfinite, record)):
            return math.nan
        self._last = [*self._last, tuple(x + 0.0 for x in record)][-self._shingle :]
        if len(self._last) < self._shingle:
            return 0.0
        x = tuple(number for part in self._last for number in part)
        found = score(self.trees, x, self._sample) if len(self._points) >= self._sample else 0.0
        self._points.append(x)
        for i, (draw, reservoir) in enumerate(self._members):
            self.trees[i] = self._offered(self.trees[i], x, draw, reservoir)
        return found

    def _offered(self, tree: Node | None, x: Point, draw: random.Random, reservoir: Reservoir) -> Node | None:
        kept, leaving = reservoir.offer()
        if not kept:
            return tree
        if leaving is not None and tree is not None:
            tree = delete(tree, self._points[leaving])
        return Leaf(x) if tree is None else insert(tree, x, draw)
