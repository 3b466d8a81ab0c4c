"""RANDOM_CUT_FOREST and its explanation as table functions (C-151 … C-157); the forest itself is tested in rcf_ext."""

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcf_ext import RandomCutForest
from streamsql.errors import BindError
from streamsql.functions import registry
from streamsql.functions.table import partitions
from streamsql.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    REAL,
    ROWTIME,
    SMALLINT,
    TIMESTAMP,
    TINYINT,
    Column,
    decimal,
    varchar,
)

PLAIN, EXPLAINED = "RANDOM_CUT_FOREST", "RANDOM_CUT_FOREST_WITH_EXPLANATION"
PAIR = (ROWTIME, Column("x", DOUBLE), Column("y", DOUBLE))
KEYED = (ROWTIME, Column("K", varchar(8)), Column("L", varchar(8)), Column("x", DOUBLE))
SMALL = (10, 16, 200, 1)
SEED = 7  # the runner's


def forest(columns: int, arguments: tuple = SMALL) -> RandomCutForest:
    trees, sample, decay, shingle = arguments
    return RandomCutForest(columns, trees, sample, decay, shingle, seed=SEED)


def numbers(count: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, columns))


def batch_of(rows_of, points: np.ndarray, schema=PAIR) -> pa.RecordBatch:
    return rows_of(schema, [(i, *row) for i, row in enumerate(points.tolist())])


# ---------------------------------------------------------------- scores


def test_learning_phase_and_range_with_defaults(runner, rows_of) -> None:
    """C-151, C-152: 0 for 256 rows, then above 0 and at most log2(256) = 8, which a giant outlier comes close to."""
    points = numbers(400, 1)
    points[399] = 1e6
    schema = (ROWTIME, Column("x", DOUBLE))
    run = runner(PLAIN, schema, (100, 256, 100_000, 1))
    scores = run.run(batch_of(rows_of, points, schema))["ANOMALY_SCORE"].to_pylist()
    assert scores[:256] == [0.0] * 256
    assert all(0 < score <= 8 for score in scores[256:])
    assert scores[399] == max(scores) > 4


def test_other_columns_pass_and_every_number_column_is_scored(runner, rows_of) -> None:
    """C-153: the columns stay in order, ANOMALY_SCORE comes last; texts, flags and times are not scored."""
    schema = (
        ROWTIME,
        Column("b", TINYINT),
        Column("t", varchar(3)),
        Column("s", SMALLINT),
        Column("f", BOOLEAN),
        Column("i", INTEGER),
        Column("l", BIGINT),
        Column("at", TIMESTAMP),
        Column("r", REAL),
        Column("d", DOUBLE),
    )
    rng = np.random.default_rng(1)
    points = rng.integers(-50, 50, (40, 6)).astype(float)
    rows = [(i, int(b), f"t{i % 3}", int(s), i % 2 == 0, int(n), int(l), i, r, d)
            for i, (b, s, n, l, r, d) in enumerate(points.tolist())]  # fmt: skip
    run = runner(PLAIN, schema, SMALL)
    assert [column.name for column in run.columns] == [*(column.name for column in schema), "ANOMALY_SCORE"]
    assert run.columns[-1].type == DOUBLE
    found = run.run(rows_of(schema, rows))
    assert found["ANOMALY_SCORE"].to_pylist() == forest(6).process(points).tolist()
    assert found.drop_columns("ANOMALY_SCORE") == pa.Table.from_batches([rows_of(schema, rows)])


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", [PLAIN, EXPLAINED])
def test_a_row_without_a_number_passes_and_is_not_learned(runner, rows_of, name: str, bad: float | None) -> None:
    points = numbers(30, 2)
    arguments = SMALL if name == PLAIN else (*SMALL, True)
    rows = [(i, *row) for i, row in enumerate(points.tolist())]
    found = runner(name, PAIR, arguments).run(rows_of(PAIR, [*rows[:20], (20, 1.0, bad), *rows[20:]]))
    scores = found["ANOMALY_SCORE"].to_pylist()
    assert scores.pop(20) is None
    assert scores == forest(2).process(points).tolist()
    if name == EXPLAINED:
        texts = found["ANOMALY_EXPLANATION"].to_pylist()
        assert [i for i, text in enumerate(texts) if text is None] == [20]


def test_shingles(runner, rows_of) -> None:
    points = numbers(60, 2)
    arguments = (10, 16, 200, 3)
    scores = runner(PLAIN, PAIR, arguments).run(batch_of(rows_of, points))["ANOMALY_SCORE"].to_pylist()
    assert scores == forest(2, arguments).process(points).tolist()
    assert scores[: 16 + 2] == [0.0] * 18
    assert scores[18] > 0


# ---------------------------------------------------------------- explanations


