"""What a run is told, as plain data: one declaration for the command line, tests and programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from streamsql.record import field, record

if TYPE_CHECKING:
    from streamsql.app.summary import Summary

DEFAULT_INPUT = "SOURCE_SQL_STREAM_001"
STANDARD = "-"


@record
class RunOptions:
    """Everything about a run but its SQL. A path may be `-`; empty or None means that a default is chosen."""

    inputs: tuple[tuple[str, str], ...] = ()  # (stream, path) in order
    references: tuple[tuple[str, str], ...] = ()  # (table, path)
    input_format: Literal["auto", "csv", "json"] = "auto"
    schemas: Mapping[str, str] = field(
        default_factory=dict
    )  # stream or table → DDL text or the path of an InputSchema
    csv_header: Literal["auto", "yes", "no"] = "auto"
    rowtime: Mapping[str, str] = field(default_factory=dict)  # stream → column; "" stands for every stream
    lateness: float = 0.0  # seconds
    outputs: tuple[tuple[str, str], ...] = ()  # (stream, path)
    output_format: str = ""
    with_rowtime: bool = False
    summary: str = ""  # where the counts of rows go, as JSON, when the run ends; empty: nowhere
    errors: str = ""  # where the error stream goes; empty: it is only counted
    strict_kinesis: bool = False
    max_memory: int | None = None  # bytes that state may take
    flush: bool = True
    seed: int = 0
    batch_size: int = 65536
    limit: int | None = None
    terminal: bool = False  # standard output is a terminal
    follow: bool = False  # files have no end: they are read as they grow
    checkpoint: str = ""  # the directory of checkpoints; empty: none are made
    checkpoint_interval: float = 10.0  # seconds
    width: int = 0  # of the terminal, in characters; 0: lines are as wide as they get


@record
class Person:
    """Whoever started the run: what they are told, and how they interrupt it."""

    note: Callable[[str], None] = lambda text: None
    warn: Callable[[str], None] = lambda text: None  # what must not be missed
    progress: Callable[[Summary], None] = lambda summary: None
    interrupted: Callable[[], bool] = lambda: False
