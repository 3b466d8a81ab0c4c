"""The outside in memory loses what it may lose, and the real one keeps its promises as far as a test can see."""

import errno
import os
import random
from pathlib import Path

import pytest
from applications import outputs_in, outside_of, run_in, undisturbed

from streamsql.durable.faults import Faults, FaultyOutside
from streamsql.durable.memory import LOSSES, MemoryOutside
from streamsql.durable.outside import Mode, Outside, System
from streamsql.errors import StreamSQLError


def written(
    outside: Outside, path: str, data: bytes, mode: Mode = "create", at: int = 0, sync: bool = False
) -> None:
    file = outside.open(path, mode)
    file.seek(at)
    file.write(data)
    if sync:
        file.sync()
    file.close()


def after(outside: MemoryOutside, loss: str, seed: int = 1) -> dict[str, bytes]:
    return outside.after_crash(LOSSES[loss], random.Random(seed)).files()


def test_bytes_and_names_are_synced_apart() -> None:
    outside = MemoryOutside()
    written(outside, "d/a", b"abc", sync=True)
    assert after(outside, "dropped") == {}
    assert after(outside, "names only") == {"d/a": b"abc"}
    outside.sync_folder("other")
    assert after(outside, "dropped") == {}
    outside.sync_folder("d")
    assert after(outside, "dropped") == {"d/a": b"abc"}
    written(outside, "d/b", b"xyz")
    outside.sync_folder("d")
    assert after(outside, "dropped") == {"d/a": b"abc", "d/b": b""}
    assert after(outside, "kept") == {"d/a": b"abc", "d/b": b"xyz"}


def test_a_file_that_is_emptied_and_written_again_may_be_anything_in_between() -> None:
    outside = MemoryOutside()
    outside.put("a", b"old")
    written(outside, "a", b"new!")
    found = {after(outside, "reordered", seed)["a"] for seed in range(50)}
    assert found == {b"old", b"", b"new!"}


def test_names_change_in_any_order_until_they_are_synced() -> None:
    outside = MemoryOutside()
    outside.put("a", b"1")
    outside.rename("a", "b")
    written(outside, "c", b"", sync=True)
    found = {frozenset(after(outside, "reordered", seed)) for seed in range(100)}
    assert found == {frozenset(name) for name in ("", "a", "b", "c", "ab", "ac", "bc", "abc")}
    outside.sync_folder("")
    assert set(after(outside, "reordered")) == {"b", "c"}


@pytest.mark.parametrize(("loss", "block"), [("torn at 512 bytes", 512), ("torn at 4 KiB", 4096)])
def test_writes_are_torn_at_the_blocks_of_the_file(loss: str, block: int) -> None:
    outside = MemoryOutside()
    outside.put("a", bytes(5 * block))
    written(outside, "a", b"x" * (4 * block), "update", at=100)
    found = after(outside, loss)["a"]
    kept = [found[start : start + block] for start in range(0, 5 * block, block)]
    assert {len(set(part)) for part in kept[1:4]} == {1}
    assert set(b"".join(kept[1:4])) == {0, ord("x")}


class Careless(FaultyOutside):
    """An outside that says it has synced, and has not."""

    def __init__(self, inner: MemoryOutside, faults: Faults, forgets: str) -> None:
        super().__init__(inner, faults)
        self._forgets = forgets

    def sync_folder(self, path: str) -> None:
        if self._forgets != "names":
            super().sync_folder(path)

    def open(self, path: str, mode: Mode):  # type: ignore[no-untyped-def]
        file = super().open(path, mode)
        if self._forgets == "contents":
            file.sync = lambda: None  # type: ignore[method-assign]
        return file


