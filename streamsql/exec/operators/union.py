"""UNION ALL."""

from __future__ import annotations

import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.merge import Merge
from streamsql.exec.operator import Batches, Operator, State
from streamsql.plan import nodes


class Union(Operator):
    """The rows of all inputs in the order of ROWTIME, ties in the order of the inputs."""

    def __init__(self, node: nodes.Union, context: Context) -> None:
        self.ports = len(node.sources)
        self._schema = arrow_schema(node.schema)
        self._merge = Merge(self.ports)

    def on_batch(self, port: int, batch: pa.RecordBatch) -> Batches:
        self._merge.add(port, pa.RecordBatch.from_arrays(batch.columns, schema=self._schema))
        return self._merge.release()

    def on_watermark(self, port: int, time: int) -> tuple[Batches, int]:
        self._merge.advance(port, time)
        return self._merge.release(), self._merge.bound

    def snapshot(self) -> State:
        return self._merge.snapshot()

    def restore(self, state: State) -> None:
        self._merge.restore(state)

    def held(self) -> int:
        return self._merge.waiting
