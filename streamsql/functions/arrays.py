"""Arrays (an extension): ARRAY_AGG makes them, CARDINALITY counts their elements; and values in sorted order.

How arrays are written is a matter of formats: a JSON array, and in CSV its text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from streamsql.functions import registry
from streamsql.functions.call import CallContext, Datum
from streamsql.functions.collect import Collector, Sizes
from streamsql.functions.registry import AggregateFunction, Argument, Documentation, Resolution
from streamsql.functions.sorting import in_order, value_type
from streamsql.functions.vectors import column
from streamsql.kernels import compute as pc
from streamsql.types import INTEGER, Kind, SqlType, array_of

ARRAY_SYNTAX = (
    "ARRAY_AGG([ALL | DISTINCT] value [ORDER BY key [ASC | DESC] [NULLS FIRST | LAST], …]) [IGNORE NULLS]"
)


def _resolve_array(args: Sequence[Argument]) -> Resolution:
    value = value_type(args[0].type) if args else None
    if value is None or len(args) > 2 or value.is_nested or value.is_interval or value.kind is Kind.NULL:
        raise registry.cannot_apply("ARRAY_AGG", args[:1], ARRAY_SYNTAX)
    if len(args) == 2 and not args[1].is_constant:
        raise registry.cannot_apply("ARRAY_AGG", args, ARRAY_SYNTAX)
    return Resolution(array_of(value), tuple(arg.type for arg in args))


def _array_agg(args: Sequence[Argument], result: SqlType, ignore_nulls: bool = False) -> Collector:
    order = args[1].constant if len(args) == 2 else ""

    def answer(values: pa.Array, sizes: Sizes) -> pa.Array:
        values = in_order(values, sizes, order)
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        arrays = pa.ListArray.from_arrays(pc.from_numpy(offsets), values, mask=pc.from_numpy(sizes == 0))
        return pc.cast(arrays, result.arrow)

    return Collector(args[0].type.arrow, answer, keep_nulls=not ignore_nulls)


registry.add_aggregate(
    AggregateFunction(
        Documentation(
            "ARRAY_AGG",
            ARRAY_SYNTAX,
            "The values as an ARRAY, nulls too, in the order of arrival or in that of ORDER BY. Null when there "
            "are none, as with IGNORE NULLS. A stream declares a column that holds it as `type ARRAY`.",
            extension="NAM-004",
        ),
        _resolve_array,
        _array_agg,
        None,
        sortable=True,
    )
)


def _resolve_cardinality(args: Sequence[Argument]) -> Resolution:
    if len(args) != 1 or args[0].type.kind is not Kind.ARRAY:
        raise registry.cannot_apply("CARDINALITY", args, "CARDINALITY(array)")
    return Resolution(INTEGER, (args[0].type,))


@registry.scalar("CARDINALITY", "CARDINALITY(array)", _resolve_cardinality, extension="NAM-004")
def _cardinality(call: CallContext, array: Datum) -> Datum:
    """The number of elements of an ARRAY, nulls counted."""
    return pc.list_value_length(array)


def _resolve_row(args: Sequence[Argument]) -> Resolution:
    fields = tuple((str(number), arg.type) for number, arg in enumerate(args))
    return Resolution(SqlType(Kind.ROW, fields=fields), tuple(arg.type for arg in args))


@registry.scalar("(ROW)", "(value, key …)", _resolve_row, handles_nulls=True)
def _row(call: CallContext, *datums: Datum) -> Datum:
    """A value and what it is ordered by, as one; SQL has no name for it."""
    columns = [column(datum, call.length) for datum in datums]
    return pa.StructArray.from_arrays(columns, fields=list(call.result.arrow))
