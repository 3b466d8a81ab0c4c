"""RANDOM_CUT_FOREST and RANDOM_CUT_FOREST_WITH_EXPLANATION: a matrix of numbers handed to `rcf_ext`.

The formulas are in docs/spec/rcf.md. Extension: PARTITION BY after the cursor keeps one forest per key.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rcf_ext import RandomCutForest
from streamsql.errors import BindError
from streamsql.functions.failures import Failures
from streamsql.functions.registry import Documentation, Parameter, TableFunction, add_table_function
from streamsql.kernels.explanation import explanations
from streamsql.types import APPROXIMATE, DOUBLE, INTEGERS, Column, Kind, varchar

MAX_COLUMNS = 30
MAX_PARTITIONS = 10_000

PARAMETERS = (
    Parameter("numberOfTrees", int, 100, 1, 1000),
    Parameter("subSampleSize", int, 256, 10, 1000),
    Parameter("timeDecay", int, 100_000, 1, 2_147_483_647),
    Parameter("shingleSize", int, 1, 1, 30),
)
WITH_DIRECTIONALITY = Parameter("withDirectionality", bool, False)


def numeric_columns(schema: Sequence[Column], name: str) -> list[int]:
    """Positions of the columns that are scored. Raises BindError FUN-001 for none, too many, or a DECIMAL."""
    for column in schema:
        if column.type.kind is Kind.DECIMAL:
            raise BindError(
                f'{name} does not take DECIMAL, the type of column "{column.name}"',
                code="FUN-001",
                hint=f'CAST("{column.name}" AS DOUBLE) in the cursor',
            )
    numeric = [i for i, column in enumerate(schema) if column.type.kind in (*INTEGERS, *APPROXIMATE)]
    if not 1 <= len(numeric) <= MAX_COLUMNS:
        raise BindError(
            f"{name} needs 1 to {MAX_COLUMNS} numeric columns, the cursor has {len(numeric)}", code="FUN-001"
        )
    return numeric


def _columns(name: str, added: tuple[Column, ...]) -> Callable[..., tuple[Column, ...]]:
    def columns(schema: Sequence[Column], arguments: Sequence[Any]) -> tuple[Column, ...]:
        numeric_columns(schema, name)
        sample, decay = arguments[1], arguments[2]
        if sample >= decay:
            raise BindError(
                f"subSampleSize of {name} must be less than timeDecay, and {sample} is not less than {decay}",
                code="FUN-001",
            )
        return (*schema, *added)

    return columns


class ForestOperator:
    """Scores each row as it comes, then learns it; the forest is the only state.

    A row with a NULL, NaN or infinite number passes with a NULL score and is not learned.
    """

    ports = 1

    def __init__(
        self,
        schema: Sequence[Column],
        arguments: Sequence[Any],
        partition_by: Sequence[int],
        seed: int,
        reject: Callable[[pa.RecordBatch, Failures], None],
        *,
        explain: bool,
    ) -> None:
        self._numeric = numeric_columns(schema, "RANDOM_CUT_FOREST")
        self._keys = [json.dumps(schema[i].name, ensure_ascii=False).encode() for i in self._numeric]
        self._partition_by = list(partition_by)
        self._trees, self._sample, self._decay, self._shingle = arguments[:4]
        self._directed = bool(explain and arguments[4])
        self._explain = explain
        self._seed = seed
        self._reject = reject
        self._forests: dict[bytes, RandomCutForest] = {}

    def on_batch(self, port: int, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The rows with ANOMALY_SCORE, and ANOMALY_EXPLANATION, behind their own columns."""
        if not self._partition_by:
            return [self._scored(batch, [(self._forest(b""), None)])]
        batch, parts = self._split(batch)
        return [self._scored(batch, parts)] if batch.num_rows else []

    def on_watermark(self, port: int, time: int) -> tuple[list[pa.RecordBatch], int]:
        """Time changes nothing here."""
        return [], time

    def snapshot(self) -> dict[str, Any]:
        """The forests as bytes, by partition key."""
        return {
            "version": 1,
            "keys": list(self._forests),
            "forests": [forest.to_bytes() for forest in self._forests.values()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue exactly where `snapshot` was taken."""
        forests = map(RandomCutForest.from_bytes, state["forests"])
        self._forests = dict(zip(state["keys"], forests, strict=True))

    # --- one batch -----------------------------------------------------------------------------------------

    def _scored(
        self, batch: pa.RecordBatch, parts: Sequence[tuple[RandomCutForest, npt.NDArray[np.int64] | None]]
    ) -> pa.RecordBatch:
        points = self._matrix(batch)
        shape = points.shape
        scores = np.empty(shape[0])
        attribution = np.empty(shape if self._explain else (0, 0))
        high = np.empty(shape, bool) if self._directed else None
        strength = np.empty(shape) if self._directed else None
        for forest, rows in parts:
            own = slice(None) if rows is None else rows
            if not self._explain:
                scores[own] = forest.process(points[own])
                continue
            found = forest.process(points[own], explain=True)
            scores[own], attribution[own] = found.scores, found.attribution
            if high is not None and strength is not None:
                high[own], strength[own] = found.direction_high, found.strength
        valid = ~np.isnan(scores)
        added = [pa.array(scores, mask=~valid)]
        names = [*batch.schema.names, "ANOMALY_SCORE"]
        if self._explain:
            added.append(explanations(self._keys, attribution, high, strength, valid))
            names.append("ANOMALY_EXPLANATION")
        return pa.RecordBatch.from_arrays([*batch.columns, *added], names=names)

    def _matrix(self, batch: pa.RecordBatch) -> npt.NDArray[np.float64]:
        """The numeric columns, (rows, columns); a NULL becomes NaN."""
        points = np.empty((batch.num_rows, len(self._numeric)))
        for k, index in enumerate(self._numeric):
            column = batch.column(index)
            numbers = column if column.type == pa.float64() else pc.cast(column, pa.float64(), safe=False)
            points[:, k] = numbers.to_numpy(zero_copy_only=False)
            if column.null_count:
                points[column.is_null().to_numpy(zero_copy_only=False), k] = np.nan
        return points

    # --- partitions ----------------------------------------------------------------------------------------

    def _forest(self, key: bytes) -> RandomCutForest:
        forest = self._forests.get(key)
        if forest is None:
            seed = self._seed ^ zlib.crc32(key) if key else self._seed
            forest = self._forests[key] = RandomCutForest(
                len(self._numeric), self._trees, self._sample, self._decay, self._shingle, seed
            )
        return forest

    def _split(
        self, batch: pa.RecordBatch
    ) -> tuple[pa.RecordBatch, list[tuple[RandomCutForest, npt.NDArray[np.int64] | None]]]:
        """The rows of each key with its forest; rows of keys beyond the cap are rejected."""
        keys, codes = self._codes(batch)
        refused = np.zeros(batch.num_rows, bool)
        for code, key in enumerate(keys):
            if key not in self._forests and len(self._forests) >= MAX_PARTITIONS:
                refused |= codes == code
            else:
                self._forest(key)
        if refused.any():
            failures = Failures(batch.num_rows)
            for row in np.flatnonzero(refused).tolist():
                failures.add(row, "RUN-006", f"more than {MAX_PARTITIONS} keys in PARTITION BY")
            self._reject(batch, failures)
            batch, codes = batch.filter(pa.array(~refused)), codes[~refused]
        order = np.argsort(codes, kind="stable")
        present, starts = np.unique(codes[order], return_index=True)
        groups = np.split(order, starts[1:]) if len(present) else []
        return batch, [(self._forests[keys[code]], rows) for code, rows in zip(present, groups, strict=True)]

    def _codes(self, batch: pa.RecordBatch) -> tuple[list[bytes], npt.NDArray[np.int64]]:
        """The distinct keys of a batch in the order of their first row, and each row's number among them."""
        columns = [batch.column(index) for index in self._partition_by]
        struct = pa.StructArray.from_arrays(columns, [str(i) for i in range(len(columns))])
        texts = [pc.fill_null(pc.cast(column, pa.string()), "\x00") for column in struct.flatten()]
        joined = pc.binary_join_element_wise(*texts, "\x1f")
        encoded = joined.dictionary_encode()
        return [key.encode() for key in encoded.dictionary.to_pylist()], encoded.indices.to_numpy().astype(
            np.int64
        )


def _bound(schema: Sequence[Column], arguments: Sequence[Any], partitioned: bool) -> str:
    trees, sample, _, shingle = arguments[:4]
    size = 8 * trees * sample * shingle * len(numeric_columns(schema, "RANDOM_CUT_FOREST"))
    forest = f"a forest of {trees} × {sample} points ({max(size // 1024, 1)} KiB and its trees)"
    return f"{forest} per key, at most {MAX_PARTITIONS} keys" if partitioned else forest


def _register(name: str, text: str, added: tuple[Column, ...], *, explain: bool) -> None:
    parameters = (*PARAMETERS, WITH_DIRECTIONALITY) if explain else PARAMETERS
    arguments = "".join(f" [, {parameter.name}" for parameter in parameters) + "]" * len(parameters)

    def operator(*args: Any) -> ForestOperator:
        return ForestOperator(*args, explain=explain)

    doc = Documentation(name, f"TABLE({name}(CURSOR(SELECT STREAM …) [PARTITION BY column, …]{arguments}))", text)
    add_table_function(TableFunction(doc, parameters, _columns(name, added), operator, bound=_bound))


SCORE = Column("ANOMALY_SCORE", DOUBLE)
EXPLANATION = Column("ANOMALY_EXPLANATION", varchar())

_register(
    "RANDOM_CUT_FOREST",
    "Adds ANOMALY_SCORE to every row: 0 for the first subSampleSize rows, then from just above 0 (ordinary) to "
    "log2(subSampleSize) (never seen before). All numeric columns count; the others pass through.",
    (SCORE,),
    explain=False,
)
_register(
    "RANDOM_CUT_FOREST_WITH_EXPLANATION",
    "As RANDOM_CUT_FOREST, and adds ANOMALY_EXPLANATION: a JSON object that says how much each column contributed "
    "to the score, and with withDirectionality whether its value was too high or too low.",
    (SCORE, EXPLANATION),
    explain=True,
)
