"""Arrow's functions called directly: `pyarrow.compute` is the twin."""

import pyarrow as pa
import pyarrow.compute as theirs
import pytest

from streamsql.kernels import compute as ours

TEXT = pa.array(["abc", None, "de", ""])
NUMBERS = pa.array([3, None, 1, 2])
CALLS = [
    ("add", (NUMBERS, 1), {}),
    ("and_", (pa.array([True, None]), pa.array([True, False])), {}),
    ("is_null", (NUMBERS,), {}),
    ("if_else", (pa.array([True, False, None, True]), NUMBERS, pa.scalar(9)), {}),
    ("utf8_slice_codeunits", (TEXT, 0, 2), {}),
    ("utf8_slice_codeunits", (TEXT,), {"start": 1, "stop": 2}),
    ("utf8_lpad", (TEXT, 4, "0"), {}),
    ("coalesce", (NUMBERS, pa.array([7, 8, 9, 10])), {}),
    ("is_in", (NUMBERS,), {"value_set": pa.array([1, 2]), "skip_nulls": True}),
    ("round", (pa.array([1.25, -2.5]),), {"ndigits": 1, "round_mode": "half_to_even"}),
    ("rank", (NUMBERS,), {"sort_keys": "ascending", "tiebreaker": "dense"}),
    ("binary_join_element_wise", (TEXT, TEXT, "-"), {"null_handling": "skip"}),
    ("any", (pa.array([None, True]),), {}),
    ("filter", (NUMBERS, pa.array([True, None, True, False])), {}),
    ("take", (NUMBERS, pa.array([2, None, 0])), {}),
    ("take", (pa.record_batch({"a": NUMBERS}), pa.array([2, 0])), {}),
    ("filter", (pa.record_batch({"a": NUMBERS}), pa.array([True, None, True, False])), {}),
    ("cast", (NUMBERS, pa.string()), {}),
    ("cast", (pa.array([1.5]), pa.int32()), {"safe": False}),
    ("fill_null", (NUMBERS, 0), {}),
    ("fill_null", (TEXT, pa.scalar("x")), {}),
]


@pytest.mark.parametrize(("name", "arguments", "options"), CALLS)
def test_the_answer_is_that_of_pyarrow(name, arguments, options):
    for _ in range(2):
        assert getattr(ours, name)(*arguments, **options).equals(getattr(theirs, name)(*arguments, **options))


def test_errors_are_those_of_pyarrow():
    with pytest.raises(pa.ArrowInvalid, match="overflow"):
        ours.add_checked(pa.array([2**63 - 1]), 1)
    with pytest.raises(pa.ArrowInvalid, match="truncated"):
        ours.cast(pa.array([1.5]), pa.int32())
    with pytest.raises(AttributeError, match="no function 'ad'"):
        ours.ad(NUMBERS, 1)
