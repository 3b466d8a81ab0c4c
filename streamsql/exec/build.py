"""Plan node → operator: one table, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from streamsql.errors import UnsupportedError
from streamsql.exec.context import Context
from streamsql.exec.operator import Operator
from streamsql.functions import registry
from streamsql.plan import nodes, windows


def build(node: nodes.Node, context: Context) -> Operator:
    """The operator that runs `node`; its inputs are connected by the graph."""
    return _operator(node)(node, context)


# The file in `operators/` and the class that run a plan node. They are imported when a plan needs them, so that a
# small application starts fast.
_OPERATORS: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Filter: ("filter", "Filter"),
    nodes.Over: ("over", "Over"),
    nodes.Sort: ("sort", "Sort"),
    nodes.Reorder: ("reorder", "Reorder"),
    nodes.Distinct: ("distinct", "Distinct"),
    nodes.Union: ("union", "Union"),
    nodes.Join: ("join", "Join"),
    nodes.Lookup: ("lookup", "Lookup"),
    nodes.AsOfJoin: ("asof", "AsOfJoin"),
    nodes.Limit: ("limit", "Limit"),
    nodes.Values: ("values", "Values"),
    nodes.Table: ("values", "Table"),
    nodes.Sink: ("sink", "Sink"),
}


def _operator(node: nodes.Node) -> Callable[[Any, Context], Operator]:
    """What makes the operator of a node. Raises UnsupportedError."""
    match node:
        case nodes.TableCall():
            return _table_function
        case nodes.Project(retimed=retimed):
            place = ("project", "RetimedProject" if retimed else "Project")
        case nodes.Aggregate(window=windows.Tumbling()):
            place = ("aggregate", "TumblingAggregate")
        case nodes.Aggregate():
            place = ("keyed_aggregate", "KeyedAggregate")
        case _ if type(node) in _OPERATORS:
            place = _OPERATORS[type(node)]
        case _:
            raise UnsupportedError(f"{type(node).__name__} is not supported")
    file, name = place
    made: Callable[[Any, Context], Operator] = getattr(import_module(f"streamsql.exec.operators.{file}"), name)
    return made


def _table_function(node: nodes.TableCall, context: Context) -> Operator:
    function = registry.table_function(node.function)
    if function is None:
        raise UnsupportedError(f"table function {node.function} does not exist")
    operator: Operator = function.operator(
        node.input.schema, node.arguments, node.partition_by, context.seed(), context.reject
    )
    return operator
