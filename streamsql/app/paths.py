"""Files that one run reads and writes: none of them twice where one use would destroy another."""

from __future__ import annotations

import os
from collections.abc import Sequence

from streamsql.app.options import STANDARD, RunOptions
from streamsql.errors import ConfigError


def check_paths(inputs: Sequence[tuple[str, str]], options: RunOptions) -> None:
    """Raises ConfigError for a file that is written and read too, or written by two."""
    read = [(f"--input {stream}", path) for stream, path in inputs]
    read += [(f"--reference {table}", path) for table, path in options.references]
    written = [(f"--output {stream}", path) for stream, path in options.outputs]
    written += [("--errors", options.errors), ("--summary", options.summary)]
    uses = {file: use for use, path in read if (file := _file(path))}
    for use, path in written:
        if not (file := _file(path)):
            continue
        if file in uses:
            raise ConfigError(f"{path!r} is given for {uses[file]} and for {use}", hint="write to another file")
        uses[file] = use


def _file(path: str) -> str:
    """The path without links; empty for what is no file: a pipe or device may have several uses."""
    if path in ("", STANDARD) or (os.path.exists(path) and not os.path.isfile(path)):
        return ""
    return os.path.realpath(path)
