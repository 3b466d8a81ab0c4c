"""Aggregates that keep the values of a group (extensions): STRING_AGG, PERCENTILE_CONT and _DISC, MEDIAN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.functions import registry
from streamsql.functions.aggregate import one_argument, refuse
from streamsql.functions.registry import AggregateFunction, Argument, Documentation, Resolution
from streamsql.functions.sorting import in_order, value_of, value_type
from streamsql.kernels import compute as pc
from streamsql.types import DOUBLE, MAX_CHARACTERS, Kind, SqlType, varchar

STRING_SYNTAX = "STRING_AGG([ALL | DISTINCT] text, separator [ORDER BY key [ASC | DESC] [NULLS FIRST | LAST], …])"
CONTINUOUS_SYNTAX = "PERCENTILE_CONT(p) WITHIN GROUP (ORDER BY number [ASC | DESC])"
DISCRETE_SYNTAX = "PERCENTILE_DISC(p) WITHIN GROUP (ORDER BY value [ASC | DESC])"
MEDIAN_SYNTAX = "MEDIAN([ALL | DISTINCT] number)"
SPARE = 65536
"""Values are put together when as many have come as were kept, and at least this many."""

Groups = npt.NDArray[np.int32]
Sizes = npt.NDArray[np.int64]


class Collector:
    """The values that are not null, by group, in the order of arrival: an `Accumulator`. `keep_nulls` keeps the
    others too; a row of a value and its sort keys is null where the value is.

    `answer(values, sizes)` gives the result of groups whose values lie one group after the other, `sizes[i]` of
    them. `trim(values, sizes)`, where given, is the mask of those that can still matter.
    """

    def __init__(
        self,
        type_: pa.DataType,
        answer: Callable[[pa.Array, Sizes], pa.Array],
        trim: Callable[[pa.Array, Sizes], npt.NDArray[np.bool_]] | None = None,
        *,
        keep_nulls: bool = False,
    ) -> None:
        self._keep_nulls = keep_nulls
        self._type = type_
        self._answer = answer
        self._trim = trim
        self._groups: list[Groups] = []
        self._values: list[pa.Array] = []
        self._total = 0
        self._kept = self._fresh = 0

    def update(self, groups: Groups, total: int, column: pa.Array | None = None) -> None:
        assert column is not None
        self._total = max(self._total, total)
        wanted = groups >= 0
        if not self._keep_nulls:
            wanted = wanted & np.asarray(pc.is_valid(value_of(column)))
        self._groups.append(groups[wanted])
        self._values.append(pc.filter(column, pc.from_numpy(wanted)))
        self._fresh += len(self._groups[-1])
        if self._fresh > max(self._kept, SPARE):
            self._compact()

    def _compact(self) -> tuple[Groups, pa.Array]:
        """Everything, sorted by group."""
        groups = np.concatenate([np.empty(0, dtype=np.int32), *self._groups])
        values = pa.concat_arrays(self._values) if self._values else pa.array([], self._type)
        if self._fresh:
            order = np.argsort(groups, kind="stable")
            groups, values = groups[order], pc.take(values, pc.from_numpy(order))
            if self._trim is not None:
                keep = self._trim(values, np.bincount(groups, minlength=self._total))
                groups, values = groups[keep], pc.filter(values, pc.from_numpy(keep))
        self._groups, self._values = [groups], [values]
        self._kept, self._fresh = len(groups), 0
        return groups, values

    def result(self, ids: Groups | None = None) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
        groups, values = self._compact()
        ids = np.arange(self._total, dtype=np.int32) if ids is None else np.asarray(ids)
        sizes = np.bincount(groups, minlength=self._total)
        rows = pc.from_numpy(_ranges((np.cumsum(sizes) - sizes)[ids], sizes[ids]))
        return self._answer(pc.take(values, rows), sizes[ids]), np.zeros(len(ids), dtype=np.bool_)

    def clear(self) -> None:
        self._groups, self._values = [], []
        self._total = self._kept = self._fresh = 0

    def keep(self, ids: npt.ArrayLike) -> None:
        wanted = np.asarray(ids, dtype=np.int64)
        groups, values = self._compact()
        renamed = np.full(self._total, -1, dtype=np.int32)
        renamed[wanted] = np.arange(len(wanted), dtype=np.int32)
        self.clear()
        self.update(renamed[groups], len(wanted), values)

    def save(self) -> bytes:
        groups, values = self._compact()
        batch = pa.record_batch([pc.from_numpy(groups), values], names=["group", "value"])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema.with_metadata({"total": str(self._total)})) as writer:
            writer.write_batch(batch)
        return bytes(sink.getvalue())

    def load(self, state: bytes) -> None:
        table = pa.ipc.open_stream(state).read_all().combine_chunks()
        self.clear()
        groups = np.array(table["group"], dtype=np.int32)
        values = table["value"].combine_chunks()
        self.update(groups, int(table.schema.metadata[b"total"]), values)


def _ranges(starts: Sizes, sizes: Sizes) -> Sizes:
    """The numbers `starts[i]`, `starts[i]` + 1 … (`sizes[i]` of them), one range after the other."""
    before = np.cumsum(sizes) - sizes
    numbers: Sizes = np.arange(int(sizes.sum())) + np.repeat(starts - before, sizes)
    return numbers


# --- STRING_AGG -------------------------------------------------------------------------------------------


def _resolve_string(args: Sequence[Argument]) -> Resolution:
    types = [value_type(arg.type) for arg in args]
    if len(args) not in (2, 3) or not all(type_.is_character for type_ in types):
        raise registry.cannot_apply("STRING_AGG", args, STRING_SYNTAX)
    if not args[1].is_constant or args[1].constant is None:
        refuse("the separator of STRING_AGG must be a constant", STRING_SYNTAX)
    return Resolution(varchar(MAX_CHARACTERS), tuple(arg.type for arg in args))


def _string_agg(args: Sequence[Argument], result: SqlType, ignore_nulls: bool = False) -> Collector:
    separator = args[1].constant
    order = args[2].constant if len(args) == 3 else ""

    def trim(values: pa.Array, sizes: Sizes) -> npt.NDArray[np.bool_]:
        lengths = np.asarray(pc.utf8_length(values), dtype=np.int64) + len(separator)
        before = np.cumsum(lengths) - lengths
        first = np.minimum(np.cumsum(sizes) - sizes, max(len(values) - 1, 0))
        begin = before[first] if len(values) else sizes
        return np.asarray(before - np.repeat(begin, sizes) < result.length, dtype=np.bool_)

    def answer(values: pa.Array, sizes: Sizes) -> pa.Array:
        values = in_order(values, sizes, order)
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        lists = pa.ListArray.from_arrays(pc.from_numpy(offsets), pc.cast(values, pa.string()))
        text = pc.utf8_slice_codeunits(pc.binary_join(lists, separator), 0, result.length)
        return pc.cast(pc.if_else(pc.from_numpy(sizes > 0), text, None), result.arrow)

    # What is too long for the result can be forgotten, unless a later value may come before it.
    return Collector(args[0].type.arrow, answer, None if order else trim)


registry.add_aggregate(
    AggregateFunction(
        Documentation(
            "STRING_AGG",
            STRING_SYNTAX,
            "The texts that are not null, in the order of arrival or of ORDER BY, with the separator between. "
            f"Null when there are none; what is longer than {MAX_CHARACTERS} characters is cut.",
            extension="NAM-004",
        ),
        _resolve_string,
        _string_agg,
        None,
        sortable=True,
        keeps_values=True,
    )
)


# --- percentiles ------------------------------------------------------------------------------------------


def _sorted(values: pa.Array, sizes: Sizes, descending: bool) -> pa.Array:
    """Each group's values in order."""
    groups = pc.from_numpy(np.repeat(np.arange(len(sizes)), sizes))
    table = pa.table({"group": groups, "value": values})
    keys = [("group", "ascending"), ("value", "descending" if descending else "ascending")]
    return pc.take(values, pc.sort_indices(table, sort_keys=keys))


