"""INSERT INTO: the end of a pump."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.context import Context, arrow_schema
from streamsql.exec.operator import Operator, Released
from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import LazyBatch, Renaming, Rows, whole
from streamsql.kernels.programs import Condition, Insertion, SelectList
from streamsql.plan import nodes

MAX_ROW_BYTES = 511 * 1024  # 512 KB, of which the service kept 1 KB for itself


class Sink(Operator):
    """Names the columns as the stream does, and rejects rows that the stream cannot hold."""

    lazy = True

    def __init__(self, node: nodes.Sink, context: Context) -> None:
        self._context = context
        self._stream = node.stream
        self.schema = arrow_schema(node.schema)
        self._renaming = Renaming(self.schema)
        self._required = [
            (index, column.name) for index, column in enumerate(node.schema) if index and not column.nullable
        ]
        self._arrays = [i for i, column in enumerate(node.schema) if column.type.element is not None]
        self._long = [
            i for i, column in enumerate(node.schema) if column.type.is_character or column.type.is_binary
        ]

        self._limits = [index for index, _ in self._required], self._long, MAX_ROW_BYTES

    def on_batch(self, port: int, batch: Rows) -> Released:
        # A quick look at all rows together; arrays are always looked at one by one.
        if isinstance(batch, LazyBatch) and not self._arrays and batch.fits(*self._limits):
            return [self._renaming.of(batch)]
        accepted = self._accepted(whole(batch))
        return [self._renaming.of(accepted)] if accepted.num_rows else []

    def insertion(self, condition: Condition | None, select: SelectList) -> Insertion | None:
        """What does the same, with a condition and a select list before it, for rows of which none is rejected."""
        return None if self._arrays else Insertion(condition, select, *self._limits)

    def _accepted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that the stream can hold; the others are rejected."""
        failures = Failures(batch.num_rows)
        for index, name in self._required:
            column = batch.column(index)
            if column.null_count:
                for row in np.flatnonzero(pc.is_null(column)).tolist():
                    failures.add(row, "RUN-005", f'null in column "{name}" of {self._stream}, which is NOT NULL')
        if self._may_be_large(batch):
            self._check_sizes(batch, failures)
        if failures:
            batch = pc.filter(batch, pc.from_numpy(self._context.drop(batch, failures)))
        return batch

    def _may_be_large(self, batch: pa.RecordBatch) -> bool:
        """Whether all text together is more than one row may have (whole buffers first: cheap to ask)."""
        if batch.get_total_buffer_size() <= MAX_ROW_BYTES:
            return False
        buffers = (batch.column(i).buffers()[2] for i in self._long)
        if sum(batch.column(i).nbytes for i in self._arrays) > MAX_ROW_BYTES:
            return True
        if sum(buffer.size for buffer in buffers if buffer is not None) <= MAX_ROW_BYTES:
            return False
        return bool(sum(batch.column(i).nbytes for i in self._long) > MAX_ROW_BYTES)

    def _check_sizes(self, batch: pa.RecordBatch, failures: Failures) -> None:
        sizes = np.zeros(batch.num_rows, dtype=np.int64)
        for index in self._long:
            sizes += pc.fill_null(pc.binary_length(batch.column(index)), 0).to_numpy(zero_copy_only=False)
        for index in self._arrays:
            sizes += _array_bytes(batch.column(index))
        what = "text and arrays" if self._arrays else "text"
        for row in np.flatnonzero(sizes > MAX_ROW_BYTES).tolist():
            message = f"the row has {sizes[row]} bytes of {what}; {MAX_ROW_BYTES} are allowed"
            failures.add(row, "RUN-007", message)


def _array_bytes(arrays: pa.Array) -> npt.NDArray[np.int64]:
    """What the elements of each array take."""
    elements = arrays.flatten()
    counts = pc.fill_null(pc.list_value_length(arrays), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    if pa.types.is_string(elements.type) or pa.types.is_binary(elements.type):
        each = pc.fill_null(pc.binary_length(elements), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    else:
        each = np.full(len(elements), max(elements.type.bit_width // 8, 1), dtype=np.int64)
    total = np.concatenate([[0], np.cumsum(each)])
    ends = np.cumsum(counts)
    sizes: npt.NDArray[np.int64] = total[ends] - total[ends - counts]
    return sizes
