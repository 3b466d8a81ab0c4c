"""What a benchmark is: a named case that measures something and gives rows of a table.

A race times contenders in turn, several rounds over, so that a busy moment of the machine hits all alike.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Run = Callable[[], object]
Clock = Callable[[], float]


class MissingPeerError(Exception):
    """A library to compare with is not installed."""


@dataclass(frozen=True)
class Case:
    """One measurement. `measure(rounds)` gives the cells of its rows; equal columns share a table."""

    name: str
    columns: tuple[str, ...]
    measure: Callable[[int], list[tuple[str, ...]]]


@dataclass(frozen=True)
class Contender:
    """`prepare()` does what is not timed and gives what is: a call that deals with `rows` rows."""

    name: str
    rows: int
    prepare: Callable[[], Run]


@dataclass(frozen=True)
class Timing:
    contender: Contender
    seconds: tuple[float, ...]  # one per round; empty if the library is missing
    note: str = ""

    @property
    def rates(self) -> list[float]:
        """Rows per second, round by round."""
        return [self.contender.rows / seconds for seconds in self.seconds]


def time_in_turn(contenders: Sequence[Contender], rounds: int, clock: Clock = time.process_time) -> list[Timing]:
    """Each contender once per round. The default clock is CPU time, of all threads together."""
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    notes: dict[str, str] = {}
    for _ in range(rounds):
        for contender in contenders:
            if contender.name in notes:
                continue
            try:
                run = contender.prepare()
            except MissingPeerError as missing:
                notes[contender.name] = str(missing)
                continue
            start = clock()
            run()
            seconds[contender.name].append(clock() - start)
    return [Timing(c, tuple(seconds[c.name]), notes.get(c.name, "")) for c in contenders]


RACE_COLUMNS = ("case", "contender", "rows", "rows per second", "slowest to fastest", "ratio")


def race(
    name: str, contenders: Callable[[], Sequence[Contender]], baseline: str, clock: Clock = time.process_time
) -> Case:
    """A case that compares speeds; the last column is the ratio to the one called `baseline`."""

    def measure(rounds: int) -> list[tuple[str, ...]]:
        timings = time_in_turn(contenders(), rounds, clock)
        reference = next(timing for timing in timings if timing.contender.name == baseline)
        return [_race_row(name, timing, reference) for timing in timings]

    return Case(name, RACE_COLUMNS, measure)


def _race_row(name: str, timing: Timing, reference: Timing) -> tuple[str, ...]:
    """The ratio is the median of the rounds' ratios: within a round the machine was equally busy for both."""
    contender, rates = timing.contender, timing.rates
    if not rates:
        return (name, contender.name, "–", timing.note, "–", "–")
    ratio = "–"
    if reference.rates:
        by_round = [own / other for own, other in zip(rates, reference.rates, strict=True)]
        ratio = f"{statistics.median(by_round):.3g} × {reference.contender.name}"
    span = f"{min(rates):,.0f} – {max(rates):,.0f}"
    return (name, contender.name, f"{contender.rows:,}", f"{statistics.median(rates):,.0f}", span, ratio)
