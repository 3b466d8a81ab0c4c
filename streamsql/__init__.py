"""Runs Amazon Kinesis Data Analytics SQL applications over Arrow record batches.

`Application` is what a program embeds, `RandomCutForest` the forest alone; the errors are those that they raise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamsql.errors import (
    BindError,
    ConfigError,
    ConnectorError,
    ParseError,
    ScriptErrors,
    StateError,
    StreamSQLError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from rcf_ext import RandomCutForest
    from streamsql.app.application import Application

__all__ = [
    "Application",
    "BindError",
    "ConfigError",
    "ConnectorError",
    "ParseError",
    "RandomCutForest",
    "ScriptErrors",
    "StateError",
    "StreamSQLError",
    "UnsupportedError",
]


def __getattr__(name: str) -> Any:
    """Import what is large when it is first used: the command line starts with this package too."""
    if name == "Application":
        from streamsql.app.application import Application

        return Application
    if name == "RandomCutForest":
        from rcf_ext import RandomCutForest

        return RandomCutForest
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
