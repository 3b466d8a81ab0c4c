"""Runs scripts, each in a process that may use 2 s of a processor and 256 MB more than it began with.

Called by test_bombs: `cage.py FIRST STEP LAST` writes a line of JSON for each script: its number, family, outcome (refused, run, or what
killed it), its seconds and megabytes. The processes are forks of this one, which has the engine loaded.
"""

import json
import os
import resource
import signal
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
SECONDS, MEGABYTES = 2, 256
OUTCOMES = {0: "run", 10: "refused", 11: "out of memory", 12: "another error"}


def attempt(number: int) -> int:
    """Bind the script and give it rows; the exit code."""
    sql = bombs.bomb(number)[1]
    try:
        app = Application(sql, bombs.SCHEMAS, rowtime="ROWTIME")
        app.explain()
        for name, table in TABLES.items():
            app.feed(name, table)
        app.snapshot()
        app.finish()
        for name in [*app.streams, "ERROR_STREAM"]:
            app.read(name)
    except ScriptErrors as errors:
        errors.render(sql)
        return 10
    except StreamSQLError:
        return 10
    except MemoryError:
        return 11
    except BaseException as error:
        os.write(2, f"{number}: {type(error).__name__}: {str(error)[:300]}\n".encode())
        return 12
    return 0


def limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))


def caged(number: int) -> dict[str, object]:
    child = os.fork()
    if not child:
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
        limit(resource.RLIMIT_CORE, 0)
        limit(resource.RLIMIT_CPU, 2 * SECONDS)
        limit(resource.RLIMIT_AS, used + MEGABYTES * (1 << 20))
        code = 12
        try:
            code = attempt(number)
        finally:
            os._exit(code)
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    seconds = usage.ru_utime + usage.ru_stime
    outcome = OUTCOMES.get(code) or f"ended with {code}"
    if code in (-signal.SIGXCPU, -signal.SIGKILL) or (code in (0, 10) and seconds > SECONDS):
        outcome = "too slow"
    return {
        "number": number,
        "family": bombs.bomb(number)[0],
        "outcome": outcome,
        "seconds": round(seconds, 3),
        "megabytes": usage.ru_maxrss // 1024,
    }


def patiently(number: int) -> dict[str, object]:
    """The best of three times: other work on the machine makes processors slow."""
    result = caged(number)
    for _ in range(2):
        result = caged(number) if result["outcome"] == "too slow" else result
    return result


if __name__ == "__main__":
    import bombs
    import pyarrow as pa

    from streamsql.app.application import Application
    from streamsql.errors import ScriptErrors, StreamSQLError

    pa.set_cpu_count(1)
    pa.set_memory_pool(pa.system_memory_pool())
    ROWS = 12
    times = pa.array([1_700_000_000_000 + 5000 * i for i in range(ROWS)], pa.timestamp("ms"))
    texts = [
        "a" * 65535,
        "a" * 30,
        "",
        "ab" * 20000,
        "a b c " * 5000,
        "\u00e9" * 65535,
        "x",
        "2024-01-01",
        None,
        "(a+)+",
        "a" * 1000,
        "%a%",
    ]
    small = ["%a%", "(a+)+$", "a_", "%", "(", "a{1,99}", "", None, "x", "y", "[a-z]+", "a%b%c"]
    numbers = pa.array([0, 1, -1, 2**31 - 1, -(2**31), None, 7, 7, 8, 9, 10, 1], pa.int32())
    TABLES = {
        "S": pa.table({"A": numbers, "K": pa.array(texts), "T": pa.array(small), "ROWTIME": times}),
        "R": pa.table({"A": numbers, "K": pa.array(small), "ROWTIME": times}),
    }
    warm = Application(
        "CREATE STREAM o (a INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM A FROM S;",
        bombs.SCHEMAS,
        rowtime="ROWTIME",
    )
    warm.feed("S", TABLES["S"])
    warm.finish()
    first, step, last = map(int, sys.argv[1:])
    for number in range(first, last, step):
        print(json.dumps(patiently(number)), flush=True)
