"""Stream to stream joins.

Rows of both sides are taken in the order of ROWTIME; at equal ROWTIMEs the right side comes first. So results do
not depend on which side is delivered first. They come in ascending ROWTIME: pairs in the order in which their
later row was taken, then, at the same ROWTIME, unmatched rows of the right and of the left side.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.errors import StateError
from streamsql.exec.context import Context, arrow_schema, failed_rows
from streamsql.exec.keys import without_nulls
from streamsql.exec.operator import (
    END_OF_TIME,
    START_OF_TIME,
    Columns,
    Operator,
    Released,
    State,
    among,
    united,
)
from streamsql.exec.time import last_rowtime, rowtimes, timestamps
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import LazyBatch, Rows, by_column, whole
from streamsql.kernels.groups import GroupTable
from streamsql.kernels.kept_rows import KeptRows, joined
from streamsql.kernels.pairing import Pairing
from streamsql.plan import nodes
from streamsql.plan.expressions import columns_used

LEFT, RIGHT, TIME, RANK = range(4)
SWEEP = 1024
"""Keys are swept when their number has doubled since, and is above this."""

Numbers = npt.NDArray[np.int64]


class Join(Operator):
    """Keeps the rows of each side that its window can still show to rows of the other."""

    ports = 2
    fate = "gather"
    lazy = True
    keeps = True
    layout = 3

    def __init__(self, node: nodes.Join, context: Context) -> None:
        self._context = context
        self._schema = arrow_schema(node.schema)
        self._keys = [context.computation([pair[side] for pair in node.keys]) for side in (LEFT, RIGHT)]
        self._condition = None if node.condition is None else context.computation([node.condition])
        # A single integer needs no number, and no table that gives it one.
        self._integers = len(node.keys) == 1 and all(_is_integer(key.type.arrow) for key in node.keys[0])
        self._table = GroupTable()
        widths = [len(child.schema) for child in node.inputs]
        self._places = [(1, widths[LEFT]), (1 + widths[LEFT], widths[RIGHT])]  # of their columns in a result
        self._rows = [KeptRows(arrow_schema(child.schema)) for child in node.inputs]
        self._outer = [node.kind in ("LEFT", "FULL"), node.kind in ("RIGHT", "FULL")]
        self._pairing = Pairing(
            _side(node.left_window, self._outer[LEFT]), _side(node.right_window, self._outer[RIGHT])
        )
        self._wait = max(window.following if window else 0 for window in (node.left_window, node.right_window))
        self._bounds = [START_OF_TIME, START_OF_TIME]
        self._frontier = START_OF_TIME
        self._sweep_at = SWEEP
        # Results that wait because an earlier one may come (FOLLOWING): the numbers of their left and right rows,
        # their time, and their rank at equal times.
        self._held: list[Numbers] = [np.empty(0, np.int64)] * 4
        compared = frozenset[int]() if node.condition is None else columns_used(node.condition)
        self._compares = [among(compared, first, width) for first, width in self._places]
        self._reads = [columns_used(*(pair[side] for pair in node.keys)) | {0} for side in (LEFT, RIGHT)]

    def needed(self, port: int, wanted: Columns) -> Columns:
        return united([among(wanted, *self._places[port]), self._compares[port], self._reads[port]])

    def on_batch(self, port: int, batch: Rows) -> Released:
        batch, keys = self._keys[port].values(by_column(batch))
        if self._integers:
            self._pairing.add(port, rowtimes(batch), keys[0])
        else:
            batch = self._add(port, batch, keys)
        if not batch.num_rows:
            return []
        self._rows[port].append(batch)
        self._context.gathered(batch.num_rows)
        self._bounds[port] = max(self._bounds[port], last_rowtime(batch))
        return self._advance()

    def _add(self, port: int, batch: Rows, keys: list[pa.Array]) -> Rows:
        """Pair the rows by numbers of their keys; returns those for which there was a number."""
        codes = self._encode(keys, batch.num_rows)
        full = codes == -2
        if full.any():
            failures = failed_rows(len(full), full, "RUN-006", "too many keys in a join")
            keep = pc.from_numpy(self._context.drop(whole(batch), failures))
            batch, codes = pc.filter(whole(batch), keep), codes[~full]
        self._pairing.add(port, rowtimes(batch), pc.from_numpy(codes, mask=codes < 0))
        return batch

    def _encode(self, keys: list[pa.Array], length: int) -> npt.NDArray[np.int32]:
        """The numbers of the keys; -1: a null, which equals nothing; -2: no room."""
        if not keys:
            return np.zeros(length, dtype=np.int32)
        codes, _ = self._table.encode(keys, length)
        codes[codes < 0] = -2
        codes[~without_nulls(keys, length)] = -1
        return codes

    def on_watermark(self, port: int, time: int) -> tuple[Released, int]:
        released: Released = []
        if time > self._bounds[port]:
            self._bounds[port] = time
            released = self._advance()
        if self._frontier in (START_OF_TIME, END_OF_TIME):
            return released, self._frontier
        return released, self._frontier - self._wait

    def _advance(self) -> Released:
        """Take what can be taken, and release what is complete."""
        self._frontier, left, right, times = self._pairing.process(*self._bounds)
        if self._condition is not None and len(times):
            holds = self._condition.truths(self._joined(left, right, times))
            left, right, times = left[holds], right[holds], times[holds]
        for side, numbers in ((LEFT, left), (RIGHT, right)):
            if self._outer[side]:
                self._pairing.mark(side, numbers)
        if any(self._outer) or self._wait:
            left, right, times = self._in_order(left, right, times)
        released: Released = [self._joined(left, right, times)] if len(times) else []
        self._trim()
        self._sweep()
        return released

    def _in_order(self, left: Numbers, right: Numbers, times: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Of these pairs, of those held back and of the rows that can meet nobody any more (-1 beside them), those
        that no later one can precede, in order."""
        alone_right, right_times = self._pairing.expire(RIGHT, self._frontier)
        alone_left, left_times = self._pairing.expire(LEFT, self._frontier)
        ranks = np.repeat(np.arange(3), [len(times), len(alone_right), len(alone_left)])
        new = (
            np.concatenate([left, np.full(len(alone_right), -1), alone_left]),
            np.concatenate([right, alone_right, np.full(len(alone_left), -1)]),
            np.concatenate([times, right_times, left_times]),
            ranks,
        )
        results = [np.concatenate(pair) for pair in zip(self._held, new, strict=True)]
        order = np.lexsort((results[RANK], results[TIME]))
        ready = len(order)
        if self._wait and self._frontier != END_OF_TIME:
            ready = int(np.searchsorted(results[TIME][order], self._frontier - self._wait, side="left"))
        rest = np.sort(order[ready:])
        self._held = [each[rest] for each in results]
        left, right, times, _ = (each[order[:ready]] for each in results)
        return left, right, times

    def _joined(self, left: Numbers, right: Numbers, times: Numbers) -> LazyBatch:
        """Result rows of these pairs of row numbers; -1 is a row of nulls."""
        return joined(self._schema, timestamps(times), self._rows[LEFT], left, self._rows[RIGHT], right)

    def _trim(self) -> None:
        """Forget rows that are in no result to come."""
        for side in (LEFT, RIGHT):
            first, held = self._pairing.trim(side), self._held[side]
            self._rows[side].trim(int(np.min(held[held >= 0], initial=first)))

    def _sweep(self) -> None:
        """Forget keys that no row has any more."""
        if len(self._table) < self._sweep_at:
            return
        alive = self._pairing.keys_alive()
        self._table.keep(alive)
        self._pairing.renumber(alive)
        self._sweep_at = max(SWEEP, 2 * len(alive))

    def snapshot(self) -> State:
        return {
            "table": self._table.save(),
            "pairing": self._pairing.save(),
            "rows": [rows.snapshot() for rows in self._rows],
            "bounds": list(self._bounds),
            "frontier": self._frontier,
            "held": list(self._held),
        }

    def restore(self, state: State) -> None:
        try:
            self._table.load(state["table"])
            self._pairing.load(state["pairing"])
        except RuntimeError as error:
            raise StateError(f"join: {error}") from error
        for rows, saved in zip(self._rows, state["rows"], strict=True):
            rows.restore(saved)
        self._bounds = list(state["bounds"])
        self._frontier = state["frontier"]
        self._held = list(state["held"])
        self._sweep_at = max(SWEEP, 2 * len(self._table))


def _is_integer(type_: pa.DataType) -> bool:
    """Whether equal values are equal whole numbers."""
    return bool(pa.types.is_integer(type_) or pa.types.is_temporal(type_))


def _side(window: nodes.JoinWindow | None, outer: bool) -> tuple[bool, int, int, bool]:
    if window is None:
        return (False, 0, 0, outer)
    return (window.rows, window.preceding, window.following, outer)
