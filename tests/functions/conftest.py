"""Computes SQL expressions with the engine's own parser, binder and evaluator."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from streamsql import types
from streamsql.exec.evaluate import compile_expression
from streamsql.functions.call import Times
from streamsql.functions.failures import RowError
from streamsql.plan import bind
from streamsql.plan.expressions import Expression
from streamsql.plan.nodes import Project, Source
from streamsql.sql import parse
from streamsql.types import ROWTIME, SqlType

# 2020-02-29 12:34:56.789 and a second later.
TIMES = Times(query_start=1_582_979_696_789, row=1_582_979_697_789)
BASE = datetime.datetime(1970, 1, 1)


def bound(sql: str, columns: dict[str, SqlType]) -> Expression:
    """The expression of `SELECT STREAM sql FROM S`, over ROWTIME and the columns."""
    schema = tuple(types.Column(name, type_) for name, type_ in columns.items())
    node: Any = bind(parse(f"SELECT STREAM {sql} AS result_of_test FROM S"), {"S": schema}).pumps[0].sink
    while not isinstance(node.input, Source):
        node = node.input
    assert isinstance(node, Project)
    return node.expressions[-1]


def printed(value: Any) -> str:
    """A value as the documentation prints it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "milliseconds").removesuffix(".000")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


@dataclass
class Result:
    type: SqlType
    values: list[Any]
    errors: dict[int, RowError]

    @property
    def only(self) -> str:
        """The one value printed, or the code of its error."""
        assert len(self.values) == 1
        if self.errors:
            assert self.values == [None]
            return self.errors[0].code
        return printed(self.values[0])


def run(sql: str, columns: dict[str, tuple[SqlType, Sequence[Any]]] | None = None, times: Times = TIMES) -> Result:
    """`sql` for every row of the columns (one row without columns), computed at once, in slices and row by row:
    all three have to agree."""
    columns = columns or {}
    count = max((len(values) for _, values in columns.values()), default=1)
    expression = bound(sql, {name: type_ for name, (type_, _) in columns.items()} or {"ANY": types.INTEGER})
    arrays = {ROWTIME.name: pa.array(range(count), pa.timestamp("ms"))}
    arrays |= {name: pa.array(values, type_.arrow) for name, (type_, values) in columns.items()}
    batch = pa.record_batch(arrays)
    evaluate = compile_expression(expression)
    array, failures = evaluate(batch, times)
    assert len(array) == count and array.type == expression.type.arrow
    array.validate(full=True)
    assert all(not array[row].is_valid for row in failures.rows)
    for row in range(count):
        one, failed = evaluate(batch.slice(row, 1), times)
        assert one[0].equals(array[row]), (sql, row)
        assert failed.rows.get(0) == failures.rows.get(row), (sql, row)
    return Result(expression.type, array.to_pylist(), failures.rows)


@pytest.fixture
def sql() -> Callable[..., Result]:
    return run
