"""What a query costs, per row and for starting: how the scaling and the variants are measured."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import data
from benchmarks.case import Case
from benchmarks.process import measure
from benchmarks.program import Input, command

COLUMNS = (
    "case",
    "variant",
    "rows in",
    "rows out",
    "CPU s per million rows",
    "× the first",
    "start-up CPU s",
    "peak MB",
)
FEW = 10


@dataclass(frozen=True)
class Variant:
    """A query over one input. `source()` gives the input; the file is generated if it is not there."""

    name: str
    sql: str
    source: Callable[[], Input]


@dataclass(frozen=True)
class Cost:
    """Of one run: CPU seconds of the start (the same query over ten rows) and of all of it, peak in bytes."""

    start: float
    whole: float
    peak: int


def rests(costs: Sequence[Cost]) -> list[float]:
    """CPU seconds without the start, run by run; the start is that of the median, which varies less."""
    start = statistics.median(cost.start for cost in costs)
    return [max(cost.whole - start, 0.01) for cost in costs]


def case(name: str, variants: Sequence[Variant]) -> Case:
    """A case with a row per variant: each runs once per round, in turn, and is compared with the first."""

    def compare(rounds: int) -> list[tuple[str, ...]]:
        with tempfile.TemporaryDirectory() as folder:
            runners = [_Runner(variant, Path(folder)) for variant in variants]
            for _ in range(rounds):
                for runner in runners:
                    runner.run()
            return [runner.row(name, runners[0]) for runner in runners]

    return Case(name, COLUMNS, compare)


def once(sql: Path, source: Input, output: Path) -> Cost:
    """Run the query over ten rows, then over all; the output is that of the second run."""
    few = replace(source, path=data.head(source.path, FEW))
    start = measure(command(sql, [few], output))
    whole = measure(command(sql, [source], output))
    return Cost(start.cpu, whole.cpu, whole.peak)


class _Runner:
    """The runs of a variant so far."""

    def __init__(self, variant: Variant, folder: Path) -> None:
        self.variant = variant
        self.source = variant.source()
        self.rows = data.count_rows(self.source.path)
        self.sql = folder / "query.sql"
        self.output = folder / f"output{self.source.path.suffix}"
        self.rows_out = 0
        self.costs: list[Cost] = []

    def run(self) -> None:
        self.sql.write_text(self.variant.sql, encoding="utf-8")
        self.costs.append(once(self.sql, self.source, self.output))
        self.rows_out = data.count_rows(self.output)

    def per_million(self) -> list[float]:
        return [rest / self.rows * 1e6 for rest in rests(self.costs)]

    def row(self, name: str, first: _Runner) -> tuple[str, ...]:
        ratios = [own / other for own, other in zip(self.per_million(), first.per_million(), strict=True)]
        return (
            name,
            self.variant.name,
            f"{self.rows:,}",
            f"{self.rows_out:,}",
            f"{statistics.median(self.per_million()):.2f}",
            f"{statistics.median(ratios):.2f}",
            f"{statistics.median(cost.start for cost in self.costs):.2f}",
            f"{statistics.median(cost.peak for cost in self.costs) / 1e6:.0f}",
        )
