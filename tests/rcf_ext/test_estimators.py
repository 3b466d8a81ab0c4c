"""The forest in the manner of scikit-learn and of river."""

import doctest
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rcf_ext import OnlineForest, OutlierDetector, RandomCutForest, estimators

DRAW = np.random.default_rng(6)
ROWS = DRAW.normal(size=(2000, 2))
ROWS[700] = [9.0, -8.0]


def fitted(**options: object) -> OutlierDetector:
    return OutlierDetector(**options).fit(ROWS)


# --- scikit-learn's manner ---------------------------------------------------------------------------------------


def test_the_outlier_scores_lowest() -> None:
    detector = fitted(n_estimators=100, max_samples=512)
    scores = detector.score_samples(ROWS)
    assert scores.shape == (2000,)
    assert np.argmin(scores) == 700
    assert (scores < 0.0).all()
    assert scores[700] < scores.mean() - 3 * scores.std()
    assert detector.predict(ROWS)[700] == -1
    assert detector.predict([[0.0, 0.0]]).tolist() == [1]


def test_scoring_leaves_the_forest_as_it_is() -> None:
    detector = fitted()
    before = detector.forest_.to_bytes()
    assert np.array_equal(detector.score_samples(ROWS), detector.score_samples(ROWS))
    assert np.array_equal(detector.score_samples(ROWS[::-1]), detector.score_samples(ROWS)[::-1])
    assert detector.forest_.to_bytes() == before


def test_decision_function_is_the_score_less_the_offset() -> None:
    detector = fitted()
    assert np.array_equal(detector.decision_function(ROWS), detector.score_samples(ROWS) - detector.offset_)
    assert np.array_equal(detector.predict(ROWS) == -1, detector.decision_function(ROWS) < 0)


def test_contamination_is_the_share_of_outliers() -> None:
    assert (fitted(contamination=0.05).predict(ROWS) == -1).sum() == 100
    scores = -fitted().score_samples(ROWS)
    outliers = scores > scores.mean() + 3 * scores.std()
    assert np.array_equal(fitted().predict(ROWS) == -1, outliers)
    assert 1 <= outliers.sum() < 100


def test_fit_predict_and_threads() -> None:
    assert np.array_equal(OutlierDetector().fit_predict(ROWS), fitted().predict(ROWS))
    assert np.array_equal(fitted(n_jobs=2).score_samples(ROWS), fitted().score_samples(ROWS))
    assert not np.array_equal(fitted(random_state=1).score_samples(ROWS), fitted().score_samples(ROWS))


def test_every_tree_is_drawn_from_all_rows_alike() -> None:
    """Old rows count like new ones: a level that only the first tenth of the rows had is still known."""
    rows = np.concatenate([DRAW.normal(50.0, size=1000), DRAW.normal(0.0, size=9000)])
    known, unknown = OutlierDetector(max_samples=256).fit(rows).score_samples([[50.0], [25.0]])
    assert known > unknown + 1.0


@pytest.mark.parametrize(
    "table", [pa.table, pd.DataFrame, pa.RecordBatch.from_pydict], ids=["Arrow", "pandas", "batch"]
)
def test_tables(table: object) -> None:
    data = table({"up": ROWS[:, 0], "down": ROWS[:, 1]})
    detector = OutlierDetector().fit(data)
    assert list(detector.feature_names_in_) == ["up", "down"]
    assert np.array_equal(detector.score_samples(data), fitted().score_samples(ROWS))
    assert np.array_equal(detector.score_samples(ROWS), fitted().score_samples(ROWS))
    with pytest.raises(ValueError, match="X has the columns down, up; fitted were up, down"):
        detector.predict(table({"down": ROWS[:, 1], "up": ROWS[:, 0]}))


def test_explain_adds_up() -> None:
    found = fitted().explain(ROWS[:50])
    assert found.attribution.sum(axis=1) == pytest.approx(found.scores, abs=1e-9)
    assert np.array_equal(found.scores, -fitted().score_samples(ROWS[:50]))


