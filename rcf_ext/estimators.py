"""The forest with the methods that people know: scikit-learn's for data at rest, river's for data that comes.

Neither library is needed or imported. Nothing is computed here; `RandomCutForest` does all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from rcf_ext._forest import RandomCutForest
from rcf_ext.explanation import Explanation
from rcf_ext.matrix import Matrix, matrix_of

Vector = npt.NDArray[np.float64]
NO_DECAY = 2_147_483_647


class OutlierDetector:
    """Outliers of a table: fit a forest to it once, then score any rows with the forest as it is.

    Parameters, with scikit-learn's names
    ----------
    n_estimators: trees, 1 to 1000.
    max_samples: rows that each tree draws for itself, 10 to 1000; all rows if there are fewer.
    contamination: the share of the fitted rows that `predict` calls outliers, above 0 and at most 0.5; or "auto":
        outliers score more than three standard deviations above the mean of the fitted rows.
    random_state: the seed, 0 to 2**64 - 1.
    n_jobs: threads; the results do not depend on it.

    X below is a matrix (rows, columns) or a table with named columns (pandas, Arrow, polars). Lower
    scores mean more abnormal. `fit` sets `forest_`, `offset_`, `n_features_in_` and `feature_names_in_`.
    """

    def __init__(
        self,
        n_estimators: int = 100,
        max_samples: int = 256,
        contamination: float | Literal["auto"] = "auto",
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.contamination = contamination
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: object = None) -> Self:
        """Grow the trees from the rows of X, at least 10. Raises ValueError for anything but finite numbers."""
        points, names = _complete(X)
        if len(points) < 10:
            raise ValueError(f"the forest needs at least 10 rows, X has {len(points)}")
        share = self.contamination
        if share != "auto" and not (isinstance(share, float) and 0.0 < share <= 0.5):
            raise ValueError(f'contamination must be "auto" or above 0.0 and at most 0.5, not {share!r}')
        sample = min(self.max_samples, len(points))
        forest = RandomCutForest(points.shape[1], self.n_estimators, sample, NO_DECAY, seed=self.random_state)
        forest.update(points, threads=self.n_jobs)
        self.forest_, self.n_features_in_ = forest, points.shape[1]
        if names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        scores = forest.score(points, threads=self.n_jobs)
        self.offset_ = float(
            -(scores.mean() + 3.0 * scores.std()) if share == "auto" else -np.quantile(scores, 1.0 - float(share))
        )
        return self

    def score_samples(self, X: Any) -> Vector:
        """(n,) minus the anomaly score of each row, which lies between 0 (ordinary) and log2(max_samples)."""
        return -self._forest().score(self._points(X), threads=self.n_jobs)

    def decision_function(self, X: Any) -> Vector:
        """(n,) `score_samples` less `offset_`: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> npt.NDArray[np.int64]:
        """(n,) -1 for outliers, 1 for all other rows."""
        return np.where(self.decision_function(X) < 0.0, -1, 1)

    def fit_predict(self, X: Any, y: object = None) -> npt.NDArray[np.int64]:
        """`fit`, then `predict` of the same rows."""
        return self.fit(X).predict(X)

    def explain(self, X: Any) -> Explanation:
        """The (positive) anomaly scores and each column's share, direction and strength."""
        return self._forest().score(self._points(X), explain=True, threads=self.n_jobs)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; what scikit-learn's `clone` and searches ask for."""
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Change parameters; they take effect at the next `fit`."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"unknown parameter {name!r} (has {', '.join(known)})")
            setattr(self, name, value)
        return self

    def _forest(self) -> RandomCutForest:
        if not hasattr(self, "forest_"):
            raise ValueError("this OutlierDetector is not fitted yet: call fit first")
        return self.forest_

    def _points(self, X: Any) -> Matrix:
        self._forest()
        points, names = _complete(X)
        fitted = list(getattr(self, "feature_names_in_", [])) or None
        if names is not None and fitted is not None and names != fitted:
            raise ValueError(f"X has the columns {', '.join(names)}; fitted were {', '.join(fitted)}")
        if points.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {points.shape[1]} columns; fitted were {self.n_features_in_}")
        return points


def _complete(X: Any) -> tuple[Matrix, list[str] | None]:
    """The matrix of X and its column names. Raises ValueError that names the first number that is missing."""
    points, names = matrix_of(X)
    missing = np.argwhere(~np.isfinite(points))
    if len(missing):
        row, column = missing[0].tolist()
        where = f"column {names[column]!r}" if names else f"column {column}"
        raise ValueError(f"X has {points[row, column]} in row {row}, {where}; only finite numbers can be scored")
    return points, names


