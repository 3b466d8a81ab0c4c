"""The workloads: which SQL over which data sets.

Each has its SQL in WORKLOAD.sql here. The times of events are in the rows, so a replay is asked for (`timed`)
where the SQL speaks of time; elsewhere the arrival of a row is its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks import data
from benchmarks.program import SOURCE, Input
from benchmarks.rows import tables

TEN = 10
"""Rows of the run that counts as start-up."""


@dataclass(frozen=True)
class Workload:
    """`inputs` are pairs of a stream and its data set; `suffix` is that of the files read and written."""

    name: str
    says: str
    inputs: tuple[tuple[str, str], ...]
    suffix: str = "csv"
    timed: bool = True
    reference: str = ""

    @property
    def query(self) -> str:
        """The name of the SQL: the same for the JSON form and, with a "c" behind, the CSV form."""
        return self.name.removesuffix("c")

    @property
    def sql(self) -> Path:
        return Path(__file__).with_name(f"{self.query}.sql")

    def path(self, table: str, few: bool = False) -> Path:
        """The file of a data set; with `few`, of its first ten rows (a reference table is always whole)."""
        if table == self.reference:
            return tables.path(table, "csv")
        whole = tables.path(table, self.suffix)
        return data.head(whole, TEN) if few else whole

    def files(self, few: bool = False) -> list[Input]:
        files = [
            Input(
                stream,
                self.path(table, few),
                tables.COLUMNS[table],
                tables.time_column(table) if self.timed else "",
            )
            for stream, table in self.inputs
        ]
        if self.reference:
            name = self.reference
            files.append(Input(name.upper(), self.path(name), tables.COLUMNS[name], reference=True))
        return files

    @property
    def rows(self) -> int:
        return sum(data.count_rows(self.path(table)) for _, table in self.inputs)


TICKER = ((SOURCE, "ticker"),)
TRADES = (("TRADES", "trades"),)
QUOTES = (("QUOTES", "quotes"),)
SHIPPED = (("ORDERS", "orders"), ("SHIPMENTS", "shipments"))
BID = (("BID", "bid"),)

WORKLOADS = (
    Workload("w1", "filter and project, JSON", TICKER, "jsonl", timed=False),
    Workload("w1c", "filter and project, CSV", TICKER, timed=False),
    Workload("w3", "tumbling minute per ticker, JSON", TICKER, "jsonl"),
    Workload("w3c", "tumbling minute per ticker, CSV", TICKER),
    Workload("w4", "sliding minute per ticker, JSON", TICKER, "jsonl"),
    Workload("w4c", "sliding minute per ticker, CSV", TICKER),
    Workload("w5", "reference table, tumbling minute, JSON", TICKER, "jsonl", reference="companies"),
    Workload("w6", "stream joined with a stream within a minute, CSV", SHIPPED),
    Workload("w9", "as-of join, CSV", TRADES + QUOTES),
    Workload("w9v", "volume-weighted price per minute, CSV", TRADES),
    Workload("q1", "Nexmark 1: every row converted, CSV", BID, timed=False),
    Workload("q2", "Nexmark 2: few rows selected, CSV", BID, timed=False),
)
