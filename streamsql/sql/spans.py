"""Where a syntax node stands in the text."""

from __future__ import annotations

from sqlglot.expressions import Expr

from streamsql.errors import Span


def span_of(node: Expr) -> Span | None:
    """The place of `node`, else of its first child that has one; None for a node that was not parsed."""
    pending = [node]
    while pending:
        current = pending.pop()
        meta = current.meta
        if "start" in meta:
            return Span(meta["start"], meta["end"] + 1, meta["line"], meta["col"])
        pending.extend(reversed(list(current.iter_expressions())))
    return None
