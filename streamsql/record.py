"""Dataclasses that are cheap to define.

`@dataclass` looks at every field at length, and writes and compiles up to six methods for every class, when its
module is imported: for the hundred small classes of this package, a quarter of the start-up of the command line.
`@record` reads the same declarations (`field` says the same here as there) and gives the class methods that all
records share. `match` and the functions of `dataclasses` take records for dataclasses; `fields` and `replace` here
are for records only, and do without that module. An instance takes up to 1 µs longer to make, so what is made for
every call of a function is a plain class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_HASH = "__hash"
_MISSING: Any = object()


class Field:
    """What is declared of one field: the names are those of `dataclasses.Field`."""

    __slots__ = ("compare", "default", "default_factory", "init", "kw_only", "name", "repr", "type")

    name: str
    type: Any

    def __init__(
        self, default: Any, default_factory: Any, init: bool, repr: bool, compare: bool, kw_only: bool
    ) -> None:
        self.default, self.default_factory = default, default_factory
        self.init, self.repr, self.compare, self.kw_only = init, repr, compare, kw_only


def field(
    *,
    default: Any = _MISSING,
    default_factory: Any = _MISSING,
    init: bool = True,
    repr: bool = True,
    compare: bool = True,
    kw_only: bool = False,
) -> Any:
    """A field that is not just a name and a default; the arguments of `dataclasses.field`."""
    return Field(default, default_factory, init, repr, compare, kw_only)


def fields(of: Any) -> tuple[Field, ...]:
    """The fields of a record or of its class, in their order."""
    shape: _Shape = of.__shape__
    return shape.fields


def is_record(kind: type) -> bool:
    """Whether a class is one of records."""
    return hasattr(kind, "__shape__")


if TYPE_CHECKING:
    from dataclasses import replace as replace  # type checkers know what it may be given
else:

    def replace(of, /, **changes):
        """A record like `of` but for the fields that `changes` names."""
        for item in fields(of):
            if item.init and item.name not in changes:
                changes[item.name] = getattr(of, item.name)
        return type(of)(**changes)


class _Shape:
    """What the shared methods have to know of a class: its fields by what is done with them."""

    __slots__ = ("compared", "default", "factory", "fields", "finish", "given", "number", "positional", "shown")

    def __init__(self, every: tuple[Field, ...]) -> None:
        given = [item for item in every if item.init]
        compared = [item.name for item in every if item.compare]
        self.fields = every
        self.positional = tuple([item.name for item in given if not item.kw_only])
        self.given = frozenset([item.name for item in given])
        self.default = {item.name: item.default for item in every if item.default is not _MISSING}
        self.factory = {item.name: item.default_factory for item in every if item.default_factory is not _MISSING}
        # The values that count for equality.
        self.compared: Callable[[Mapping[str, Any]], Any] = (
            itemgetter(*compared) if len(compared) > 1 else lambda own: tuple([own[name] for name in compared])
        )
        self.shown = tuple([item.name for item in every if item.repr])
        self.number = len(every)


@overload
def record(cls: type[T]) -> type[T]: ...
@overload
def record(*, frozen: bool = True, eq: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T] | None = None, *, frozen: bool = True, eq: bool = True) -> Any:
    """The class as a dataclass: frozen unless said otherwise, and unless `eq` is False compared by its fields."""

    def make(cls: type[T]) -> type[T]:
        made: Any = cls
        shape = _Shape(_declared(cls))
        methods: dict[str, Any] = {"__init__": _init, "__repr__": _repr, "__match_args__": shape.positional}
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
        if eq:
            methods |= {"__eq__": _equal, "__hash__": _hash if frozen else None}
        own = vars(cls)
        for name, method in methods.items():
            if name not in own:
                setattr(made, name, method)
        made.__shape__ = shape
        made.__dataclass_fields__, made.__dataclass_params__ = _AS_DATACLASS
        return cls

    return make if cls is None else make(cls)


def _declared(cls: type) -> tuple[Field, ...]:
    """The fields of the classes above and of the class, in whose body only their defaults stay."""
    found: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        if (shape := vars(base).get("__shape__")) is not None:
            found.update({item.name: item for item in shape.fields})
    for name, type_ in cls.__annotations__.items():
        item = vars(cls).get(name, _MISSING)
        if not isinstance(item, Field):
            item = Field(item, _MISSING, True, True, True, False)
        elif item.default is not _MISSING:
            setattr(cls, name, item.default)
        else:
            delattr(cls, name)
        item.name, item.type = name, type_
        found[name] = item
    return tuple(found.values())


class _AsDataclass:
    """What `dataclasses` looks for in a class, made when it looks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: Any) -> Any:
        import dataclasses

        twins = []
        for item in fields(owner):
            options = {name: getattr(item, name) for name in ("init", "repr", "compare", "kw_only")}
            options |= {} if item.default is _MISSING else {"default": item.default}
            options |= {} if item.default_factory is _MISSING else {"default_factory": item.default_factory}
            twins.append((item.name, item.type, dataclasses.field(**options)))
        twin = dataclasses.make_dataclass(owner.__name__, twins, init=False, repr=False, eq=False)
        made = getattr(twin, self._name)
        setattr(owner, self._name, made)
        return made


_AS_DATACLASS = _AsDataclass("__dataclass_fields__"), _AsDataclass("__dataclass_params__")


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
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"{type(self).__qualname__}.{name} cannot be changed")
