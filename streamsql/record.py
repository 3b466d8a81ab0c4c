"""Dataclasses that are cheap to define.

`@dataclass` writes and compiles up to six methods for every class when its module is imported: for the hundred
small classes of this package, a quarter of the start-up of the command line. `@record` makes the same dataclass
(`fields`, `replace`, `asdict` and `match` work) with methods that all records share. An instance takes about 1 µs
longer to make, so what is made for every batch stays a plain dataclass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_HASH = "__hash"


class _Shape(NamedTuple):
    """What the shared methods have to know of a class: its fields by what is done with them."""

    positional: tuple[str, ...]
    given: frozenset[str]
    default: dict[str, Any]
    factory: dict[str, Callable[[], Any]]
    compared: Callable[[dict[str, Any]], Any]
    """The values that count for equality."""
    shown: tuple[str, ...]
    number: int


@overload
def record(cls: type[T]) -> type[T]: ...
@overload
def record(*, frozen: bool = True, eq: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T] | None = None, *, frozen: bool = True, eq: bool = True) -> Any:
    """The class as a dataclass: frozen unless said otherwise, and unless `eq` is False compared by its fields."""

    def make(cls: type[T]) -> type[T]:
        made: Any = dataclass(init=False, repr=False, eq=False)(cls)
        methods: dict[str, Any] = {"__init__": _init, "__repr__": _repr}
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
        if eq:
            methods |= {"__eq__": _equal, "__hash__": _hash if frozen else None}
        for name, method in methods.items():
            if name not in vars(made):
                setattr(made, name, method)
        made.__shape__ = _shape(fields(made))
        return cls

    return make if cls is None else make(cls)


def _shape(every: Sequence[Field[Any]]) -> _Shape:
    given = [item for item in every if item.init]
    compared = [item.name for item in every if item.compare]
    factories: dict[str, Any] = {item.name: item.default_factory for item in every}
    return _Shape(
        tuple(item.name for item in given if not item.kw_only),
        frozenset(item.name for item in given),
        {item.name: item.default for item in every if item.default is not MISSING},
        {name: factory for name, factory in factories.items() if factory is not MISSING},
        itemgetter(*compared) if len(compared) > 1 else lambda own: tuple([own[name] for name in compared]),
        tuple(item.name for item in every if item.repr),
        len(every),
    )


def _init(self: Any, *values: Any, **named: Any) -> None:
    shape: _Shape = self.__shape__
    own: dict[str, Any] = self.__dict__
    if len(values) == shape.number and not named:  # the usual case
        own.update(zip(shape.positional, values, strict=False))
        fits = len(own) == shape.number
    else:
        fits = _take(own, shape, values, named)
    if not fits:
        expected = ", ".join(shape.positional)
        raise TypeError(f"{type(self).__qualname__}({expected}): got {len(values)} values and {sorted(named)}")
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _take(own: dict[str, Any], shape: _Shape, values: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Fill in what is given, and defaults; False when something is missing, unknown or given twice."""
    if len(values) > len(shape.positional):
        return False
    if named and not (named.keys() <= shape.given and named.keys().isdisjoint(shape.positional[: len(values)])):
        return False
    own.update(shape.default)
    own.update(zip(shape.positional, values, strict=False))
    own.update(named)
    for name, factory in shape.factory.items():
        if name not in own:
            own[name] = factory()
    return len(own) == shape.number


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__shape__.shown)
    return f"{type(self).__qualname__}({shown})"


def _equal(self: Any, other: Any) -> Any:
    if self is other:
        return True
    return _compared(self) == _compared(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    # Kept: trees of records are keys at every level, and each level would hash all that is below it again.
    own = self.__dict__
    if _HASH not in own:
        own[_HASH] = hash(_compared(self))
    return own[_HASH]  # type: ignore[no-any-return]


def _compared(self: Any) -> Any:
    return self.__shape__.compared(self.__dict__)


def _refuse(self: Any, name: str, value: Any = None) -> None:
    raise FrozenInstanceError(f"{type(self).__qualname__}.{name} cannot be changed")
