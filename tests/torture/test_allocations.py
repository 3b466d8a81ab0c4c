"""Without memory a kernel ends in a MemoryError: the process goes on, no answer is wrong, nothing is kept for ever.

Some applications are tried always. STREAMSQL_STARVED says how many allocations fail in each of them all, one by one;
0: every one that there is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TRIES = os.environ.get("STREAMSQL_STARVED", "")
KEPT = 256 << 10  # bytes: caches of the interpreter grow a little; what leaks, leaks in many of the tries


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("starve") / "starve.so"
    command = ["g++", "-O2", "-std=c++17", "-shared", "-fPIC", "-o", str(library), str(HERE / "starve.cpp")]
    subprocess.run(command, check=True)
    return library


@pytest.mark.parametrize(("what", "few"), [("restart", ["5", "1"]), ("sql", ["2", "9"])])
def test_an_allocation_that_fails_is_a_memory_error(what: str, few: list[str], shim: Path) -> None:
    arguments = [TRIES, "1"] if TRIES else few
    command = [sys.executable, "-X", "faulthandler", str(HERE / "starved.py"), what, *arguments]
    done = subprocess.run(command, env={**os.environ, "LD_PRELOAD": str(shim)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    print(found)
    assert found["kept"] < KEPT + 100 * found["tried"]
    assert found["failed"] > found["tried"] * 0.9, "most allocations have nothing to fall back on"
