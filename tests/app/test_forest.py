"""RANDOM_CUT_FOREST in SQL (C-151 to C-157); its refusals are in tests/slt/forest.slt, its laws in tests/rcf_ext."""

import json
import math

import numpy as np
import pyarrow as pa
import pytest

from streamsql import Application, RandomCutForest

ROWS = 600
EXPLAINED = """
CREATE STREAM "OUT" ("x" DOUBLE, "name" VARCHAR(8), "y" INTEGER, "SCORE" DOUBLE, "WHY" VARCHAR(512));
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(
    CURSOR(SELECT STREAM * FROM "IN"), 100, 256, 100000, 1, true));
"""
SCORED = """
CREATE STREAM "OUT" ("x" DOUBLE, "name" VARCHAR(8), "y" INTEGER, "SCORE" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT"
SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM * FROM "IN")));
"""


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    rng = np.random.default_rng(3)
    return pa.table(
        {
            "x": rng.normal(size=ROWS),
            "name": [f"row {n}" for n in range(ROWS)],
            "y": pa.array(rng.integers(0, 50, ROWS), pa.int32()),
            "t": pa.array(np.arange(ROWS) * 1000),
        }
    )


def run(sql: str, rows: pa.Table, seed: int = 0) -> pa.Table:
    app = Application(sql, {"IN": '"x" DOUBLE, "name" VARCHAR(8), "y" INTEGER'}, rowtime="t", seed=seed)
    app.feed("IN", rows)
    app.finish()
    return app.read("OUT")


@pytest.fixture(scope="module")
def explained(rows: pa.Table) -> pa.Table:
    return run(EXPLAINED, rows)


def test_learning_then_scores(rows: pa.Table) -> None:
    """C-151, C-152"""
    scores = run(SCORED, rows)["SCORE"].to_numpy()
    assert (scores[:256] == 0).all()
    assert (scores[256:] > 0).all()
    assert scores.max() <= 8


def test_other_columns_pass_through_and_the_score_is_last(rows: pa.Table) -> None:
    """C-153"""
    got = run(SCORED, rows)
    assert got.column_names == ["ROWTIME", "x", "name", "y", "SCORE"]
    assert got.schema.field("SCORE").type == pa.float64()
    for column in ("x", "name", "y"):
        assert got[column].to_pylist() == rows[column].to_pylist()
    assert got["ROWTIME"].cast(pa.int64()).to_pylist() == rows["t"].to_pylist()


def test_explanation_is_json_of_the_numeric_columns_in_order(explained: pa.Table) -> None:
    """C-156"""
    for text in explained["WHY"].to_pylist()[::50]:
        said = json.loads(text)
        assert list(said) == ["x", "y"]
        for part in said.values():
            assert set(part) == {"DIRECTION", "STRENGTH", "ATTRIBUTION_SCORE"}
            assert part["DIRECTION"] in ("HIGH", "LOW")
            for number in (part["STRENGTH"], part["ATTRIBUTION_SCORE"]):
                assert isinstance(number, str)
                assert len(number.split(".")[1]) == 4


def test_attributions_add_up_to_the_score(explained: pa.Table) -> None:
    """C-157"""
    for score, text in zip(explained["SCORE"].to_pylist(), explained["WHY"].to_pylist(), strict=True):
        total = sum(float(part["ATTRIBUTION_SCORE"]) for part in json.loads(text).values())
        assert math.isclose(total, score, abs_tol=2e-4)


def test_the_class_gives_scores_of_the_same_law(rows: pa.Table) -> None:
    """The class and SQL share formulas and differ in seed only: averages agree within noise."""
    points = np.column_stack([rows["x"].to_numpy(), rows["y"].to_numpy()])
    direct = np.asarray(RandomCutForest(2, seed=1).process(points))[256:]
    in_sql = run(SCORED, rows)["SCORE"].to_numpy()[256:]
    assert np.corrcoef(direct, in_sql)[0, 1] > 0.9
    assert abs(direct.mean() / in_sql.mean() - 1) < 0.05


def test_the_seed_decides(rows: pa.Table) -> None:
    first, again, other = (run(SCORED, rows, seed)["SCORE"].to_pylist() for seed in (1, 1, 2))
    assert first == again
    assert first != other
