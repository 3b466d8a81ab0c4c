"""How far a script may grow when its views, tables of WITH, stars and functions are put in (docs/limits.md).

A text of some lines can ask for exponentially much: each limit is counted while the plan is made, and what exceeds
it is refused with the place, before it takes time or memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from streamsql.errors import BindError, Span
from streamsql.plan.expressions import Expression, children
from streamsql.plan.nodes import Node, Pump, Source, Stream, Union, Values
from streamsql.record import record

MAX_COLUMNS = 2000
MAX_QUERIES = 2000
MAX_ARGUMENTS = 1000
MAX_JOINED = 50
MAX_TERMS = 50_000
MAX_TERM_DEPTH = 150
MAX_WAYS = 1000
MAX_CHAIN = 400
MAX_RELATION = 100_000


@record(frozen=False)
class Growth:
    """What the statements of one script have become so far."""

    queries: int = 0
    terms: int = 0

    def add_query(self, span: Span | None) -> None:
        """Note one more query that is bound. Raises SYN-005 when there are too many."""
        self.queries += 1
        if self.queries > MAX_QUERIES:
            raise _too_large(
                f"the script has more than {MAX_QUERIES} queries, views put in where they are read", span
            )

    def add_terms(self, expression: Expression, span: Span | None) -> None:
        """Note an expression into which a function was put. Raises SYN-005 for too many or too deep terms."""
        pending = [(expression, 1)]
        while pending:
            part, depth = pending.pop()
            self.terms += 1
            if self.terms > MAX_TERMS:
                raise _too_large(
                    f"the script has more than {MAX_TERMS} terms, functions put in where called", span
                )
            if depth > MAX_TERM_DEPTH:
                raise _too_large(f"an expression has more than {MAX_TERM_DEPTH} levels, functions put in", span)
            pending += [(child, depth + 1) for child in children(part)]


def check_width(count: int, span: Span | None) -> None:
    """Raise SYN-005 for too many columns of a stream or query."""
    if count > MAX_COLUMNS:
        raise _too_large(f"a stream or query has at most {MAX_COLUMNS} columns, this one has more", span)


def check_arguments(name: str, count: int, span: Span | None) -> None:
    """Raise SYN-005 for a call with very many arguments."""
    if count > MAX_ARGUMENTS:
        raise _too_large(f"{name} has {count} arguments; at most {MAX_ARGUMENTS} are allowed", span)


def check_joined(count: int, span: Span | None) -> None:
    """Raise SYN-005 for a FROM clause of very many relations."""
    if count > MAX_JOINED:
        raise _too_large(f"FROM joins at most {MAX_JOINED} streams, tables and queries", span)


def check_chains(streams: Iterable[Stream], pumps: Iterable[Pump]) -> None:
    """Raise UNS-001 for a stream that gets each row of another one very often, over chains of pumps, or over a
    chain that is very long: the engine goes through it in one call inside another."""
    feeds: dict[str, list[tuple[str, int]]] = {}
    for pump in pumps:
        feeds.setdefault(pump.sink.stream, []).extend(_sources(pump.sink, 1))
    known: dict[str, tuple[int, int]] = {}  # ways to a stream, and operators on the longest of them
    for stream in streams:
        pending = [stream.name]
        while pending:
            before = feeds.get(pending[-1], [])
            if unknown := [name for name, _ in before if name not in known]:
                pending += unknown
                continue
            ways = sum(known[name][0] for name, _ in before) or 1
            length = max((known[name][1] + steps for name, steps in before), default=0)
            known[pending.pop()] = min(ways, MAX_WAYS + 1), length
        ways, length = known[stream.name]
        if ways > MAX_WAYS or length > MAX_CHAIN:
            what = (
                f"in more than {MAX_WAYS} ways" if ways > MAX_WAYS else f"through more than {MAX_CHAIN} operators"
            )
            message = f'rows reach stream "{stream.name}" {what}, over chains of pumps'
            raise BindError(message, code="UNS-001", span=stream.span)


def check_relation(plan: Node, span: Span | None) -> None:
    """Raise SYN-005 for a join of VALUES whose product is very large."""
    if _rows(plan) > MAX_RELATION:
        raise _too_large(f"joined VALUES may give more than {MAX_RELATION} rows", span)


def _rows(plan: Node) -> int:
    """The most rows that a finite plan can have; those of reference tables count as one, since nobody knows."""
    if isinstance(plan, Values):
        return len(plan.rows)
    rows = [_rows(part) for part in plan.inputs]
    if isinstance(plan, Union):
        return sum(rows)
    return min(math.prod(rows), MAX_RELATION + 1)


def _sources(node: Node, depth: int) -> list[tuple[str, int]]:
    """The streams that a plan reads, each as often as it does, and how many operators a row goes through."""
    own = [(node.stream, depth)] if isinstance(node, Source) else []
    return own + [found for child in node.inputs for found in _sources(child, depth + 1)]


def _too_large(message: str, span: Span | None) -> BindError:
    return BindError(message, code="SYN-005", span=span)
