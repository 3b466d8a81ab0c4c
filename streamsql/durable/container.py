"""Sections ⇄ the bytes of one checkpoint file. docs/checkpoints.md describes the layout; it is the contract.

A file is taken as a whole or not at all: whatever bit of it is not as it was written, `unpack` raises.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence

from streamsql.errors import StateError
from streamsql.record import record

MAGIC = b"\x89streamsql-ckpt\n"
VERSION = 1
ALIGNED = 64

_HEAD = struct.Struct("<16sIIQ32s")  # magic, version, sections, length of the file, fingerprint
_CHECK = struct.Struct("<I")  # CRC-32 of the head
_SECTION = struct.Struct("<4sIQ")  # kind, CRC-32, length
_TAIL = hashlib.sha256().digest_size


class Damaged(StateError):
    """The bytes are not a whole, unchanged checkpoint."""


class Newer(StateError):
    """The checkpoint is of a version that this program does not know."""


@record
class Section:
    """A part of a checkpoint: `kind` is four letters (JSON, ARRW, BYTE)."""

    kind: bytes
    data: memoryview


def pack(fingerprint: bytes, sections: Sequence[Section]) -> Iterator[bytes | memoryview]:
    """The bytes of a checkpoint, in pieces; `fingerprint` (32 bytes) says which application it is of."""
    length = _padded(_HEAD.size + _CHECK.size) + _TAIL
    length += sum(_padded(_SECTION.size + len(section.data)) for section in sections)
    head = _HEAD.pack(MAGIC, VERSION, len(sections), length, fingerprint)
    whole = hashlib.sha256()
    for piece in _pieces(head + _CHECK.pack(zlib.crc32(head)), sections):
        whole.update(piece)
        yield piece
    yield whole.digest()


def _pieces(head: bytes, sections: Sequence[Section]) -> Iterator[bytes | memoryview]:
    yield head + bytes(-len(head) % ALIGNED)
    for number, section in enumerate(sections):
        yield _SECTION.pack(section.kind, _checksum(number, section), len(section.data))
        yield section.data
        yield bytes(-(_SECTION.size + len(section.data)) % ALIGNED)


def _checksum(number: int, section: Section) -> int:
    """CRC-32 of a section in its place: in another one it is wrong."""
    start = zlib.crc32(struct.pack("<I4sQ", number, section.kind, len(section.data)))
    return zlib.crc32(section.data, start)


def _padded(size: int) -> int:
    return size + -size % ALIGNED


def unpack(data: bytes) -> tuple[bytes, list[Section]]:
    """The fingerprint and the sections. Raises Damaged, or Newer; never gives a part of what was written."""
    if len(data) < _HEAD.size + _CHECK.size or data[: len(MAGIC)] != MAGIC:
        raise Damaged("it is no checkpoint of streamsql" if data else "it is empty")
    _, version, count, length, fingerprint = _HEAD.unpack_from(data)
    if zlib.crc32(data[: _HEAD.size]) != _CHECK.unpack_from(data, _HEAD.size)[0]:
        raise Damaged("its head is damaged")
    if version > VERSION:
        raise Newer(f"it has format version {version}, and this streamsql reads up to {VERSION}")
    if length != len(data):
        raise Damaged(f"it should be {length:,} bytes long and is {len(data):,}")
    if hashlib.sha256(memoryview(data)[:-_TAIL]).digest() != data[-_TAIL:]:
        raise Damaged("it is damaged: its checksum does not match")
    return fingerprint, list(_sections(memoryview(data)[:-_TAIL], count))


def _sections(data: memoryview, count: int) -> Iterator[Section]:
    place = _padded(_HEAD.size + _CHECK.size)
    for number in range(count):
        if place + _SECTION.size > len(data):
            raise Damaged(f"section {number} is missing")
        kind, checksum, length = _SECTION.unpack_from(data, place)
        place += _SECTION.size
        section = Section(kind, data[place : place + length])
        if len(section.data) != length or checksum != _checksum(number, section):
            raise Damaged(f"section {number} is damaged")
        yield section
        place += length + -(_SECTION.size + length) % ALIGNED
    if place != len(data):
        raise Damaged("it has more bytes than its sections")
