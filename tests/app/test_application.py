"""The Python interface: what can be fed, what is read, time, state, errors."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from streamsql import Application, ConfigError, ScriptErrors

SQL = """
CREATE STREAM "OUT" ("price" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "price" FROM "IN" WHERE "price" > 10;
"""
COUNT = """
CREATE STREAM "OUT" ("n" BIGINT);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM COUNT(*) FROM "IN" AS i GROUP BY FLOOR(i.ROWTIME TO MINUTE);
"""
TABLE = pa.table({"price": [5.0, 20.0, 30.0]})


class Stream:
    """Speaks the Arrow C stream interface and nothing else."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return TABLE.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "data",
    [
        TABLE,
        TABLE.to_batches()[0],
        TABLE.to_reader(),
        iter(TABLE.to_batches(max_chunksize=1)),
        [TABLE.slice(0, 1), TABLE.slice(1)],
        pd.DataFrame({"price": [5.0, 20.0, 30.0]}),
        Stream(),
    ],
    ids=lambda data: type(data).__name__,
)
def test_anything_that_speaks_arrow_can_be_fed(data: Any) -> None:
    app = Application(SQL, {"IN": '"price" DOUBLE'})
    app.feed("IN", data)
    assert app.read("OUT")["price"].to_pylist() == [20.0, 30.0]


def test_a_duckdb_relation_can_be_fed() -> None:
    app = Application(SQL, {"IN": '"price" DOUBLE'})
    app.feed("IN", duckdb.sql("SELECT i::DOUBLE AS price FROM range(9, 13) t(i)"))
    assert app.read("OUT")["price"].to_pylist() == [11.0, 12.0]


def test_columns_are_taken_from_the_data_when_they_are_not_given() -> None:
    app = Application(SQL)
    assert app.missing_schemas == ["IN"]
    app.feed("IN", TABLE)
    assert app.read("OUT").num_rows == 2


def test_read_gives_what_is_new() -> None:
    app = Application(SQL, {"IN": TABLE.schema})
    app.feed("IN", TABLE)
    assert app.read("OUT").num_rows == 2
    assert app.read("OUT").num_rows == 0
    app.feed("IN", TABLE.slice(2))
    assert app.read("OUT")["price"].to_pylist() == [30.0]


