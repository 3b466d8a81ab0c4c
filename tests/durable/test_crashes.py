"""Every place at which a run can lose its power, and what is then there: starting again gives the same bytes.

A run in memory is watched: before each of its calls to the outside, the files are taken as each kind of loss could
leave them. Each different one is the beginning of another run. STREAMSQL_TORTURE=1 tries them all for all
applications; without it, all for one application and some for the others.
"""

import errno
import os
import random
from collections.abc import Iterator

import pytest
from applications import EXAMPLES, outputs_in, outside_of, run_in, undisturbed

from streamsql.durable.faults import Faults, FaultyOutside
from streamsql.durable.memory import LOSSES, MemoryOutside
from streamsql.errors import ConnectorError

ALL = os.environ.get("STREAMSQL_TORTURE") == "1"
SOME = 25  # starts per application that is not tried at every place
THOROUGH = "tumbling"


class Wreckage:
    """The different states in which the calls of a run could leave the files of an outside."""

    def __init__(self, outside: MemoryOutside, seed: int) -> None:
        self._outside = outside
        self._chance = random.Random(seed)
        self._seen: set[object] = set()
        self._contents: dict[bytes, bytes] = {}  # most files are in many states
        self._states: list[tuple[str, dict[str, bytes]]] = []
        self.checkpoints: set[str] = set()

    def take(self) -> None:
        for name, loss in LOSSES.items():
            files = self._outside.after_crash(loss, self._chance).files()
            files = {path: self._contents.setdefault(data, data) for path, data in files.items()}
            self.checkpoints |= {path for path in files if "checkpoint-" in path}
            if (key := frozenset(files.items())) not in self._seen:
                self._seen.add(key)
                self._states.append((name, files))

    def states(self, chance: random.Random, count: int = 0) -> Iterator[tuple[str, MemoryOutside]]:
        """How power was lost, and an outside after that: some, or all of them."""
        chosen = chance.sample(self._states, min(count or len(self._states), len(self._states)))
        for name, files in chosen:
            outside = MemoryOutside(step=1.0)
            for path, data in files.items():
                outside.put(path, data)
            yield name, outside


def wrecked(name: str, outside: MemoryOutside, seed: int = 1, **options: object) -> Wreckage:
    """The states that a run of an application leaves when it crashes anywhere."""
    wreckage = Wreckage(outside, seed)
    run_in(name, FaultyOutside(outside, Faults(wreckage.take)), **options)
    return wreckage


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_crash_at_any_call_changes_no_byte(name: str) -> None:
    expected = undisturbed(name)
    outside = outside_of(name)
    wreckage = wrecked(name, outside)
    assert outputs_in(outside) == expected
    assert len(wreckage.checkpoints) >= 10
    count = 0 if ALL or name == THOROUGH else SOME
    for number, (loss, state) in enumerate(wreckage.states(random.Random(2), count)):
        run_in(name, state, batch_size=[65536, 32, 5][number % 3], checkpoint_interval=[1e9, 1e9, 5.0][number % 3])
        assert outputs_in(state) == expected, f"state {number}, {loss}"


@pytest.mark.parametrize("name", EXAMPLES if ALL else [THOROUGH])
def test_a_crash_while_starting_again_changes_no_byte(name: str) -> None:
    expected = undisturbed(name)
    chance = random.Random(3)
    for _, state in wrecked(name, outside_of(name)).states(chance, 100 if ALL else 10):
        again = wrecked(name, state, seed=chance.randrange(1000), batch_size=16)
        for loss, second in again.states(chance, 4):
            run_in(name, second, checkpoint_interval=1e9)
            assert outputs_in(second) == expected, loss


@pytest.mark.parametrize("name", EXAMPLES if ALL else [THOROUGH])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_failing_call_is_an_error_and_starting_again_changes_no_byte(name: str, error: int) -> None:
    expected = undisturbed(name)
    faults = Faults()
    run_in(name, FaultyOutside(outside_of(name), faults))
    for number in range(1, faults.calls + 1) if ALL else range(1 + error % 7, faults.calls + 1, 7):
        outside = outside_of(name)
        with pytest.raises(ConnectorError) as raised:
            run_in(name, FaultyOutside(outside, Faults(fail_at=number, error=error)))
        assert os.strerror(error) in raised.value.message
        run_in(name, outside, checkpoint_interval=1e9)
        assert outputs_in(outside) == expected, f"call {number}"
