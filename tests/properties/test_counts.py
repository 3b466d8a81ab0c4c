"""docs/counts.md: whatever the script and the input, every record is accounted for, and counts do not depend on how
rows come in pieces or on restarts. What they must be is counted here by hand, from the records."""

import json
from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql import Application
from streamsql.app.schemas import input_schema
from streamsql.io.formats import decoder

SCHEMA = '"K" VARCHAR(4), "A" INTEGER, "T" BIGINT'
MINUTE = "STEP(\"S\".ROWTIME BY INTERVAL '60' SECOND)"
SHAPES = [
    'SELECT STREAM "K", "A" FROM "S"',
    'SELECT STREAM "K", 10 / ("A" - 1) FROM "S" WHERE 10 / "A" > 2',
    f'SELECT STREAM "K", COUNT(*) FROM "S" GROUP BY "K", {MINUTE} HAVING 10 / (COUNT(*) - 2) > 1',
    f'SELECT STREAM DISTINCT "K", "A", {MINUTE} FROM "S"',
    'SELECT STREAM "K", SUM(10 / "A") OVER (PARTITION BY "K" RANGE INTERVAL \'10\' SECOND PRECEDING) FROM "S"',
    'SELECT STREAM "K", CAST(SUM("A" * 1000000000) OVER (ROWS 2 PRECEDING) AS INTEGER) FROM "S"',
    f'SELECT STREAM "K", "A" FROM "S" ORDER BY {MINUTE}, 4 / "A"',
    'SELECT STREAM x."K", y."A" FROM "S" OVER (RANGE INTERVAL \'5\' SECOND PRECEDING) AS x '
    'LEFT JOIN "S" AS y ON x."K" = y."K" AND 10 / y."A" > x."A"',
    'SELECT STREAM "K", "A" FROM "S" UNION ALL SELECT STREAM "K", 8 / "A" FROM "S"',
    'SELECT STREAM "K", COUNT(*) FROM "S" WINDOWED BY STAGGER (PARTITION BY "K" RANGE INTERVAL \'20\' SECOND)',
    'SELECT STREAM "K", "A" FROM "S" LIMIT 4',
]
RECORD = st.one_of(
    st.tuples(st.sampled_from("abc"), st.integers(-2, 3), st.integers(0, 200_000)).map(
        lambda row: json.dumps(dict(zip("KAT", row, strict=True)))
    ),
    st.sampled_from(['{"K":"a"}', '{"K":"a","A":"x","T":1}', "{broken", '{"K":"toolong","A":1,"T":70000}']),
)


def script(shapes: list[str]) -> str:
    width = 'CREATE STREAM "O{n}" ("K" VARCHAR(64), "V" INTEGER{more});'
    statements = []
    for number, shape in enumerate(shapes):
        more = ', "M" TIMESTAMP' if "DISTINCT" in shape else ""
        statements.append(width.format(n=number, more=more))
        statements.append(f'CREATE PUMP p{number} AS INSERT INTO "O{number}" {shape};')
    return "\n".join(statements)


def run(shapes: list[str], records: list[str], mode: str) -> tuple[Application, int, int]:
    """The application at its end, the rows that were read from its outputs, and those of the error stream."""

    def make() -> Application:
        return Application(script(shapes), {"S": SCHEMA}, rowtime="T", lateness=30)

    app = make()
    decode = decoder(replace(input_schema(SCHEMA), format="JSON"))
    out = errors = 0
    lines = [record.encode() + b"\n" for record in records]
    for piece in [b"".join(lines)] if mode == "whole" else lines:
        decoded = decode.feed(piece)
        app.engine().intake.take(0, decoded.batch, decoded.rejects)
        assert not app.engine().missing()
        if mode == "restart":
            out, errors = (
                out + sum(app.read(name).num_rows for name in app.streams),
                errors + app.errors().num_rows,
            )
            before, app = app, make()
            app.restore(before.snapshot())
    app.finish()
    out, errors = out + sum(app.read(name).num_rows for name in app.streams), errors + app.errors().num_rows
    return app, out, errors


@settings(max_examples=15, deadline=None)
@given(
    shapes=st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3),
    records=st.lists(RECORD, max_size=20),
)
def test_every_record_is_accounted_for(shapes: list[str], records: list[str]) -> None:
    app, out, errors = run(shapes, records, "whole")
    counted = app.counters()
    source, pumps = counted["inputs"]["S"], counted["pumps"].values()
    assert source["taken"] == len(records) == source["rows"] + source["rejected"] + source["late"]
    assert (
        sum(pump["rows_out"] for pump in pumps)
        == out
        == sum(stream["rows"] for name, stream in counted["streams"].items() if name != "S")
    )
    assert errors == source["rejected"] + source["late"] + sum(pump["late"] + pump["in_error"] for pump in pumps)
    for shape, pump in zip(shapes, pumps, strict=True):
        assert pump["rows_in"] == source["rows"] * (2 if "JOIN" in shape or "UNION" in shape else 1)
        gone = pump["gathered"] + pump["filtered"] + pump["late"] + pump["in_error"]
        assert pump["rows_in"] + pump["results"] == pump["rows_out"] + gone
        assert not pump["held"]
    for mode in ("rows", "restart"):
        again, rows, failed = run(shapes, records, mode)
        assert (again.counters(), rows, failed) == (counted, out, errors)


@given(values=st.lists(st.integers(-2, 12), max_size=30))
def test_a_condition_counts_as_python_does(values: list[int]) -> None:
    records = [json.dumps({"K": "a", "A": value, "T": 1}) for value in values]
    (pump,) = run([SHAPES[1]], records, "whole")[0].counters()["pumps"].values()
    failed = [value for value in values if value == 0]
    passed = [value for value in values if value and int(10 / value) > 2]
    assert pump["filtered"] == len(values) - len(failed) - len(passed)
    assert pump["in_error"] == len(failed) + passed.count(1)
    assert pump["rows_out"] == len(passed) - passed.count(1)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_lost_row_is_noticed(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: a row that an operator swallows leaves a gap."""
    app = Application(script([shape]), {"S": SCHEMA}, rowtime="T")
    stage = app.engine().graph._pumps["P0"].stages[-1]
    whole = stage.operator.on_batch
    monkeypatch.setattr(stage.operator, "on_batch", lambda port, batch: whole(port, batch.slice(1)))
    app.feed("S", pa.table({"K": ["a", "b"], "A": [5, 3], "T": [1000, 2000]}))
    with pytest.warns(UserWarning, match="[12] missing"):
        app.finish()
