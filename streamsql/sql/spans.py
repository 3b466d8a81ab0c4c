"""Where a syntax node stands in the text."""

from __future__ import annotations

from streamsql.errors import Span
from streamsql.sql.tree import Expression


def span_of(node: Expression) -> Span | None:
    """The place of `node`, else of its first child that has one; None for a node that was not parsed."""
    pending = [node]
    while pending:
        current = pending.pop()
        if current.span is not None:
            return current.span
        pending.extend(reversed(list(current.iter_expressions())))
    return None
