"""Options of the whole suite."""

import pytest
from hypothesis import settings

# A busy machine or a sanitizer makes an example slow, which says nothing about it.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expectations of .slt files")
