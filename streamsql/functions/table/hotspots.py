"""HOTSPOTS: where the last rows lie dense, by DBSCAN over a sliding window.

Extension: PARTITION BY after the cursor keeps one window per key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.failures import Failures
from streamsql.functions.registry import Documentation, Keeps, Parameter, TableFunction, add_table_function
from streamsql.functions.table.partitions import MAX_PARTITIONS, Partitions
from streamsql.functions.table.points import matrix, numeric_columns, pieces
from streamsql.kernels.hotspots import HotspotWindows
from streamsql.types import Column, varchar

NAME = "HOTSPOTS"
RESULT = Column("HOTSPOTS_RESULT", varchar())

# The squares of a radius beyond these bounds are no numbers to compare distances with.
PARAMETERS = (
    Parameter("windowSize", int, low=100, high=1000),
    Parameter("scanRadius", float, low=1e-150, high=1e150),
    Parameter("minimumNumberOfPointsInAHotspot", int, low=2, high=1000),
)


class HotspotsOperator:
    """Adds to each row the hotspots of the window that it completes.

    A row with a NULL, NaN or infinite number passes with a NULL result and does not enter the window.
    """

    ports = 1
    fate = "pass"
    layout = 1

    def __init__(
        self,
        schema: Sequence[Column],
        arguments: Sequence[Any],
        partition_by: Sequence[int],
        seed: int,
        reject: Callable[[pa.RecordBatch, Failures], None],
    ) -> None:
        size, radius, minimum = arguments
        self._numeric = numeric_columns(schema, NAME, partition_by)
        self._windows = HotspotWindows(len(self._numeric), size, radius, minimum)
        self._partitions = Partitions(partition_by, reject) if partition_by else None

    def on_batch(self, port: int, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The rows with HOTSPOTS_RESULT behind their own columns."""
        found = map(self._found, pieces(batch))
        return [piece for piece in found if piece.num_rows]

    def on_watermark(self, port: int, time: int) -> tuple[list[pa.RecordBatch], int]:
        """Time changes nothing here: the window counts rows."""
        return [], time

    def snapshot(self) -> dict[str, Any]:
        """The points of every window, and the keys."""
        state = {"windows": self._windows.save()}
        return state if self._partitions is None else {**state, "keys": self._partitions.save()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue exactly where `snapshot` was taken."""
        self._windows.load(state["windows"])
        if self._partitions is not None:
            self._partitions.load(state["keys"])

    def _found(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        owners = None
        if self._partitions is not None:
            batch, owners, _ = self._partitions.split(batch)
        texts = self._windows.process(matrix(batch, self._numeric), owners)
        return pa.RecordBatch.from_arrays([*batch.columns, texts], names=[*batch.schema.names, RESULT.name])


def _columns(
    schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int] = ()
) -> tuple[Column, ...]:
    numeric_columns(schema, NAME, partition_by)
    size, _, minimum = arguments
    if minimum > size:
        raise BindError(
            f"minimumNumberOfPointsInAHotspot of {NAME} must be at most windowSize, "
            f"and {minimum} is more than {size}",
            code="FUN-001",
        )
    return (*schema, RESULT)


def _aliases(schema: Sequence[Column], arguments: Sequence[Any]) -> dict[str, str]:
    return {"HOTSPOT_RESULTS": RESULT.name}


def _keeps(schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int]) -> Keeps | None:
    point = 8 * (len(numeric_columns(schema, NAME, partition_by)) + 2)
    return Keeps(tuple(partition_by), arguments[0] * point) if partition_by else None


def _bound(schema: Sequence[Column], arguments: Sequence[Any], partitioned: bool) -> str:
    window = f"the last {arguments[0]} points"
    return f"{window} per key, at most {MAX_PARTITIONS} keys" if partitioned else window


add_table_function(
    TableFunction(
        Documentation(
            NAME,
            "TABLE(HOTSPOTS(CURSOR(SELECT STREAM …) [PARTITION BY column, …], windowSize, scanRadius, "
            "minimumNumberOfPointsInAHotspot))",
            "Adds HOTSPOTS_RESULT to every row: a JSON object that lists the dense regions among the last "
            "windowSize rows, densest first, each with its density and the least and greatest value of every "
            "numeric column. The list is empty for the first windowSize - 1 rows; what does not fit into a "
            "VARCHAR (65535 characters) is left out.",
        ),
        PARAMETERS,
        _columns,
        HotspotsOperator,
        bound=_bound,
        keeps=_keeps,
        aliases=_aliases,
    )
)
