"""The one list of functions: SQL name → what it takes, what it returns, how it is computed, what it means.

A function registers itself in the file of its family with a decorator; lookup, `streamsql functions` and the
reference pages all read this list. Binding needs only `resolve`; nothing here evaluates anything.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from streamsql.errors import BindError
from streamsql.functions.families import FAMILIES, FAMILY_OF
from streamsql.record import record
from streamsql.types import Column, SqlType

NOT_CONSTANT: Any = object()
"""`Argument.constant` of an argument whose value is not known when the query is bound."""


@record
class Argument:
    """What is known of an argument at bind time."""

    type: SqlType
    constant: Any = NOT_CONSTANT

    @property
    def is_constant(self) -> bool:
        return self.constant is not NOT_CONSTANT


@record
class Resolution:
    """The answer of `resolve`: the result's type, and the type to which each argument is converted first, so that
    implementations meet only the types they ask for."""

    result: SqlType
    args: tuple[SqlType, ...]


Resolve = Callable[[Sequence[Argument]], Resolution]


@record
class Documentation:
    """What `streamsql functions NAME` and the reference page print."""

    name: str
    syntax: str
    text: str
    examples: tuple[tuple[str, str], ...] = ()  # (SQL expression, printed result): run by the tests
    extension: str = ""  # the code with which the service refused it; empty: the service had it


@record
class ScalarFunction:
    """A function of one row. `implementation(call, *datums)` returns an Arrow array or scalar of the result type;
    `call` is a `functions.call.CallContext`."""

    doc: Documentation
    resolve: Resolve
    implementation: Callable[..., Any]
    # Nulls: by default any null argument gives null and the implementation need not care about those rows.
    handles_nulls: bool = False
    # Set for functions that need their later arguments in some rows only (AND, OR, COALESCE): gives, for the value
    # of one argument, the rows it leaves open. Elsewhere failures of the arguments after it do not count.
    undecided: Callable[[Any], Any] | None = None
    # The value depends on more than the arguments (the clock; the century of a year of two digits): never folded.
    volatile: bool = False


@record
class AggregateFunction:
    """A function of many rows. `accumulator(args, result, ignore_nulls)` makes the state of all groups, a
    `functions.aggregate.Accumulator`; `rolling` makes the state for OVER (None: not usable with OVER)."""

    doc: Documentation
    resolve: Resolve
    accumulator: Callable[..., Any] | None
    rolling: Callable[..., Any] | None
    # Written name(…) WITHIN GROUP (ORDER BY value): `args` are the value, what is in parentheses, and a BOOLEAN
    # that says whether the order is descending.
    ordered: bool = False
    # May have ORDER BY behind its arguments: `args` then end with a text constant, "+l,-f", that says for each key
    # whether it ascends and whether nulls come last. The first argument is the value where that is the only key,
    # else a row of the value and the keys.
    sortable: bool = False
    # With OVER only where the window is RANGE INTERVAL … PRECEDING.
    only_range: bool = False
    # Keeps every value of a group until its answer.
    keeps_values: bool = False


@record
class Parameter:
    """A constant parameter of a table function. `low` and `high` are inclusive; no default: required."""

    name: str
    type: type
    default: Any = NOT_CONSTANT
    low: float | None = None
    high: float | None = None

    def allows(self, value: Any) -> bool:
        """Whether `value` is in the range."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    @property
    def range_text(self) -> str:
        """The range in words."""
        if self.high is None:
            return f"at least {self.low:g}"
        return f"from {self.low:g} to {self.high:g}"


@record
class Keeps:
    """What a table function keeps: for each new combination of the input columns `keys` so many bytes, with `rows`
    the rows themselves; for `span` ms of ROWTIME (None: for ever)."""

    keys: tuple[int, ...] = ()
    key_bytes: int = 0
    rows: bool = False
    span: int | None = None


