"""`streamsql discover`: prints the AWS InputSchema of a sample."""

from __future__ import annotations

import argparse

from streamsql.app.inputs import discover_schema
from streamsql.cli.main import DONE


def main(options: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    print(discover_schema(options.path, options.input_format))
    return DONE
