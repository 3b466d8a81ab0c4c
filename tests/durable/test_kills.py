"""Processes that are killed at random times, until their run is at its end; the output is that of an undisturbed one.

STREAMSQL_FORKS kills of forked processes and STREAMSQL_KILLS of the command line, over all applications side by side.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from applications import EXAMPLES

KILLS = {
    "fork": int(os.environ.get("STREAMSQL_FORKS", "2000")),
    "command": int(os.environ.get("STREAMSQL_KILLS", "50")),
}
KILLER = Path(__file__).with_name("killer.py")


@pytest.mark.parametrize("how", KILLS)
def test_a_process_that_is_killed_goes_on_and_changes_no_byte(how: str, tmp_path: Path) -> None:
    kills = -(-KILLS[how] // len(EXAMPLES))
    killers = []
    for seed, name in enumerate(EXAMPLES):
        (tmp_path / name).mkdir()
        arguments = [how, name, str(kills), str(seed), str(tmp_path / name)]
        pipe = subprocess.PIPE
        killers.append(subprocess.Popen([sys.executable, KILLER, *arguments], stdout=pipe, stderr=pipe, text=True))
    found = [killer.communicate() for killer in killers]
    wrong = [out + err for killer, (out, err) in zip(killers, found, strict=True) if killer.returncode]
    assert not wrong, "\n".join(wrong)
