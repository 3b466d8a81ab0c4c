import numpy as np
import numpy.typing as npt
import pyarrow as pa

class HotspotWindows:
    """The last `size` points of each key, and the DBSCAN clusters among them.

    dimensions: coordinates of a point. radius: how far a neighbour may be (Euclidean), inclusive. minimum: how
    many points within the radius, itself included, make a core point, and how many points a cluster must have.
    """

    def __init__(self, dimensions: int, size: int, radius: float, minimum: int) -> None: ...
    def process(self, points: npt.NDArray[np.float64], owners: npt.NDArray[np.int32] | None = None) -> pa.Array:
        """Take `points`, (n, dimensions), one after the other into the windows of their `owners` (n numbers from
        0, None: all 0). Returns n JSON texts, each for the window as its point leaves it; null where a coordinate
        is NaN or infinite, which leaves the window as it was. At most 32767 points: 2 GiB of text."""

    def save(self) -> bytes:
        """The points of all windows."""

    def load(self, state: bytes) -> None:
        """Take over what `save` returned. Raises RuntimeError when it is damaged or does not fit."""
