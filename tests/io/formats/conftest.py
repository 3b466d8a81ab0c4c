"""Gives the tests of this folder the slow twin of the decoders."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def slow() -> ModuleType:
    """The module slow_decoder.py beside this file."""
    path = Path(__file__).with_name("slow_decoder.py")
    spec = importlib.util.spec_from_file_location("slow_decoder", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["slow_decoder"] = module
    spec.loader.exec_module(module)
    return module
