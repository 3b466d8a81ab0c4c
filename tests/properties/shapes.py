"""The kinds of random queries, by name."""

from __future__ import annotations

import random
from collections.abc import Callable

import group_queries
import queries
import window_queries
from engines import Query

SHAPES: dict[str, Callable[[random.Random], Query]] = {
    "projection": queries.projection,
    "nested": queries.nested,
    "union": queries.union,
    "distinct": queries.distinct,
    "sorting": queries.sorting,
    "tumbling": group_queries.tumbling,
    "hop, session, stagger": group_queries.keyed_windows,
    "over": window_queries.over,
    "stream join": window_queries.stream_join,
    "rows join": window_queries.rows_join,
    "as-of join": window_queries.as_of_join,
    "lookup": window_queries.lookup,
}


def make_query(shape: str, seed: int) -> Query:
    """The query of a number; always the same."""
    return SHAPES[shape](random.Random(f"{shape} {seed}"))
