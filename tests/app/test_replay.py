"""The order of rows in a replay, against an obvious twin that looks at one row at a time."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.app.replay import Replay

Row = tuple[int, int, int]  # input, ROWTIME, number of the row in its input


def rows(pairs: list[tuple[int, int]]) -> tuple[pa.RecordBatch, np.ndarray]:
    """A batch with a column that numbers the rows, and their times."""
    return pa.record_batch({"n": pa.array([n for n, _ in pairs])}), np.array([t for _, t in pairs], np.int64)


def released(replay: Replay) -> list[tuple[str, int]]:
    return [(stream, n) for stream, batch in replay.release() for n in batch["n"].to_pylist()]


def numbered(replay: Replay) -> list[tuple[int, int]]:
    """(input, row) of what is released, where row n of input i is numbered 100 i + n."""
    return [divmod(n, 100) for _, n in released(replay)]


def twin(inputs: list[list[int]], lateness: int) -> tuple[list[tuple[str, int]], set[tuple[int, int]]]:
    """All rows of the one stream that are not late, sorted; and the late ones."""
    late, kept = set(), []
    for number, times in enumerate(inputs):
        newest = None
        for n, time in enumerate(times):
            if newest is not None and time < newest - lateness:
                late.add((number, n))
            else:
                kept.append((time, number, n))
                newest = time if newest is None else max(newest, time)
    return [(number, n) for _, number, n in sorted(kept)], late


@settings(max_examples=200, deadline=None)
@given(
    inputs=st.lists(st.lists(st.integers(0, 12), max_size=12), min_size=1, max_size=3),
    lateness=st.integers(0, 6),
    pieces=st.integers(1, 5),
)
def test_any_pieces_give_the_order_of_the_twin(inputs: list[list[int]], lateness: int, pieces: int) -> None:
    replay = Replay(["S"] * len(inputs), lateness)
    got, late = [], set()
    for start in range(0, 12, pieces):
        for number, times in enumerate(inputs):
            part = list(enumerate(times))[start : start + pieces]
            if part:
                mask = replay.add(number, *rows([(100 * number + n, time) for n, time in part]))
                late |= {(number, n) for (n, _), is_late in zip(part, mask, strict=True) if is_late}
            got += numbered(replay)
    replay.finish()
    got += numbered(replay)
    assert (got, late) == twin(inputs, lateness)
    assert replay.waiting("S") == 0


def test_one_input_without_lateness_waits_for_nothing() -> None:
    replay = Replay(["S"])
    replay.add(0, *rows([(0, 5), (1, 5), (2, 7)]))
    assert released(replay) == [("S", 0), ("S", 1), ("S", 2)]
    assert replay.bounds() == {"S": 7}


def test_the_earlier_input_of_a_stream_goes_first_at_equal_times() -> None:
    replay = Replay(["S", "S"])
    replay.add(1, *rows([(100, 5)]))
    replay.add(0, *rows([(0, 5)]))
    assert numbered(replay) == [(0, 0)], "a further row of the first input at 5 would go before the second's"
    replay.advance(0, 6)
    assert numbered(replay) == [(1, 0)]


def test_an_idle_input_holds_the_others_of_its_stream_until_it_is_advanced() -> None:
    replay = Replay(["S", "S"])
    replay.add(0, *rows([(0, 5)]))
    assert released(replay) == []
    assert replay.slowest == 1
    replay.advance(1, 5)
    assert released(replay) == [("S", 0)]


def test_streams_do_not_wait_for_each_other() -> None:
    replay = Replay(["L", "R"])
    replay.add(0, *rows([(0, 5)]))
    assert released(replay) == [("L", 0)]
    assert replay.bounds()["L"] == 5


def test_a_row_below_an_announced_time_is_late() -> None:
    replay = Replay(["S"], lateness=100)
    replay.advance(0, 50)
    assert replay.add(0, *rows([(0, 49), (1, 50)])).tolist() == [True, False]


@pytest.mark.parametrize("lateness", [0, 3])
def test_rows_up_to_the_lateness_are_sorted_in(lateness: int) -> None:
    replay = Replay(["S"], lateness)
    late = replay.add(0, *rows([(0, 10), (1, 7), (2, 6)]))
    replay.finish()
    assert late.tolist() == ([False, True, True] if lateness == 0 else [False, False, True])
    assert released(replay) == ([("S", 0)] if lateness == 0 else [("S", 1), ("S", 0)])
