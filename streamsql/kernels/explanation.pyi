from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

def explanations(
    keys: Sequence[bytes],
    attribution: npt.NDArray[np.float64],
    high: npt.NDArray[np.bool_] | None,
    strength: npt.NDArray[np.float64] | None,
    valid: npt.NDArray[np.bool_],
) -> pa.Array:
    """One JSON object a record: a member for each column, the numbers as texts with four decimals.

    keys: the d column names as JSON strings in UTF-8, quotes included. attribution, high, strength: (n, d); high
    and strength are None for the form without direction. valid: (n,), False gives a null. Returns n texts.
    Raises OverflowError when they are 2 GiB or more.
    """
