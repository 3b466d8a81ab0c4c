"""Polars' streaming engine: works out of core, over the finished file. Times that are only passed on stay text."""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = str(len(os.sched_getaffinity(0)))

import polars as pl
from polars import col
from queries import TABLES, task

TYPES = {"time": pl.String, "text": pl.String, "real": pl.Float64, "integer": pl.Int64}
FORMAT = "%Y-%m-%d %H:%M:%S%.3f"
job = task()


def scan(name: str) -> pl.LazyFrame:
    schema = {column: TYPES[kind] for column, kind in TABLES[name].items()}
    read = pl.scan_ndjson if job.paths[name].endswith("jsonl") else pl.scan_csv
    frame = read(job.paths[name], schema=schema)
    if job.query in ("w1", "q1", "q2"):
        return frame
    times = [column for column, kind in TABLES[name].items() if kind == "time"]
    return frame.with_columns([col(column).str.to_datetime(FORMAT, time_unit="ms") for column in times])


def filtered() -> pl.LazyFrame:
    passing = scan("ticker").filter(col.PRICE > 50)
    return passing.select("EVENT_TIME", "TICKER", "PRICE", (col.PRICE - col.CHANGE).alias("PREV"), "SECTOR")


def tumbling() -> pl.LazyFrame:
    groups = scan("ticker").group_by(col.EVENT_TIME.dt.truncate("1m").alias("W"), "TICKER")
    price = col.PRICE
    return groups.agg(
        pl.len().alias("C"),
        price.sum().alias("S"),
        price.mean().alias("A"),
        price.min().alias("MI"),
        price.max().alias("MA"),
    )


def sliding() -> pl.LazyFrame:
    minute = "60001ms"  # both ends belong to the window
    mean = col.PRICE.rolling_mean_by("EVENT_TIME", minute).over("TICKER").alias("A")
    count = col.PRICE.is_not_null().cast(pl.Int64).rolling_sum_by("EVENT_TIME", minute).over("TICKER").alias("C")
    return scan("ticker").select("EVENT_TIME", "TICKER", "PRICE", mean, count)


def regions() -> pl.LazyFrame:
    joined = scan("ticker").join(scan("companies"), on="TICKER")
    groups = joined.group_by(col.EVENT_TIME.dt.truncate("1m").alias("W"), "REGION")
    return groups.agg(pl.len().alias("C"), col.PRICE.mean().alias("A"))


def shipped() -> pl.LazyFrame:
    pairs = scan("orders").join(scan("shipments"), on="ORDER_ID")
    within = (col.STIME >= col.OTIME) & (col.OTIME + pl.duration(minutes=1) >= col.STIME)
    return pairs.filter(within).select("ORDER_ID", "TICKER", "OTIME", "STIME", "QTY")


def quoted() -> pl.LazyFrame:
    trades, quotes = scan("trades").set_sorted("TTIME"), scan("quotes").set_sorted("QTIME")
    joined = trades.join_asof(quotes, left_on="TTIME", right_on="QTIME", by="TICKER")
    return joined.filter(col.BID.is_not_null()).select("TTIME", "TICKER", "PRICE", "QTY", "BID", "ASK")


def weighted() -> pl.LazyFrame:
    groups = scan("trades").group_by(col.TTIME.dt.truncate("1m").alias("W"), "TICKER")
    return groups.agg(((col.PRICE * col.QTY).sum() / col.QTY.sum()).alias("VWAP"))


def converted() -> pl.LazyFrame:
    return scan("bid").select("AUCTION", "BIDDER", (col.PRICE * 0.908).alias("PRICE"), "B_TIME")


def selected() -> pl.LazyFrame:
    return scan("bid").filter(col.AUCTION % 123 == 0).select("AUCTION", "PRICE")


QUERIES = {
    "w1": filtered,
    "w3": tumbling,
    "w4": sliding,
    "w5": regions,
    "w6": shipped,
    "w9": quoted,
    "w9v": weighted,
    "q1": converted,
    "q2": selected,
}
answer = QUERIES[job.query]()
if job.json:
    answer.sink_ndjson(job.output)
else:
    answer.sink_csv(job.output, datetime_format=FORMAT)