def _at(values: pa.Array, sizes: Sizes, places: Sizes) -> pa.Array:
    """Of each group the value at its place, null of an empty one."""
    rows = np.cumsum(sizes) - sizes + places
    return pc.take(values, pc.from_numpy(rows, mask=sizes == 0))


def _continuous(fraction: float, descending: bool) -> Callable[[pa.Array, Sizes], pa.Array]:
    def answer(values: pa.Array, sizes: Sizes) -> pa.Array:
        ordered = _sorted(values, sizes, descending)
        place = fraction * np.maximum(sizes - 1, 0)
        below = np.floor(place).astype(np.int64)
        above = np.ceil(place).astype(np.int64)
        low, high = _at(ordered, sizes, below), _at(ordered, sizes, above)
        return pc.add(low, pc.multiply(pc.subtract(high, low), pc.from_numpy(place - below)))

    return answer


def _discrete(fraction: float, descending: bool) -> Callable[[pa.Array, Sizes], pa.Array]:
    def answer(values: pa.Array, sizes: Sizes) -> pa.Array:
        # Rounded, so that 7 % of 100 values are 7 of them and not 7.000000000000001.
        count = np.ceil(np.round(fraction * sizes, 9)).astype(np.int64)
        return _at(_sorted(values, sizes, descending), sizes, np.maximum(count - 1, 0))

    return answer


