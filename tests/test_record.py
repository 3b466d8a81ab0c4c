"""A record is a dataclass in all that is asked of it here; the standard decorator is the twin."""

from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace

import pytest

from streamsql.record import record


def classes(plain, small):
    """The same three classes by either decorator."""

    @plain
    class Base:
        place: int | None = field(default=None, compare=False, kw_only=True, repr=False)

    @plain
    class Pair(Base):
        left: int
        right: tuple[int, ...] = ()
        made: list[int] = field(default_factory=list, compare=False)
        fixed: str = field(default="x", init=False)

        @property
        def both(self) -> tuple[int, ...]:
            return (self.left, *self.right)

    @small
    class Count:
        rows: int = 0
        seen: set[int] = field(default_factory=set)

        def __post_init__(self) -> None:
            self.seen.add(self.rows)

    return Pair, Count


RECORDS = classes(record, record(frozen=False))
TWINS = classes(dataclass(frozen=True), dataclass)


@pytest.mark.parametrize("Pair, Count", [RECORDS, TWINS], ids=["record", "twin"])
def test_what_a_dataclass_does(Pair, Count):
    pair = Pair(1, (2,), place=7)
    assert pair == Pair(left=1, right=(2,), made=[5]) != Pair(2, (2,))
    assert hash(pair) == hash(Pair(1, (2,))) and pair in {Pair(1, (2,))}
    assert repr(pair).endswith("Pair(left=1, right=(2,), made=[], fixed='x')")
    assert [item.name for item in fields(pair)] == ["place", "left", "right", "made", "fixed"]
    assert replace(pair, left=3).both == (3, 2) and replace(pair, left=3).place == 7
    assert asdict(pair) == {"place": 7, "left": 1, "right": (2,), "made": [], "fixed": "x"}
    assert Pair(1).made is not Pair(1).made
    match pair:
        case Pair(left, right):
            assert (left, right) == (1, (2,))
    count = Count()
    count.rows += 1
    assert count == replace(count) != Count(0)
    assert (pair == count) is False


@pytest.mark.parametrize("Pair, Count", [RECORDS, TWINS], ids=["record", "twin"])
def test_what_a_dataclass_refuses(Pair, Count):
    for values, named in [
        ((), {}),
        ((1, 2, 3, 4), {}),
        ((1,), {"left": 2}),
        ((1,), {"other": 2}),
        ((1,), {"fixed": "y"}),
    ]:
        with pytest.raises(TypeError):
            Pair(*values, **named)
    with pytest.raises(FrozenInstanceError):
        Pair(1).left = 2
    with pytest.raises(FrozenInstanceError):
        del Pair(1).left
    with pytest.raises(TypeError, match="unhashable"):
        hash(Count())


def test_a_tree_is_hashed_once():
    asked = []

    class Leaf:
        def __hash__(self) -> int:
            asked.append(self)
            return 1

    @record
    class Node:
        child: object

    tree = Node(Node(Node(leaf := Leaf())))
    assert hash(tree) == hash(tree) == hash(Node(Node(Node(leaf))))
    assert len(asked) == 2
    assert hash(replace(tree, child=1)) == hash(Node(1)) != hash(tree)
