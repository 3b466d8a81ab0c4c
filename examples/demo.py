"""Runs the click-stream example and shows its anomalies as a table for people.

The rows come from the real command line, `streamsql run examples/queries/clickstream.sql`; this file only draws.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

QUERIES = Path(__file__).parent / "queries"
INCIDENTS = {
    "user counting goes wrong": ("2020-07-15 10:10:00.000", "2020-07-15 11:20:00.000", "RESIDUALS"),
    "site down": ("2020-07-15 17:30:00.000", "2020-07-15 17:40:00.000", "CLICKS"),
}
BINS_EXPECTED = {"user counting goes wrong": 7, "site down": 1}
BAR = 24


def anomalies() -> Iterator[Mapping[str, Any]]:
    """The rows that the command line writes."""
    command = [sys.executable, "-m", "streamsql", "run", str(QUERIES / "clickstream.sql")]
    command += [
        "--input",
        str(QUERIES / "clickstream.csv.gz"),
        "--rowtime",
        "timestamp",
        "--output-format",
        "json",
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return map(json.loads, done.stdout.splitlines())


def shares(row: Mapping[str, Any]) -> dict[str, tuple[float, str]]:
    """For each column how much it contributed to the score, and whether it was high or low; largest first."""
    columns = json.loads(row["ANOMALY_EXPLANATION"])
    by_share = {
        name: (float(said["ATTRIBUTION_SCORE"]), said["DIRECTION"].lower()) for name, said in columns.items()
    }
    return dict(sorted(by_share.items(), key=lambda item: -item[1][0]))


def incident_of(row: Mapping[str, Any]) -> str:
    """What is known to have happened then, or nothing."""
    return next((name for name, (start, end, _) in INCIDENTS.items() if start <= row["TIMESTAMPS"] < end), "")


def draw(rows: list[Mapping[str, Any]]) -> None:
    print("Ten-minute bins whose score exceeds mean + 3 standard deviations of the scores so far:\n")
    heads = ("from", "urls", "users", "clicks", "resid.", "score", "because of", "what happened")
    line = "{:<17}{:>5}{:>6}{:>7}{:>7}{:>7}  {:<34}{}"
    print(line.format(*heads))
    for row in rows:
        parts = shares(row)
        reasons = ", ".join(f"{name.lower()} {way} {share:.1f}" for name, (share, way) in list(parts.items())[:2])
        numbers = (row["URLS"], row["USERS"], row["CLICKS"], row["RESIDUALS"], f"{row['ANOMALY_SCORE']:.2f}")
        print(line.format(row["TIMESTAMPS"][:16], *numbers, reasons, incident_of(row)))


def judge(rows: list[Mapping[str, Any]]) -> bool:
    """Whether both incidents were found in full and explained by the right column; says so."""
    right = True
    print()
    for name, (_, _, column) in INCIDENTS.items():
        found = [row for row in rows if incident_of(row) == name]
        totals: dict[str, float] = {}
        for row in found:
            for part, (share, _) in shares(row).items():
                totals[part] = totals.get(part, 0.0) + share
        top = max(totals, key=lambda part: totals[part], default="nothing")
        print(f"{name}: {len(found)} of {BINS_EXPECTED[name]} bins flagged, mostly because of {top.lower()}")
        right = right and len(found) == BINS_EXPECTED[name] and top == column
    others = sum(not incident_of(row) for row in rows)
    print(f"other bins flagged: {others} of 1296")
    return right


def main() -> int:
    rows = list(anomalies())
    draw(rows)
    return 0 if judge(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
