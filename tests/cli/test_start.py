"""What `streamsql run` does not import: each of these once made its start longer, some twice as long."""

import subprocess
import sys
from pathlib import Path

import pytest

# Imported by nobody, or by whom it is for: --checkpoint, --help, other commands, other functions.
UNWANTED = [
    *("pandas", "sqlglot", "pyarrow.compute", "pyarrow.parquet", "pyarrow.dataset", "pyarrow.csv", "gzip"),
    *(
        "asyncio",
        "urllib.request",
        "http",
        "unittest",
        "doctest",
        "multiprocessing",
        "importlib.metadata",
    ),
    *("argparse", "gettext", "locale", "shutil", "difflib", "dataclasses", "hashlib", "base64", "logging"),
    *("cloudpickle", "streamsql.app.checkpoint", "streamsql.durable.store", "streamsql.cli.parser"),
    *("numpy.ma", "rcf_ext", "streamsql.sql.formatter", "streamsql.functions.logs", "streamsql.functions.regex"),
    *("streamsql.functions.table.random_cut_forest", "streamsql.functions.table.hotspots"),
]
FILTER = 'SELECT STREAM TICKER, PRICE - 1 AS P FROM "SOURCE_SQL_STREAM_001" WHERE PRICE > 2'
WINDOW = (
    'SELECT STREAM TICKER, AVG(PRICE) AS P FROM "SOURCE_SQL_STREAM_001" AS S '
    "GROUP BY TICKER, STEP(S.ROWTIME BY INTERVAL '1' SECOND)"
)
CODE = """
import atexit, os, sys
from streamsql.cli import main
os._exit = lambda code: sys.exit(code)
atexit.register(lambda: print(sorted(sys.modules), file=sys.stderr))
main.command()
"""


@pytest.mark.parametrize("query", [FILTER, WINDOW], ids=["filter", "window"])
def test_what_a_run_does_not_import(query: str, tmp_path: Path) -> None:
    script = tmp_path / "app.sql"
    script.write_text(f"CREATE STREAM O (TICKER VARCHAR(4), P DOUBLE); CREATE PUMP P AS INSERT INTO O {query};")
    done = subprocess.run(
        [sys.executable, "-c", CODE, "run", str(script), "--quiet"],
        input="TICKER,PRICE\nA,1\nB,3\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"TICKER":"B"' in done.stdout
    modules = eval(done.stderr.splitlines()[-1])
    assert "streamsql.exec.graph" in modules
    assert [name for name in UNWANTED if name in modules] == []
    if query == FILTER:  # a program, which calls none of Arrow's functions
        assert "pyarrow._compute" not in modules