@pytest.mark.parametrize("forgets", ["names", "contents"])
def test_the_crash_tests_find_a_sync_that_is_missing(forgets: str) -> None:
    """With an outside that forgets to sync, some crash loses something: the tests of crashes can fail."""
    name, chance = "tumbling", random.Random(1)
    expected, outside = undisturbed(name), outside_of("tumbling")
    states: list[MemoryOutside] = []

    def watch() -> None:
        if chance.random() < 0.3:
            states.append(outside.after_crash(LOSSES[chance.choice(["dropped", "reordered"])], chance))

    run_in(name, Careless(outside, Faults(watch), forgets))
    lost = 0
    for state in states:
        try:
            run_in(name, state, batch_size=65536, checkpoint_interval=1e9)
        except StreamSQLError:
            lost += 1
        else:
            lost += outputs_in(state) != expected
    assert lost


def test_the_real_outside_does_what_the_one_in_memory_does(tmp_path: Path) -> None:
    folder = str(tmp_path / "x" / "y")
    for outside in (System(), MemoryOutside()):
        outside.make_folder(folder)
        written(outside, f"{folder}/a", b"0123456789", sync=True)
        written(outside, f"{folder}/a", b"AB", "update", at=4)
        file = outside.open(f"{folder}/a", "update")
        assert file.size() == 10
        file.truncate(8)
        assert file.read(6) + file.read(9) + file.read(1) == b"0123AB67"
        assert file.descriptor() is None
        file.close()
        outside.rename(f"{folder}/a", f"{folder}/b")
        outside.sync_folder(folder)
        written(outside, f"{folder}/c", b"")
        assert sorted(outside.names(folder)) == ["b", "c"]
        outside.remove(f"{folder}/c")
        with pytest.raises(FileNotFoundError):
            outside.open(f"{folder}/c", "read")
        with pytest.raises(OSError, match="Bad file descriptor"):
            outside.open(f"{folder}/b", "read").write(b"x")
        written(outside, f"{folder}/b", b"", "create")
        assert outside.open(f"{folder}/b", "read").size() == 0
        assert outside.start(lambda: None).result() is None
        with pytest.raises(ZeroDivisionError):
            outside.start(lambda: print(1 // 0)).result()


def test_what_survived_a_loss_of_power_survives_the_next() -> None:
    outside = MemoryOutside()
    written(outside, "a", b"abc")
    once = outside.after_crash(LOSSES["kept"], random.Random(1))
    assert after(once, "dropped") == {"a": b"abc"}


def test_pieces_are_written_one_after_the_other() -> None:
    outside = MemoryOutside()
    file = outside.open("a", "create")
    file.write(b"abc")
    file.write(b"de")
    file.seek(1)
    file.write(b"X")
    file.write(b"Y")
    assert outside.get("a") == b"aXYde"


def test_the_call_of_a_number_fails_and_no_other() -> None:
    for number in (1, 2, 3):
        outside = FaultyOutside(MemoryOutside(), Faults(fail_at=number, error=errno.EIO))
        for call in range(1, 5):
            if call == number:
                with pytest.raises(OSError, match=os.strerror(errno.EIO)):
                    outside.names("")
            else:
                assert outside.names("") == []


class Counting(FaultyOutside):
    """An outside that knows which files are open."""

    def __init__(self, inner: MemoryOutside) -> None:
        super().__init__(inner, Faults())
        self.open_files: set[object] = set()

    def open(self, path: str, mode: Mode):  # type: ignore[no-untyped-def]
        file = super().open(path, mode)
        self.open_files.add(file)
        file.close = lambda: self.open_files.discard(file)  # type: ignore[method-assign]
        return file


@pytest.mark.parametrize("name", ["tumbling", "join"])
def test_a_run_closes_every_file_that_it_opens(name: str) -> None:
    """Also one that goes on from a checkpoint; a run for months would have no descriptors left."""
    inner = outside_of(name)
    states: list[MemoryOutside] = []
    run_in(
        name,
        FaultyOutside(inner, Faults(lambda: states.append(inner.after_crash(LOSSES["kept"], random.Random(1))))),
    )
    for state in (outside_of(name), states[len(states) // 2]):
        outside = Counting(state)
        run_in(name, outside)
        assert not outside.open_files
