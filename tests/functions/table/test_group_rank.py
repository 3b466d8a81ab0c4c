"""GROUP_RANK (C-162)."""

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.errors import BindError
from streamsql.functions import registry
from streamsql.types import DOUBLE, INTEGER, ROWTIME, Column, varchar

SCHEMA = (ROWTIME, Column("name", varchar(8)), Column("v", INTEGER))
ROWS = [(0, "a", 5), (0, "b", 7), (0, "c", 5), (0, "d", None), (1, "e", 1), (2, "f", 9), (2, "g", 8)]


def ranked(found: pa.Table) -> list[tuple[str, int]]:
    return list(zip(found["name"].to_pylist(), found["groupRank"].to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("sort", "output", "most", "expected"),
    [
        # 5, 5, 7, null: ranks 1, 1, 3, 4 ascending; null, 7, 5, 5: ranks 1, 2, 3, 3 descending.
        ("asc", "asc", 0, "a1 c1 b3 d4 e1 g1 f2"),
        ("desc", "asc", 0, "d1 b2 a3 c3 e1 f1 g2"),
        ("asc", "desc", 0, "d4 b3 a1 c1 e1 f2 g1"),
        ("DESC", "", 0, "a3 b2 c3 d1 e1 f1 g2"),
        ("asc", "asc", 2, "a1 c1 e1 g1 f2"),
        ("asc", "Desc", 1, "d4 e1 f2"),
        ("desc", "", 3, "a3 b2 c3 e1 f1 g2"),
    ],
)
def test_by_hand(runner, rows_of, sort: str, output: str, most: int, expected: str) -> None:
    found = runner("GROUP_RANK", SCHEMA, ("v", "groupRank", sort, output, 0, most)).run(rows_of(SCHEMA, ROWS))
    assert found.schema.names == ["ROWTIME", "name", "v", "groupRank"]
    assert found.schema.field("groupRank").type == pa.int32()
    assert " ".join(f"{name}{rank}" for name, rank in ranked(found)) == expected


def test_rows_wait_for_a_later_row_or_watermark(runner, rows_of) -> None:
    operator = runner("GROUP_RANK", SCHEMA, ("v", "groupRank", "asc", "asc", 500, 0)).operator()
    assert operator.on_batch(0, rows_of(SCHEMA, [(10, "a", 2)])) == []
    assert operator.on_batch(0, rows_of(SCHEMA, [(10, "b", 1)])) == []
    assert operator.on_watermark(0, 10) == ([], 10)
    (found,), watermark = operator.on_watermark(0, 11)
    assert (found.column(1).to_pylist(), watermark) == (["b", "a"], 11)
    assert operator.on_batch(0, rows_of(SCHEMA, [(11, "c", 3)])) == []
    (found,) = operator.on_batch(0, rows_of(SCHEMA, [(12, "d", 3)]))
    assert found.column(1).to_pylist() == ["c"]


def test_text_and_floating_point_are_ranked_by_value(runner, rows_of) -> None:
    found = runner("GROUP_RANK", SCHEMA, ("NAME", "groupRank", "asc", "", 0, 0)).run(
        rows_of(SCHEMA, [(0, "b", 0), (0, "a", 0), (0, "B", 0), (0, "", 0)])
    )
    assert ranked(found) == [("b", 4), ("a", 3), ("B", 2), ("", 1)]
    schema = (ROWTIME, Column("name", DOUBLE))
    found = runner("GROUP_RANK", schema, ("name", "groupRank", "asc", "asc", 0, 0)).run(
        rows_of(schema, [(0, math.inf), (0, None), (0, 0.0), (0, -0.0), (0, -1.5)])
    )
    assert ranked(found) == [(-1.5, 1), (0.0, 2), (-0.0, 2), (math.inf, 4), (None, 5)]


# ---------------------------------------------------------------- against a plain twin


def twin(rows: list[tuple], sort: str, output: str, most: int) -> list[tuple]:
    def size(row: tuple) -> tuple:
        return (row[2] is None, row[2] or 0)

    found = []
    for time in dict.fromkeys(row[0] for row in rows):
        group = [row for row in rows if row[0] == time]
        before = (lambda a, b: size(a) < size(b)) if sort == "asc" else (lambda a, b: size(a) > size(b))
        group = [(*row, 1 + sum(before(other, row) for other in group)) for row in group]
        if output:
            group.sort(key=lambda row: row[3] if output == "asc" else -row[3])
        found += group[: most or None]
    return found


@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(st.tuples(st.sampled_from([0, 0, 0, 1]), st.one_of(st.none(), st.integers(0, 3))), max_size=30),
    sort=st.sampled_from(["asc", "desc"]),
    output=st.sampled_from(["asc", "desc", ""]),
    most=st.integers(0, 3),
    sizes=st.lists(st.integers(0, 5), max_size=10),
    restart=st.booleans(),
)
def test_equals_the_twin_however_cut(runner, rows_of, steps, sort, output, most, sizes, restart) -> None:
    rows, time = [], 0
    for number, (step, value) in enumerate(steps):
        time += step
        rows.append((time, f"r{number}", value))
    run = runner("GROUP_RANK", SCHEMA, ("v", "groupRank", sort, output, 0, most))
    found = run.run(rows_of(SCHEMA, rows), sizes, restart=restart)
    assert [(row[1], row[3]) for row in twin(rows, sort, output, most)] == ranked(found)


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "keys", "words"),
    [
        (("w", "groupRank", "asc", "asc", 0, 0), (), 'needs one column "w"'),
        (("v", "groupRank", "up", "asc", 0, 0), (), "sortOrder of GROUP_RANK must be 'asc' or 'desc', not 'up'"),
        (("v", "groupRank", "", "asc", 0, 0), (), "sortOrder of GROUP_RANK must be 'asc' or 'desc', not ''"),
        (
            ("v", "groupRank", "asc", "x", 0, 0),
            (),
            "outputOrder of GROUP_RANK must be 'asc' or 'desc' or '', not 'x'",
        ),
        (("v", "", "asc", "asc", 0, 0), (), "rankOutColumn of GROUP_RANK must not be empty"),
        (
            ("v", "name", "asc", "asc", 0, 0),
            (),
            "rankOutColumn of GROUP_RANK is a column of the cursor already: name",
        ),
        (("v", "groupRank", "asc", "asc", 0, 0), (1,), "GROUP_RANK takes no PARTITION BY"),
    ],
)
def test_refusals(arguments: tuple, keys: tuple[int, ...], words: str) -> None:
    function = registry.table_function("GROUP_RANK")
    assert function is not None
    with pytest.raises(BindError, match=words) as raised:
        function.columns(SCHEMA, arguments, keys)
    assert raised.value.code == "FUN-001"
