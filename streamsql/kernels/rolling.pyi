import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.kernels.batches import LazyBatch, Rows
from streamsql.kernels.groups import Grouping

class RollingSteps:
    """Rows that have entered their windows: what the aggregates over the same windows go by."""

    sizes: LazyBatch
    """One column: how many rows are inside once each row has entered."""

class RollingFrame:
    """The sizes of the sliding windows of many partitions: the last `preceding` ms (both ends inclusive) or the
    last `preceding` rows before the current one; None: all."""

    preceding: int | None
    def __init__(self, rows: bool, preceding: int | None) -> None: ...
    def advance(self, groups: Grouping, total: int, batch: Rows) -> RollingSteps:
        """Rows in order of arrival enter the windows of their groups, of which there are `total` so far. The first
        column of the batch is their time: a TIMESTAMP without nulls."""

    def alive(self, time: int) -> npt.NDArray[np.int32]:
        """The partitions whose window is not empty for a row at `time`."""

    def keep(self, ids: npt.NDArray[np.int32]) -> None:
        """Forget all partitions but `ids`, which become 0, 1, 2 …"""

    def save(self) -> bytes:
        """All state."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""

class RollingAggregate:
    """One aggregate over the sliding windows of many partitions.

    `what`: "count", "sum", "sum decimal", "average", "average decimal", "variance population",
    "variance sample", "deviation population", "deviation sample", "least", "greatest", "from first" and
    "from last" (the `n`-th row from there), "lag" (`n` rows back), "decay" (weights halve every `n` ms).
    `forever`: no row ever leaves. `distinct` belongs to the sums, `ignore_nulls` to the picks.
    """

    def __init__(
        self,
        what: str,
        argument: pa.DataType,
        result: pa.DataType,
        *,
        forever: bool = False,
        distinct: bool = False,
        ignore_nulls: bool = False,
        n: int = 1,
        shift: int = 0,
    ) -> None: ...
    def update(
        self, steps: RollingSteps, values: tuple[int, int], defaults: tuple[int, int] | None = None
    ) -> tuple[LazyBatch, list[int]]:
        """One column with a value for each row, and the numbers of the rows that are out of the result type's
        range, which are null. `values` and `defaults`, which is for "lag", are columns of the batch that made the
        steps, each given by its position and the id of its Arrow type."""

    def keep(self, ids: npt.NDArray[np.int32]) -> None:
        """Forget all partitions but `ids`, which become 0, 1, 2 …"""

    def save(self) -> bytes:
        """All state."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged."""
