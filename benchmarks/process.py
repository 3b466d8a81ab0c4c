"""A command line measured from outside: CPU seconds of all its threads and children, wall time, peak memory.

The command is started by a small process (this file as a program), because Linux hands the peak memory of the
parent down to the child, and a benchmark that has generated data is large. Only the standard library is needed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass


class CommandError(Exception):
    """A measured command failed; the text is the end of what it wrote to stderr."""


@dataclass(frozen=True)
class Usage:
    """`cpu` and `wall` in seconds; `peak` in bytes, of the largest process of the tree."""

    cpu: float
    wall: float
    peak: int


def measure(command: Sequence[str]) -> Usage:
    """Run `command` with an empty stdin, on BENCH_CORES processors (one, unless the environment says otherwise).

    Byte code may be cached, whatever the surroundings say: start-up would count the compiler else.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    launcher = [sys.executable, "-IS", __file__, os.environ.get("BENCH_CORES", "1"), *command]
    done = subprocess.run(launcher, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise CommandError(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
    cpu, wall, peak = done.stdout.split()
    return Usage(float(cpu), float(wall), int(peak))


def launch(cores: int, command: Sequence[str]) -> int:
    """Run, wait and print `cpu wall peak`; gives the exit code."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    print(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)
    return process.returncode


if __name__ == "__main__":
    sys.exit(launch(int(sys.argv[1]), sys.argv[2:]))
