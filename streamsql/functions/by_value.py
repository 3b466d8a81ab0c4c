"""Work that is prepared for the value of an argument (a pattern, a format): once for each distinct value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from streamsql.functions.call import CallContext, Datum
from streamsql.functions.vectors import column
from streamsql.kernels import compute as pc

Run = Callable[..., pa.Array]


def by_value(
    call: CallContext,
    prepare: Callable[..., Run],
    inputs: Sequence[Datum],
    constants: Sequence[Datum],
    error: type[Exception],
) -> Datum:
    """`prepare(*values of constants)(*inputs)`. Where constants differ from row to row, the rows of each
    combination are taken together; the rows for which `prepare` raises `error` fail with RUN-006."""
    if all(isinstance(datum, pa.Scalar) for datum in constants):
        run = _prepared(call, prepare, [datum.as_py() for datum in constants], error)
        arrays = [column(datum, call.length) for datum in inputs]
        return _run(call, run, arrays, np.arange(call.length) if isinstance(run, Exception) else None)
    table = pa.table({str(place): column(datum, call.length) for place, datum in enumerate(constants)})
    coded = [table[name].combine_chunks().dictionary_encode("encode") for name in table.column_names]
    ids = np.zeros(call.length, dtype=np.int64)
    for array in coded:
        ids = ids * len(array.dictionary) + np.asarray(array.indices)
    parts, places = [], []
    arrays = [column(datum, call.length) for datum in inputs]
    for code in np.unique(ids):
        rows = np.flatnonzero(ids == code)
        values = [array[int(rows[0])].as_py() for array in (table[name] for name in table.column_names)]
        taken = [pc.take(array, pc.from_numpy(rows)) for array in arrays]
        parts.append(_run(call, _prepared(call, prepare, values, error), taken, rows))
        places.append(rows)
    if not parts:
        return pa.nulls(0, call.result.arrow)
    order = np.argsort(np.concatenate(places), kind="stable")
    return pc.take(pa.chunked_array(parts, call.result.arrow).combine_chunks(), pc.from_numpy(order))


def _prepared(call: CallContext, prepare: Callable[..., Run], values: list[Any], error: type[Exception]) -> Any:
    def make() -> Any:
        try:
            return prepare(*values)
        except error as problem:
            return problem

    # The clock is in the key, for patterns whose meaning depends on it (years of two digits).
    return call.prepared((call.times.query_start, *values), make)


def _run(call: CallContext, run: Any, arrays: Sequence[pa.Array], rows: Any) -> pa.Array:
    if isinstance(run, Exception):
        call.fail(np.asarray(rows), "RUN-006", str(run))
        return pa.nulls(len(rows), call.result.arrow)
    result = run(*arrays)
    return result.combine_chunks() if isinstance(result, pa.ChunkedArray) else result
