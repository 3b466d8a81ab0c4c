"""One workload, all engines: each runs over ten rows and over all, once per round, and the results must agree."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.case import Case, MissingPeerError
from benchmarks.process import CommandError, Usage, measure
from benchmarks.rows import digest
from benchmarks.rows.engines import Engine, contenders
from benchmarks.rows.workloads import Workload

COLUMNS = (
    "workload",
    "engine",
    "rows in",
    "rows per CPU second",
    "slowest to fastest",
    "streamsql is × this",
    "CPU s",
    "start-up CPU s",
    "wall s",
    "peak MB",
    "rows out",
    "result",
)


@dataclass
class Runs:
    """The runs of an engine so far; `note` says why there are no more."""

    engine: Engine
    start: list[Usage] = field(default_factory=list)
    whole: list[Usage] = field(default_factory=list)
    result: list[float] = field(default_factory=list)
    note: str = ""

    def rates(self, rows: int) -> list[float]:
        """Rows per CPU second, start-up taken off: what a run over ten rows costs at the median."""
        start = statistics.median(usage.cpu for usage in self.start) if self.start else 0
        return [rows / max(usage.cpu - start, 0.01) for usage in self.whole]


def case(workload: Workload) -> Case:
    def compare(rounds: int) -> list[tuple[str, ...]]:
        runs = [Runs(engine) for engine in contenders(workload)]
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder, f"output.{workload.suffix}")
            for _ in range(rounds):
                for one in runs:
                    if not one.note:
                        _once(workload, one, output)
        return [_row(workload, one, runs[0]) for one in runs]

    return Case(f"{workload.name}: {workload.says}", COLUMNS, compare)


def _once(workload: Workload, runs: Runs, output: Path) -> None:
    try:
        runs.engine.version()
        runs.start.append(measure(runs.engine.command(workload, True, output)))
        runs.whole.append(measure(runs.engine.command(workload, False, output)))
        runs.result = runs.result or digest.of_file(output)
    except (MissingPeerError, CommandError) as error:
        runs.note = " ".join(str(error).split())[-100:]
    output.unlink(missing_ok=True)


def _row(workload: Workload, runs: Runs, ours: Runs) -> tuple[str, ...]:
    engine, rows = runs.engine, workload.rows
    if runs.note:
        return (workload.name, engine.name, *["–"] * (len(COLUMNS) - 3), runs.note)
    rates = runs.rates(rows)
    rate = statistics.median(rates)
    by_round = [own / other for own, other in zip(ours.rates(rows), rates, strict=False)]
    ratio = f"{statistics.median(by_round):.2f}" if by_round else "–"
    usages = zip(*((usage.cpu, usage.wall, usage.peak) for usage in runs.whole), strict=True)
    cpu, wall, peak = (statistics.median(values) for values in usages)
    return (
        workload.name,
        f"{engine.name} {engine.version()}",
        f"{rows:,}",
        f"{rate:,.0f}",
        f"{min(rates):,.0f} – {max(rates):,.0f}",
        ratio,
        f"{cpu:.2f}",
        f"{statistics.median(usage.cpu for usage in runs.start):.2f}",
        f"{wall:.2f}",
        f"{peak / 1e6:.0f}",
        f"{runs.result[0]:,.0f}",
        _verdict(runs, ours),
    )


def _verdict(runs: Runs, ours: Runs) -> str:
    if runs is ours or not ours.result:
        return "–"
    return "agrees" if digest.agree(runs.result, ours.result) else "DIFFERS"
