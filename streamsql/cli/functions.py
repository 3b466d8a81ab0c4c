"""`streamsql functions`: the list of SQL functions, or what is known of some."""

from __future__ import annotations

import argparse

from streamsql.app.reference import Documentation, function_documentation, function_names
from streamsql.cli.main import DONE


def main(options: argparse.Namespace) -> int:
    """Run the command; the exit code. Raises ConfigError for a function that does not exist."""
    if options.names:
        print("\n\n".join(_page(function_documentation(name)) for name in options.names))
    else:
        for family, entries in function_names().items():
            print(f"{family}\n")
            for entry in entries:
                print(f"  {entry.syntax}{'  (extension)' if entry.extension else ''}")
            print()
        print("streamsql functions NAME explains one.")
    return DONE


def _page(entry: Documentation) -> str:
    lines = [entry.name, "", f"  {entry.syntax}", "", entry.text]
    if entry.extension:
        lines += ["", f"An extension: the service refused it with {entry.extension}."]
    if entry.examples:
        lines += ["", "Examples:", ""]
        width = max(len(sql) for sql, _ in entry.examples)
        lines += [f"  {sql:<{width}}  → {result}" for sql, result in entry.examples]
    return "\n".join(lines)
