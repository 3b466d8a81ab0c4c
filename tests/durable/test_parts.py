"""A file in committed parts: what is there after a restart, and after the next loss of power."""

import random
from collections.abc import Iterator

import pytest

from streamsql.durable.memory import LOSSES, MemoryOutside
from streamsql.durable.parts import CommittedFile, Part
from streamsql.errors import StateError

OUT, FOLDER = "out/o.csv", "state"
NOTHING = Part(serial=0, start=0, length=0, checksum=0)


def opened(outside: MemoryOutside) -> CommittedFile:
    return CommittedFile(outside, OUT, FOLDER, 0)


def cut(file: CommittedFile, outside: MemoryOutside, data: bytes) -> Part:
    """A part that survives a loss of power, as when the checkpoint that speaks of it is saved."""
    file.write(data)
    part = file.cut()
    file.sync()
    outside.sync_folder(FOLDER)
    return part


def begun(*committed: bytes) -> tuple[MemoryOutside, CommittedFile]:
    """A file that holds these parts, and its writer."""
    outside = MemoryOutside()
    file = opened(outside)
    file.begin()
    for data in committed:
        file.commit(cut(file, outside, data))
    return outside, file


def wrecks(outside: MemoryOutside) -> Iterator[MemoryOutside]:
    """What may be there after power was lost now."""
    for loss in LOSSES.values():
        for seed in range(5):
            yield outside.after_crash(loss, random.Random(seed))


def test_a_part_that_the_checkpoint_speaks_of_is_put_at_the_end() -> None:
    outside, file = begun(b"one,")
    part = cut(file, outside, b"two,")
    assert outside.get(OUT) == b"one,"
    again = opened(outside)
    again.recover(part)
    assert outside.get(OUT) == b"one,two,"
    assert outside.names(FOLDER) == [], "the part is not needed any more"
    again.commit(cut(again, outside, b"three"))
    assert outside.get(OUT) == b"one,two,three"


@pytest.mark.parametrize("removal_is_lost", [False, True])
def test_a_part_is_put_there_once(removal_is_lost: bool) -> None:
    """It was committed before the restart; what was committed after it is cut off, and stays so."""
    outside, file = begun(b"one,")
    part = cut(file, outside, b"two,")
    parts = {path: data for path, data in outside.files().items() if path != OUT}
    file.commit(part)
    file.commit(cut(file, outside, b"three"))
    if removal_is_lost:
        for path, data in parts.items():
            outside.put(path, data)
    opened(outside).recover(part)
    assert {wreck.get(OUT) for wreck in wrecks(outside)} == {b"one,two,"}


def test_an_empty_part_leaves_the_file_as_long_as_it_was() -> None:
    outside, file = begun(b"one,")
    part = cut(file, outside, b"")
    file.commit(part)
    again = opened(outside)
    again.recover(part)
    again.commit(cut(again, outside, b"two,"))
    assert outside.get(OUT) == b"one,two,"


def test_a_part_that_was_cut_survives_a_loss_of_power_at_any_time() -> None:
    outside, file = begun(b"one,")
    part = cut(file, outside, b"two,")
    before = list(wrecks(outside))
    file.commit(part)
    for wreck in [*before, *wrecks(outside)]:
        opened(wreck).recover(part)
        assert wreck.get(OUT) == b"one,two,"


@pytest.mark.parametrize("data", [None, b"", b"one,tw", b"one,twx,", b"xone,two,"])
def test_a_file_that_lacks_what_was_written_is_refused_and_left_alone(data: bytes | None) -> None:
    outside, file = begun(b"one,")
    part = cut(file, outside, b"two,")
    file.commit(part)
    outside.remove(OUT)
    if data is not None:
        outside.put(OUT, data)
    with pytest.raises(StateError, match=r"'out/o.csv' does not hold .* \(8 bytes\)"):
        opened(outside).recover(part)
    assert outside.files() == ({} if data is None else {OUT: data})


def test_a_part_that_is_damaged_is_not_committed() -> None:
    outside, file = begun(b"one,")
    part = cut(file, outside, b"two,")
    (name,) = outside.names(FOLDER)
    outside.put(f"{FOLDER}/{name}", b"tvo,")
    with pytest.raises(StateError, match="does not hold"):
        opened(outside).recover(part)
    assert outside.get(OUT) == b"one,"


def test_a_file_that_is_made_again_survives_the_next_loss_of_power() -> None:
    """Nothing was in it, so its removal is none of our business; but what is put into it now must stay, its name
    too, for the part is gone then."""
    outside = MemoryOutside()
    again = opened(outside)
    again.recover(NOTHING)
    assert all(OUT in wreck.files() for wreck in wrecks(outside))
    part = cut(again, outside, b"one,")
    again.commit(part)
    for wreck in wrecks(outside):
        opened(wreck).recover(part)
        assert wreck.get(OUT) == b"one,"
