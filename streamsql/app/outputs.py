"""Where the rows of a stream go: columns chosen, encoded, written, counted."""

from __future__ import annotations

from collections.abc import Sequence

from streamsql.errors import ConfigError
from streamsql.io.connector import Sink
from streamsql.io.format import Encoder
from streamsql.kernels.batches import Rows, Tail, whole
from streamsql.plan.catalog import sources
from streamsql.plan.nodes import Application as Plan
from streamsql.plan.nodes import Stream

DESTINATION = "DESTINATION_SQL_STREAM"
_ENDINGS = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".parquet": "parquet",
    ".txt": "table",
}


class Output:
    """Writes the rows of one stream to one sink, at most `limit` of them. `start` comes first, unless the run goes
    on with what another one has written."""

    def __init__(self, sink: Sink, encoder: Encoder, first_column: int, limit: int | None = None) -> None:
        self.sink = sink
        self._encoder = encoder
        self._shown = Tail(first_column)
        self._limit = limit
        self._finished = False
        self.rows = 0

    def start(self) -> None:
        """Write what stands before the first row."""
        self._write(self._encoder.start())

    def take(self, batch: Rows) -> None:
        """Rows of the stream, ROWTIME first."""
        if self._limit is not None:
            batch = whole(batch).slice(0, self._limit - self.rows)
        if batch.num_rows:
            self.rows += batch.num_rows
            self._write(self._encoder.encode(self._shown.of(batch)))

    @property
    def is_full(self) -> bool:
        """Whether no further row will be written."""
        return self._limit is not None and self.rows >= self._limit

    def flush(self) -> None:
        """Hand on what was written."""
        self.sink.flush()

    def finish(self) -> None:
        """Write what stands after the last row, the first time."""
        if not self._finished:
            self._finished = True
            self._write(self._encoder.finish())
            self.sink.flush()

    def close(self) -> None:
        self.sink.close()

    def _write(self, data: bytes) -> None:
        if data:
            self.sink.write(data)


def format_of(path: str, default: str) -> str:
    """The format that a path's ending stands for (`out.csv.gz` is CSV), or the default."""
    name = path.removesuffix(".gz").lower()
    return next((format_ for ending, format_ in _ENDINGS.items() if name.endswith(ending)), default)


def output_stream(plan: Plan, name: str) -> Stream:
    """The stream called `name`. Raises ConfigError that lists the streams there are."""
    by_name = {stream.name: stream for stream in plan.streams}
    found = by_name.get(name) or by_name.get(name.upper())
    if found is None:
        raise ConfigError(f'there is no stream "{name}" to write (there are {_listed(list(by_name))})')
    return found


def default_output(plan: Plan) -> Stream:
    """DESTINATION_SQL_STREAM, else the one stream that pumps write and no pump reads.

    Raises ConfigError when there is none, or more than one.
    """
    streams = {stream.name: stream for stream in plan.streams}
    if DESTINATION in streams:
        return streams[DESTINATION]
    read = {name for pump in plan.pumps for name in sources(pump.sink)}
    ends = [name for name in dict.fromkeys(pump.sink.stream for pump in plan.pumps) if name not in read]
    if len(ends) == 1:
        return streams[ends[0]]
    if not ends:
        raise ConfigError(
            "the script writes no stream",
            hint="it needs a CREATE STREAM and a CREATE PUMP … AS INSERT INTO … SELECT STREAM …",
        )
    raise ConfigError(
        f"several streams may be the output: {_listed(ends)}", hint=f"choose with --output {ends[0]}"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
