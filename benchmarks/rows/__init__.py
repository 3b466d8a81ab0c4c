"""The row path: SQL over JSON lines and CSV, from file to file, against engines that answer the same queries."""

from __future__ import annotations

from benchmarks.rows.compare import case
from benchmarks.rows.workloads import WORKLOADS

CASES = tuple(case(workload) for workload in WORKLOADS)