def test_explanation_of_the_learning_phase(runner, rows_of) -> None:
    """C-156, and the values that the service printed while it learned."""
    batch = batch_of(rows_of, numbers(3, 2))
    texts = runner(EXPLAINED, PAIR, (*SMALL, True)).run(batch)["ANOMALY_EXPLANATION"].to_pylist()
    zero = '{"DIRECTION":"LOW","STRENGTH":"0.0000","ATTRIBUTION_SCORE":"0.0000"}'
    assert texts == ['{"x":' + zero + ',"y":' + zero + "}"] * 3
    texts = runner(EXPLAINED, PAIR, (*SMALL, False)).run(batch)["ANOMALY_EXPLANATION"].to_pylist()
    assert texts == ['{"x":{"ATTRIBUTION_SCORE":"0.0000"},"y":{"ATTRIBUTION_SCORE":"0.0000"}}'] * 3


@pytest.mark.parametrize("shingle", [1, 3])
def test_explanation_is_the_forests(runner, rows_of, shingle: int) -> None:
    """C-156, C-157: texts with four decimals in the order of the columns; attributions sum to the score."""
    points = numbers(80, 2)
    points[70] = (9.0, -9.0)
    arguments = (10, 16, 200, shingle)
    found = runner(EXPLAINED, PAIR, (*arguments, True)).run(batch_of(rows_of, points))
    wanted = forest(2, arguments).process(points, explain=True)
    scores = found["ANOMALY_SCORE"].to_pylist()
    assert scores == wanted.scores.tolist()
    for i, text in enumerate(found["ANOMALY_EXPLANATION"].to_pylist()):
        said = json.loads(text)
        assert list(said) == ["x", "y"]
        for k, part in enumerate(said.values()):
            assert part == {
                "DIRECTION": "HIGH" if wanted.direction_high[i, k] else "LOW",
                "STRENGTH": f"{wanted.strength[i, k]:.4f}",
                "ATTRIBUTION_SCORE": f"{wanted.attribution[i, k]:.4f}",
            }
        total = sum(float(part["ATTRIBUTION_SCORE"]) for part in said.values())
        assert total == pytest.approx(scores[i], abs=2 * 0.00005 + 1e-12)
    said = json.loads(found["ANOMALY_EXPLANATION"][70].as_py())
    assert (said["x"]["DIRECTION"], said["y"]["DIRECTION"]) == ("HIGH", "LOW")


def test_names_are_escaped(runner, rows_of) -> None:
    schema = (ROWTIME, Column('a "b"\\\n', DOUBLE), Column("größe", DOUBLE))
    found = runner(EXPLAINED, schema, (*SMALL, False)).run(batch_of(rows_of, numbers(1, 2), schema))
    text = found["ANOMALY_EXPLANATION"][0].as_py()
    assert list(json.loads(text)) == ['a "b"\\\n', "größe"]
    assert '"größe"' in text


def test_giant_columns_of_explanations(runner, rows_of) -> None:
    """The text's buffer is made for short names and numbers and has to grow."""
    schema = (ROWTIME, *(Column(f"{'c' * 120}{i}", DOUBLE) for i in range(30)))
    found = runner(EXPLAINED, schema, (*SMALL, True)).run(batch_of(rows_of, numbers(200, 30), schema))
    assert {len(json.loads(text)) for text in found["ANOMALY_EXPLANATION"].to_pylist()} == {30}


# ---------------------------------------------------------------- keys


def keyed_rows(keys: list[tuple], points: np.ndarray) -> list[tuple]:
    return [(i, *keys[i % len(keys)], float(x)) for i, x in enumerate(points[:, 0])]


COLLIDING = [
    ("", "\x1f"),
    ("\x1f", ""),
    ("\x00", "a"),
    (None, "a"),
    (None, None),
    ("", ""),
    ("a", "b,c"),
    ("a,b", "c"),
]


def test_keys_whose_texts_look_alike_have_forests_of_their_own(runner, rows_of) -> None:
    """NULL, the empty string and separators inside keys never meet: each key's scores are those it has alone."""
    rows = keyed_rows(COLLIDING, numbers(40 * len(COLLIDING), 1))
    run = runner(PLAIN, KEYED, SMALL, (1, 2))
    found = run.run(rows_of(KEYED, rows))["ANOMALY_SCORE"].to_pylist()
    seen = set()
    for number in range(len(COLLIDING)):
        mine = rows[number :: len(COLLIDING)]
        alone = run.run(rows_of(KEYED, mine))["ANOMALY_SCORE"].to_pylist()
        assert found[number :: len(COLLIDING)] == alone
        assert alone[:16] == [0.0] * 16
        assert all(score > 0 for score in alone[16:])
        seen.add(tuple(alone))
    assert len(seen) == len(COLLIDING)
    assert len(run.operator().snapshot()["forests"]) == 0


