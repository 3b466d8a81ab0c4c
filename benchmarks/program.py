"""streamsql's command line: from a query and its input files to the arguments."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("streamsql")
OUTPUT = "DESTINATION_SQL_STREAM"
SOURCE = "SOURCE_SQL_STREAM_001"


@dataclass(frozen=True)
class Input:
    """A file for a stream, or for a reference table. `time` is the column a replay takes ROWTIME from."""

    name: str
    path: Path
    schema: str
    time: str = ""
    reference: bool = False

    @property
    def arguments(self) -> list[str]:
        option = "--reference" if self.reference else "--input"
        arguments = [option, f"{self.name}={self.path}", "--schema", f"{self.name}={self.schema}"]
        return arguments + (["--rowtime", f"{self.name}={self.time}"] if self.time else [])


def command(sql: Path, inputs: Sequence[Input], output: Path) -> list[str]:
    """`streamsql run` of the SQL file over `inputs`; the ending of `output` decides its format."""
    arguments = [argument for source in inputs for argument in source.arguments]
    return [str(PROGRAM), "run", str(sql), "--quiet", *arguments, "--output", f"{OUTPUT}={output}"]


def application(columns: str, query: str) -> str:
    """A script of one pump: the output stream with these columns, and the query that feeds it."""
    return f'CREATE STREAM "{OUTPUT}" ({columns});\nCREATE PUMP P AS INSERT INTO "{OUTPUT}" {query};\n'
