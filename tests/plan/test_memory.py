"""What `explain --max-memory` says that operators keep: the table of docs/memory.md, by hand."""

import pytest

from streamsql import types
from streamsql.errors import ConfigError
from streamsql.plan import bind
from streamsql.plan.memory import explain_room
from streamsql.sql import parse
from streamsql.types import Column

COLUMNS = (Column("A", types.INTEGER), Column("K", types.varchar(8)), Column("E", types.TIMESTAMP))
MINUTE = "STEP(S.ROWTIME BY INTERVAL '60' SECOND)"
HOP = "HOP(S.ROWTIME, INTERVAL '20' SECOND, INTERVAL '50' SECOND)"
KEPT = [
    (
        "n BIGINT, s BIGINT",
        f"COUNT(*), SUM(a) FROM S GROUP BY k, {MINUTE}",
        ["Aggregate: 384 and its values per key"],
    ),
    (
        "n BIGINT",
        f"COUNT(DISTINCT a) FROM S GROUP BY k, {MINUTE}",
        ["Aggregate: 320 and its values per key, 32 and its values per row"],
    ),
    # A row is in three windows.
    ("n BIGINT", f"COUNT(*) FROM S GROUP BY k, {HOP}", ["Aggregate: 960 and its values per key"]),
    (
        "n BIGINT",
        "COUNT(*) FROM S GROUP BY k, SESSION(S.ROWTIME, INTERVAL '5' SECOND)",
        ["Aggregate: 320 and its values per key"],
    ),
    (
        "n BIGINT",
        "SUM(a) OVER (PARTITION BY k RANGE INTERVAL '5' SECOND PRECEDING) FROM S",
        ["Over: 320 and its values per key, 64 per row"],
    ),
    # All ten rows at once.
    ("n BIGINT", "SUM(a) OVER (PARTITION BY k ROWS 9 PRECEDING) FROM S", ["Over: 960 and its values per key"]),
    ("n BIGINT", "SUM(a) OVER (PARTITION BY k) FROM S", ["Over: 320 and its values per key"]),
    ("a INTEGER", "a FROM S ORDER BY S.ROWTIME, a", ["Sort: 64 and its values per row"]),
    (
        "a INTEGER",
        "e AS ROWTIME, a FROM S ORDER BY e WITHIN INTERVAL '5' SECOND",
        ["Reorder: 64 and its values per row"],
    ),
    ("a INTEGER", "a FROM S UNION ALL SELECT STREAM a FROM T", ["Union: 64 and its values per row"]),
    (
        "a INTEGER",
        "S.a FROM S OVER (RANGE INTERVAL '5' SECOND PRECEDING) JOIN T OVER (ROWS 3 PRECEDING) ON S.k = T.k",
        ["Join: 320 and its values per row"] * 2,
    ),
    # The right side has four columns, ROWTIME among them.
    ("a INTEGER", "S.a FROM S ASOF JOIN T ON S.k = T.k", ["AsOfJoin: 448 and its values per key"]),
    ("a INTEGER", "a FROM S WHERE a > 1", []),
    ("s DOUBLE", "anomaly_score FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM a FROM S)))", []),
    (
        "a INTEGER, r INTEGER",
        "a, place FROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM a FROM S), 'A', 'PLACE', 'asc', 'asc', 10, 0))",
        ["TableCall: 64 and its values per row"],
    ),
]


def planned(columns, query):
    script = f"CREATE STREAM O ({columns}); CREATE PUMP p AS INSERT INTO O SELECT STREAM {query};"
    return bind(parse(script), {"S": COLUMNS, "T": COLUMNS})


@pytest.mark.parametrize(("columns", "query", "kept"), KEPT)
def test_what_operators_keep(columns, query, kept):
    head, *lines = explain_room(planned(columns, query), 1_000_000).strip().splitlines()
    assert head == "memory: at most 1,000,000 bytes of state"
    share = f"{1_000_000 // max(len(kept), 1):,} bytes; "
    assert [line.strip() for line in lines] == [f"pump P, {what.replace(': ', ': ' + share, 1)}" for what in kept]


def test_each_place_has_an_equal_part():
    """Both sides of a join, and both OVERs."""
    both = "OVER (RANGE INTERVAL '5' SECOND PRECEDING)"
    text = explain_room(planned("a INTEGER", f"S.a FROM S {both} JOIN T {both} ON S.k = T.k"), 10_001)
    assert text.count("Join: 5,000 bytes") == 2
    assert explain_room(planned("a INTEGER", "a FROM S ORDER BY S.ROWTIME, a"), None) == ""


def test_too_little_for_all_places_is_an_error():
    query = f"COUNT(*) FROM S GROUP BY k, {MINUTE}"
    with pytest.raises(ConfigError, match="--max-memory: 255 bytes are too few for 1 places"):
        explain_room(planned("n BIGINT", query), 255)
    assert "256 bytes" in explain_room(planned("n BIGINT", query), 256)
