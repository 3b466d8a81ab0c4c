"""An application that goes back to what it was: it does the same again, whatever it has done in between."""

import json
from typing import Any

import pyarrow as pa
import pytest
from applications import ALL, SCHEMA, records

from streamsql.app.application import Application


def application(name: str) -> Application:
    return Application(ALL[name].sql, dict.fromkeys(ALL[name].inputs, SCHEMA), rowtime="t", lateness=2.0)


def feed(app: Application, name: str, part: slice) -> None:
    """Some records of each input, side by side in small pieces."""
    lines = {
        stream: [json.loads(line) for line in records(seed, ALL[name].rows).splitlines() if line.endswith(b"}")][
            part
        ]
        for seed, stream in enumerate(ALL[name].inputs)
    }
    for start in range(0, ALL[name].rows, 7):
        for stream, rows in lines.items():
            if piece := rows[start : start + 7]:
                app.feed(stream, pa.Table.from_pylist(piece))


def answer(app: Application) -> tuple[list[Any], list[Any], object]:
    return app.read("OUT").to_pylist(), app.errors().to_pylist(), app.counters()


@pytest.mark.parametrize("name", ALL)
def test_an_application_does_the_same_again(name: str) -> None:
    """It has gone on from a snapshot of its own, and takes that over: nothing of what came after is left in it, and
    nothing of it has got into the snapshot."""
    half = ALL[name].rows // 2
    app = application(name)
    feed(app, name, slice(half))
    state, _ = app.snapshot(), answer(app)
    feed(app, name, slice(half, None))
    once = answer(app)
    app.restore(state)
    feed(app, name, slice(half, None))
    assert answer(app) == once
    app.restore(state)
    app.finish()
    other = application(name)
    feed(other, name, slice(half))
    answer(other)
    other.finish()
    assert answer(app) == answer(other)