def test_forests_of_different_keys_are_seeded_differently(runner, rows_of) -> None:
    """The same points under two keys: two forests, so not the same scores."""
    points = np.repeat(numbers(60, 1), 2, axis=0)
    scores = runner(PLAIN, KEYED, SMALL, (1,)).run(rows_of(KEYED, keyed_rows([("a", ""), ("b", "")], points)))
    values = scores["ANOMALY_SCORE"].to_pylist()
    assert values[32::2] != values[33::2]


def test_a_key_of_numbers_is_not_scored(runner, rows_of) -> None:
    schema = (ROWTIME, Column("id", INTEGER), Column("amount", decimal(5, 2)), Column("x", DOUBLE))
    rows = [(i, 5, 1, x) for i, x in enumerate(numbers(30, 1)[:, 0].tolist())]
    found = runner(EXPLAINED, schema, (*SMALL, False), (1, 2)).run(rows_of(schema, rows))
    assert list(json.loads(found["ANOMALY_EXPLANATION"][29].as_py())) == ["x"]


def test_keys_beyond_the_cap_are_rejected(runner, rows_of, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "MAX_PARTITIONS", 2)
    rows = [(i, key, "", 1.0) for i, key in enumerate(["a", "b", "c", None, "a", "", "b"])]
    batch = rows_of(KEYED, rows)
    for sizes in ([], [1] * 7):
        run = runner(PLAIN, KEYED, SMALL, (1,))
        assert run.run(batch, sizes)["K"].to_pylist() == ["a", "b", "a", "b"]
        refused = [
            (piece.column(1)[row].as_py(), error.code, error.message)
            for piece, failures in run.rejected
            for row, error in failures.rows.items()
        ]
        message = "more than 2 keys in PARTITION BY"
        assert refused == [(key, "RUN-006", message) for key in ("c", None, "")]


# ---------------------------------------------------------------- cuts and restarts


@settings(max_examples=25, deadline=None)
@given(data=st.data(), sizes=st.lists(st.integers(0, 30), max_size=6), restart=st.booleans(), keyed=st.booleans())
def test_cuts_and_restarts_do_not_show(
    runner, rows_of, data, sizes: list[int], restart: bool, keyed: bool
) -> None:
    number = st.one_of(st.none(), st.integers(-4, 4).map(float))
    row = st.tuples(st.sampled_from(["a", "", None]), st.just("l"), number)
    rows = [(i, *values) for i, values in enumerate(data.draw(st.lists(row, min_size=1, max_size=80)))]
    run = runner(EXPLAINED, KEYED, (3, 10, 50, 2, True), (1,) if keyed else ())
    batch = rows_of(KEYED, rows)
    assert run.run(batch, sizes, restart=restart) == run.run(batch)


def test_row_by_row_and_all_at_once(runner, rows_of) -> None:
    run = runner(EXPLAINED, PAIR, (*SMALL, True))
    batch = batch_of(rows_of, numbers(90, 2))
    whole = run.run(batch)
    assert run.run(batch, [1] * 90) == whole
    assert run.run(batch, [1] * 90, restart=True) == whole


def test_time_passes_through(runner) -> None:
    assert runner(PLAIN, PAIR, SMALL).operator().on_watermark(0, 123) == ([], 123)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("name", [PLAIN, EXPLAINED])
@pytest.mark.parametrize(
    ("schema", "arguments", "words", "hint"),
    [
        ((ROWTIME, Column("t", varchar(3))), SMALL, "needs 1 to 30 numeric columns, the cursor has 0", ""),
        ((ROWTIME, *(Column(f"c{i}", REAL) for i in range(31))), SMALL, "the cursor has 31", ""),
        (
            (ROWTIME, Column("x", DOUBLE), Column("d", decimal(5, 2))),
            SMALL,
            'does not take DECIMAL, the type of column "d"',
            'CAST("d" AS DOUBLE) in the cursor',
        ),
        (PAIR, (10, 16, 16, 1), "must be less than timeDecay, and 16 is not less than 16", ""),
    ],
)
def test_refusals(name: str, schema, arguments: tuple, words: str, hint: str) -> None:
    """C-154, C-155; the ranges of the single arguments are in test_sql."""
    function = registry.table_function(name)
    assert function is not None
    with pytest.raises(BindError, match=words) as raised:
        function.columns(schema, (*arguments, False)[: len(function.parameters)], ())
    assert (raised.value.code, raised.value.hint) == ("FUN-001", hint)
    assert name in str(raised.value)


def test_thirty_columns_are_fine(runner) -> None:
    """C-155."""
    schema = (ROWTIME, *(Column(f"c{i}", REAL) for i in range(30)))
    assert len(runner(PLAIN, schema, SMALL).columns) == 32


def test_bound_with_a_decimal_key() -> None:
    function = registry.table_function(PLAIN)
    assert function is not None
    schema = (ROWTIME, Column("d", decimal(5, 2)), Column("x", DOUBLE))
    said = function.bound(schema, (10, 16, 200, 1), True)
    assert said == "a forest of 10 × 16 points (1 KiB and its trees) per key, at most 10000 keys"
