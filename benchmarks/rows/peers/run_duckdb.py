"""DuckDB: reads the finished file, as a batch."""

from __future__ import annotations

import os

import duckdb
from queries import TABLES, task

TYPES = {"time": "TIMESTAMP", "text": "VARCHAR", "real": "DOUBLE", "integer": "BIGINT"}
job = task()


def table(name: str) -> str:
    columns = ", ".join(f"{column}: '{TYPES[kind]}'" for column, kind in TABLES[name].items())
    if job.paths[name].endswith("jsonl"):
        return f"read_json('{job.paths[name]}', format='newline_delimited', columns={{{columns}}})"
    return f"read_csv('{job.paths[name]}', header=true, columns={{{columns}}})"


ordered = "true" if job.query in ("w1", "q1", "q2") else "false"
connection = duckdb.connect()
connection.execute(f"SET threads={len(os.sched_getaffinity(0))}; SET preserve_insertion_order={ordered}")
query = job.sql(table, lambda column: f"time_bucket(INTERVAL 1 MINUTE, {column})")
connection.execute(f"COPY ({query}) TO '{job.output}' (FORMAT {'json' if job.json else 'csv'})")
