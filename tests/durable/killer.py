"""Runs an application again and again in processes that are killed at random times.

Called by test_kills: `killer.py HOW NAME KILLS SEED FOLDER`, where HOW is `fork` (of this process, which is one of its
own so that a fork has only what this file has made) or `command` (the command line). Exits with 0 when every run that
came to its end wrote what an undisturbed one writes.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from applications import EXAMPLES, Outputs, options_of, records, run_in, undisturbed

from streamsql.durable.outside import System

PATIENCE = 60.0
ENDED = 0


def fork(name: str) -> int:
    """The number of a process that runs the application in this folder."""
    child = os.fork()
    if not child:
        code = 1
        try:
            run_in(name, System(), checkpoint_interval=0.0)
            code = ENDED
        finally:
            os._exit(code)
    return child


def command(name: str) -> int:
    """The same with the command line."""
    options = options_of(name)
    arguments = ["-c", EXAMPLES[name].sql, "--quiet", "--rowtime", "t", "--lateness", "2", "--with-rowtime"]
    arguments += ["--output", "OUT=out.csv", "--errors", "errors.json", "--batch-size", "8"]
    arguments += ["--checkpoint", "state", "--checkpoint-interval", "0ms"]
    for stream, path in options.inputs:
        arguments += ["--input", f"{stream}={path}", "--schema", f"{stream}={options.schemas[stream]}"]
    return subprocess.Popen([sys.executable, "-m", "streamsql", "run", *arguments]).pid


def exit_code(child: int, seconds: float) -> int:
    """How a process ended; it is killed after some time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


MEAN = {fork: 0.05, command: 1.0}  # seconds until a kill: not much more than what a start takes


def written() -> Outputs:
    with open("out.csv", "rb") as out, open("errors.json", "rb") as errors:
        return out.read(), errors.read()


def kill(start: Callable[[str], int], name: str, kills: int, seed: int) -> str:
    """Kill until there were enough, and let the last run come to its end; what is wrong, or nothing."""
    expected, chance = undisturbed(name), random.Random(seed)
    started = time.monotonic()
    code = exit_code(start(name), PATIENCE)
    whole, done = time.monotonic() - started, 0
    while True:
        if code == -signal.SIGKILL and done < kills:
            done += 1
        elif code != ENDED:
            return f"exit code {code} after {done} kills"
        elif written() != expected:
            return f"other output after {done} kills"
        elif done == kills:
            return ""
        else:
            shutil.rmtree("state")
        seconds = min(chance.uniform(0, whole), chance.expovariate(1 / MEAN[start]))
        code = exit_code(start(name), seconds if done < kills else PATIENCE)


def main(how: str, name: str, kills: int, seed: int, folder: str) -> int:
    os.chdir(folder)
    for number, stream in enumerate(EXAMPLES[name].inputs):
        with open(f"{stream}.json", "wb") as file:
            file.write(records(number, EXAMPLES[name].rows))
    wrong = kill({"fork": fork, "command": command}[how], name, kills, seed)
    print(f"{how}, {name}, seed {seed}: {wrong}" if wrong else "", end="")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]))
