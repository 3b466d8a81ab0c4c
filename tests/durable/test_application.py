"""Application.save and Application.load: programs that feed rows themselves, and keep their own place."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from streamsql import Application, StateError
from streamsql.app.launch import launch
from streamsql.app.options import Person, RunOptions
from streamsql.errors import ConfigError

SQL = """
CREATE STREAM "OUT" (k VARCHAR(4), total INTEGER);
CREATE PUMP "P" AS INSERT INTO "OUT"
SELECT STREAM k, SUM(n) FROM "SRC" GROUP BY k, STEP("SRC".ROWTIME BY INTERVAL '10' SECOND);
"""
SCHEMA = {"SRC": "T TIMESTAMP, K VARCHAR(4), N INTEGER"}


def rows(*given: tuple[int, str, int]) -> pa.Table:
    times, keys, numbers = zip(*given, strict=True)
    columns = {"T": pa.array(times, pa.timestamp("ms")), "K": list(keys), "N": pa.array(numbers, pa.int32())}
    return pa.table(columns)


@pytest.mark.parametrize("schemas", [SCHEMA, None], ids=["schema given", "schema from the first data"])
def test_an_open_window_goes_on_in_another_application(tmp_path: Path, schemas: dict[str, str] | None) -> None:
    first = Application(SQL, schemas, rowtime="T")
    assert first.load(tmp_path / "state") is None
    first.feed("SRC", rows((1000, "a", 1), (2000, "b", 5)))
    first.save(tmp_path / "state", note={"offset": 2, "etag": b"\0x"})
    second = Application(SQL, schemas, rowtime="T")
    assert second.load(tmp_path / "state") == {"offset": 2, "etag": b"\0x"}
    second.feed("SRC", rows((3000, "a", 10)))
    second.finish()
    assert [(row["K"], row["TOTAL"]) for row in second.read("OUT").to_pylist()] == [("a", 11), ("b", 5)]


def test_the_older_checkpoint_and_its_note_are_used_when_the_newest_is_damaged(tmp_path: Path) -> None:
    app = Application(SQL, SCHEMA, rowtime="T")
    for number in range(4):
        app.feed("SRC", rows((1000 * number, "a", 1)))
        app.save(tmp_path, note=number)
    older, newest = sorted(tmp_path.glob("checkpoint-*"))
    newest.write_bytes(newest.read_bytes()[:-7])
    again = Application(SQL, SCHEMA, rowtime="T")
    with pytest.warns(UserWarning, match=f"{newest.name}' is not used"):
        assert again.load(tmp_path) == 2
    again.finish()
    assert again.read("OUT")["TOTAL"].to_pylist() == [3]
    assert older.exists()


def test_other_sql_is_refused_by_the_name_of_the_operator(tmp_path: Path) -> None:
    Application(SQL, SCHEMA, rowtime="T").save(tmp_path)
    with pytest.raises(StateError, match="pump P does not fit its Aggregate"):
        Application(SQL.replace("'10'", "'20'"), SCHEMA, rowtime="T").load(tmp_path)


def test_the_command_line_and_programs_do_not_take_each_others_state(tmp_path: Path) -> None:
    Application(SQL, SCHEMA, rowtime="T").save(tmp_path / "program")
    (tmp_path / "in.json").write_text('{"T": "2024-01-01 00:00:00", "K": "a", "N": 1}\n')
    options = RunOptions(
        inputs=(("SRC", str(tmp_path / "in.json")),),
        schemas=SCHEMA,
        rowtime={"": "T"},
        outputs=(("OUT", str(tmp_path / "out.json")),),
    )
    with pytest.raises(StateError, match="saved by a program"):
        launch(SQL, replace(options, checkpoint=str(tmp_path / "program")), Person())
    launch(SQL, replace(options, checkpoint=str(tmp_path / "command")), Person())
    with pytest.raises(StateError, match="of a run of the command line"):
        Application(SQL, SCHEMA, rowtime="T").load(tmp_path / "command")


def test_a_note_that_cannot_be_saved_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="of type object, which no checkpoint can hold"):
        Application(SQL, SCHEMA, rowtime="T").save(tmp_path, note=[object()])


def test_an_application_that_broke_off_in_a_call_is_neither_used_nor_saved(tmp_path: Path) -> None:
    """The call has changed a part of the state. A new application goes on from what was saved before."""
    app = Application(SQL, SCHEMA, rowtime="T")
    app.feed("SRC", rows((1000, "a", 1)))
    app.save(tmp_path, note=1)

    def starved(batch: pa.RecordBatch) -> None:
        raise MemoryError

    app.engine().subscribe("OUT", starved)
    with pytest.raises(MemoryError):
        app.feed("SRC", rows((20_000, "a", 5)))
    for call in (app.finish, app.tick, lambda: app.read("OUT"), lambda: app.save(tmp_path, note=2)):
        with pytest.raises(StateError, match=r"an earlier call broke off \(MemoryError\)") as raised:
            call()
        assert "load its newest checkpoint" in raised.value.hint
    again = Application(SQL, SCHEMA, rowtime="T")
    assert again.load(tmp_path) == 1
    again.feed("SRC", rows((20_000, "a", 5)))
    again.finish()
    assert again.read("OUT")["TOTAL"].to_pylist() == [1, 5]


def test_arguments_that_are_refused_break_nothing(tmp_path: Path) -> None:
    app = Application(SQL, SCHEMA, rowtime="T")
    for stream, given in (("OTHER", rows((1000, "a", 1))), ("SRC", pa.table({"X": [1]}))):
        with pytest.raises(ConfigError):
            app.feed(stream, given)
    app.feed("SRC", rows((1000, "a", 1)))
    app.finish()
    assert app.read("OUT")["TOTAL"].to_pylist() == [1]


def test_an_application_that_refused_a_checkpoint_is_not_used(tmp_path: Path) -> None:
    Application(SQL, SCHEMA, rowtime="T").save(tmp_path)
    other = Application(SQL.replace("'10'", "'20'"), SCHEMA, rowtime="T")
    with pytest.raises(StateError, match="pump P does not fit its Aggregate"):
        other.load(tmp_path)
    with pytest.raises(StateError, match=r"an earlier call broke off \(StateError\)"):
        other.feed("SRC", rows((1000, "a", 1)))
