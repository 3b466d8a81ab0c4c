"""Checkpoints of a run: everything it is made of at one moment, saved so that a restart goes on from there.

What a checkpoint holds is described in docs/checkpoints.md, why it is done this way in docs/decisions/0009.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from streamsql.app.application import Application
from streamsql.app.options import Person, RunOptions
from streamsql.app.running import Running
from streamsql.durable.outside import Outside
from streamsql.durable.parts import Part
from streamsql.durable.state import Frozen
from streamsql.durable.store import CheckpointStore, Saved
from streamsql.errors import ConfigError, StateError

if TYPE_CHECKING:
    from concurrent.futures import Future
from contextlib import ExitStack

ANEW = "start anew with an empty checkpoint directory"


class Checkpoints:
    """Saves a run between its steps, and once more when it stops.

    Saving goes on beside the run, which waits only while its state is collected.
    """

    def __init__(
        self, store: CheckpointStore, running: Running, fingerprint: bytes, options: RunOptions, outside: Outside
    ) -> None:
        self._store = store
        self._running = running
        self._files = running.files
        self._fingerprint = fingerprint
        self._options = describe(options)
        self._interval = options.checkpoint_interval
        self._outside = outside
        self._saving: Future[None] | None = None
        self._next = outside.monotonic() + self._interval

    def between_steps(self) -> None:
        """Begin a checkpoint when it is time. Raises what went wrong with the one before."""
        if self._saving is not None and self._saving.done():
            self._wait()
        if self._saving is None and self._outside.monotonic() >= self._next:
            self._begin(finished=False)

    def finish(self, finished: bool) -> None:
        """Make the last checkpoint; `finished`: there is nothing to go on with. Raises ConnectorError."""
        self._wait()
        self._begin(finished)
        self._wait()

    def abandon(self) -> None:
        """Let the checkpoint that is being saved come to its end, whatever that is."""
        if self._saving is not None:
            self._saving.exception()
            self._saving = None

    def _begin(self, finished: bool) -> None:
        parts = [file.cut() for file in self._files]
        head = {"finished": finished, "options": self._options, "parts": [part.plain() for part in parts]}
        state = Frozen({**head, **self._running.snapshot()})
        self._saving = self._outside.start(partial(self._save, state, parts))
        self._next = self._outside.monotonic() + self._interval

    def _save(self, state: Frozen, parts: Sequence[Part]) -> None:
        """State first, outputs second: what happens in between is the beginning of the next run."""
        for file in self._files:
            file.sync()
        self._store.save(self._fingerprint, state)
        for file, part in zip(self._files, parts, strict=True):
            file.commit(part)
        self._store.prune()

    def _wait(self) -> None:
        if self._saving is not None:
            saving, self._saving = self._saving, None
            saving.result()


def open_store(
    options: RunOptions, outside: Outside, person: Person, opened: ExitStack
) -> tuple[CheckpointStore, Saved | None]:
    """The directory of checkpoints, and the newest whole one in it. Raises ConnectorError, StateError."""
    store = CheckpointStore(outside, options.checkpoint, person.warn)
    opened.callback(store.close)
    saved = store.load()
    if saved is not None and "options" not in saved.state:
        raise StateError(
            f"checkpoint {saved.number} in {store.folder!r} was saved by a program, which alone can go on with it",
            hint="take another directory",
        )
    if saved is not None:
        check_same(saved.state["options"], describe(options), options.checkpoint)
    return store, saved


def resume(running: Running, saved: Saved, fingerprint: bytes, store: CheckpointStore, person: Person) -> None:
    """Go on from a checkpoint: the state is that of its moment, and so are the output files.

    Raises ConnectorError; StateError for state that does not fit the SQL, or an output file that lost something.
    """
    try:
        running.restore(saved.state)
    except StateError as error:
        hint = error.hint or f"put back the SQL that it was made with, or {ANEW}"
        raise StateError(f"checkpoint {saved.number} in {store.folder!r}: {error.message}", hint=hint) from None
    for file, part in zip(running.files, saved.state["parts"], strict=True):
        file.recover(Part.of(part))
    store.tidy()
    changed = ", with changed SQL" if saved.fingerprint != fingerprint else ""
    finished = "; that run was at its end" if saved.state["finished"] else ""
    person.note(f"going on from checkpoint {saved.number} in {store.folder!r}{changed}{finished}")


def describe(options: RunOptions) -> dict[str, Any]:
    """What must not change between a run and the one that goes on with it, by the option that says it."""
    return {
        "--input": [list(pair) for pair in options.inputs],
        "--reference": [list(pair) for pair in options.references],
        "--input-format": options.input_format,
        "--schema": dict(options.schemas),
        "--csv-header": options.csv_header,
        "--rowtime": dict(options.rowtime),
        "--lateness": options.lateness,
        "--output": [list(pair) for pair in options.outputs],
        "--output-format": options.output_format,
        "--with-rowtime": options.with_rowtime,
        "--errors": options.errors,
        "--max-memory": options.max_memory,
        "--no-flush": not options.flush,
        "--seed": options.seed,
        "--limit": options.limit,
    }


def check_same(saved: Mapping[str, Any], now: Mapping[str, Any], folder: str) -> None:
    """Raises StateError that names the option by which the run is another one than that of the checkpoint."""
    for option, value in now.items():
        if saved.get(option) != value:
            before, after = json.dumps(saved.get(option)), json.dumps(value)
            raise StateError(
                f"the checkpoint in {folder!r} was made with {option} {before}, and now it is {after}",
                hint=f"run with the same options, or {ANEW}",
            )


def fingerprint_of(app: Application) -> bytes:
    """32 bytes that stand for the SQL and its plan."""
    return hashlib.sha256(f"{app.sql}\0{app.explain()}".encode()).digest()


def check_format(format_: str, path: str, is_file: bool) -> None:
    """Raises ConfigError for an output that cannot be gone on with after a restart."""
    if format_ in ("arrow", "parquet") or (format_ == "table" and is_file):
        raise ConfigError(
            f"--checkpoint cannot go on with the {format_} output {path!r}", hint="write JSON lines or CSV"
        )
    if is_file and path.endswith(".gz"):
        raise ConfigError(
            f"--checkpoint cannot go on with the compressed output {path!r}", hint="compress the file afterwards"
        )