@record
class TableFunction:
    """A function of a stream. `columns(input_schema, arguments, partition_by)` gives the output schema, or raises
    BindError FUN-001, also where PARTITION BY makes no sense; `operator(input_schema, arguments, partition_by,
    seed, reject)` makes its `exec` operator."""

    doc: Documentation
    parameters: tuple[Parameter, ...]
    columns: Callable[[Sequence[Column], Sequence[Any], Sequence[int]], tuple[Column, ...]]
    operator: Callable[..., Any]
    # Rows carry the input row's ROWTIME at once (True), or come at the end of a period (False).
    row_by_row: bool = True
    # What it keeps between rows, for EXPLAIN: (input_schema, arguments, partitioned) → words.
    bound: Callable[[Sequence[Column], Sequence[Any], bool], str] = lambda schema, arguments, partitioned: ""
    # The same in numbers, where it grows: (input_schema, arguments, partition_by) → what is kept.
    keeps: Callable[[Sequence[Column], Sequence[Any], Sequence[int]], Keeps | None] = lambda *_: None
    # Other names under which output columns can be read: (input_schema, arguments) → other name → column's name.
    aliases: Callable[[Sequence[Column], Sequence[Any]], dict[str, str]] = lambda schema, arguments: {}


Entry = ScalarFunction | AggregateFunction | TableFunction
_scalars: dict[str, ScalarFunction] = {}
_aggregates: dict[str, AggregateFunction] = {}
_tables: dict[str, TableFunction] = {}
F = TypeVar("F", bound=Callable[..., Any])


def scalar(
    name: str,
    syntax: str,
    resolve: Resolve,
    *,
    examples: Sequence[tuple[str, str]] = (),
    extension: str = "",
    handles_nulls: bool = False,
    undecided: Callable[[Any], Any] | None = None,
    volatile: bool = False,
) -> Callable[[F], F]:
    """Register the decorated function as the SQL function `name`; its docstring is the documentation."""

    def register(implementation: F) -> F:
        doc = Documentation(name, syntax, _doc(implementation), tuple(examples), extension)
        _scalars[name] = ScalarFunction(doc, resolve, implementation, handles_nulls, undecided, volatile)
        return implementation

    return register


def add_aggregate(function: AggregateFunction) -> None:
    """Register an aggregate under the name in its documentation."""
    _aggregates[function.doc.name] = function


def add_table_function(function: TableFunction) -> None:
    """Register a table function under the name in its documentation."""
    _tables[function.doc.name] = function


def alias(name: str, existing: str) -> None:
    """Register `name` as another name of a scalar or aggregate function."""
    if existing in _scalars:
        _scalars[name] = _scalars[existing]
    if existing in _aggregates:
        _aggregates[name] = _aggregates[existing]


@cache
def _load(family: str) -> None:
    """Import a family of functions, so that they are registered (once)."""
    importlib.import_module(f"streamsql.functions.{family}")


def load() -> None:
    """Import every family."""
    for family in FAMILIES:
        _load(family)


def _find(name: str) -> None:
    """Have the function `name` registered, if there is one."""
    if name in FAMILY_OF:
        _load(FAMILY_OF[name])
    elif name not in _scalars and name not in _aggregates and name not in _tables:
        load()


def scalar_function(name: str) -> ScalarFunction | None:
    """The scalar function called `name` (upper case), if there is one."""
    _find(name)
    return _scalars.get(name)


def aggregate_function(name: str) -> AggregateFunction | None:
    """The aggregate function called `name` (upper case), if there is one."""
    _find(name)
    return _aggregates.get(name)


def table_function(name: str) -> TableFunction | None:
    """The table function called `name` (upper case), if there is one."""
    _find(name)
    return _tables.get(name)


def functions() -> dict[str, Entry]:
    """Every function that a user can call, by name, sorted."""
    load()
    everything: dict[str, Entry] = {**_scalars, **_aggregates, **_tables}
    return {name: everything[name] for name in sorted(everything) if name[0].isalpha()}


def cannot_apply(name: str, args: Sequence[Argument], syntax: str) -> BindError:
    """The error for a function that does not take these types (TYP-001)."""
    types = ", ".join(str(arg.type) for arg in args)
    return BindError(f"{name} cannot be applied to ({types})", code="TYP-001", hint=f"it takes {syntax}")


def _doc(implementation: Callable[..., Any]) -> str:
    return " ".join((implementation.__doc__ or "").split())