def test_types_are_brought_to_those_of_the_schema() -> None:
    app = Application(
        'CREATE STREAM "OUT" (t TIMESTAMP, s VARCHAR(9), n INTEGER);'
        'CREATE PUMP p AS INSERT INTO "OUT" SELECT STREAM "t", "s", "n" FROM "IN"',
        {"IN": '"t" TIMESTAMP, "s" VARCHAR(3), "n" INTEGER'},
    )
    stamp = dt.datetime(2024, 1, 1, 12, 0, 0, 123_999, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    rows = {"n": pa.array([7], pa.int64()), "s": pa.array(["abcdef"]).dictionary_encode(), "t": pa.array([stamp])}
    app.feed("IN", pa.table(rows))
    (row,) = app.read("OUT").to_pylist()
    assert (row["T"], row["S"], row["N"]) == (dt.datetime(2024, 1, 1, 10, 0, 0, 123_000), "abc", 7)


def test_errors_of_use_name_the_thing_and_the_nearest() -> None:
    app = Application(SQL, {"IN": '"price" DOUBLE'})
    with pytest.raises(ConfigError, match=r'no column "price" \(they have prices\).*did you mean "prices"'):
        app.feed("IN", pa.table({"prices": [1.0]}))
    with pytest.raises(ConfigError, match='"INN" is no input stream'):
        app.feed("INN", TABLE)
    with pytest.raises(ConfigError, match=r'no stream "OUTT".*did you mean "OUT"'):
        app.read("OUTT")
    with pytest.raises(ConfigError, match="cannot read rows from a int"):
        app.feed("IN", 7)
    with pytest.raises(ConfigError, match='"price" of IN does not convert from string to DOUBLE'):
        app.feed("IN", pa.table({"price": ["x"]}))
    with pytest.raises(ConfigError, match="runs already"):
        app.declare("IN", '"price" DOUBLE')


def test_all_errors_of_a_script_are_raised_together() -> None:
    with pytest.raises(ScriptErrors) as caught:
        Application(
            SQL.replace('"price" FROM', '"prize" FROM').replace('"IN"', '"INN"') + SQL, {"IN": TABLE.schema}
        )
    assert [error.code for error in caught.value.errors] == ["NAM-001", "NAM-006"]


def test_live_time_comes_from_the_clock_and_never_goes_back() -> None:
    """C-165, C-167"""
    now = 60_000_000
    app = Application(COUNT, {"IN": TABLE.schema}, clock=lambda: now)
    app.feed("IN", TABLE)
    now -= 5_000
    app.feed("IN", TABLE)
    now += 5_000 + 59_999
    app.tick()
    assert app.read("OUT").num_rows == 0
    now += 1
    app.tick()
    (row,) = app.read("OUT").to_pylist()
    assert (row["n"], row["ROWTIME"]) == (6, dt.datetime(1970, 1, 1, 16, 41))


def test_query_time_is_one_and_row_time_is_not() -> None:
    """C-073"""
    now = 1_000_000
    app = Application(
        'CREATE STREAM "OUT" (q TIMESTAMP, r TIMESTAMP);'
        'CREATE PUMP p AS INSERT INTO "OUT" SELECT STREAM CURRENT_TIMESTAMP, CURRENT_ROW_TIMESTAMP FROM "IN"',
        {"IN": TABLE.schema},
        clock=lambda: now,
    )
    app.feed("IN", TABLE.slice(0, 1))
    now += 1000
    app.feed("IN", TABLE.slice(0, 1))
    first, second = app.read("OUT").to_pylist()
    assert first["Q"] == second["Q"]
    assert second["R"] - first["R"] == dt.timedelta(seconds=1)


def test_error_rows_have_the_columns_of_the_service() -> None:
    """C-163, C-164"""
    app = Application(
        'CREATE STREAM "OUT" (q INTEGER); CREATE PUMP p AS INSERT INTO "OUT" SELECT STREAM 12 / "n" FROM "IN"',
        {"IN": '"n" INTEGER'},
        rowtime="t",
    )
    app.feed("IN", pa.table({"n": pa.array([0, 3], pa.int32()), "t": [1000, 2000]}))
    app.finish()
    assert app.read("OUT")["Q"].to_pylist() == [4]
    (row,) = app.errors().to_pylist()
    at = dt.datetime(1970, 1, 1, 0, 0, 1)
    assert row == {
        "ROWTIME": at,
        "ERROR_TIME": at,
        "ERROR_LEVEL": "ERROR",
        "ERROR_NAME": "Division by zero",
        "MESSAGE": "division by zero",
        "DATA_ROWTIME": at,
        "DATA_ROW": b'{"n":0}'.hex().upper(),
        "PUMP_NAME": "P",
    }


def test_a_snapshot_goes_on_in_another_application() -> None:
    rows = pa.table({"price": [1.0] * 5, "t": [0, 30_000, 10_000, 59_999, 60_000]})
    arguments: dict[str, Any] = {"schemas": {"IN": '"price" DOUBLE'}, "rowtime": "t", "lateness": 25}
    whole = Application(COUNT, **arguments)
    whole.feed("IN", rows)
    whole.finish()
    expected = whole.read("OUT")
    assert expected["n"].to_pylist() == [4, 1]
    first = Application(COUNT, **arguments)
    first.feed("IN", rows.slice(0, 2))
    second = Application(COUNT, **arguments)
    second.restore(first.snapshot())
    second.feed("IN", rows.slice(2))
    second.finish()
    assert second.read("OUT").equals(expected)


def test_watermarks_may_be_datetimes() -> None:
    app = Application(COUNT, {"IN": '"price" DOUBLE'}, rowtime="t")
    app.feed("IN", pa.table({"price": [1.0], "t": pa.array([dt.datetime(2024, 1, 1)])}))
    app.watermark(dt.datetime(2024, 1, 1, 0, 1), "IN")
    assert app.read("OUT")["n"].to_pylist() == [1]


def test_explain_and_notices() -> None:
    app = Application(SQL, {"IN": '"price" DOUBLE'})
    assert "Filter" in app.explain()
    assert app.notices == ()
    assert [column.name for column in app.columns("OUT")] == ["price"]


@pytest.mark.parametrize("schemas", [None, {"IN": '"price" DOUBLE'}])
def test_run_takes_files_and_data(tmp_path: Path, schemas: dict[str, str] | None) -> None:
    (tmp_path / "in.csv").write_text("price\n5\n20\n30.5")
    for data in (tmp_path / "in.csv", str(tmp_path / "in.csv"), pa.table({"price": [5.0, 20.0, 30.5]})):
        app = Application(SQL, schemas)
        app.run({"IN": data})
        assert app.read("OUT")["price"].to_pylist() == [20.0, 30.5]


def test_run_reads_several_inputs_side_by_side() -> None:
    sql = """CREATE STREAM "OUT" (n BIGINT);
        CREATE PUMP p AS INSERT INTO "OUT" SELECT STREAM "n" FROM "A" UNION ALL SELECT STREAM "n" FROM "B";"""
    parts = {
        name: iter([pa.table({"n": [first, first + 2], "t": [first, first + 2]})])
        for name, first in (("A", 0), ("B", 1))
    }
    app = Application(sql, rowtime="t")
    app.run(parts)
    assert app.read("OUT")["N"].to_pylist() == [0, 1, 2, 3]


def test_run_without_flush_keeps_windows_open() -> None:
    """C-097"""
    rows = pa.table({"price": [1.0], "t": [0]})
    for flush, expected in ((False, 0), (True, 1)):
        app = Application(COUNT, {"IN": '"price" DOUBLE'}, rowtime="t")
        app.run({"IN": rows}, flush=flush)
        assert app.read("OUT").num_rows == expected


def test_a_stream_that_has_ended_holds_nobody_back() -> None:
    sql = """CREATE STREAM "OUT" (n BIGINT);
        CREATE PUMP p AS INSERT INTO "OUT" SELECT STREAM "n" FROM "A" UNION ALL SELECT STREAM "n" FROM "B";"""
    app = Application(sql, dict.fromkeys("AB", '"n" BIGINT'), rowtime="t")
    engine = app.engine()
    for name, n in (("A", 1), ("B", 2), ("B", 3)):
        app.feed(name, pa.table({"n": [n], "t": [n]}))
    assert app.read("OUT")["N"].to_pylist() == [1]
    engine.intake.end(0)
    app.feed("B", pa.table({"n": [4], "t": [4]}))
    assert app.read("OUT")["N"].to_pylist() == [2, 3]


LOOKUP = """
CREATE STREAM "OUT" ("name" VARCHAR(16));
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM t."name" FROM "IN" AS i JOIN "T" AS t ON i."k" = t."k";
"""


def test_a_replaced_table_is_seen_by_later_rows() -> None:
    """C-148"""
    app = Application(LOOKUP, {"IN": '"k" INTEGER'}, references={"T": pa.table({"k": [1], "name": ["one"]})})
    rows = pa.table({"k": [1, 2]})
    app.feed("IN", rows)
    app.set_table("T", pa.table({"k": [2, 1], "name": ["two", "uno"]}))
    assert app.read("OUT")["name"].to_pylist() == ["one"]
    app.feed("IN", rows)
    assert app.read("OUT")["name"].to_pylist() == ["uno", "two"]


def test_a_table_has_the_columns_of_its_schema() -> None:
    schemas = {"IN": '"k" INTEGER', "T": '"k" INTEGER, "name" VARCHAR(2)'}
    app = Application(LOOKUP, schemas, references={"T": pa.table({"name": ["one"], "k": ["1"]})})
    assert [stream.name for stream in app.plan.streams if stream.is_input] == ["IN"]
    app.feed("IN", pa.table({"k": [1]}))
    assert app.read("OUT")["name"].to_pylist() == ["on"]
    with pytest.raises(ConfigError, match='rows for T have no column "name"'):
        app.set_table("T", pa.table({"k": [1]}))
    with pytest.raises(ConfigError, match='table "U" cannot be declared: the application runs already'):
        app.set_table("U", pa.table({"k": [1]}))


def test_an_error_row_shows_the_declared_columns_only() -> None:
    """C-164: what a stream carries besides them, arrival time and shard, is not part of the record."""
    app = Application(
        "CREATE STREAM O (a INTEGER, t TIMESTAMP);"
        "CREATE PUMP P AS INSERT INTO O SELECT STREAM 10 / a, APPROXIMATE_ARRIVAL_TIME FROM S;",
        {"S": "a INTEGER, b INTEGER"},
        rowtime="ROWTIME",
    )
    app.feed("S", pa.table({"A": [0, 5], "B": [7, 8], "ROWTIME": pa.array([1, 2], pa.timestamp("ms"))}))
    app.finish()
    (error,) = app.errors().to_pylist()
    assert json.loads(bytes.fromhex(error["DATA_ROW"])) == {"A": 0, "B": 7}
    assert app.read("O")["A"].to_pylist() == [2]


def test_a_hidden_column_that_did_not_come_is_null() -> None:
    """Also when the input has as many columns as the stream; ROWTIME's own is one of them."""
    app = Application(
        "CREATE STREAM O (a INTEGER, k VARCHAR(20)); CREATE PUMP P AS INSERT INTO O SELECT STREAM a, PARTITION_KEY FROM S;",
        {"S": "a INTEGER"},
        rowtime="t",
    )
    app.feed("S", pa.table({"A": [1, 2], "t": [1000, 2000]}))
    app.feed("S", pa.table({"A": [3], "PARTITION_KEY": ["x"], "t": [3000]}))
    app.finish()
    assert [(row["A"], row["K"]) for row in app.read("O").to_pylist()] == [(1, None), (2, None), (3, "x")]


def test_time_of_a_live_application_can_be_told() -> None:
    """The window closes without a row, and time does not go back for the next one."""
    now = dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp()
    app = Application(COUNT, {"IN": '"a" INTEGER'}, clock=lambda: round(now * 1000))
    app.feed("IN", pa.table({"a": pa.array([1, 2], pa.int32())}))
    assert app.read("OUT").num_rows == 0
    app.watermark(round(now * 1000) + 60_000)
    assert app.read("OUT")["n"].to_pylist() == [2]
    app.feed("IN", pa.table({"a": pa.array([3], pa.int32())}))
    app.finish()
    (row,) = app.read("OUT").to_pylist()
    assert row["n"] == 1
    assert row["ROWTIME"] == dt.datetime(2024, 1, 1, 0, 2), "the clock is behind what was told"


@pytest.mark.parametrize(
    ("element", "count", "value"), [("INTEGER", 130_816, 7), ("VARCHAR(65535)", 8, "x" * 65_408)]
)
def test_arrays_count_as_part_of_a_row_that_is_too_large(element: str, count: int, value: Any) -> None:
    """511 KB are the most: 130,816 integers, or 8 such texts; what is null takes nothing."""
    app = Application(
        f"CREATE STREAM O (k INTEGER, v {element} ARRAY); CREATE PUMP P AS INSERT INTO O "
        "SELECT STREAM k, ARRAY_AGG(v) IGNORE NULLS FROM S GROUP BY k, FLOOR(S.ROWTIME TO MINUTE);",
        {"S": f"k INTEGER, v {element}"},
        rowtime="ROWTIME",
    )
    sizes = [1, count, count + 1, 2, 1]
    values = [given for number, size in enumerate(sizes) for given in [None if number in (0, 4) else value] * size]
    keys = [number for number, size in enumerate(sizes) for _ in range(size)]
    times = pa.array([0] * len(keys), pa.timestamp("ms"))
    type_ = pa.int32() if element == "INTEGER" else pa.string()
    app.feed("S", pa.table({"K": pa.array(keys, pa.int32()), "V": pa.array(values, type_), "ROWTIME": times}))
    app.finish()
    assert app.read("O")["K"].to_pylist() == [0, 1, 3, 4]
    (error,) = app.errors().to_pylist()
    assert error["ERROR_NAME"] == "Row too large"
    assert f"the row has {130_817 * 4 if element == 'INTEGER' else 9 * 65_408} bytes" in error["MESSAGE"]
