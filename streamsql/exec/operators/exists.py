"""Whether a reference table has a row for each row of a stream: EXISTS and IN."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.operator import Batches
from streamsql.exec.operators.lookup import Rows, TableReader
from streamsql.plan import nodes

PAIRS_AT_ONCE = 1 << 20


class Exists(TableReader):
    """Every row of the stream, with one BOOLEAN column more."""

    def __init__(self, node: nodes.Exists, context: Context) -> None:
        super().__init__(node, (*node.input.schema, *node.columns), context)
        self._schema = arrow_schema(node.schema)

    def on_batch(self, port: int, batch: pa.RecordBatch) -> Batches:
        self._reload()
        batch, keys = self._stream_keys.values(batch)
        if not batch.num_rows:
            return []
        begins, counts = self._matches(keys, batch.num_rows)
        found = counts > 0 if self._condition is None else self._any_pair(batch, begins, counts)
        return [pa.RecordBatch.from_arrays([*batch.columns, pa.array(found)], schema=self._schema)]

    def _any_pair(self, batch: pa.RecordBatch, begins: Rows, counts: Rows) -> npt.NDArray[np.bool_]:
        """The rows that are in a pair for which the condition is TRUE.

        Pairs are looked at in pieces, so that memory stays bounded also where every row meets every row.
        """
        found = np.zeros(batch.num_rows, dtype=bool)
        pairs = np.cumsum(counts)
        start = 0
        while start < batch.num_rows:
            done = int(pairs[start - 1]) if start else 0
            end = max(start + 1, int(np.searchsorted(pairs, done + PAIRS_AT_ONCE, side="right")))
            left, _ = self._pairs(batch.slice(start, end - start), begins[start:end], counts[start:end])
            found[start + left] = True
            start = end
        return found
