"""State ⇄ sections: one JSON tree, and beside it the arrays as Arrow IPC and the bytes as they are.

State is dicts with text keys and lists over numbers, text, None, bytes, Arrow arrays, record batches and NumPy
arrays. A leaf that is no JSON value stands in the tree as `{"$": kind, …}`. Nothing else is taken, and nothing
that is read can be anything but such data.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from streamsql.durable.container import Damaged, Section
from streamsql.errors import StateError

JSON, ARROW, BYTES = b"JSON", b"ARRW", b"BYTE"
_MARK = "$"


class Frozen:
    """State at one moment: later changes of what it was made from do not show.

    Making it is quick (Arrow data and bytes are shared, NumPy arrays copied); `sections` does the work.
    """

    def __init__(self, state: Any) -> None:
        self._leaves: list[Callable[[], Section]] = []
        self._tree = self._frozen(state, "state")

    def sections(self) -> list[Section]:
        """The tree, then the leaves it names by number, counting from 1."""
        text = json.dumps(self._tree, allow_nan=False, separators=(",", ":")).encode()
        return [Section(JSON, memoryview(text)), *(leaf() for leaf in self._leaves)]

    def _frozen(self, value: Any, place: str) -> Any:
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, (int, np.integer)):
            return int(value)
        if isinstance(value, (float, np.floating)):
            number = float(value)
            return number if math.isfinite(number) else {_MARK: "float", "value": repr(number)}
        if isinstance(value, dict):
            if not all(isinstance(key, str) and key != _MARK for key in value):
                raise StateError(f"{place} has keys that are no names")
            return {key: self._frozen(item, f"{place}.{key}") for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._frozen(item, f"{place}[{number}]") for number, item in enumerate(value)]
        return self._leaf(value, place)

    def _leaf(self, value: Any, place: str) -> dict[str, Any]:
        if isinstance(value, (bytes, bytearray)):
            data = memoryview(bytes(value))
            return self._add("bytes", lambda: Section(BYTES, data))
        if isinstance(value, pa.RecordBatch):
            return self._add("batch", lambda: _ipc(value))
        if isinstance(value, np.ndarray):
            array = np.array(value).reshape(-1)
            described = {"shape": list(value.shape), "type": value.dtype.str}
            return {**self._add("numpy", lambda: _ipc(_column(pa.array(array)))), **described}
        if isinstance(value, pa.ChunkedArray):
            value = value.combine_chunks()
        if isinstance(value, pa.Array):
            return self._add("array", lambda: _ipc(_column(value)))
        raise StateError(f"{place} is of type {type(value).__name__}, which no checkpoint can hold")

    def _add(self, kind: str, leaf: Callable[[], Section]) -> dict[str, Any]:
        self._leaves.append(leaf)
        return {_MARK: kind, "section": len(self._leaves)}


def thawed(sections: Sequence[Section]) -> Any:
    """The state whose sections these are. Raises Damaged."""
    try:
        return _thawed(json.loads(bytes(sections[0].data)), sections)
    except (ValueError, KeyError, TypeError, IndexError, pa.ArrowException) as error:
        raise Damaged(f"its state cannot be read: {error}") from None


def _thawed(value: Any, sections: Sequence[Section]) -> Any:
    if isinstance(value, list):
        return [_thawed(item, sections) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(_MARK)
    if kind is None:
        return {key: _thawed(item, sections) for key, item in value.items()}
    if kind == "float":
        return float(value["value"])
    data = sections[value["section"]].data
    if kind == "bytes":
        return bytes(data)
    batch = pa.ipc.open_stream(bytes(data)).read_next_batch()  # a copy: it does not keep the whole file in memory
    if kind == "batch":
        return batch
    if kind == "array":
        return batch.column(0)
    numbers = batch.column(0).to_numpy(zero_copy_only=False)
    return numbers.astype(np.dtype(value["type"]), copy=True).reshape(value["shape"])


def _column(array: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([array], names=["value"])


def _ipc(batch: pa.RecordBatch) -> Section:
    """A batch as an Arrow IPC stream; a slice holds only its own rows."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return Section(ARROW, memoryview(sink.getvalue()))
