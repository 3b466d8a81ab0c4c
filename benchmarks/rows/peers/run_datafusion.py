"""DataFusion: its scans stream, its results are those of a batch. It has no as-of join."""

from __future__ import annotations

import os

import pyarrow as pa
from datafusion import SessionConfig, SessionContext
from queries import TABLES, task

TYPES = {"time": pa.timestamp("ms"), "text": pa.string(), "real": pa.float64(), "integer": pa.int64()}
job = task()
config = SessionConfig().with_target_partitions(len(os.sched_getaffinity(0)))
context = SessionContext(config.set("datafusion.sql_parser.enable_ident_normalization", "false"))
for name, path in job.paths.items():
    schema = pa.schema([(column, TYPES[kind]) for column, kind in TABLES[name].items()])
    if path.endswith("jsonl"):
        context.register_json(name, path, schema=schema, file_extension=".jsonl")
    else:
        context.register_csv(name, path, schema=schema)

START = "TIMESTAMP '2026-01-01'"
query = job.sql(str, lambda column: f"date_bin(INTERVAL '1 minute', {column}, {START})")
stored = "JSON" if job.json else "CSV OPTIONS ('format.has_header' 'true')"
written = f"{job.output}.{'json' if job.json else 'csv'}"  # any other ending would be a folder of files
context.sql(f"COPY ({query}) TO '{written}' STORED AS {stored}").collect()
os.replace(written, job.output)
