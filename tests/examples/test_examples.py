"""Every example through the real command line, against its expected output and against independent computations."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
QUERIES = EXAMPLES / "queries"

# name → its input, its ROWTIME column, the stream that is written
RUNS = {
    "clickstream": ("clickstream.csv.gz", "timestamp", "DESTINATION_SQL_STREAM"),
    "resampled": ("clickstream_resampled.csv.gz", "TIMESTAMPS", "TEMP_STREAM"),
    "transcoding": ("transcoding.jsonl", "finished_at", "DESTINATION_SQL_STREAM"),
    "nyc_taxi": ("nyc_taxi.csv.gz", "timestamp", "DESTINATION_SQL_STREAM"),
    "stocks": ("stocks.csv", "TRADED_AT", "MINUTES"),
}


def run(name: str, *more: str, output: str = "") -> str:
    source, rowtime, stream = RUNS[name]
    command = [sys.executable, "-m", "streamsql", "run", str(QUERIES / f"{name}.sql"), "--quiet"]
    command += ["--input", str(QUERIES / source), "--rowtime", rowtime, "--output", output or stream, *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_query_is_run_here() -> None:
    assert {path.stem for path in QUERIES.glob("*.sql")} == set(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_output_is_as_expected(name: str, request: pytest.FixtureRequest) -> None:
    expected = QUERIES / f"{name}.expected.gz"
    got = run(name)
    if request.config.getoption("--update-golden"):
        with open(expected, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
            packed.write(got.encode())
    assert got == gzip.decompress(expected.read_bytes()).decode()


@pytest.mark.parametrize("name", ["resampled", "transcoding", "stocks"])
@pytest.mark.parametrize("size", ["1", "7", "1000"])
def test_batches_do_not_show(name: str, size: str) -> None:
    assert (
        run(name, "--batch-size", size) == gzip.decompress((QUERIES / f"{name}.expected.gz").read_bytes()).decode()
    )


def test_generators_make_what_is_shipped(tmp_path: Path) -> None:
    for generator in ("clickstream.py", "small_inputs.py"):
        subprocess.run([sys.executable, str(EXAMPLES / generator), "--out", str(tmp_path)], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(made) == 4
    for name, data in made.items():
        shipped = (QUERIES / name).read_bytes()
        assert _plain(data) == _plain(shipped), name


def _plain(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def test_demo_finds_and_explains_both_incidents() -> None:
    done = subprocess.run([sys.executable, str(EXAMPLES / "demo.py")], capture_output=True, text=True)
    assert done.returncode == 0
    assert "user counting goes wrong: 7 of 7 bins flagged, mostly because of residuals" in done.stdout
    assert "site down: 1 of 1 bins flagged, mostly because of clicks" in done.stdout


def test_resampling_is_that_of_pandas() -> None:
    got = pd.DataFrame(rows(run("clickstream", output="RESAMPLED")))
    clicks = pd.read_csv(QUERIES / "clickstream.csv.gz", parse_dates=["timestamp"])
    bins = clicks.resample("10min", on="timestamp").agg(
        URLS=("page", "nunique"), USERS=("user", "nunique"), CLICKS=("page", "size")
    )
    assert len(got) == 1296
    for column in ("URLS", "USERS", "CLICKS"):
        assert got[column].tolist() == bins[column].tolist()
    shipped = pd.read_csv(QUERIES / "clickstream_resampled.csv.gz")
    assert got["TIMESTAMPS"].str[:19].tolist() == shipped["TIMESTAMPS"].tolist()
    assert got["RESIDUALS"].tolist() == shipped["RESIDUALS"].tolist()


def test_taxi_scores_follow_those_of_the_service() -> None:
    scores = pd.DataFrame(rows(run("nyc_taxi", output="SCORES")))
    assert (scores["our_score"][:256] == 0).all()
    learned = scores[256:]
    assert learned["our_score"].corr(learned["service_score"]) > 0.97
    assert learned["our_score"].rank().corr(learned["service_score"].rank()) > 0.95
    assert abs(learned["our_score"].mean() / learned["service_score"].mean() - 1) < 0.02


def test_stocks_agree_with_duckdb() -> None:
    table = f"read_csv('{QUERIES / 'stocks.csv'}')"
    rising = duckdb.sql(f"SELECT TICKER, PRICE, CHANGE FROM {table} WHERE CHANGE > 0").fetchall()
    assert [tuple(row.values()) for row in rows(run("stocks", output="RISING"))] == rising
    minutes = duckdb.sql(
        "SELECT TICKER, count(*), max(PRICE), avg(PRICE), date_trunc('minute', TRADED_AT) + INTERVAL 1 MINUTE AS t "
        f"FROM {table} GROUP BY ALL ORDER BY t, min(TRADED_AT)"
    ).fetchall()
    got = rows(run("stocks", "--with-rowtime"))
    assert len(got) == len(minutes)
    for row, (ticker, trades, highest, average, end) in zip(got, minutes, strict=True):
        assert (row["TICKER"], row["TRADES"], row["HIGHEST"]) == (ticker, trades, highest)
        assert row["AVERAGE"] == pytest.approx(average, rel=1e-12)
        assert row["ROWTIME"][:19] == str(end)
    moving = duckdb.sql(
        "SELECT TICKER, PRICE, avg(PRICE) OVER (PARTITION BY TICKER ORDER BY TRADED_AT "
        f"RANGE INTERVAL 1 MINUTE PRECEDING) FROM {table} ORDER BY TRADED_AT"
    ).fetchall()
    for row, (ticker, price, average) in zip(rows(run("stocks", output="MOVING")), moving, strict=True):
        assert (row["TICKER"], row["PRICE"]) == (ticker, price)
        assert row["LAST_MINUTE"] == pytest.approx(average, rel=1e-12)


def test_transcoding_sorts_each_second_by_score() -> None:
    got = rows(run("transcoding", "--with-rowtime"))
    assert len(got) == 1200
    keys = [(row["ROWTIME"], -row["ANOMALY_SCORE"]) for row in got]
    assert keys == sorted(keys)
    unusual = sorted(got, key=lambda row: -row["ANOMALY_SCORE"])[:2]
    assert {row["transcoding_memory"] for row in unusual} == {900, 23000}
