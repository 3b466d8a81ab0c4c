"""Random queries give what DuckDB gives.

Every query is made from its shape and a number, so that a failure repeats; the message holds both queries and the
number of the data set. `STREAMSQL_DIFFERENTIAL=20000 pytest tests/properties/test_differential.py` runs that many
queries instead of a few hundred, and `STREAMSQL_DIFFERENTIAL_FIRST=100000` begins with other numbers.

What DuckDB does not do by itself is spelled out in `terms`, `text_terms`, `queries` and `window_queries`: exact
arithmetic with the result types of the specification, AVG and division of integers that truncate, rows that fail,
trailing blanks of CHAR, one row after another where ROWTIMEs are equal.
"""

from __future__ import annotations

import os

import pytest
from engines import check, data_set, oracle_of
from shapes import SHAPES, make_query

COUNT = int(os.environ.get("STREAMSQL_DIFFERENTIAL", "360")) // len(SHAPES)
FIRST = int(os.environ.get("STREAMSQL_DIFFERENTIAL_FIRST", "0"))
DATA_SETS = 8


@pytest.mark.parametrize("shape", SHAPES)
def test_queries_give_what_duckdb_gives(shape: str) -> None:
    problems = []
    for seed in range(FIRST, FIRST + COUNT):
        problem = check(make_query(shape, seed), seed % DATA_SETS)
        if problem:
            problems.append(f"{shape} {seed}: {problem}")
    assert not problems, f"{len(problems)} of {COUNT} differ\n\n" + "\n\n".join(problems[:3])


def test_the_queries_ask_for_something() -> None:
    """Most queries of each shape have rows, so that agreement means something; many have rows that fail."""
    failing = 0
    for shape in SHAPES:
        rows = 0
        for seed in range(25):
            query = make_query(shape, seed)
            database = oracle_of(seed % DATA_SETS, query.distinct_times)
            rows += bool(database.execute(query.oracle).fetchall())
            failing += database.execute(query.failures).fetchall() != [(0,)]
        assert rows >= 10, shape
    assert failing >= 20


def test_data_has_ties_nulls_and_an_empty_stream() -> None:
    streams = [data_set(number, False).streams["S"] for number in range(DATA_SETS)]
    assert any(not rows for rows in streams)
    times = [row[0] for rows in streams for row in rows]
    assert len(set(times)) < len(times)
    assert any(value is None for rows in streams for row in rows for value in row)
