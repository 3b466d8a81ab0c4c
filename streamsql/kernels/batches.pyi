import pyarrow as pa

class Renaming:
    """Batches with the names of `schema`."""

    def __init__(self, schema: pa.Schema) -> None: ...
    def of(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same columns under these names. Raises TypeError if they are of other types."""

def stamped(batch: pa.RecordBatch, time: int, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with a column of `time`, ms since 1970-01-01, before the others; `schema` has the types of all."""
