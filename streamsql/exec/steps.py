"""Expression → array, and the rows that could not be computed.

An expression is compiled once per plan into a tree of steps; a batch then costs a few kernel calls over whole
columns. Constants stay scalars until the end. A row that fails in one place is null there, and so in everything
made of it; failures in parts that a row does not need (an untaken CASE branch, what follows a FALSE in AND) do
not count. Equal sub-expressions are computed once per batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial, reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from streamsql.functions.call import CallContext, Datum, Mask, Times
from streamsql.functions.failures import Failures
from streamsql.functions.vectors import column, truths
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows
from streamsql.record import field, record
from streamsql.types import SqlType

if TYPE_CHECKING:
    from streamsql.exec.subquery import Searcher

Computed = tuple[Datum, Failures]
NONE = Failures(0, MappingProxyType({}))  # type: ignore[arg-type]
"""What failed where nothing did; nobody can add to it."""

FEW = 64
"""For fewer rows it costs less to compute a part than to ask whether any row needs it."""

Open = Callable[[], Mask]
"""Rows that still need a value; computed only when a failure asks."""


class Scope:
    """The evaluation of one batch: what is known already, and in which rows a failure counts.

    A part that only some rows need is evaluated in a child scope. Its results are shared with everybody unless
    failures were left out of them.
    """

    def __init__(self, batch: Rows, times: Times, length: int) -> None:
        self.batch = batch
        self.times = times
        self.length = length
        self.parent: Scope | None = None
        self.known: dict[int, Computed] = {}
        self._open: Open | None = None
        self._mask: Mask | None = None
        self._masks = [0]  # how many have been computed, of all scopes of the batch
        self._home: Scope | None = None  # see `home`
        self._since = -1

    def narrowed(self, open_: Open) -> Scope:
        """A scope in which only failures of the rows of `open_` count."""
        child = Scope(self.batch, self.times, self.length)
        child.parent = self
        child._open = open_
        child._masks = self._masks
        return child

    def mask(self) -> Mask | None:
        """Rows whose failures count; None: all."""
        unknown: list[
            Scope
        ] = []  # without recursion: a CASE may have thousands of branches, each in the one before
        scope: Scope | None = self
        while scope is not None and scope._open is not None and scope._mask is None:
            unknown.append(scope)
            scope = scope.parent
        mask = scope._mask if scope is not None else None
        self._masks[0] += bool(unknown)
        for inner in reversed(unknown):
            assert inner._open is not None
            inner._mask = mask = inner._open() if mask is None else inner._open() & mask
        return mask

    def find(self, key: int) -> Computed | None:
        """What was computed for `key`, without the failures that do not count here."""
        scope = self.home()
        while (found := scope.known.get(key)) is None:
            if scope.parent is None:
                return None
            scope = scope.parent.home()
        if scope is not self and found[1]:
            mask = self.mask()
            found = found if mask is None else (found[0], found[1].only(mask))
        return found

    def keep(self, key: int, computed: Computed) -> None:
        """Remember a result in the widest scope for which it holds."""
        self.home().known[key] = computed

    def home(self) -> Scope:
        """The widest scope for which holds what is computed in this one: the nearest whose mask is known, or the
        outermost. It is remembered until another mask becomes known: there may be thousands of scopes between."""
        passed: list[Scope] = []
        scope, now = self, self._masks[0]
        while scope.parent is not None and scope._mask is None and scope._since != now:
            passed.append(scope)
            scope = scope.parent
        remembered = None if scope.parent is None or scope._mask is not None else scope._home
        home = remembered or scope
        for each in passed:
            each._home, each._since = home, now
        return home


@record(frozen=False, eq=False)
class Step:
    """One compiled sub-expression."""

    key: int
    type: SqlType

    def compute(self, scope: Scope) -> Computed:
        """The values of all rows of the batch and what failed."""
        raise NotImplementedError

    def value(self, scope: Scope) -> Computed:
        """As `compute`, once per scope."""
        found = scope.find(self.key)
        if found is None:
            found = self.compute(scope)
            scope.keep(self.key, found)
        return found


@record(frozen=False, eq=False)
class ColumnStep(Step):
    index: int

    def value(self, scope: Scope) -> Computed:
        return scope.batch.column(self.index), NONE


@record(frozen=False, eq=False)
class ConstantStep(Step):
    scalar: pa.Scalar

    def value(self, scope: Scope) -> Computed:
        return self.scalar, NONE


@record(frozen=False, eq=False)
class ApplyStep(Step):
    """A function or a conversion applied to the values of other steps; `name` is that of a function of SQL."""

    args: tuple[Step, ...]
    types: tuple[SqlType, ...]
    function: Callable[..., Any]
    handles_nulls: bool = False
    undecided: Callable[[Datum], Datum] | None = None
    name: str = ""
    memo: dict[Any, Any] = field(default_factory=dict)

    def compute(self, scope: Scope) -> Computed:
        datums, failures = self._arguments(scope)
        scalars, gaps = 0, False
        for datum in datums:
            if isinstance(datum, pa.Scalar):
                scalars += 1
                if not self.handles_nulls and not datum.is_valid:
                    return pa.scalar(None, self.type.arrow), failures
            elif not gaps:
                gaps = datum.null_count > 0
        if scalars == len(datums):
            return self._once(scope, datums, failures)
        own = Failures(scope.length)
        result = self.function(self._context(scope, datums, scope.length, own), *datums)
        if own:
            result = null_where(result, own.mask())
            failures = _first(failures, own)
        if gaps and not self.handles_nulls:
            result = _null_like(result, datums)
        return result, failures

    def _arguments(self, scope: Scope) -> tuple[list[Datum], Failures]:
        datums: list[Datum] = []
        failures = NONE
        for place, arg in enumerate(self.args):
            datum, failed = arg.value(scope)
            datums.append(datum)
            if failed:
                failures = _first(failures, failed)
            if self.undecided is not None and place + 1 < len(self.args):
                undecided = partial(self.undecided, datum)
                if scope.length >= FEW and not failed and not pc.any(undecided()).as_py():
                    rest = self.args[place + 1 :]
                    return [*datums, *(pa.scalar(None, step.type.arrow) for step in rest)], failures
                scope = scope.narrowed(_rows(undecided, failed, scope.length))
        return datums, failures

    def _once(self, scope: Scope, datums: Sequence[Datum], failures: Failures) -> Computed:
        """A call whose arguments are the same in all rows."""
        own = Failures(1)
        arrays = [column(datum, 1) for datum in datums]
        result = self.function(self._context(scope, (), 1, own), *arrays)
        if own:
            mask = scope.mask()
            rows = range(scope.length) if mask is None else np.flatnonzero(mask).tolist()
            failures = _first(failures, Failures(scope.length, dict.fromkeys(rows, own.rows[0])))
            return pa.scalar(None, self.type.arrow), failures
        return (result if isinstance(result, pa.Scalar) else result[0]), failures

    def _context(self, scope: Scope, datums: Sequence[Datum], length: int, failures: Failures) -> CallContext:
        def needed() -> Mask | None:
            mask = scope.mask() if length == scope.length and datums else None
            for datum in () if self.handles_nulls else datums:
                if isinstance(datum, pa.Array) and datum.null_count:
                    valid = pc.is_valid(datum).to_numpy(zero_copy_only=False)
                    mask = valid if mask is None else mask & valid
            return mask

        return CallContext(length, self.type, self.types, failures, scope.times, needed, self.memo)


@record(frozen=False, eq=False)
class CaseStep(Step):
    branches: tuple[tuple[Step, Step], ...]
    otherwise: Step

    def compute(self, scope: Scope) -> Computed:
        failures = Failures(scope.length)
        conditions: list[pa.Array] = []
        values: list[Datum] = []
        for condition, value in self.branches:
            truth, failed = condition.value(scope)
            failures.merge(failed)
            taken = column(truth, scope.length)
            taken = pc.fill_null(taken, False) if taken.null_count else taken
            conditions.append(taken)
            taken_only = scope.narrowed(_rows(partial(column, taken, scope.length), None, scope.length))
            values.append(self._branch(value, taken_only, failures))
            scope = scope.narrowed(_rows(partial(pc.invert, taken), failed, scope.length))
        values.append(self._branch(self.otherwise, scope, failures))
        if len(conditions) == 1:
            result = pc.if_else(conditions[0], *values)
        else:
            result = pc.case_when(pa.StructArray.from_arrays(conditions, _names(len(conditions))), *values)
        return (null_where(result, failures.mask()) if failures else result), failures

    def _branch(self, step: Step, scope: Scope, failures: Failures) -> Datum:
        value, failed = step.value(scope)
        failures.merge(failed)
        return value


@record(frozen=False, eq=False)
class FieldStep(Step):
    arg: Step
    name: str

    def compute(self, scope: Scope) -> Computed:
        value, failures = self.arg.value(scope)
        return pc.struct_field(value, self.name), failures


@record(frozen=False, eq=False)
class SearchStep(Step):
    args: tuple[Step, ...]
    searcher: Searcher

    def compute(self, scope: Scope) -> Computed:
        failures = Failures(scope.length)
        arrays = []
        for arg in self.args:
            value, failed = arg.value(scope)
            arrays.append(column(value, scope.length))
            failures.merge(failed)
        result, own = self.searcher.answer(arrays, scope.length, scope.times)
        mask = scope.mask() if own else None
        failures.merge(own if mask is None else own.only(mask))
        return (null_where(result, failures.mask()) if failures else result), failures


def _names(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def _first(failures: Failures, more: Failures) -> Failures:
    """Both; of a row that failed twice the first. Neither is changed."""
    if not failures:
        return more
    return Failures(more.length, {**failures.rows, **more.rows, **failures.rows})


def _rows(truth: Callable[[], Datum], failed: Failures | None, length: int) -> Open:
    """The rows where what `truth` gives is true and nothing failed so far."""

    def rows() -> Mask:
        mask: Mask = pc.fill_null(column(truth(), length), False).to_numpy(zero_copy_only=False)
        return mask & ~failed.mask() if failed else mask

    return rows


def null_where(values: Datum, rows: Mask) -> pa.Array:
    return pc.if_else(truths(~rows), values, pa.scalar(None, values.type))


def _null_like(values: Datum, datums: Sequence[Datum]) -> Datum:
    """`values`, null where an argument is; most kernels have done so already."""
    gaps = [datum for datum in datums if isinstance(datum, pa.Array) and datum.null_count]
    if not gaps or (len(gaps) == 1 and _same_nulls(values, gaps[0])):
        return values
    valid = reduce(pc.and_, (pc.is_valid(datum) for datum in gaps))
    return pc.if_else(valid, values, pa.scalar(None, values.type))


def _same_nulls(values: Datum, gap: pa.Array) -> bool:
    if isinstance(values, pa.Scalar) or values.null_count != gap.null_count or values.offset or gap.offset:
        return False
    bits = (len(gap) + 7) // 8
    mine, other = values.buffers()[0], gap.buffers()[0]
    return bool(mine[:bits].equals(other[:bits]))
