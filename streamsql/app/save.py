"""An application's state in a checkpoint directory, for programs that feed it themselves."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from streamsql.app.checkpoint import fingerprint_of
from streamsql.app.schemas import schema_from_state, schema_state
from streamsql.durable.outside import System
from streamsql.durable.state import Frozen
from streamsql.durable.store import CheckpointStore
from streamsql.errors import StateError

if TYPE_CHECKING:
    from streamsql.app.application import Application


def save(app: Application, folder: str | os.PathLike[str], note: Any) -> None:
    """See `Application.save`."""
    schemas = {stream: schema_state(schema) for stream, schema in app.schemas.items()}
    with _store(folder) as store:
        state = Frozen({"note": note, "schemas": schemas, "engine": app.snapshot()})
        store.save(fingerprint_of(app), state)
        store.prune()


def load(app: Application, folder: str | os.PathLike[str]) -> Any:
    """See `Application.load`."""
    with _store(folder) as store:
        saved = store.load()
        if saved is None:
            return None
        where = f"checkpoint {saved.number} in {store.folder!r}"
        if "note" not in saved.state:
            raise StateError(f"{where} is of a run of the command line, which alone can go on with it")
        for stream, state in saved.state["schemas"].items():
            if stream in app.missing_schemas:
                app.declare(stream, schema_from_state(state))
        try:
            app.restore(saved.state["engine"])
        except StateError as error:
            raise StateError(f"{where}: {error.message}", hint=error.hint) from None
        return saved.state["note"]


@contextmanager
def _store(folder: str | os.PathLike[str]) -> Iterator[CheckpointStore]:
    store = CheckpointStore(System(), os.fspath(folder), lambda message: warnings.warn(message, stacklevel=6))
    try:
        yield store
    finally:
        store.close()
