"""chDB, ClickHouse in the process: reads the finished file, as a batch."""

from __future__ import annotations

import os

import chdb
from queries import LAST_MINUTE, TABLES, task

TYPES = {"time": "DateTime64(3)", "text": "String", "real": "Float64", "integer": "Int64"}
job = task()


def table(name: str) -> str:
    columns = ", ".join(f"{column} {TYPES[kind]}" for column, kind in TABLES[name].items())
    form = "JSONEachRow" if job.paths[name].endswith("jsonl") else "CSVWithNames"
    return f"file('{job.paths[name]}', {form}, '{columns}')"


query = job.sql(table, lambda column: f"toStartOfMinute({column})")
# RANGE over a DateTime64 takes no interval: the range is one of milliseconds.
milliseconds = LAST_MINUTE.replace("EVENT_TIME", "toUnixTimestamp64Milli(EVENT_TIME)")
query = query.replace(LAST_MINUTE, milliseconds.replace("INTERVAL '1' MINUTE", "60000"))
query = query.replace("INTERVAL '1' MINUTE", "INTERVAL 1 MINUTE")
settings = f"max_threads={len(os.sched_getaffinity(0))}"
result = chdb.query(f"{query} SETTINGS {settings}", "JSONEachRow" if job.json else "CSVWithNames")
with open(job.output, "wb") as out:
    out.write(result.bytes())
