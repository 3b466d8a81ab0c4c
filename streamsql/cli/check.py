"""`streamsql check`: says what is wrong in a script, and what in it the service did not have."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from streamsql.app.check import findings, prepare
from streamsql.cli.main import DONE, SQL_ERROR, report_sql
from streamsql.cli.script import person, read_script, run_options
from streamsql.errors import ScriptErrors, StreamSQLError


def main(options: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    text, path = read_script(options)
    if options.json:
        return _as_json(text, options)
    try:
        app = prepare(text, run_options(options), person())
        if missing := app.missing_schemas:
            print(f"{path}: the syntax is right")
            names = ", ".join(missing)
            print(
                f"streamsql: names and types were not checked: the columns of {names} are not known\n"
                f"  hint: say them with --schema '{missing[0]}=\"COLUMN\" TYPE, …', or give a sample:\n"
                f"  --input {missing[0]}=PATH for a stream, --reference {missing[0]}=PATH for a table",
                file=sys.stderr,
            )
            return DONE
        notices = app.notices
    except ScriptErrors as error:
        return report_sql(error, text, path)
    for notice in notices:
        shown = StreamSQLError(notice.message, code=notice.code, span=notice.span).render(text, path)
        print(f"{notice.kind}: {shown}")
    pumps, streams = len(app.plan.pumps), len(app.streams)
    print(f"{path}: right ({streams} stream{'s' * (streams != 1)}, {pumps} pump{'s' * (pumps != 1)})")
    return DONE


def _as_json(text: str, options: argparse.Namespace) -> int:
    """One JSON list on stdout; nothing else is said but what concerns the inputs, on stderr."""
    found = findings(text, run_options(options), person())
    print(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
    return SQL_ERROR if any(each.severity == "error" for each in found) else DONE
