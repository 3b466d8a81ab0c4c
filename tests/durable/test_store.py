"""How a checkpoint is written and read: in pieces of some size, whatever its sections are."""

import numpy as np
import pytest

from streamsql.durable import store
from streamsql.durable.container import Damaged, Section, pack, unpack
from streamsql.durable.memory import MemoryOutside
from streamsql.durable.parts import PREFIX
from streamsql.durable.state import Frozen, thawed
from streamsql.durable.store import CheckpointStore

FINGERPRINT = bytes(32)


@pytest.mark.parametrize("sizes", [[], [0], [9], [10], [3, 10, 3], [4, 4, 4, 4], [25, 1, 9, 11], [10, 10]])
def test_small_pieces_are_joined_and_large_ones_left_alone(sizes, monkeypatch):
    monkeypatch.setattr(store, "_PIECE", 10)
    pieces = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    found = list(store._gathered(pieces))
    assert b"".join(found) == b"".join(pieces)
    assert len(found) <= len(pieces) + 1
    for piece in pieces:
        assert len(piece) < 10 or piece in found, "a large piece is not copied"
    small = [piece for piece in found if piece not in pieces]
    assert all(len(piece) < 20 for piece in small)


def test_state_that_is_larger_than_a_piece_comes_back(monkeypatch):
    """Arrays above and below the size of a piece, and none."""
    monkeypatch.setattr(store, "_PIECE", 1000)
    state = {"large": np.arange(5000), "small": np.arange(3), "text": "x" * 3000, "none": np.arange(0)}
    outside = MemoryOutside()
    checkpoints = CheckpointStore(outside, "state", print)
    checkpoints.save(FINGERPRINT, Frozen(state))
    checkpoints.close()
    saved = CheckpointStore(outside, "state", print).load()
    assert saved is not None and saved.fingerprint == FINGERPRINT
    assert saved.state["text"] == state["text"]
    for name in ("large", "small", "none"):
        assert saved.state[name].tolist() == state[name].tolist()


@pytest.mark.parametrize(
    "sections",
    [
        [],
        [Section(b"JSON", memoryview(b"{"))],
        [Section(b"JSON", memoryview(b'{"$": "bytes"}'))],
        [Section(b"JSON", memoryview(b'{"$": "bytes", "section": 7}'))],
        [Section(b"JSON", memoryview(b'{"$": "batch", "section": 0}'))],
    ],
)
def test_a_whole_file_that_holds_no_state_is_damaged(sections):
    """Its checksums are right, so somebody else has written it."""
    _, found = unpack(b"".join(pack(FINGERPRINT, sections)))
    with pytest.raises(Damaged, match="its state cannot be read"):
        thawed(found)


def test_what_a_crash_has_left_is_removed_and_nothing_else():
    """An unfinished checkpoint, and parts of outputs."""
    outside = MemoryOutside()
    checkpoints = CheckpointStore(outside, "state", print)
    for _ in range(2):
        checkpoints.save(FINGERPRINT, Frozen({}))
    kept = set(outside.files())
    for name in (store._UNFINISHED, f"{PREFIX}0-0000000003"):
        outside.put(f"state/{name}", b"half")
    checkpoints.tidy()
    assert set(outside.files()) == kept


class Watched(MemoryOutside):
    """Remembers which folders were synced: in memory they exist by themselves, on a disk they do not."""

    def __init__(self) -> None:
        super().__init__()
        self.synced: list[str] = []

    def sync_folder(self, path: str) -> None:
        self.synced.append(path)
        super().sync_folder(path)


@pytest.mark.parametrize("folder", ["runs/state", "runs/state/"])
def test_the_folder_of_checkpoints_survives_a_loss_of_power(folder):
    """Its name stands in the folder above it. Without it the output would go on without its checkpoints."""
    outside = Watched()
    CheckpointStore(outside, folder, print)
    assert outside.synced == ["runs"]
