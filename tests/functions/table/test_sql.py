"""Table functions in SQL text: the names that can be read, and the refusals of the binder."""

import pytest

from streamsql import types
from streamsql.errors import ScriptErrors, StreamSQLError
from streamsql.plan import bind
from streamsql.plan.explain import tree
from streamsql.sql import parse
from streamsql.types import Column

INPUTS = {"S": (Column("K", types.varchar(8)), Column("price", types.DOUBLE), Column("N", types.INTEGER))}
CURSOR = "CURSOR(SELECT STREAM * FROM S)"
HOTSPOTS = f"HOTSPOTS({CURSOR}, 100, 0.5, 5)"
TOP = f"TOP_K_ITEMS_TUMBLING({CURSOR}, 'k', 3, 60)"
DISTINCT = f"COUNT_DISTINCT_ITEMS_TUMBLING({CURSOR}, 'k', 60)"
RANK = f"GROUP_RANK({CURSOR}, 'price', 'groupRank', 'asc', 'asc', 10, 0)"
FOREST = f"RANDOM_CUT_FOREST({CURSOR})"


def keyed(call: str) -> str:
    return call.replace(CURSOR, f"{CURSOR} PARTITION BY n")


def columns_of(sql: str) -> list[str]:
    """Names and types of what the query puts out."""
    sink = bind(parse(sql), INPUTS).pumps[0].sink
    return [f"{column.name} {column.type}" for column in sink.schema[1:]]


def error_of(call: str, items: str = "*") -> StreamSQLError:
    with pytest.raises(ScriptErrors) as raised:
        bind(parse(f"SELECT STREAM {items} FROM TABLE({call})"), INPUTS)
    (error,) = raised.value.errors
    return error


@pytest.mark.parametrize(
    ("items", "call", "columns"),
    [
        ("*", TOP, ["ITEM VARCHAR(8)", "ITEM_COUNT BIGINT"]),
        ("item, item_count", TOP, ["ITEM VARCHAR(8)", "ITEM_COUNT BIGINT"]),
        ("k, most_frequent_values", TOP, ["K VARCHAR(8)", "MOST_FREQUENT_VALUES BIGINT"]),
        ("*", keyed(TOP), ["N INTEGER", "ITEM VARCHAR(8)", "ITEM_COUNT BIGINT"]),
        ("*", TOP.replace("'k'", "'price'"), ["ITEM DOUBLE", "ITEM_COUNT BIGINT"]),
        ("*", DISTINCT, ["NUMBER_OF_DISTINCT_ITEMS BIGINT"]),
        ("*", keyed(DISTINCT), ["N INTEGER", "NUMBER_OF_DISTINCT_ITEMS BIGINT"]),
        ("*", HOTSPOTS, ["K VARCHAR(8)", "price DOUBLE", "N INTEGER", "HOTSPOTS_RESULT VARCHAR(65535)"]),
        ("hotspot_results AS r, k", HOTSPOTS, ["R VARCHAR(65535)", "K VARCHAR(8)"]),
        ('"groupRank", k', RANK, ["groupRank INTEGER", "K VARCHAR(8)"]),  # C-162
        ("n, anomaly_score", keyed(FOREST), ["N INTEGER", "ANOMALY_SCORE DOUBLE"]),
    ],
)
def test_names(items: str, call: str, columns: list[str]) -> None:
    assert columns_of(f"SELECT STREAM {items} FROM TABLE({call})") == columns


def test_other_names_are_readable_qualified_and_in_expressions() -> None:
    sql = f"SELECT STREAM t.k, t.MOST_FREQUENT_VALUES + 1 AS more FROM TABLE({TOP}) AS t WHERE t.ITEM_COUNT > 2"
    assert columns_of(sql) == ["K VARCHAR(8)", "MORE BIGINT"]
    lines = tree(bind(parse(sql), INPUTS).pumps[0].sink)
    # Both names of the count are the same column of the function's rows.
    assert any("MOST_FREQUENT_VALUES + 1" in line for line in lines)
    assert any("Filter: (ITEM_COUNT > 2)" in line for line in lines)


def test_a_column_list_renames_what_star_shows() -> None:
    assert columns_of(f"SELECT STREAM * FROM TABLE({TOP}) AS t(what, times)") == [
        "WHAT VARCHAR(8)",
        "TIMES BIGINT",
    ]


