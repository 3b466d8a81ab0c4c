"""A script laid out one way."""

from __future__ import annotations

from streamsql.errors import ScriptErrors
from streamsql.sql import parse
from streamsql.sql.formatter import format_script


def format_text(sql: str) -> str:
    """The script with one clause a line, its comments kept; the same for every layout of the same script.

    Raises ScriptErrors for a script with errors of syntax, ParseError for one that becomes too long.
    """
    script = parse(sql)
    if script.errors:
        raise ScriptErrors(script.errors)
    return format_script(script)
