"""Statements → a typed, frozen plan → a better plan → text."""

from streamsql.plan.bind import bind, unknown_sources
from streamsql.plan.explain import explain
from streamsql.plan.rewrite import rewrite

__all__ = ["bind", "explain", "rewrite", "unknown_sources"]
