import pyarrow as pa

from streamsql.kernels.batches import LazyBatch, Rows

def chosen(batch: Rows, mask: pa.BooleanArray) -> LazyBatch:
    """The rows for which `mask`, as long as the batch and without nulls, is true. Each column is copied when
    somebody asks for it. Raises OverflowError, then, for more than 2 GiB of text."""