def test_few_rows() -> None:
    few = OutlierDetector(max_samples=512).fit(ROWS[:20])
    assert few.forest_.sub_sample_size == 20
    assert (few.score_samples(ROWS[:20]) < 0).all()
    with pytest.raises(ValueError, match="at least 10 rows, X has 9"):
        OutlierDetector().fit(ROWS[:9])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({"a": [1.0] * 20, "b": [*[2] * 19, None]}), "X has nan in row 19, column 'b'"),
        (pa.table({"a": [*[2] * 19, None]}), "X has nan in row 19, column 'a'"),
        (np.full((20, 1), math.inf), "X has inf in row 0, column 0"),
        (pa.table({"a": ["1"] * 20}), 'column "a" cannot be read as numbers'),
        (pd.DataFrame({"a": pd.date_range("2020-01-01", periods=20)}), 'column "a" cannot be read as numbers'),
        ([["1"]] * 20, "the data cannot be read as numbers"),
        (np.zeros((3, 3, 3)), "rows and columns, not the shape"),
    ],
)
def test_what_cannot_be_fitted(data: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OutlierDetector().fit(data)


def test_wrong_parameters_and_order() -> None:
    with pytest.raises(ValueError, match="not fitted yet"):
        OutlierDetector().predict(ROWS)
    with pytest.raises(ValueError, match=r"contamination must be .* not 0\.9"):
        OutlierDetector(contamination=0.9).fit(ROWS)
    with pytest.raises(ValueError, match="X has 1 columns; fitted were 2"):
        fitted().predict(ROWS[:, :1])
    with pytest.raises(ValueError, match=r"unknown parameter 'trees' \(has n_estimators, "):
        OutlierDetector().set_params(trees=3)


def test_parameters_as_scikit_learn_asks_for_them() -> None:
    detector = OutlierDetector(max_samples=99)
    assert detector.get_params() == {
        "n_estimators": 100,
        "max_samples": 99,
        "contamination": "auto",
        "random_state": 0,
        "n_jobs": 1,
    }
    assert detector.set_params(n_estimators=7).fit(ROWS).forest_.number_of_trees == 7
    assert OutlierDetector(**detector.get_params()).get_params() == detector.get_params()


# --- river's manner ----------------------------------------------------------------------------------------------


def test_score_then_learn_is_process() -> None:
    rows = ROWS[:400]
    online, scores = OnlineForest(20, 32, 500, 2, seed=4), []
    for up, down in rows.tolist():
        scores.append(online.score_one({"up": up, "down": down}))
        online.learn_one({"down": down, "up": up})
    assert online.columns == ["down", "up"]
    assert scores == RandomCutForest(2, 20, 32, 500, 2, seed=4).process(rows[:, ::-1]).tolist()


def test_sequences_and_explanations() -> None:
    online = OnlineForest(20, 32)
    assert online.score_one([1.0, 2.0]) == 0.0
    assert online.explain_one([1.0, 2.0]) == {}
    for row in ROWS[:300]:
        online.learn_one(row)
    found = online.explain_one([0.0, 30.0])
    assert list(found) == [0, 1]
    assert found[1].direction_high
    assert found[1].strength > 20 * found[0].strength
    assert sum(share.attribution for share in found.values()) == pytest.approx(online.score_one([0.0, 30.0]))


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_incomplete_records_leave_no_trace(missing: float | None) -> None:
    online = OnlineForest(5, 10, 100)
    for i in range(30):
        online.learn_one({"a": i % 7, "b": i})
    before = online.forest.to_bytes()
    assert math.isnan(online.score_one({"a": 1.0, "b": missing}))
    online.learn_one({"a": 1.0, "b": missing})
    assert online.forest.to_bytes() == before


def test_continue_from_bytes() -> None:
    online = OnlineForest(5, 10, 100)
    for i in range(30):
        online.learn_one({"a": i % 7})
    again = OnlineForest.of(RandomCutForest.from_bytes(online.forest.to_bytes()), online.columns)
    for i in range(50):
        assert again.score_one({"a": i}) == online.score_one({"a": i})
        again.learn_one({"a": i})
        online.learn_one({"a": i})
    with pytest.raises(ValueError, match="the forest has 1 columns, not 2"):
        OnlineForest.of(online.forest, ["a", "b"])


def test_records_that_do_not_fit() -> None:
    online = OnlineForest()
    with pytest.raises(ValueError, match="number_of_trees must be from 1 to 1000, not 0"):
        OnlineForest(0)
    online.learn_one({"a": 1, "b": 2})
    with pytest.raises(ValueError, match="the record has the columns a, c; learned were a, b"):
        online.score_one({"a": 1, "c": 2})
    with pytest.raises(ValueError, match="the record has 1 numbers; learned were 2"):
        online.score_one([1.0])
    sequences = OnlineForest()
    sequences.learn_one([1.0])
    with pytest.raises(ValueError, match="has learned sequences of numbers, and this record has names"):
        sequences.score_one({"a": 1})


def test_the_documented_example_runs() -> None:
    result = doctest.testmod(estimators)
    assert result.attempted >= 3
    assert result.failed == 0
