"""Whatever holds columns of numbers, as a matrix: NumPy arrays, sequences, pandas, Arrow and polars tables.

Tables are recognised by having named columns, so none of those libraries is imported here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def matrix_of(data: Any) -> tuple[Matrix, list[str] | None]:
    """The numbers as (n, d) float64, and the names of the columns if there are any.

    One column of numbers is (n, 1). Nulls become NaN. Raises ValueError for anything that is not numbers, naming
    the column.
    """
    names = column_names(data)
    if names is not None:
        columns = [_numbers(data[name], f'column "{name}"') for name in names]
        return np.column_stack(columns) if columns else np.empty((len(data), 0)), names
    matrix = _numbers(data, "the data")
    if matrix.ndim == 1:
        matrix = matrix.reshape(-1, 1)
    if matrix.ndim != 2:
        raise ValueError(f"the data must have rows and columns, not the shape {matrix.shape}")
    return matrix, None


def column_names(data: Any) -> list[str] | None:
    """Names of the columns of an Arrow table or batch, or of a data frame; None for anything else."""
    for attribute in ("column_names", "columns"):
        names = getattr(data, attribute, None)
        if names is not None and not callable(names):
            return list(names)
    return None


def _numbers(values: Any, what: str) -> Matrix:
    try:
        array = np.asarray(values)
        if array.dtype == object:
            array = np.array([_number(value) for value in array.flat]).reshape(array.shape)
        if array.dtype.kind not in "biuf":  # NumPy would read numbers out of texts and make counts of times
            raise TypeError(f"they are of the type {array.dtype}")
        return array.astype(np.float64)
    except (TypeError, ValueError) as fault:
        raise ValueError(f"{what} cannot be read as numbers: {fault}") from None


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError(f"{value!r} is a text")
    return np.nan if value is None else float(value)
