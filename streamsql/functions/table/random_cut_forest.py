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

from rcf_ext import RandomCutForest
from streamsql.errors import BindError
from streamsql.functions.failures import Failures
from streamsql.functions.registry import Documentation, Keeps, Parameter, TableFunction, add_table_function
from streamsql.functions.table.partitions import MAX_PARTITIONS, Partitions
from streamsql.functions.table.points import MEASURED, matrix, numeric_columns, pieces
from streamsql.kernels import compute as pc
from streamsql.kernels.explanation import explanations
from streamsql.types import DOUBLE, Column, varchar

PARAMETERS = (
    Parameter("numberOfTrees", int, 100, 1, 1000),
    Parameter("subSampleSize", int, 256, 10, 1000),
    Parameter("timeDecay", int, 100_000, 1, 2_147_483_647),
    Parameter("shingleSize", int, 1, 1, 30),
)
NODE = 64
"""Bytes of a node of a tree, with slack."""
WITH_DIRECTIONALITY = Parameter("withDirectionality", bool, False)


def _columns(name: str, added: tuple[Column, ...]) -> Callable[..., tuple[Column, ...]]:
    def columns(
        schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int] = ()
    ) -> tuple[Column, ...]:
        numeric_columns(schema, name, partition_by)
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
    fate = "pass"
    layout = 1

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
        name = "RANDOM_CUT_FOREST_WITH_EXPLANATION" if explain else "RANDOM_CUT_FOREST"
        self._numeric = numeric_columns(schema, name, partition_by)
        self._names = [json.dumps(schema[i].name, ensure_ascii=False).encode() for i in self._numeric]
        self._partition_by = list(partition_by)
        self._partitions = Partitions(partition_by, reject) if partition_by else None
        trees, sample, decay, shingle = arguments[:4]
        self._options = (trees, sample, decay, shingle)
        self._directed = bool(explain and arguments[4])
        self._explain = explain
        self._seed = seed
        self._forests = [] if partition_by else [self._forest(seed)]

    def on_batch(self, port: int, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        """The rows with ANOMALY_SCORE, and ANOMALY_EXPLANATION, behind their own columns."""
        scored = map(self._scored, pieces(batch))
        return [piece for piece in scored if piece.num_rows]

    def on_watermark(self, port: int, time: int) -> tuple[list[pa.RecordBatch], int]:
        """Time changes nothing here."""
        return [], time

    def snapshot(self) -> dict[str, Any]:
        """The forests as bytes, and the keys in the same order."""
        forests = pa.array([forest.to_bytes() for forest in self._forests], pa.large_binary())
        state = {"forests": forests}
        return state if self._partitions is None else {**state, "keys": self._partitions.save()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue exactly where `snapshot` was taken."""
        self._forests = [RandomCutForest.from_bytes(forest) for forest in state["forests"].to_pylist()]
        if self._partitions is not None:
            self._partitions.load(state["keys"])

    def _scored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self._partitions is None:
            return self._with_scores(batch, [(self._forests[0], slice(None))])
        batch, codes, first = self._partitions.split(batch)
        self._forests += [self._forest(self._seed_of(batch, row)) for row in first.tolist()]
        order = np.argsort(codes, kind="stable")
        present, starts = np.unique(codes[order], return_index=True)
        groups = np.split(order, starts[1:]) if len(present) else []
        forests = [self._forests[code] for code in present.tolist()]
        return self._with_scores(batch, list(zip(forests, groups, strict=True)))

    def _with_scores(
        self, batch: pa.RecordBatch, parts: Sequence[tuple[RandomCutForest, slice | npt.NDArray[np.int64]]]
    ) -> pa.RecordBatch:
        points = matrix(batch, self._numeric)
        shape = points.shape
        scores = np.empty(shape[0])
        attribution = np.empty(shape if self._explain else (0, 0))
        high = np.empty(shape, bool) if self._directed else None
        strength = np.empty(shape) if self._directed else None
        for forest, own in parts:
            if not self._explain:
                scores[own] = forest.process(points[own])
                continue
            found = forest.process(points[own], explain=True)
            scores[own], attribution[own] = found.scores, found.attribution
            if high is not None and strength is not None:
                high[own], strength[own] = found.direction_high, found.strength
        valid = ~np.isnan(scores)
        added = [pc.from_numpy(scores, mask=~valid)]
        names = [*batch.schema.names, SCORE.name]
        if self._explain:
            added.append(explanations(self._names, attribution, high, strength, valid))
            names.append(EXPLANATION.name)
        return pa.RecordBatch.from_arrays([*batch.columns, *added], names=names)

    def _forest(self, seed: int) -> RandomCutForest:
        return RandomCutForest(len(self._numeric), *self._options, seed=seed)

    def _seed_of(self, batch: pa.RecordBatch, row: int) -> int:
        """The seed of the forest of the row's key: by its value, so that other keys do not change its scores."""
        key = [batch.column(index)[row].as_py() for index in self._partition_by]
        return self._seed ^ zlib.crc32(json.dumps(key, default=str).encode())


def _bound(schema: Sequence[Column], arguments: Sequence[Any], partitioned: bool) -> str:
    trees, sample, _, shingle = arguments[:4]
    size = 8 * trees * sample * shingle * sum(column.type.kind in MEASURED for column in schema)
    forest = f"a forest of {trees} × {sample} points ({max(size // 1024, 1)} KiB and its trees)"
    return f"{forest} per key, at most {MAX_PARTITIONS} keys" if partitioned else forest


def _keeps(schema: Sequence[Column], arguments: Sequence[Any], partition_by: Sequence[int]) -> Keeps | None:
    trees, sample, _, shingle = arguments[:4]
    points = 8 * sample * (shingle * sum(column.type.kind in MEASURED for column in schema) + 1)
    return Keeps(tuple(partition_by), trees * (points + NODE * sample)) if partition_by else None


def _register(name: str, text: str, added: tuple[Column, ...], *, explain: bool) -> None:
    parameters = (*PARAMETERS, WITH_DIRECTIONALITY) if explain else PARAMETERS
    arguments = "".join(f" [, {parameter.name}" for parameter in parameters) + "]" * len(parameters)

    def operator(*args: Any) -> ForestOperator:
        return ForestOperator(*args, explain=explain)

    doc = Documentation(name, f"TABLE({name}(CURSOR(SELECT STREAM …) [PARTITION BY column, …]{arguments}))", text)
    add_table_function(TableFunction(doc, parameters, _columns(name, added), operator, bound=_bound, keeps=_keeps))


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
