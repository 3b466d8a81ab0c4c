"""TOP_K_ITEMS_TUMBLING (C-160) and COUNT_DISTINCT_ITEMS_TUMBLING (C-161)."""

import datetime as dt
import math
from collections import Counter
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.errors import BindError
from streamsql.functions import registry
from streamsql.kernels.distinct_count import DistinctCounter
from streamsql.kernels.top_items import TopItems
from streamsql.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    ROWTIME,
    TIMESTAMP,
    Column,
    SqlType,
    decimal,
    varchar,
)

TOP, DISTINCT = "TOP_K_ITEMS_TUMBLING", "COUNT_DISTINCT_ITEMS_TUMBLING"
SCHEMA = (ROWTIME, Column("K", varchar(8)), Column("item", varchar(8)))
MINUTE = 60_000


def at(milliseconds: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=milliseconds)


def rows_from(table: pa.Table) -> list[tuple]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


# ---------------------------------------------------------------- by hand


def test_top_items_by_hand(runner, rows_of) -> None:
    """C-160: a 3 times, b and c 2 times (b came first), d once; the second minute has one item, the fourth two."""
    minutes = ["dbaabcac", "x", "", "yzz"]
    rows = [(MINUTE * m + i, "k", item) for m, items in enumerate(minutes) for i, item in enumerate(items)]
    found = runner(TOP, SCHEMA, ("item", 3, 60)).run(rows_of(SCHEMA, rows))
    assert found.schema.names == ["ROWTIME", "ITEM", "ITEM_COUNT"]
    assert rows_from(found) == [
        (at(MINUTE), "a", 3),
        (at(MINUTE), "b", 2),
        (at(MINUTE), "c", 2),
        (at(2 * MINUTE), "x", 1),
        (at(4 * MINUTE), "z", 2),
        (at(4 * MINUTE), "y", 1),
    ]


def test_distinct_items_by_hand(runner, rows_of) -> None:
    """C-161: one row for each period that had rows, 0 where all were null."""
    rows = [
        (0, "k", "a"),
        (1, "k", "b"),
        (2, "k", "a"),
        (30_000, "k", None),
        (90_000, "k", "a"),
        (90_000, "k", None),
    ]
    found = runner(DISTINCT, SCHEMA, ("item", 30)).run(rows_of(SCHEMA, rows))
    assert found.schema.names == ["ROWTIME", "NUMBER_OF_DISTINCT_ITEMS"]
    assert rows_from(found) == [(at(30_000), 2), (at(60_000), 0), (at(120_000), 1)]


def test_keys_are_ranked_apart_and_stand_first(runner, rows_of) -> None:
    rows = [
        (0, "q", "a"),
        (1, "p", "a"),
        (2, "p", "b"),
        (3, "q", "c"),
        (4, "q", "c"),
        (5, None, "d"),
        (6, "p", "b"),
    ]
    batch = rows_of(SCHEMA, rows)
    found = runner(TOP, SCHEMA, ("item", 1, 60), (1,)).run(batch)
    assert found.schema.names == ["ROWTIME", "K", "ITEM", "ITEM_COUNT"]
    assert [row[1:] for row in rows_from(found)] == [("q", "c", 2), ("p", "b", 2), (None, "d", 1)]
    found = runner(DISTINCT, SCHEMA, ("item", 60), (1,)).run(batch)
    assert [row[1:] for row in rows_from(found)] == [("q", 2), ("p", 2), (None, 1)]


def test_nulls_are_not_counted_but_move_time(runner, rows_of) -> None:
    operator = runner(TOP, SCHEMA, ("item", 2, 1)).operator()
    assert operator.on_batch(0, rows_of(SCHEMA, [(100, "k", "a"), (999, "k", None)])) == []
    (found,) = operator.on_batch(0, rows_of(SCHEMA, [(1000, "k", None)]))
    assert rows_from(pa.Table.from_batches([found])) == [(at(1000), "a", 1)]
    assert operator.on_watermark(0, 10_000) == ([], 11_000)


def test_a_period_ends_with_the_watermark_that_reaches_its_end(runner, rows_of) -> None:
    for name, arguments in [(TOP, ("item", 2, 60)), (DISTINCT, ("item", 60))]:
        operator = runner(name, SCHEMA, arguments).operator()
        assert operator.on_watermark(0, 5) == ([], MINUTE)
        operator.on_batch(0, rows_of(SCHEMA, [(5, "k", "a")]))
        assert operator.on_watermark(0, MINUTE - 1) == ([], MINUTE)
        (found,), watermark = operator.on_watermark(0, MINUTE)
        assert found.column(0).to_pylist() == [at(MINUTE)]
        assert watermark == 2 * MINUTE
        assert operator.on_watermark(0, MINUTE) == ([], 2 * MINUTE)