def test_a_column_that_is_there_wins_over_another_name() -> None:
    """The item column is called ITEM_COUNT itself: the name means the count, ITEM means the item."""
    call = TOP.replace("SELECT STREAM *", "SELECT STREAM k AS item_count").replace("'k'", "'ITEM_COUNT'")
    assert columns_of(f"SELECT STREAM item_count, item FROM TABLE({call})") == [
        "ITEM_COUNT BIGINT",
        "ITEM VARCHAR(8)",
    ]


def test_an_unknown_name_offers_all_that_can_be_read() -> None:
    error = error_of(TOP, "most_frequent_value")
    assert error.code == "NAM-002"
    assert "MOST_FREQUENT_VALUES" in error.hint


@pytest.mark.parametrize(
    ("call", "words"),
    [
        # C-159
        (HOTSPOTS.replace("100", "99"), "windowSize of HOTSPOTS must be from 100 to 1000, not 99"),
        (HOTSPOTS.replace("100", "1001"), "windowSize of HOTSPOTS must be from 100 to 1000, not 1001"),
        (HOTSPOTS.replace("0.5", "0"), "scanRadius of HOTSPOTS must be from 1e-150 to 1e+150, not 0.0"),
        (HOTSPOTS.replace("0.5", "-1.5"), "scanRadius of HOTSPOTS must be from 1e-150 to 1e+150, not -1.5"),
        (
            HOTSPOTS.replace("5)", "1)"),
            "minimumNumberOfPointsInAHotspot of HOTSPOTS must be from 2 to 1000, not 1",
        ),
        (HOTSPOTS.replace("5)", "101)"), "must be at most windowSize, and 101 is more than 100"),
        (HOTSPOTS.replace(", 5)", ")"), "HOTSPOTS needs minimumNumberOfPointsInAHotspot"),
        # C-160, C-161
        (TOP.replace("3", "0"), "K of TOP_K_ITEMS_TUMBLING must be from 1 to 100000, not 0"),
        (TOP.replace(" 3,", " 100001,"), "K of TOP_K_ITEMS_TUMBLING must be from 1 to 100000, not 100001"),
        (TOP.replace("60", "3601"), "windowSeconds of TOP_K_ITEMS_TUMBLING must be from 1 to 3600, not 3601"),
        (TOP.replace("'k'", "'z'"), 'TOP_K_ITEMS_TUMBLING needs one column "z" in the cursor'),
        (TOP.replace("'k'", "k"), 'unknown column "K"'),
        (
            DISTINCT.replace("60", "0"),
            "windowSeconds of COUNT_DISTINCT_ITEMS_TUMBLING must be from 1 to 3600, not 0",
        ),
        (DISTINCT.replace("'k'", "7"), "column of COUNT_DISTINCT_ITEMS_TUMBLING must be a string"),
        # C-162
        (RANK.replace("'asc'", "'up'"), "sortOrder of GROUP_RANK must be 'asc' or 'desc', not 'up'"),
        (RANK.replace("10", "-1"), "maxIdle of GROUP_RANK must be from 0 to 2.14748e+09, not -1"),
        (keyed(RANK), "GROUP_RANK takes no PARTITION BY"),
        # C-154
        (
            FOREST.replace(CURSOR, f"{CURSOR}, 0"),
            "numberOfTrees of RANDOM_CUT_FOREST must be from 1 to 1000, not 0",
        ),
        (FOREST.replace(CURSOR, f"{CURSOR}, 1001"), "must be from 1 to 1000, not 1001"),
        (
            FOREST.replace(CURSOR, f"{CURSOR}, 100, 9"),
            "subSampleSize of RANDOM_CUT_FOREST must be from 10 to 1000",
        ),
        (
            FOREST.replace(CURSOR, f"{CURSOR}, 100, 1001"),
            "subSampleSize of RANDOM_CUT_FOREST must be from 10 to 1000",
        ),
        (FOREST.replace(CURSOR, f"{CURSOR}, 100, 256, 0"), "timeDecay of RANDOM_CUT_FOREST must be from 1 to"),
        (FOREST.replace(CURSOR, f"{CURSOR}, 100, 256, 256"), "must be less than timeDecay, and 256 is not less"),
        (
            FOREST.replace(CURSOR, f"{CURSOR}, 100, 256, 999, 31"),
            "shingleSize of RANDOM_CUT_FOREST must be from 1 to",
        ),
    ],
)
def test_refusals(call: str, words: str) -> None:
    error = error_of(call)
    assert error.code == "FUN-001"
    assert words in error.message
    assert error.span is not None
