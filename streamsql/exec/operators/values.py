"""VALUES: constant rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.operator import Batches, Operator
from streamsql.exec.time import timestamps
from streamsql.plan import nodes


class Values(Operator):
    """Produces its rows once, when the application starts."""

    ports = 0

    def __init__(self, node: nodes.Values, context: Context) -> None:
        self._schema = arrow_schema(node.schema)
        self._rows = [context.computation(row) for row in node.rows]

    def start(self, time: int) -> Batches:
        """The rows, with ROWTIME `time`."""
        rowtime = timestamps(np.array([time]))
        now = pa.RecordBatch.from_arrays([rowtime], names=["ROWTIME"])
        rows = []
        for computation in self._rows:
            kept, arrays = computation.values(now)
            if kept.num_rows:
                rows.append(pa.RecordBatch.from_arrays([rowtime, *arrays], schema=self._schema))
        return [pa.concat_batches(rows)] if rows else []
