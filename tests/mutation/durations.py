"""A pytest plugin: the seconds of every test by its node id, in build/coverage/durations.json (`make coverage`)."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

DURATIONS = Path("build/coverage/durations.json")
seconds: dict[str, float] = defaultdict(float)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    seconds[report.nodeid] += report.duration


def pytest_sessionfinish() -> None:
    """Keeps those of tests that were not run now: with --cov-append a few new ones can be added."""
    DURATIONS.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(DURATIONS.read_text()) if DURATIONS.exists() else {}
    DURATIONS.write_text(json.dumps({**before, **seconds}, indent=1))
