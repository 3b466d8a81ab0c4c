from typing import Literal, Self, overload

import numpy as np
import numpy.typing as npt

from rcf_ext.explanation import Explanation

class RandomCutForest:
    """A random cut forest that scores records as they come and learns them.

    Parameters
    ----------
    dimensions: columns of a record, d; at least 1, and d * shingle_size at most 1000.
    number_of_trees: 1 to 1000; the score is their average.
    sub_sample_size: 10 to 1000, less than time_decay; records kept by each tree, and the length of the learning
        phase, in which scores are 0.
    time_decay: 1 to 2147483647; records after which a record's weight has fallen to 1/e.
    shingle_size: 1 to 30; that many records in a row form one point. The first shingle_size - 1 records score 0.
    seed: 0 to 2**64 - 1. The same parameters and records give the same scores, however they are cut into calls,
        with any number of threads, on any CPU.

    Raises ValueError that names the parameter and its range. `points` below is anything NumPy makes an (n, d)
    float64 array of. A record with a NaN or an infinity scores NaN and is otherwise as if it had not come;
    magnitudes beyond 1.8e308 / (4096 * d * shingle_size) count as that number.
    """

    def __init__(
        self,
        dimensions: int,
        number_of_trees: int = 100,
        sub_sample_size: int = 256,
        time_decay: int = 100_000,
        shingle_size: int = 1,
        seed: int = 0,
    ) -> None: ...
    @property
    def dimensions(self) -> int: ...
    @property
    def number_of_trees(self) -> int: ...
    @property
    def sub_sample_size(self) -> int: ...
    @property
    def time_decay(self) -> int: ...
    @property
    def shingle_size(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def records_seen(self) -> int:
        """Records learned, those of the learning phase included and those left out not."""
    @property
    def memory_bytes(self) -> int:
        """Memory that the forest holds between calls."""
    @overload
    def process(
        self, points: npt.ArrayLike, explain: Literal[False] = False, threads: int = 1
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def process(self, points: npt.ArrayLike, explain: Literal[True], threads: int = 1) -> Explanation:
        """Score each record, then learn it: (n,) scores, or an Explanation of them."""
    @overload
    def score(
        self, points: npt.ArrayLike, explain: Literal[False] = False, threads: int = 1
    ) -> npt.NDArray[np.float64]: ...
    @overload
    def score(self, points: npt.ArrayLike, explain: Literal[True], threads: int = 1) -> Explanation:
        """Score records and learn nothing. Shingles: as if they came next after the records learned so far."""
    def update(self, points: npt.ArrayLike, threads: int = 1) -> None:
        """Learn records without scoring them; the forest ends up as `process` leaves it."""
    def to_bytes(self) -> bytes:
        """The whole state, to continue from exactly; see rcf_ext.state for the format."""
    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The forest that `to_bytes` wrote down. Raises StateError for anything else."""
