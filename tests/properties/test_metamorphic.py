"""What must hold for any query, whatever its result is: rows may be cut, shuffled within the lateness or interrupted
by a restart, and a condition splits rows into three parts."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from engines import Data, Query, Row, application, data_set, in_any_order, inputs_of, result_of, run
from queries import leaves
from shapes import SHAPES, make_query
from term_generator import TermGenerator
from terms import BIGINT, DOUBLE, INTEGER, varchar

Piece = tuple[str, pa.RecordBatch]
SEEDS = range(1000, 1005)


def pieces(data: Data, streams: list[str], chance: random.Random) -> Iterator[Piece]:
    """The rows of each stream in order, cut anywhere; the streams take turns as it comes."""
    rest = {stream: data.batch(stream) for stream in streams}
    while rest:
        stream = chance.choice(sorted(rest))
        size = chance.randint(1, 30)
        yield stream, rest[stream].slice(0, size)
        rest[stream] = rest[stream].slice(size)
        if not rest[stream].num_rows:
            del rest[stream]


def in_pieces(query: Query, data: Data, chance: random.Random, *, restart: bool) -> tuple[list[Row], int]:
    """The rows and the number of error rows when rows come in pieces; `restart`: after some of them a new
    application goes on from a snapshot."""
    app, rows, errors = application(query, data), [], 0
    for stream, piece in pieces(data, inputs_of(app), chance):
        app.feed(stream, piece)
        if restart and chance.random() < 0.5:
            rows += result_of(app, query.columns)
            errors += app.errors().num_rows
            state = app.snapshot()
            app = application(query, data)
            app.restore(state)
    app.finish()
    return rows + result_of(app, query.columns), errors + app.errors().num_rows


@pytest.mark.parametrize("restart", [False, True], ids=["cut", "restart"])
@pytest.mark.parametrize("shape", SHAPES)
def test_batches_and_restarts_are_invisible(shape: str, restart: bool) -> None:
    for seed in SEEDS:
        query, data = make_query(shape, seed), data_set(seed % 8, seed % 2 == 0)
        found = in_pieces(query, data, random.Random(seed), restart=restart)
        assert repr(found) == repr(run(query, data)), query.sql


def shuffled(batch: pa.RecordBatch, lateness: int, chance: random.Random) -> pa.RecordBatch:
    """The rows in an order in which none is more than `lateness` ms older than one before it."""
    times = batch.column(0).cast(pa.int64()).to_pylist()
    arrival = [time + chance.randint(0, lateness) for time in times]
    return batch.take(pa.array(sorted(range(len(times)), key=arrival.__getitem__), pa.int64()))


@pytest.mark.parametrize("shape", SHAPES)
def test_order_of_arrival_within_the_lateness_is_invisible(shape: str) -> None:
    for seed in SEEDS:
        query, data = make_query(shape, seed), data_set(seed % 8, True)
        chance = random.Random(seed)
        app = application(query, data, lateness=40)
        for stream in inputs_of(app):
            rows = shuffled(data.batch(stream), 40_000, chance)
            for start in range(0, rows.num_rows, 7):
                app.feed(stream, rows.slice(start, 7))
        app.finish()
        found = result_of(app, query.columns), app.errors().num_rows
        assert repr(found) == repr(run(query, data)), query.sql


# ---------------------------------------------------------------- a condition splits rows into three parts


def partitions(chance: random.Random) -> tuple[str, list[str]]:
    """A random condition, and WHERE clauses of which every row that does not fail passes exactly one."""
    condition = TermGenerator(chance, leaves("S")).condition(3).sql
    return condition, [f"WHERE {condition}", f"WHERE NOT {condition}", f"WHERE {condition} IS UNKNOWN"]


def split(
    make: Callable[[str], Query], data: Data, chance: random.Random
) -> tuple[list[list[Row]], list[list[Row]]]:
    """Results without and with each of the WHERE clauses; rows that fail are left out of the former as well."""
    condition, clauses = partitions(chance)
    whole, errors = run(make(f"WHERE {condition} IS UNKNOWN OR {condition} IS NOT UNKNOWN"), data)
    parts = [run(make(clause), data) for clause in clauses]
    assert [error for _, error in parts] == [errors] * 3, condition
    return [whole], [rows for rows, _ in parts]


@pytest.mark.parametrize("seed", range(25))
def test_a_condition_splits_the_rows_into_three_parts(seed: int) -> None:
    chance = random.Random(seed)
    data = data_set(seed % 8, False)
    types = (INTEGER, varchar(8), DOUBLE)
    (whole,), parts = split(
        lambda where: Query(f"SELECT STREAM S.A, S.K, S.X FROM S {where}", "", types), data, chance
    )
    assert in_any_order(whole) == in_any_order([row for part in parts for row in part])


@pytest.mark.parametrize("seed", range(25, 50))
def test_counts_and_sums_of_the_parts_make_those_of_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    data = data_set(seed % 8, False)
    sql = "SELECT STREAM S.K, COUNT(*), SUM(S.A) FROM S {} GROUP BY S.K, STEP(S.ROWTIME BY INTERVAL '2' MINUTE)"
    types = (varchar(8), BIGINT, BIGINT)
    (whole,), parts = split(lambda where: Query(sql.format(where), "", types), data, chance)
    sums: dict[tuple[int, str | None], list[int]] = {}
    for time, key, count, total in (row for part in parts for row in part):
        known = sums.setdefault((time, key), [0, 0])
        known[0] += count
        known[1] += total or 0
    assert {(time, key): [count, total or 0] for time, key, count, total in whole} == sums
