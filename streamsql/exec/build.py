"""Plan node → operator: one `match`, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamsql.errors import UnsupportedError
from streamsql.exec.context import Context
from streamsql.exec.operator import Operator
from streamsql.functions import registry
from streamsql.plan import nodes, windows


def build(node: nodes.Node, context: Context) -> Operator:
    """The operator that runs `node`; its inputs are connected by the graph."""
    return _operator(node)(node, context)


def _operator(node: nodes.Node) -> Callable[[Any, Context], Operator]:
    """Operators are imported when a plan needs them, so that a small application starts fast."""
    match node:
        case nodes.Filter():
            from streamsql.exec.operators.filter import Filter

            return Filter
        case nodes.Project(retimed=retimed):
            from streamsql.exec.operators.project import Project, RetimedProject

            return RetimedProject if retimed else Project
        case nodes.Aggregate(window=windows.Tumbling()):
            from streamsql.exec.operators.aggregate import TumblingAggregate

            return TumblingAggregate
        case nodes.Aggregate():
            from streamsql.exec.operators.keyed_aggregate import KeyedAggregate

            return KeyedAggregate
        case nodes.Over():
            from streamsql.exec.operators.over import Over

            return Over
        case nodes.Sort():
            from streamsql.exec.operators.sort import Sort

            return Sort
        case nodes.Reorder():
            from streamsql.exec.operators.reorder import Reorder

            return Reorder
        case nodes.Distinct():
            from streamsql.exec.operators.distinct import Distinct

            return Distinct
        case nodes.Union():
            from streamsql.exec.operators.union import Union

            return Union
        case nodes.Join():
            from streamsql.exec.operators.join import Join

            return Join
        case nodes.Lookup():
            from streamsql.exec.operators.lookup import Lookup

            return Lookup
        case nodes.AsOfJoin():
            from streamsql.exec.operators.asof import AsOfJoin

            return AsOfJoin
        case nodes.Limit():
            from streamsql.exec.operators.limit import Limit

            return Limit
        case nodes.Values():
            from streamsql.exec.operators.values import Values

            return Values
        case nodes.Table():
            from streamsql.exec.operators.values import Table

            return Table
        case nodes.TableCall():
            return _table_function
        case nodes.Sink():
            from streamsql.exec.operators.sink import Sink

            return Sink
    raise UnsupportedError(f"{type(node).__name__} is not supported")


def _table_function(node: nodes.TableCall, context: Context) -> Operator:
    function = registry.table_function(node.function)
    if function is None:
        raise UnsupportedError(f"table function {node.function} does not exist")
    operator: Operator = function.operator(
        node.input.schema, node.arguments, node.partition_by, context.seed, context.reject
    )
    return operator
