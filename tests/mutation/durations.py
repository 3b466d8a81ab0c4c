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
    DURATIONS.parent.mkdir(parents=True, exist_ok=True)
    DURATIONS.write_text(json.dumps(seconds, indent=1))
