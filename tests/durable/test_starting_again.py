"""What a run finds when it is started again, and what it makes of it."""

import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from applications import EXAMPLES, FOLDER, SCHEMA, S, options_of, outputs_in, outside_of, run_in, undisturbed

from streamsql.app.launch import launch
from streamsql.app.options import Person
from streamsql.durable.faults import Faults, FaultyOutside
from streamsql.durable.memory import LOSSES, MemoryOutside
from streamsql.durable.outside import System
from streamsql.durable.store import CheckpointStore
from streamsql.errors import ConfigError, ConnectorError, StateError

NAME = "tumbling"
STEPS = 6


def stopped(name: str = NAME, after: int = STEPS, **options: object) -> MemoryOutside:
    """An outside with a run that was asked to stop after some steps."""
    outside = outside_of(name)
    asked = iter(range(after))
    person = Person(interrupted=lambda: next(asked, None) is None)
    launch(EXAMPLES[name].sql, options_of(name, **options), person, outside)
    return outside


def checkpoints(outside: MemoryOutside) -> list[str]:
    return sorted(path for path in outside.files() if path.startswith(f"{FOLDER}/checkpoint-"))


def test_a_stopped_run_goes_on() -> None:
    outside = stopped()
    assert len(checkpoints(outside)) == 2
    before = outputs_in(outside)
    heard = run_in(NAME, outside)
    expected = undisturbed(NAME)
    assert outputs_in(outside) == expected
    assert all(whole.startswith(part) and part != whole for part, whole in zip(before, expected, strict=True))
    assert any("going on from checkpoint" in note for note in heard.notes)
    assert not heard.warnings


def test_a_finished_run_stays_as_it_is_even_without_its_input() -> None:
    outside = outside_of(NAME)
    run_in(NAME, outside)
    outside.remove(f"{S}.json")
    heard = run_in(NAME, outside)
    assert outputs_in(outside) == undisturbed(NAME)
    assert any("at its end" in note for note in heard.notes)


def test_state_that_is_saved_and_output_that_is_not_committed() -> None:
    """The gap between the two: the start commits what the checkpoint speaks of."""
    outside = outside_of(NAME)
    chance = random.Random(1)
    gaps: list[MemoryOutside] = []

    def watch() -> None:
        state = outside.after_crash(LOSSES["dropped"], chance)
        if any("/part-" in path for path in state.files()) and len(checkpoints(state)) == 2:
            gaps.append(state)

    run_in(NAME, FaultyOutside(outside, Faults(watch)))
    expected, grown = undisturbed(NAME), 0
    for gap in gaps:
        before = gap.get("out.csv")
        heard = run_in(NAME, gap, batch_size=65536, checkpoint_interval=1e9)
        assert outputs_in(gap) == expected
        assert not heard.warnings
        assert not any("/part-" in path for path in gap.files())
        grown += before != gap.get("out.csv")
    assert grown > 10


