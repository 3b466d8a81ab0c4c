import pyarrow as pa

from streamsql.kernels.batches import LazyBatch, Rows

def chosen(batch: Rows, mask: pa.BooleanArray) -> LazyBatch:
    """The rows for which `mask`, as long as the batch and without nulls, is true. Columns that are not there, and
    nested ones, are fetched when somebody asks for one of them."""
