from collections.abc import Sequence

import pyarrow as pa

from streamsql.kernels.batches import LazyBatch, Rows

_Code = Sequence[tuple[str, int | float | bytes]]
"""What a stack machine does: names of operations (OPERATIONS) with a constant, the number of a column, or 0."""

OPERATIONS: dict[str, int]

class Condition:
    """The rows for which a program is true."""

    def __init__(self, schema: pa.Schema, code: _Code) -> None: ...
    def rows(self, batch: Rows) -> LazyBatch | None:
        """These rows of `batch`, as `chosen` gives them; None if the program gave up, or the batch has another
        schema."""

class SelectList:
    """Batches with other columns: each is a column by its number, computed by a program, or given (None)."""

    def __init__(self, schema: pa.Schema, outputs: Sequence[int | _Code | None], result: pa.Schema) -> None: ...
    def rows(self, batch: Rows, given: Sequence[pa.Array] = ()) -> LazyBatch | None:
        """A batch of schema `result`, from one of `schema` and as many arrays of its length as outputs are given.

        None if a program gave up, or `batch` has another schema."""

class Insertion:
    """What is inserted into a stream: the rows that `condition` chooses, with the columns of `select`."""

    def __init__(
        self,
        condition: Condition | None,
        select: SelectList,
        required: Sequence[int],
        texts: Sequence[int],
        limit: int,
    ) -> None: ...
    def rows(self, batch: Rows) -> LazyBatch | None:
        """These rows; None if a program gave up, or they do not fit (`LazyBatch.fits`)."""

class Value:
    """One value of type `type_` for each row."""

    def __init__(self, schema: pa.Schema, code: _Code, type_: pa.DataType) -> None: ...
    def of(self, batch: Rows) -> pa.Array | None:
        """The values for a batch; None if the program gave up, or the batch has another schema."""
