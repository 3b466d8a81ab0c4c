"""A record is a dataclass in all that is asked of it here; the standard decorator is the twin."""

import dataclasses
import pprint
from dataclasses import FrozenInstanceError, asdict, dataclass, fields, replace

import pytest

from streamsql import record as own
from streamsql.record import record


def classes(plain, small, field):
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


RECORDS = classes(record, record(frozen=False), own.field)
TWINS = classes(dataclass(frozen=True), dataclass, dataclasses.field)


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


def test_fields_and_replace_are_those_of_dataclasses():
    Pair, Count = RECORDS
    for Class in (Pair, Count):
        same = [(item.name, item.init, item.repr, item.compare, item.kw_only) for item in fields(Class)]
        assert [
            (item.name, item.init, item.repr, item.compare, item.kw_only) for item in own.fields(Class)
        ] == same
        assert own.is_record(Class) and dataclasses.is_dataclass(Class)
    assert not own.is_record(dict)
    pair = Pair(1, (2,), place=7)
    assert own.replace(pair, left=3) == replace(pair, left=3) and own.replace(pair, place=8).place == 8
    for replaced in (replace, own.replace):
        with pytest.raises((TypeError, ValueError)):  # it is no argument of the class
            replaced(pair, fixed="y")
    assert Pair.right == () and not hasattr(Pair, "left") and not hasattr(Pair, "made")
    assert pprint.pformat(pair) == repr(pair)


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