def damage(outside: MemoryOutside, path: str) -> None:
    data = bytearray(outside.get(path))
    data[len(data) // 2] ^= 1
    outside.put(path, bytes(data))


def test_the_older_checkpoint_is_used_when_the_newest_is_damaged() -> None:
    outside = stopped()
    newest = checkpoints(outside)[-1]
    damage(outside, newest)
    heard = run_in(NAME, outside)
    assert outputs_in(outside) == undisturbed(NAME)
    assert len(heard.warnings) == 1
    assert newest in heard.warnings[0] and "WARNING" in heard.warnings[0]
    assert f"{newest}.damaged" in outside.files()


def test_without_a_whole_checkpoint_the_run_is_refused_until_somebody_decides() -> None:
    outside = stopped()
    for path in checkpoints(outside):
        damage(outside, path)
    before = outputs_in(outside)
    for _ in range(2):
        with pytest.raises(StateError, match="no checkpoint in 'state' can be read") as raised:
            run_in(NAME, outside)
        assert "start anew with an empty checkpoint directory" in raised.value.hint
    assert outputs_in(outside) == before


def test_a_checkpoint_of_a_newer_version_is_refused() -> None:
    outside = stopped()
    newest = checkpoints(outside)[-1]
    data = outside.get(newest)
    head = data[:16] + struct.pack("<I", 99) + data[20:64]
    outside.put(newest, head + struct.pack("<I", zlib.crc32(head)) + data[68:])
    with pytest.raises(StateError, match="format version 99") as raised:
        run_in(NAME, outside)
    assert "newer streamsql" in raised.value.hint


def test_a_checkpoint_of_another_application_is_refused() -> None:
    outside, other = stopped(), stopped("sliding")
    for own, foreign in zip(checkpoints(outside), checkpoints(other), strict=True):
        outside.put(own, other.get(foreign))
    with pytest.raises(
        StateError, match=r"checkpoint \d+ in 'state'.*pump P does not fit its Aggregate"
    ) as raised:
        run_in(NAME, outside)
    assert "put back the SQL" in raised.value.hint


@pytest.mark.parametrize(
    ("option", "changed"),
    [
        ("--seed", {"seed": 1}),
        ("--input", {"inputs": ((S, "other.json"),)}),
        ("--lateness", {"lateness": 3.0}),
        ("--schema", {"schemas": {S: SCHEMA + ', "more" INTEGER'}}),
        ("--with-rowtime", {"with_rowtime": False}),
        ("--errors", {"errors": ""}),
        ("--limit", {"limit": 5}),
    ],
)
def test_another_run_in_the_same_directory_is_refused_by_the_option(
    option: str, changed: dict[str, object]
) -> None:
    with pytest.raises(StateError, match=f"made with {option} "):
        run_in(NAME, stopped(), **changed)


def test_sql_that_differs_where_there_is_no_state_goes_on() -> None:
    sql = EXAMPLES[NAME].sql.replace('SELECT STREAM "k", COUNT(*)', 'SELECT STREAM "k", COUNT(*) + 1000')
    outside = stopped()
    done = outside.get("out.csv")
    heard = run_in(NAME, outside, sql)
    new = outside.get("out.csv")
    assert new.startswith(done)
    counts = [int(line.split(b",")[2]) for line in new.splitlines()[1:]]
    old = len(done.splitlines()) - 1
    assert all(count < 1000 for count in counts[:old]) and all(count > 1000 for count in counts[old:])
    expected = [line.split(b",")[:2] for line in undisturbed(NAME)[0].splitlines()]
    assert [line.split(b",")[:2] for line in new.splitlines()] == expected
    assert any("with changed SQL" in note for note in heard.notes)


def test_sql_with_another_window_is_refused() -> None:
    sql = EXAMPLES[NAME].sql.replace("'60' SECOND", "'30' SECOND")
    outside = stopped()
    before = outside.files()
    with pytest.raises(StateError, match="Aggregate"):
        run_in(NAME, outside, sql)
    assert outside.files() == before


@pytest.mark.parametrize("damaged", ["shorter", "other", "empty", "gone"])
def test_an_output_that_lost_something_is_refused(damaged: str) -> None:
    outside = stopped(checkpoint_interval=1e9)
    data = outside.get("errors.json")
    assert len(data) > 1000
    if damaged == "gone":
        outside.remove("errors.json")
    else:
        outside.put(
            "errors.json", {"shorter": data[:-1], "other": data[:500] + b"?" + data[501:], "empty": b""}[damaged]
        )
    with pytest.raises(StateError, match=r"'errors\.json' does not hold what the checkpoint says"):
        run_in(NAME, outside)


def test_what_stands_behind_the_committed_output_is_cut_off() -> None:
    outside = stopped()
    outside.put("out.csv", outside.get("out.csv") + b"torn")
    run_in(NAME, outside)
    assert outputs_in(outside) == undisturbed(NAME)


def test_an_input_that_became_shorter_is_refused() -> None:
    outside = stopped()
    outside.put(f"{S}.json", outside.get(f"{S}.json")[:100])
    with pytest.raises(ConnectorError, match="ends before byte"):
        run_in(NAME, outside)


def test_an_input_that_ended_does_not_go_on_when_its_file_grows() -> None:
    """As in an undisturbed run, which has read it to its end. The other input is longer."""
    outside = outside_of("join")
    outside.put("L.json", outside.get("L.json")[:1500])
    whole = outside.after_crash(LOSSES["kept"], random.Random(1))
    run_in("join", whole)
    asked = iter(range(15))
    person = Person(interrupted=lambda: next(asked, None) is None)
    launch(EXAMPLES["join"].sql, options_of("join"), person, outside)
    outside.put("L.json", outside.get("L.json") + b'\n{"t": 1700000500000, "k": "a", "x": 1, "a": 1}')
    run_in("join", outside)
    assert outputs_in(outside) == outputs_in(whole)


@pytest.mark.parametrize(
    ("outputs", "format_"),
    [("out.parquet", "parquet"), ("out.arrow", "arrow"), ("out.txt", "table"), ("out.csv.gz", "compressed")],
)
def test_outputs_that_cannot_be_gone_on_with_are_refused(outputs: str, format_: str) -> None:
    with pytest.raises(ConfigError, match=f"{format_} output '{outputs}'"):
        run_in(NAME, outside_of(NAME), outputs=(("OUT", outputs),))


def test_a_limit_is_exact_over_several_runs() -> None:
    outside = stopped("filter", limit=25)
    run_in("filter", outside, limit=25)
    assert outputs_in(outside)[0] == b"".join(undisturbed("filter")[0].splitlines(keepends=True)[:26])


def test_a_directory_is_for_one_run_at_a_time(tmp_path: Path) -> None:
    store = CheckpointStore(System(), str(tmp_path / "state"), print)
    with pytest.raises(StateError, match="another run uses"):
        CheckpointStore(System(), str(tmp_path / "state"), print)
    store.close()
    CheckpointStore(System(), str(tmp_path / "state"), print).close()


def test_the_summary_counts_all_runs_together() -> None:
    whole, parts = outside_of(NAME), stopped()
    options = options_of(NAME)
    sql = EXAMPLES[NAME].sql
    expected = launch(sql, options, Person(), whole).lines()
    assert launch(sql, options, Person(), parts).lines() == expected
    assert launch(sql, replace(options, batch_size=1), Person(), parts).lines() == expected
