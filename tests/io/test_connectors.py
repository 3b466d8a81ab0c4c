"""One suite for every connector: order, resume, nothing lost, close; then what is particular to each."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from streamsql.errors import ConnectorError
from streamsql.io.connector import ReaderGone, Source
from streamsql.io.file import FileSink, FileSource
from streamsql.io.memory import MemorySink, MemorySource
from streamsql.io.stdio import StdinSource, StdoutSink

TEXT = b"".join(b"%d,row\n" % number for number in range(5000))


def _pipe_with(data: bytes) -> int:
    """The reading end of a pipe that holds all of `data`."""
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return reader


def _file(folder: Path, data: bytes, name: str = "in.csv") -> FileSource:
    (folder / name).write_bytes(data)
    return FileSource(str(folder / name))


SOURCES: dict[str, Callable[[Path], Source]] = {
    "memory": lambda _: MemorySource([TEXT[:10], b"", TEXT[10:7000], TEXT[7000:]]),
    "file": lambda folder: _file(folder, TEXT),
    "gzip file": lambda folder: _file(folder, gzip.compress(TEXT), "in.csv.gz"),
    "gzip file of two members": lambda folder: _file(
        folder, gzip.compress(TEXT[:999]) + gzip.compress(TEXT[999:])
    ),
    "stdin": lambda _: StdinSource(_pipe_with(TEXT)),
    "gzip stdin": lambda _: StdinSource(_pipe_with(gzip.compress(TEXT))),
}


@pytest.fixture(params=SOURCES)
def make_source(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Source]:
    return lambda: SOURCES[request.param](tmp_path)


def read_all(source: Source, limit: int) -> bytes:
    pieces = []
    while (piece := source.read(limit)) is not None:
        assert len(piece) <= limit
        pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("limit", [1000, 1 << 20])
def test_everything_comes_in_order(make_source: Callable[[], Source], limit: int) -> None:
    source = make_source()
    assert read_all(source, limit) == TEXT
    assert source.read(limit) is None
    source.close()


def test_a_position_is_where_reading_goes_on(make_source: Callable[[], Source]) -> None:
    first = make_source()
    head = first.read(1000) or first.read(1000)
    position = first.position()
    assert position == {"offset": len(head)}
    again = make_source()
    again.seek(position)
    assert head + read_all(again, 4096) == TEXT
    first.close()
    again.close()


def test_truncated_gzip_is_an_error(tmp_path: Path) -> None:
    source = _file(tmp_path, gzip.compress(TEXT)[:-20])
    with pytest.raises(ConnectorError, match=r"in\.csv ends in the middle of its gzip data"):
        read_all(source, 4096)
    source.close()


def test_damaged_gzip_is_an_error(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(TEXT))
    data[40:60] = bytes(20)
    source = _file(tmp_path, bytes(data))
    with pytest.raises(ConnectorError, match="damaged gzip data"):
        read_all(source, 4096)
    source.close()


def test_a_missing_file_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    (tmp_path / "clicks.csv").touch()
    with pytest.raises(ConnectorError, match=r"clikcs\.csv': No such file") as caught:
        FileSource(str(tmp_path / "clikcs.csv"))
    assert "did you mean" in caught.value.hint
    assert "clicks.csv" in caught.value.hint


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError) as caught:
        FileSource(str(tmp_path / "nowhere" / "clicks.csv"))
    assert "there is no folder" in caught.value.hint


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match="Is a directory"):
        FileSource(str(tmp_path))


@pytest.mark.parametrize("name", ["out.json", "out.json.gz"])
def test_file_sink_writes_what_it_is_given(tmp_path: Path, name: str) -> None:
    sink = FileSink(str(tmp_path / name))
    sink.write(TEXT[:700])
    sink.flush()
    sink.write(TEXT[700:])
    assert sink.position() == {"offset": len(TEXT)}
    sink.close()
    data = (tmp_path / name).read_bytes()
    assert (gzip.decompress(data) if name.endswith("gz") else data) == TEXT


def test_gzip_sink_does_not_depend_on_flushes(tmp_path: Path) -> None:
    for name, step in (("a.gz", 7), ("b.gz", 4096)):
        sink = FileSink(str(tmp_path / name))
        for start in range(0, len(TEXT), step):
            sink.write(TEXT[start : start + step])
            sink.flush()
        sink.close()
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_unwritable_output_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match=r"cannot write .*nowhere.*No such file"):
        FileSink(str(tmp_path / "nowhere" / "out.json"))


def test_a_full_disk_is_a_connector_error() -> None:
    sink = FileSink("/dev/full")
    sink.write(b"x")
    with pytest.raises(ConnectorError, match="No space left"):
        sink.flush()
    with pytest.raises(ConnectorError):
        sink.close()


def test_stdout_sink_writes_at_once() -> None:
    reader, writer = os.pipe()
    sink = StdoutSink(writer)
    sink.write(b"row\n")
    assert os.read(reader, 100) == b"row\n"
    assert sink.position() == {"offset": 4}
    os.close(reader)
    with pytest.raises(ReaderGone):
        sink.write(b"row\n")
    os.close(writer)


def test_stdin_gives_what_has_come_and_then_the_end() -> None:
    reader, writer = os.pipe()
    source = StdinSource(reader)
    os.write(writer, b"a\n")
    assert source.descriptor() == reader
    assert source.read(100) == b"a\n"
    os.close(writer)
    assert source.read(100) is None
    os.close(reader)


def test_memory_sink_keeps_rows_and_says_what_was_flushed() -> None:
    sink = MemorySink()
    sink.write(b"ab")
    assert (bytes(sink.data), sink.flushed) == (b"ab", 0)
    sink.close()
    assert (sink.flushed, sink.closed) == (2, True)
