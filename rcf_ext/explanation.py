"""What the forest says about each record besides its score."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Explanation:
    """Scores of n records and the shares of their d columns.

    The attributions of a record add up to its score. A column's direction is high if the record lies above what
    the forest expects there; the strength of that is a distance in the units of the data.
    """

    scores: npt.NDArray[np.float64]  # (n,)
    attribution: npt.NDArray[np.float64]  # (n, d)
    direction_high: npt.NDArray[np.bool_]  # (n, d)
    strength: npt.NDArray[np.float64]  # (n, d), not negative
