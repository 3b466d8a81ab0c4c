"""Room that is counted by rules (docs/memory.md): when it is taken, and when it comes back."""

import numpy as np
import pyarrow as pa
import pytest

from streamsql.exec.admission import STEPS, Admission, LastRows
from streamsql.exec.gate import sizes

SPAN = 100 * STEPS


def numbers(*values):
    return np.array(values, dtype=np.int64)


def ask(admission, times, keys=None, cost=0, row=0):
    """Which of some rows are refused: each costs `row` bytes, each new key `cost`."""
    columns = [] if keys is None else [pa.array(keys)]
    every = np.ones(len(times), dtype=np.int64)
    return admission.refused(columns, (cost * every, row * every), numbers(*times)).tolist()


def test_room_of_rows_comes_back_a_sixteenth_after_the_span():
    """When the rows of their whole step are out of the span, not a millisecond earlier."""
    for last in (0, 99):
        admission = Admission(10, SPAN)
        assert ask(admission, [last], row=10) == [False]
        assert ask(admission, [SPAN + 99], row=10) == [True]
        assert ask(admission, [SPAN + 100], row=10) == [False]


def test_room_of_a_key_comes_back_a_span_after_its_last_row():
    admission = Admission(10, SPAN)
    assert ask(admission, [0], ["a"], cost=10) == [False]
    assert ask(admission, [500, SPAN], ["a", "a"], cost=10) == [False, False]
    assert ask(admission, [SPAN + 100, 2 * SPAN], ["b", "b"], cost=10) == [True, True], "a was there just now"
    assert ask(admission, [2 * SPAN + 99], ["b"], cost=10) == [True]
    assert ask(admission, [2 * SPAN + 100], ["b"], cost=10) == [False]


def test_nothing_is_admitted_twice_after_a_restart():
    admission, again = Admission(20, SPAN), Admission(20, SPAN)
    assert ask(admission, [0, 1, 2], ["a", "b", "c"], cost=10) == [False, False, True]
    again.restore(admission.snapshot())
    assert ask(again, [3, 4, 5], ["a", "b", "c"], cost=10) == [False, False, True]
    assert ask(again, [SPAN + 100], ["c"], cost=10) == [False]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([4, 4, 4, 4, 4, 4, 4], []),  # 8 bytes beside each
        ([5, 5, 5, 0, 0, 0, 0], [2, 3, 4, 5, 6]),  # 10 beside the third, and nothing leaves any more
        ([9, 9, 0, 0, 9, 9, 9], [2, 3, 4, 5, 6]),
        ([9, 0, 9, 0, 9, 1, 9], [6]),
        ([0, 9, 0, 10, 0, 0, 0], [4, 5, 6]),
    ],
)
def test_a_row_has_room_beside_the_last_two(rows, expected, size):
    """Of a window of three rows: when those before it take less than 10 bytes; in any pieces, with restarts."""
    refused = []
    admission = LastRows(10, 3)
    for begin in range(0, len(rows), size):
        part = numbers(*rows[begin : begin + size])
        refused += admission.refused([], (0 * part, part), part).tolist()
        state, admission = admission.snapshot(), LastRows(10, 3)
        admission.restore(state)
    assert [number for number, is_refused in enumerate(refused) if is_refused] == expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, None], pa.int32()), [8, 8]),
        (pa.array(["abc", None]), [8 + 3, 8]),
        (pa.array([b"\0", None], pa.binary()), [8 + 1, 8]),
        (pa.array([[1, 2], None, []], pa.list_(pa.int64())), [8 + 64, 8, 8]),
    ],
)
def test_the_size_of_values(column, expected):
    """docs/memory.md: 8 bytes a number, 8 and its bytes a text; 32 for each value of an array."""
    assert sizes([column], len(column)).tolist() == expected
    assert sizes([column, column], len(column)).tolist() == [2 * size for size in expected]