@dataclass(frozen=True)
class ColumnExplanation:
    """What one column adds to a record's score."""

    attribution: float  # the columns' attributions add up to the score
    direction_high: bool  # the value lies above what the forest expects
    strength: float  # how far, in the units of the data


class OnlineForest:
    """Scores and learns one record after the other, in the manner of river.

    The parameters are those of `RandomCutForest`. A record is a mapping of names to numbers, or a sequence of
    numbers; the first one learned settles which columns there are. A record with a number missing (None, NaN or
    infinite) scores NaN and is not learned.

    >>> forest = OnlineForest(sub_sample_size=10, seed=1)
    >>> for load in [5, 6, 5, 7, 6, 5, 6, 7, 5, 6]:
    ...     forest.learn_one({"load": load})
    >>> forest.score_one({"load": 6}) < 1 < forest.score_one({"load": 60})
    True
    """

    def __init__(
        self,
        number_of_trees: int = 100,
        sub_sample_size: int = 256,
        time_decay: int = 100_000,
        shingle_size: int = 1,
        seed: int = 0,
    ) -> None:
        self._options = (number_of_trees, sub_sample_size, time_decay, shingle_size, seed)
        RandomCutForest(1, *self._options)  # wrong options are reported here, not at the first record
        self._columns: list[str] | None = None
        self._forest: RandomCutForest | None = None
        self._record = np.empty((0, 0))  # (1, columns), filled anew for each record

    @classmethod
    def of(cls, forest: RandomCutForest, columns: Sequence[str] | None = None) -> Self:
        """Continue with a forest at hand, for instance one from `RandomCutForest.from_bytes`."""
        if columns is not None and len(columns) != forest.dimensions:
            raise ValueError(f"the forest has {forest.dimensions} columns, not {len(columns)}")
        options = (
            forest.number_of_trees,
            forest.sub_sample_size,
            forest.time_decay,
            forest.shingle_size,
            forest.seed,
        )
        online = cls(*options)
        online._begin(forest, columns)
        return online

    def _begin(self, forest: RandomCutForest, columns: Iterable[str] | None) -> RandomCutForest:
        self._forest, self._columns = forest, None if columns is None else list(columns)
        self._record = np.empty((1, forest.dimensions))
        return forest

    @property
    def forest(self) -> RandomCutForest | None:
        """The forest itself; None until a record has been learned."""
        return self._forest

    @property
    def columns(self) -> list[str] | None:
        """Names of the columns in the forest's order; None if records come as sequences."""
        return self._columns

    def score_one(self, x: Mapping[str, float] | Sequence[float]) -> float:
        """The anomaly score: 0 while learning, then from just above 0 to log2(sub_sample_size)."""
        return self._forest.score(self._row(x)).item() if self._forest is not None else 0.0

    def learn_one(self, x: Mapping[str, float] | Sequence[float]) -> None:
        """Offer the record to the trees' samples."""
        forest = self._forest or self._begin(
            RandomCutForest(len(x), *self._options), x if isinstance(x, Mapping) else None
        )
        forest.update(self._row(x))

    def explain_one(self, x: Mapping[str, float] | Sequence[float]) -> dict[str | int, ColumnExplanation]:
        """What each column adds to the score, by name (or place); empty until a record has been learned."""
        if self._forest is None:
            return {}
        found = self._forest.score(self._row(x), explain=True)
        names: Sequence[str | int] = self._columns or range(self._forest.dimensions)
        numbers = (found.attribution[0].tolist(), found.direction_high[0].tolist(), found.strength[0].tolist())
        parts = zip(*numbers, strict=True)
        return {name: ColumnExplanation(*part) for name, part in zip(names, parts, strict=True)}

    def _row(self, x: Mapping[str, float] | Sequence[float]) -> Matrix:
        # Whether something is a Mapping takes long to find out, so the usual types come first.
        if not isinstance(x, (list, tuple)) and isinstance(x, (dict, Mapping)):
            if self._columns is None:
                raise ValueError("the forest has learned sequences of numbers, and this record has names")
            if x.keys() != set(self._columns):
                raise ValueError(
                    f"the record has the columns {', '.join(x)}; learned were {', '.join(self._columns)}"
                )
            x = [x[name] for name in self._columns]
        if len(x) != self._record.shape[1]:
            raise ValueError(f"the record has {len(x)} numbers; learned were {self._record.shape[1]}")
        self._record[0] = x
        return self._record
