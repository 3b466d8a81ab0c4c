"""State as it was saved once: a run goes on with it to the same bytes, or it is refused by the operator's layout.

`layouts/NAME.checkpoint` was saved in the middle of a run. Whoever changes what an operator or a kernel saves sees a test
fail here, counts up the `layout` of the operator, and has new files written with `pytest --update-golden`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from applications import ALL, FOLDER, options_of, outputs_in, outside_of, run_in, undisturbed

import streamsql.exec.operators
import streamsql.functions.table
from streamsql.app.application import Application
from streamsql.app.launch import launch
from streamsql.app.options import Person
from streamsql.cli.main import OUTSIDE_ERROR, report
from streamsql.durable.container import pack, unpack
from streamsql.durable.memory import MemoryOutside
from streamsql.durable.state import Frozen, thawed
from streamsql.errors import StateError

SAVED = Path(__file__).parent / "layouts"
STEPS = 9


def stopped(name: str) -> MemoryOutside:
    """An outside with a run that was asked to stop in the middle."""
    outside, asked = outside_of(name), iter(range(STEPS))
    person = Person(interrupted=lambda: next(asked, None) is None)
    launch(ALL[name].sql, options_of(name, checkpoint_interval=1e9), person, outside)
    return outside


def checkpoint_of(outside: MemoryOutside) -> str:
    (path,) = (path for path in outside.files() if path.startswith(f"{FOLDER}/checkpoint-"))
    return path


@pytest.mark.parametrize("name", ALL)
def test_what_was_saved_is_gone_on_with(name: str, request: pytest.FixtureRequest) -> None:
    """The inputs and the committed output are those of that time; the state is the one in the file."""
    outside, file = stopped(name), SAVED / f"{name}.checkpoint"
    if request.config.getoption("--update-golden"):
        file.write_bytes(outside.get(checkpoint_of(outside)))
    outside.put(checkpoint_of(outside), file.read_bytes())
    run_in(name, outside)
    assert outputs_in(outside) == undisturbed(name)


def relayouted(outside: MemoryOutside, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes what the checkpoint says of every operator with state."""
    path = checkpoint_of(outside)
    fingerprint, sections = unpack(outside.get(path))
    state = thawed(sections)
    for pump in state["engine"]["graph"]["pumps"].values():
        for operator in pump["operators"].values():
            change(operator)
    outside.put(path, b"".join(pack(fingerprint, Frozen(state).sections())))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda operator: operator.pop("layout"), "an older streamsql: its Join .operator [0.]+. has layout 0"),
        (lambda operator: operator.update(layout=0), "an older streamsql: its Join .operator [0.]+. has layout 0"),
        (
            lambda operator: operator.update(layout=99),
            "a newer streamsql: its Join .operator [0.]+. has layout 99",
        ),
    ],
    ids=["before layouts were counted", "older", "newer"],
)
def test_state_of_another_layout_is_refused_by_the_operator(
    change: Callable[[dict[str, Any]], object], found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = stopped("join")
    before = outside.get("out.csv")
    relayouted(outside, change)
    with pytest.raises(StateError, match=f"pump P is of {found}, and this streamsql reads layout 3") as raised:
        run_in("join", outside)
    assert outside.get("out.csv") == before
    assert report(raised.value) == OUTSIDE_ERROR == 4
    assert "go on with the streamsql that saved it, or start anew" in capsys.readouterr().err


def classes(package: Any) -> set[str]:
    """The operators of a package that keep state."""
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
    ]
    found = {item for module in modules for item in vars(module).values() if inspect.isclass(item)}
    return {item.__name__ for item in found if hasattr(item, "layout") and "snapshot" in vars(item)} - {"Operator"}


def test_every_operator_with_state_has_a_file() -> None:
    saved: set[str] = set()
    for name in ALL:
        app = Application(
            ALL[name].sql,
            dict.fromkeys(ALL[name].inputs, options_of(name).schemas[ALL[name].inputs[0]]),
            rowtime="t",
        )
        saved |= {type(stage.operator).__name__ for pump in app.engine().graph._all() for stage in pump.stages}
    assert classes(streamsql.exec.operators) | classes(streamsql.functions.table) <= saved
