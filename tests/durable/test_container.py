"""A checkpoint is taken as a whole or not at all; state goes through it unchanged."""

import math
import os
import random
import struct
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pytest
from applications import EXAMPLES, FOLDER, outside_of, run_in

from streamsql.durable.container import ALIGNED, Damaged, Newer, pack, unpack
from streamsql.durable.state import Frozen, thawed
from streamsql.errors import StateError

MUTATIONS = int(os.environ.get("STREAMSQL_MUTATIONS", "20000"))
FINGERPRINT = bytes(range(32))


def packed(state: object) -> bytes:
    return b"".join(pack(FINGERPRINT, Frozen(state).sections()))


def read_back(data: bytes) -> object:
    fingerprint, sections = unpack(data)
    assert fingerprint == FINGERPRINT
    return thawed(sections)


STATE = {
    "nothing": None,
    "text": "ü$",
    "numbers": [0, -(1 << 63), (1 << 63) - 1, 1 << 80, 0.1, -0.0, math.inf, -math.inf],
    "bytes": [b"", b"\0\xff" * 100],
    "nested": {"a": {"b": [{}, [], [[1], {"c": True}]]}},
}


def test_plain_state_comes_back_as_it_was() -> None:
    assert read_back(packed(STATE)) == STATE
    assert math.isnan(read_back(packed([math.nan]))[0])  # type: ignore[index]
    assert math.copysign(1, read_back(packed([-0.0]))[0]) == -1  # type: ignore[index]


ARRAYS = [
    pa.array([1, None, 3], pa.int32()),
    pa.array(["a", None, "ü" * 50]),
    pa.array([], pa.timestamp("ms")),
    pa.array([True, None, False]),
    pa.array(["x", "y", "x"]).dictionary_encode(),
    pa.array([None, None], pa.null()),
    pa.array([[1, 2], None, []], pa.list_(pa.int64())),
    pa.array(range(1000), pa.int64()).slice(10, 5),
    pa.array([b"\0", None], pa.large_binary()),
]


def test_arrays_and_batches_come_back_as_they_were() -> None:
    batch = pa.record_batch([ARRAYS[0], ARRAYS[1]], names=["a", "b"])
    found = read_back(packed({"arrays": ARRAYS, "batch": batch, "part": batch.slice(1, 1)}))
    assert isinstance(found, dict)
    for array, own in zip(found["arrays"], ARRAYS, strict=True):
        assert array.type == own.type
        assert array.equals(own)
    assert found["batch"].equals(batch)
    assert found["part"].equals(batch.slice(1, 1))


@pytest.mark.parametrize("type_", ["int64", "uint8", "float64", "bool", "int32"])
def test_numpy_arrays_keep_type_and_shape_and_can_be_written(type_: str) -> None:
    for array in (np.array([0, 1, 1], type_), np.zeros((2, 3), type_), np.array([], type_)):
        found = read_back(packed({"a": array}))
        assert isinstance(found, dict)
        assert found["a"].dtype == array.dtype
        assert np.array_equal(found["a"], array)
        found["a"][:] = 0


def test_state_is_frozen_when_it_is_taken() -> None:
    array, rows = np.array([1, 2]), [1]
    frozen = Frozen({"array": array, "rows": rows})
    array[0], rows[0] = 9, 9
    found = thawed(frozen.sections())
    assert found["rows"] == [1]
    assert found["array"].tolist() == [1, 2]


def test_what_is_no_plain_data_is_refused() -> None:
    for value in (object(), {1: 2}, {"$": 1}, {"set": {1}}):
        with pytest.raises(StateError, match="state"):
            Frozen(value)


def test_every_flipped_bit_and_every_truncation_is_refused() -> None:
    data = packed({"rows": ARRAYS[0], "text": "abc", "bytes": b"xyz"})
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((Damaged, Newer)):
            unpack(bytes(changed))
    for length in range(len(data)):
        with pytest.raises(Damaged):
            unpack(data[:length])
    with pytest.raises(Damaged):
        unpack(data + b"\0")


def test_a_newer_version_is_said_to_be_one() -> None:
    import zlib

    head = bytearray(packed({})[:64])
    head[16:20] = struct.pack("<I", 2)
    data = bytes(head) + struct.pack("<I", zlib.crc32(head)) + packed({})[68:]
    with pytest.raises(Newer, match="version 2"):
        unpack(data)


# --- damage to the files of real runs -------------------------------------------------------------------------


def flip(data: bytearray, chance: random.Random, _: bytes) -> None:
    for _number in range(chance.choice([1, 1, 1, 2, 50])):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def cut(data: bytearray, chance: random.Random, _: bytes) -> None:
    del data[chance.randrange(len(data)) :]


def zero(data: bytearray, chance: random.Random, _: bytes) -> None:
    size = chance.choice([64, 512, 4096])
    start = chance.randrange(len(data)) // size * size
    end = min(start + size, len(data))
    data[start:end] = bytes(end - start)


def swap(data: bytearray, chance: random.Random, _: bytes) -> None:
    blocks = len(data) // ALIGNED
    first, second = (ALIGNED * chance.randrange(blocks) for _ in range(2))
    size = ALIGNED * chance.randint(1, 8)
    a, b = bytes(data[first : first + size]), bytes(data[second : second + size])
    data[first : first + len(a)], data[second : second + len(b)] = b[: len(a)].ljust(len(a), b"\0"), a[: len(b)]


def mix(data: bytearray, chance: random.Random, other: bytes) -> None:
    """The head of one file, the rest of another."""
    at = ALIGNED * chance.randrange(1, min(len(data), len(other)) // ALIGNED)
    data[at:] = other[at:]


def splice(data: bytearray, chance: random.Random, other: bytes) -> None:
    """A block of another file."""
    at = ALIGNED * chance.randrange(min(len(data), len(other)) // ALIGNED)
    data[at : at + ALIGNED] = other[at : at + ALIGNED]


Damage = Callable[[bytearray, random.Random, bytes], None]
DAMAGES: list[Damage] = [flip, cut, zero, swap, mix, splice]


@pytest.fixture(scope="module")
def checkpoints() -> list[bytes]:
    """The last two checkpoints of every application, unfinished ones among them."""

    def of(name: str) -> Iterator[bytes]:
        outside = outside_of(name)
        run_in(name, outside)
        yield from (data for path, data in outside.files().items() if path.startswith(f"{FOLDER}/checkpoint-"))

    return [data for name in EXAMPLES for data in of(name)]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_no_damaged_checkpoint_is_read(checkpoints: list[bytes], damage: Damage) -> None:
    chance = random.Random(7)
    done = 0
    while done < MUTATIONS // len(DAMAGES):
        original, other = chance.sample(checkpoints, 2)
        changed = bytearray(original)
        damage(changed, chance, other)
        if bytes(changed) in (original, other):
            continue
        with pytest.raises((Damaged, Newer)):
            unpack(bytes(changed))
        done += 1
