"""The workloads in the SQL that DuckDB, DataFusion and ClickHouse share, and the arguments of a runner.

A runner is called as `run_NAME.py WORKLOAD OUTPUT TABLE=PATH …`; it knows only its own library and this file.
`MINUTE(x)` stands for the start of x's minute; each dialect has its own word for it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

TABLES = {
    "ticker": {"EVENT_TIME": "time", "TICKER": "text", "PRICE": "real", "CHANGE": "real", "SECTOR": "text"},
    "companies": {"TICKER": "text", "COMPANY": "text", "REGION": "text"},
    "quotes": {"QTIME": "time", "TICKER": "text", "BID": "real", "ASK": "real"},
    "trades": {"TTIME": "time", "TICKER": "text", "PRICE": "real", "QTY": "integer"},
    "orders": {"OTIME": "time", "ORDER_ID": "integer", "TICKER": "text"},
    "shipments": {"STIME": "time", "ORDER_ID": "integer", "QTY": "integer"},
    "bid": {"B_TIME": "time", "AUCTION": "integer", "BIDDER": "integer", "PRICE": "integer"},
}

LAST_MINUTE = (
    "OVER (PARTITION BY TICKER ORDER BY EVENT_TIME RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW)"
)
SQL = {
    "w1": "SELECT EVENT_TIME, TICKER, PRICE, PRICE - CHANGE AS PREV, SECTOR FROM ticker WHERE PRICE > 50",
    "w3": "SELECT MINUTE(EVENT_TIME) AS W, TICKER, COUNT(*) AS C, SUM(PRICE) AS S, AVG(PRICE) AS A, "
    "MIN(PRICE) AS MI, MAX(PRICE) AS MA FROM ticker GROUP BY 1, 2",
    "w4": f"SELECT EVENT_TIME, TICKER, PRICE, AVG(PRICE) {LAST_MINUTE} AS A, COUNT(*) {LAST_MINUTE} AS C "
    "FROM ticker",
    "w5": "SELECT MINUTE(EVENT_TIME) AS W, REGION, COUNT(*) AS C, AVG(PRICE) AS A "
    "FROM ticker AS t JOIN companies AS c ON t.TICKER = c.TICKER GROUP BY 1, 2",
    "w6": "SELECT o.ORDER_ID, o.TICKER, o.OTIME, s.STIME, s.QTY FROM orders AS o JOIN shipments AS s "
    "ON o.ORDER_ID = s.ORDER_ID WHERE s.STIME >= o.OTIME AND s.STIME <= o.OTIME + INTERVAL '1' MINUTE",
    "w9": "SELECT t.TTIME, t.TICKER, t.PRICE, t.QTY, q.BID, q.ASK FROM trades AS t ASOF JOIN quotes AS q "
    "ON t.TICKER = q.TICKER AND t.TTIME >= q.QTIME",
    "w9v": "SELECT MINUTE(TTIME) AS W, TICKER, SUM(PRICE * QTY) / SUM(QTY) AS VWAP FROM trades GROUP BY 1, 2",
    "q1": "SELECT AUCTION, BIDDER, PRICE * 0.908 AS PRICE, B_TIME FROM bid",
    "q2": "SELECT AUCTION, PRICE FROM bid WHERE AUCTION % 123 = 0",
}


@dataclass(frozen=True)
class Task:
    """What a runner was asked to do. `json` says that files are JSON lines, read and written; else CSV."""

    workload: str
    output: str
    paths: dict[str, str]

    @property
    def json(self) -> bool:
        return self.output.endswith("jsonl")

    @property
    def query(self) -> str:
        """The name in SQL: the CSV form of a workload has a "c" behind."""
        return self.workload.removesuffix("c")

    def sql(self, table: Callable[[str], str], minute: Callable[[str], str]) -> str:
        """The text with each table as `table(name)` and each start of a minute as `minute(column)`."""
        text = re.sub(r"MINUTE\((\w+)\)", lambda match: minute(match[1]), SQL[self.query])
        return re.sub(r"\b(FROM|JOIN) (\w+)", lambda match: f"{match[1]} {table(match[2])}", text)


def task() -> Task:
    """From the command line."""
    workload, output, *tables = sys.argv[1:]
    return Task(workload, output, dict(table.split("=", 1) for table in tables))
