"""The envelope of a forest's state: what it is, which version, how long, and a checksum over all of it.

Layout, little-endian: magic, version, the six arguments of the forest, length of the payload, the payload, CRC-32
of everything before. The payload is the C++ side's (`_state.h`): per tree the generator, the sampler's keys, the
distinct points and the cuts, about trees x samples x (8 d + 22) bytes. Knows nothing of what the payload means.
"""

import struct
import zlib

MAGIC = b"RCF\x00"
VERSION = 1
_HEAD = struct.Struct(
    "<4sHHHHIIQQ"
)  # magic, version, columns, trees, sample, decay, shingle, seed, payload's length
_TAIL = struct.Struct("<I")

Arguments = tuple[int, int, int, int, int, int]


class StateError(ValueError):
    """The bytes are not the whole, unchanged state of a forest that this version can read."""


def wrap(arguments: Arguments, payload: bytes) -> bytes:
    """Put the payload of a forest with these arguments into its envelope."""
    body = _HEAD.pack(MAGIC, VERSION, *arguments, len(payload)) + payload
    return body + _TAIL.pack(zlib.crc32(body))


def unwrap(data: bytes) -> tuple[Arguments, bytes]:
    """The arguments and the payload. Raises StateError if anything is missing, changed or unknown."""
    data = bytes(data)
    if len(data) < _HEAD.size + _TAIL.size or data[:4] != MAGIC:
        raise StateError("the bytes are not the state of a forest")
    _, version, *arguments, length = _HEAD.unpack_from(data)
    if version != VERSION:
        raise StateError(f"the state has version {version}; this library reads version {VERSION}")
    expected = _HEAD.size + length + _TAIL.size
    if len(data) != expected:
        raise StateError(f"the state should be {expected} bytes long and is {len(data)}")
    if zlib.crc32(data[: -_TAIL.size]) != _TAIL.unpack_from(data, expected - _TAIL.size)[0]:
        raise StateError("the state is damaged: its checksum does not match")
    columns, trees, sample, decay, shingle, seed = arguments
    return (columns, trees, sample, decay, shingle, seed), data[_HEAD.size : -_TAIL.size]
