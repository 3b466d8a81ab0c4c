"""`streamsql explain`: shows how an application will run."""

from __future__ import annotations

import argparse

from streamsql.app.check import prepare
from streamsql.cli.main import DONE, report_sql
from streamsql.cli.script import person, read_script, run_options
from streamsql.errors import ConfigError, ScriptErrors


def main(options: argparse.Namespace) -> int:
    """Run the command; the exit code."""
    text, path = read_script(options)
    try:
        app = prepare(text, run_options(options, max_memory=options.max_memory), person())
        if missing := app.missing_schemas:
            raise ConfigError(
                f"the columns of {', '.join(missing)} are not known",
                hint=f"say them with --schema '{missing[0]}=\"COLUMN\" TYPE, …', or give a sample with --input, "
                f"or with --reference {missing[0]}=PATH if it is a table",
            )
        print(app.explain())
    except ScriptErrors as error:
        return report_sql(error, text, path)
    return DONE