def test_periods_before_1970_are_aligned_too(runner, rows_of) -> None:
    found = runner(DISTINCT, SCHEMA, ("item", 60)).run(rows_of(SCHEMA, [(-60_001, "k", "a"), (-1, "k", "b")]))
    assert found["ROWTIME"].to_pylist() == [at(-MINUTE), at(0)]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (BIGINT, [2**62, 5, 2**62]),
        (DOUBLE, [0.0, math.inf, -0.0]),
        (BOOLEAN, [True, False, True]),
        (DATE, [dt.date(2024, 2, 29), dt.date(2024, 3, 1), dt.date(2024, 2, 29)]),
        (TIMESTAMP, [at(7), at(8), at(7)]),
        (decimal(5, 2), [Decimal("1.50"), Decimal("-1.50"), Decimal("1.50")]),
        (varchar(9), ["", "x", ""]),
    ],
    ids=str,
)
def test_items_of_every_type(runner, rows_of, type_: SqlType, values: list) -> None:
    schema = (ROWTIME, Column("v", type_))
    batch = rows_of(schema, [(i, value) for i, value in enumerate(values)])
    found = runner(TOP, schema, ("v", 5, 60)).run(batch)
    assert found.schema.field("ITEM").type == type_.arrow
    assert [row[1:] for row in rows_from(found)] == [(values[0], 2), (values[1], 1)]
    assert runner(DISTINCT, schema, ("v", 60)).run(batch)["NUMBER_OF_DISTINCT_ITEMS"].to_pylist() == [2]


# ---------------------------------------------------------------- against plain twins

ROWS = st.lists(
    st.tuples(
        st.integers(0, 900), st.sampled_from(["p", "q", "", None]), st.sampled_from(["a", "b", "c", "", None])
    ),
    max_size=40,
)


def in_time(steps: list[tuple]) -> list[tuple]:
    """Rows whose ROWTIME moves on by the first number of each step."""
    times = np.cumsum([step[0] for step in steps]).tolist()
    return [(time, *step[1:]) for time, step in zip(times, steps, strict=True)]