def _percentile(name: str, syntax: str, text: str, kind: Callable[..., Any], continuous: bool) -> None:
    """Register a percentile. Its arguments are the value, p, and whether the order is descending."""

    def resolve(args: Sequence[Argument]) -> Resolution:
        if len(args) != 3:
            raise registry.cannot_apply(name, args, syntax)
        value, fraction = args[0].type, args[1]
        if value.kind in (Kind.ROW, Kind.BOOLEAN, Kind.NULL) or (continuous and not value.is_numeric):
            raise registry.cannot_apply(name, args[:1], syntax)
        if not isinstance(fraction.constant, (int, float, Decimal)) or not 0 <= fraction.constant <= 1:
            refuse(f"the argument of {name} must be a constant from 0 to 1", syntax)
        value = DOUBLE if continuous else value
        return Resolution(value, (value, fraction.type, args[2].type))

    def accumulator(args: Sequence[Argument], result: SqlType, ignore_nulls: bool = False) -> Collector:
        return Collector(result.arrow, kind(float(args[1].constant), bool(args[2].constant)))

    doc = Documentation(name, syntax, text, extension="NAM-004")
    registry.add_aggregate(AggregateFunction(doc, resolve, accumulator, None, ordered=True, keeps_values=True))


_percentile(
    "PERCENTILE_CONT",
    CONTINUOUS_SYNTAX,
    "The number below which the part p (0 to 1) of the values lies, as DOUBLE: between two values it is "
    "interpolated. Nulls are ignored; null when there is nothing else.",
    _continuous,
    True,
)
_percentile(
    "PERCENTILE_DISC",
    DISCRETE_SYNTAX,
    "The first of the ordered values such that it and those before it are at least the part p (0 to 1) of all. "
    "Nulls are ignored; null when there is nothing else.",
    _discrete,
    False,
)


def _resolve_median(args: Sequence[Argument]) -> Resolution:
    if not one_argument("MEDIAN", args, MEDIAN_SYNTAX).is_numeric:
        raise registry.cannot_apply("MEDIAN", args, MEDIAN_SYNTAX)
    return Resolution(DOUBLE, (DOUBLE,))


def _median(args: Sequence[Argument], result: SqlType, ignore_nulls: bool = False) -> Collector:
    return Collector(DOUBLE.arrow, _continuous(0.5, False))


registry.add_aggregate(
    AggregateFunction(
        Documentation(
            "MEDIAN",
            MEDIAN_SYNTAX,
            "The middle one of the numbers that are not null, or the mean of the two middle ones, as DOUBLE.",
            extension="NAM-004",
        ),
        _resolve_median,
        _median,
        None,
        keeps_values=True,
    )
)
