from collections.abc import Sequence

import pyarrow as pa

class LazyBatch:
    """Rows with their columns in memory as Arrow has them. pyarrow's objects, which cost more than the values of a
    small batch, are made when somebody asks for the `whole`. Kernels make it; it never changes.

    Columns that nobody was expected to read may not be there yet: they are made when somebody asks for one
    (docs/decisions/0011)."""

    num_rows: int
    schema: pa.Schema
    def whole(self) -> pa.RecordBatch:
        """The same as a record batch; nothing is copied."""
    def column(self, column: int | str) -> pa.Array:
        """One column, by number or name; the others need not be there. IndexError: there is none."""
    def last_time(self) -> int:
        """The last value of the first column, a TIMESTAMP, in ms since 1970-01-01. ValueError: there is no row."""
    def fits(self, required: Sequence[int], texts: Sequence[int], limit: int) -> bool:
        """Whether the columns `required`, by number, have no null, and all values of `texts`, columns of text or
        bytes, together at most `limit` bytes."""

Rows = pa.RecordBatch | LazyBatch

def whole(batch: Rows) -> pa.RecordBatch:
    """The batch as a record batch."""

def by_column(batch: Rows) -> Rows:
    """The batch, for somebody who reads some of its columns: whole, unless columns are not there yet."""

class Renaming:
    """Batches with the names of `schema`."""

    def __init__(self, schema: pa.Schema) -> None: ...
    def of(self, batch: Rows) -> Rows:
        """The same columns under these names. Raises TypeError if they are of other types."""

class Tail:
    """Batches without their `first` columns."""

    def __init__(self, first: int) -> None: ...
    def of(self, batch: Rows) -> Rows:
        """The columns from number `first` on."""

def extended(batch: Rows, others: Sequence[LazyBatch], schema: pa.Schema) -> LazyBatch:
    """The batch with the columns of `others`, as long as it is, behind its own; `schema` has the types of all."""

def stamped(batch: Rows, time: int, schema: pa.Schema) -> LazyBatch:
    """The batch with a column of `time`, ms since 1970-01-01, before the others; `schema` has the types of all."""

def timed(batch: Rows, times: pa.Array, schema: pa.Schema) -> LazyBatch:
    """The batch with a column of `times`, as long as it is, before the others; `schema` has the types of all."""
