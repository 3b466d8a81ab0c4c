"""`from_numpy` gives what `pa.array` gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from streamsql.kernels import compute as pc

VALUES = [
    np.array([1, -2, 3], dtype=np.int8),
    np.array([1, 2, 3], dtype=np.int32),
    np.arange(100, dtype=np.int64),
    np.array([], dtype=np.int64),
    np.array([0.5, np.nan, -np.inf]),
    np.array([True, False, True] * 11),
    np.array([], dtype=bool),
    np.array([0, 86_400_000, -1]).astype("datetime64[ms]"),
    np.arange(20, dtype=np.int64)[::3],  # not in one piece
    np.arange(20, dtype=np.uint64)[5:],
]


@pytest.mark.parametrize("values", VALUES, ids=lambda values: f"{values.dtype}-{len(values)}")
def test_an_array_has_the_values_and_the_type_of_numpy(values: np.ndarray[Any, Any]) -> None:
    found = pc.from_numpy(values)
    found.validate(full=True)
    assert found.type == pa.array(values).type
    assert repr(found.to_pylist()) == repr(pa.array(values).to_pylist())  # NaN is no equal of itself


@pytest.mark.parametrize("values", VALUES, ids=lambda values: f"{values.dtype}-{len(values)}")
def test_what_is_masked_is_null(values: np.ndarray[Any, Any]) -> None:
    mask = np.arange(len(values)) % 2 == 0
    found = pc.from_numpy(values, mask=mask)
    found.validate(full=True)
    assert found.null_count == mask.sum()
    assert repr(found.to_pylist()) == repr(pa.array(values, mask=mask).to_pylist())
