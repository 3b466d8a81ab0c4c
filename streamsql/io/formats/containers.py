"""Record batches → Arrow IPC streams and Parquet files, as bytes in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from streamsql.kernels.batches import Rows, whole

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetWriter

ROW_GROUP = 1 << 17
"""Rows that a Parquet row group gathers before it is written."""


class _Drain:
    """A file for pyarrow's writers whose bytes are taken away after each write."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def write(self, data: bytes | memoryview | pa.Buffer) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._written += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        """Nothing waits here."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        """All bytes written since the last call."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


class ArrowEncoder:
    """An Arrow IPC stream: one message per batch, readable while it grows."""

    def __init__(self, schema: pa.Schema) -> None:
        self._drain = _Drain()
        self._writer = pa.ipc.new_stream(pa.PythonFile(self._drain, mode="w"), schema)

    def start(self) -> bytes:
        return self._drain.take()

    def encode(self, batch: Rows) -> bytes:
        self._writer.write_batch(whole(batch))
        return self._drain.take()

    def finish(self) -> bytes:
        self._writer.close()
        return self._drain.take()


class ParquetEncoder:
    """One Parquet file. Rows are gathered into row groups, so `encode` often returns nothing; the file can be read
    once what `finish` returned is written too."""

    def __init__(self, schema: pa.Schema) -> None:
        # pyarrow.parquet takes longer to import than the rest of a start together.
        from pyarrow.parquet import ParquetWriter

        self._schema = schema
        self._drain = _Drain()
        self._writer: ParquetWriter = ParquetWriter(pa.PythonFile(self._drain, mode="w"), schema)
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def start(self) -> bytes:
        return self._drain.take()

    def encode(self, batch: Rows) -> bytes:
        self._waiting.append(whole(batch))
        self._rows += batch.num_rows
        if self._rows >= ROW_GROUP:
            self._write()
        return self._drain.take()

    def finish(self) -> bytes:
        if self._rows:
            self._write()
        self._writer.close()
        return self._drain.take()

    def _write(self) -> None:
        self._writer.write_table(pa.Table.from_batches(self._waiting, self._schema), ROW_GROUP)
        self._waiting.clear()
        self._rows = 0
