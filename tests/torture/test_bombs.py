"""SQL and regular expressions that are made to grow are refused, or run, in 2 s and 256 MB.

A few scripts of every family are tried always; `STREAMSQL_BOMBS=2000` says how many.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

COUNT = int(os.environ.get("STREAMSQL_BOMBS", "70"))
AT_ONCE = 2
CAGE = Path(__file__).with_name("cage.py")


@pytest.mark.parametrize("part", range(AT_ONCE))
def test_bombs_are_refused_or_run(part: int) -> None:
    command = [sys.executable, str(CAGE), str(part), str(AT_ONCE), str(COUNT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    outcomes = Counter(result["outcome"] for result in results)
    assert not [result for result in results if result["outcome"] not in ("run", "refused")], done.stderr
    assert outcomes["run"] > COUNT / AT_ONCE / 10, "these are no bombs, but mistakes"
    print(
        dict(outcomes),
        max(result["seconds"] for result in results),
        "s",
        max(r["megabytes"] for r in results),
        "MB",
    )
