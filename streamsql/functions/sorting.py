"""The values of groups in the order that ORDER BY behind the arguments of an aggregate asks for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.kernels import compute as pc
from streamsql.types import Kind, SqlType


def value_type(type_: SqlType) -> SqlType:
    """The type of the value: of a row of a value and keys, that of its first field."""
    return type_.fields[0][1] if type_.kind is Kind.ROW else type_


def value_of(values: pa.Array) -> pa.Array:
    """The values themselves, without their keys."""
    return values.field(0) if pa.types.is_struct(values.type) else values


def in_order(values: pa.Array, sizes: npt.NDArray[np.int64], order: str) -> pa.Array:
    """Groups of `sizes[i]` values, one after the other, each sorted stably. `order` is as in
    `AggregateFunction.sortable`; empty: as they are."""
    if not order:
        return value_of(values)
    keys = (
        [values.field(n) for n in range(1, values.type.num_fields)]
        if pa.types.is_struct(values.type)
        else [values]
    )
    columns = {"group": pc.from_numpy(np.repeat(np.arange(len(sizes)), sizes))}
    by = [("group", "ascending")]
    for number, (key, mark) in enumerate(zip(keys, order.split(","), strict=True)):
        columns |= {f"null {number}": pc.is_null(key), f"key {number}": key}
        by.append((f"null {number}", "descending" if mark[1] == "f" else "ascending"))
        by.append((f"key {number}", "descending" if mark[0] == "-" else "ascending"))
    return pc.take(value_of(values), pc.sort_indices(pa.table(columns), sort_keys=by))