def periods_of(rows: list[tuple], keyed: bool) -> dict[int, dict[str | None, list]]:
    """End of period → key → items, in order of first appearance."""
    found: dict[int, dict[str | None, list]] = {}
    for time, key, item in rows:
        period = found.setdefault((time // 1000 + 1) * 1000, {})
        period.setdefault(key if keyed else None, []).append(item)
    return found


@settings(max_examples=60, deadline=None)
@given(steps=ROWS, sizes=st.lists(st.integers(0, 5), max_size=12), restart=st.booleans(), keyed=st.booleans())
def test_top_items_equal_the_twin_however_cut(runner, rows_of, steps, sizes, restart: bool, keyed: bool) -> None:
    rows = in_time(steps)
    counted = [row for row in rows if row[2] is not None]
    run = runner(TOP, SCHEMA, ("item", 2, 1), (1,) if keyed else ())
    found = run.run(rows_of(SCHEMA, rows), sizes, restart=restart)
    assert rows_from(found) == [
        (at(end), *([key] if keyed else []), item, count)
        for end, keys in periods_of(counted, keyed).items()
        for key, items in keys.items()
        for item, count in Counter(items).most_common(2)
    ]


@settings(max_examples=60, deadline=None)
@given(steps=ROWS, sizes=st.lists(st.integers(0, 5), max_size=12), restart=st.booleans(), keyed=st.booleans())
def test_distinct_items_equal_the_twin_however_cut(
    runner, rows_of, steps, sizes, restart: bool, keyed: bool
) -> None:
    rows = in_time(steps)
    run = runner(DISTINCT, SCHEMA, ("item", 1), (1,) if keyed else ())
    found = run.run(rows_of(SCHEMA, rows), sizes, restart=restart)
    assert rows_from(found) == [
        (at(end), *([key] if keyed else []), len({item for item in items if item is not None}))
        for end, keys in periods_of(rows, keyed).items()
        for key, items in keys.items()
    ]


# ---------------------------------------------------------------- the limit of exactness


def count_of(column: pa.Array) -> int:
    counter = DistinctCounter()
    counter.add(column, np.zeros(len(column), np.int32), np.empty(0, np.int64))
    return int(counter.close()[2][0])


@pytest.mark.parametrize("many", [9_999, 10_000])
@pytest.mark.parametrize("type_", [pa.int64(), pa.string()], ids=str)
def test_exact_up_to_ten_thousand(many: int, type_: pa.DataType) -> None:
    values = pa.array(np.random.default_rng(0).permutation(np.repeat(np.arange(many), 3))).cast(type_)
    assert count_of(values) == many


@pytest.mark.parametrize("many", [10_001, 30_000, 100_000, 1_000_000])
@pytest.mark.parametrize("type_", [pa.int64(), pa.string()], ids=str)
def test_estimate_beyond(many: int, type_: pa.DataType) -> None:
    """Within four standard errors, 4 · 1.04 / √131072 = 1.15 %, seen twice or not."""
    column = pa.array(np.arange(many)).cast(type_)
    found = count_of(column)
    assert found != many or many < 30_000
    assert abs(found - many) <= 0.0115 * many
    assert count_of(pa.concat_arrays([column, column])) == found


def test_estimate_survives_cuts_and_restarts() -> None:
    column = pa.array(np.arange(25_000) * 7)
    counter = DistinctCounter()
    for start in range(0, 25_000, 2_500):
        counter.add(column.slice(start, 2_500), np.zeros(2_500, np.int32), np.empty(0, np.int64))
        state, counter = counter.save(), DistinctCounter()
        counter.load(state)
    assert int(counter.close()[2][0]) == count_of(column)


@pytest.mark.parametrize("make", [lambda: TopItems(3), DistinctCounter])
def test_damaged_counts_are_refused(make) -> None:
    counter = make()
    if isinstance(counter, TopItems):
        counter.add(np.array([0, 1, 0], np.int32), np.empty(0, np.int64))
    else:
        counter.add(pa.array([1, 2]), np.zeros(2, np.int32), np.empty(0, np.int64))
    state = counter.save()
    for wrong in (state[:-1], state + b"\0", b""):
        with pytest.raises(RuntimeError, match="saved"):
            make().load(wrong)


def test_only_the_open_period_is_kept(runner, rows_of) -> None:
    rows = [(i * 100, f"k{i}", f"i{i}") for i in range(1000)]
    for name, arguments in [(TOP, ("item", 2, 1)), (DISTINCT, ("item", 1))]:
        operator = runner(name, SCHEMA, arguments, (1,)).operator()
        operator.on_batch(0, rows_of(SCHEMA, rows))
        state = operator.snapshot()
        kept = state.get("item_0", state.get("key_0"))
        assert kept.to_pylist() == [f"k{i}" for i in range(990, 1000)]


# ---------------------------------------------------------------- names and refusals


def columns(name: str, arguments: tuple, schema: tuple[Column, ...] = SCHEMA) -> list[str]:
    function = registry.table_function(name)
    assert function is not None
    return [str(column.type) for column in function.columns(schema, arguments, ())]


def test_a_column_is_found_in_its_own_letters_or_in_any() -> None:
    both = (ROWTIME, Column("item", INTEGER), Column("ITEM", varchar(3)), Column("other", BOOLEAN))
    assert columns(TOP, ("item", 1, 60), both) == ["TIMESTAMP", "INTEGER", "BIGINT"]
    assert columns(TOP, ("ITEM", 1, 60), both) == ["TIMESTAMP", "VARCHAR(3)", "BIGINT"]
    assert columns(TOP, ("OTHER", 1, 60), both) == ["TIMESTAMP", "BOOLEAN", "BIGINT"]
    with pytest.raises(
        BindError, match='needs one column "Item" in the cursor, which has ROWTIME, item, ITEM, other'
    ):
        columns(TOP, ("Item", 1, 60), both)


@pytest.mark.parametrize(("name", "arguments"), [(TOP, ("itme", 1, 60)), (DISTINCT, ("itme", 60))])
def test_an_unknown_column_is_refused_with_the_nearest(name: str, arguments: tuple) -> None:
    with pytest.raises(BindError, match=f'{name} needs one column "itme"') as raised:
        columns(name, arguments)
    assert (raised.value.code, raised.value.hint) == ("FUN-001", "did you mean 'item'?")


def test_bounds() -> None:
    top, distinct = registry.table_function(TOP), registry.table_function(DISTINCT)
    assert top is not None
    assert distinct is not None
    assert top.bound(SCHEMA, ("item", 3, 60), True) == "every item of every key of 60 s with its count"
    assert distinct.bound(SCHEMA, ("item", 60), False) == (
        "the items of 60 s, at most 10000, then a sketch of 128 KiB"
    )
