"""One mutant against its tests, in a fork of a process that has imported the libraries."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.mutation.mutants import Mutant

ROOT = Path(__file__).parents[2]
LIBRARIES = ("duckdb", "hypothesis", "numpy", "pandas", "pyarrow.compute", "pyarrow.parquet", "sqlglot")
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
MEMORY = 8 << 30  # bytes: a mutant that asks for more is killed by it


class Chosen:
    """A pytest plugin: keeps the chosen tests, in their order, and writes down the one that fails."""

    def __init__(self, tests: list[str], note: Path) -> None:
        self._turn = {name: turn for turn, name in enumerate(tests)}
        self._note = note

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._turn), key=lambda i: self._turn[i.nodeid]
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._note.write_text(report.nodeid)


class Trials:
    """Tries mutants in a copy of the tree; tests that take longer than `patience` seconds were changed by them."""

    def __init__(self, tree: Path, work: Path, patience: float) -> None:
        self._patience = patience
        self._tree, self._note, self._output = tree, work / "failed.txt", work / "output.txt"
        for name in LIBRARIES:
            __import__(name)
        os.environ.update(PYTHONPATH=str(tree), PYTHONDONTWRITEBYTECODE="1")

    def attempt(self, mutant: Mutant, tests: list[str]) -> tuple[str, str]:
        """killed, timeout or survived; and the test that failed."""
        path = self._tree / mutant.path
        source = path.with_suffix(".original")
        shutil.copy2(path, source)
        path.write_text(mutant.applied(path.read_text(encoding="utf-8")), encoding="utf-8")
        try:
            return self._run(tests, self._patience)
        finally:
            source.replace(path)

    def fail_unchanged(self, tests: Iterable[str]) -> bool:
        """Do some of these tests fail in a tree without a mutant?"""
        return self._run(sorted(tests), patience=3600.0)[0] != "survived"

    def _run(self, tests: list[str], patience: float) -> tuple[str, str]:
        self._note.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            self._test(tests)
        code = _exit_code(child, patience)
        by = self._note.read_text() if self._note.exists() else ""
        if code == pytest.ExitCode.NO_TESTS_COLLECTED:
            raise RuntimeError(f"none of these tests is found: {tests[:3]}")
        return {None: "timeout", 0: "survived"}.get(code, "killed"), by or ("the process ended" if code else "")

    def _test(self, tests: list[str]) -> None:
        """Never returns: the process ends with what pytest says."""
        os.setpgrp()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.chdir(self._tree)
        shutil.rmtree(self._tree / ".hypothesis", ignore_errors=True)
        sys.path[:] = [str(self._tree), *(entry for entry in sys.path if Path(entry) != ROOT)]
        for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
            del sys.modules[name]
        sys.dont_write_bytecode = True
        with open(self._output, "w") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        files = dict.fromkeys(name.partition("::")[0] for name in tests)
        code = 1
        try:
            code = int(pytest.main([*OPTIONS, "--hypothesis-seed=0", *files], [Chosen(tests, self._note)]))
        finally:
            os._exit(code)


def _exit_code(child: int, patience: float) -> int | None:
    """How the process ended; None when it had to be killed, with all that it started."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
