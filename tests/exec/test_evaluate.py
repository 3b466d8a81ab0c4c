"""What the evaluator adds to the functions: nulls, failures that count, laziness, shared sub-expressions."""

import gc
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamsql import types
from streamsql.errors import BindError
from streamsql.exec.evaluate import compile_expression, constant
from streamsql.exec.steps import Scope
from streamsql.functions import registry
from streamsql.functions.call import Times
from streamsql.plan.calls import call
from streamsql.plan.expressions import Case, Cast, Column, Expression, Literal

TIMES = Times(query_start=1000, row=2000)
A = Column(types.INTEGER, 0, "A")
B = Column(types.INTEGER, 1, "B")
COLUMNS = {"A": [1, None, 6, 2147483647], "B": [0, 0, 2, -1]}


def number(value: int | None) -> Literal:
    return Literal(types.INTEGER, value)


def evaluate(expression: Expression, columns: dict[str, list[Any]] = COLUMNS) -> tuple[list[Any], dict[int, str]]:
    batch = pa.record_batch({name: pa.array(values, pa.int32()) for name, values in columns.items()})
    array, failures = compile_expression(expression)(batch, TIMES)
    assert array.type == expression.type.arrow
    return array.to_pylist(), {row: error.code for row, error in failures.rows.items()}


RATIO = call("/", [A, B])


def test_what_was_computed_is_forgotten_at_once() -> None:
    """No cycle keeps a batch in memory until the garbage collector comes round."""
    branches = Case(types.INTEGER, ((call(">", [A, B]), RATIO),), call("COALESCE", [A, RATIO]))
    evaluate(branches)
    gc.collect()
    gc.disable()
    try:
        evaluate(branches)
        assert not [each for each in gc.get_objects() if isinstance(each, Scope)]
    finally:
        gc.enable()


def test_a_failed_row_is_null_and_a_null_argument_does_not_fail() -> None:
    assert evaluate(RATIO) == ([None, None, 3, -2147483647], {0: "RUN-001"})
    assert evaluate(call("+", [RATIO, number(1)])) == ([None, None, 4, -2147483646], {0: "RUN-001"})


def test_the_first_failure_of_a_row_counts() -> None:
    overflow = call("+", [A, number(1)])
    assert evaluate(call("+", [RATIO, overflow]))[1] == {0: "RUN-001", 3: "RUN-002"}


def test_a_failure_is_not_hidden_by_a_function_that_takes_nulls() -> None:
    assert evaluate(call("IS NULL", [RATIO])) == ([None, True, False, False], {0: "RUN-001"})


def test_c046_failures_in_untaken_branches_do_not_count() -> None:
    zero = call("=", [B, number(0)])
    one = Case(types.INTEGER, ((zero, number(-1)),), RATIO)
    assert evaluate(one) == ([-1, -1, 3, -2147483647], {})
    two = Case(types.INTEGER, ((zero, number(-1)), (call("=", [B, number(2)]), RATIO)), call("+", [A, number(1)]))
    assert evaluate(two) == ([-1, -1, 3, None], {3: "RUN-002"})


@pytest.mark.parametrize("type_", [types.BIGINT, types.decimal(19, 0)])
def test_numbers_out_of_range_harm_nobody_where_no_row_needs_them(type_: types.SqlType) -> None:
    """Arrow's comparison of decimals looks at all rows."""
    value = Column(type_, 0, "N")
    small = call("<", [Cast(types.decimal(12, 3), value), Literal(types.decimal(9, 8), Decimal("1.12345678"))])
    condition = call("AND", [call(">", [value, number(0)]), small])
    batch = pa.record_batch({"N": pa.array([1, 1 - 10**18, 5]).cast(type_.arrow)})
    array, failures = compile_expression(condition)(batch, TIMES)
    assert array.to_pylist() == [True, False, False]
    assert not failures


def test_a_failing_condition_fails_its_rows_only() -> None:
    case = Case(types.INTEGER, ((call("=", [RATIO, number(3)]), number(1)),), number(2))
    assert evaluate(case) == ([None, 2, 1, 2], {0: "RUN-001"})


def test_and_or_and_coalesce_need_their_later_arguments_in_some_rows_only() -> None:
    big = call(">", [RATIO, number(1)])
    assert evaluate(call("AND", [call("<>", [B, number(0)]), big])) == ([False, False, True, False], {})
    assert evaluate(call("OR", [call("=", [B, number(0)]), big])) == ([True, True, True, False], {})
    assert evaluate(call("COALESCE", [A, RATIO])) == ([1, None, 6, 2147483647], {})
    assert evaluate(call("AND", [big, call("<>", [B, number(0)])]))[1] == {0: "RUN-001"}


def test_a_shared_part_fails_where_it_is_needed_although_it_was_not_before() -> None:
    lazy = call("AND", [call("<>", [B, number(0)]), call(">", [RATIO, number(1)])])
    both = call("AND", [call("IS NULL", [call("NULLIF", [lazy, lazy])]), call("IS NULL", [RATIO])])
    assert evaluate(both)[1] == {0: "RUN-001"}


def test_equal_parts_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    function = registry.scalar_function("ABS")
    assert function is not None

    def counted(context: Any, value: Any) -> Any:
        calls.append(len(value))
        return pc.abs(value)

    monkeypatch.setitem(registry._scalars, "ABS", registry.ScalarFunction(function.doc, function.resolve, counted))
    same = call("ABS", [A])
    assert evaluate(call("=", [call("-", [same, same]), number(0)]))[0] == [True, None, True, True]
    assert calls == [4]


def test_constants_fail_in_every_row_that_needs_them() -> None:
    broken = call("/", [number(1), number(0)])
    assert evaluate(broken)[1] == dict.fromkeys(range(4), "RUN-001")
    case = Case(types.INTEGER, ((call("=", [B, number(0)]), broken),), number(5))
    assert evaluate(case) == ([None, None, 5, 5], {0: "RUN-001", 1: "RUN-001"})


def test_empty_batches_and_slices() -> None:
    batch = pa.record_batch({name: pa.array(values, pa.int32()) for name, values in COLUMNS.items()})
    run = compile_expression(RATIO)
    assert run(batch.slice(0, 0), TIMES)[0].to_pylist() == []
    assert compile_expression(call("/", [number(1), number(0)]))(batch.slice(0, 0), TIMES)[1].rows == {}
    array, failures = run(batch.slice(2, 2), TIMES)
    assert array.to_pylist() == [3, -2147483647] and not failures


def test_constant() -> None:
    assert constant(call("+", [number(1), number(2)]), TIMES) == 3
    assert constant(Cast(types.DATE, Literal(types.char(10), "1970-01-11")), TIMES) == 10
    assert constant(call("CURRENT_TIMESTAMP", []), TIMES) == 1000
    assert constant(call("CURRENT_ROW_TIMESTAMP", []), TIMES) == 2000
    assert constant(number(None), TIMES) is None
    with pytest.raises(BindError) as caught:
        constant(call("/", [number(1), number(0)]), TIMES)
    assert caught.value.code == "RUN-001"


def test_time_to_timestamp_takes_the_current_date_at_run_time() -> None:
    midnight = Cast(types.TIMESTAMP, Literal(types.TIME, 5))
    assert constant(midnight, Times(86_400_000 * 3 + 7, 0)) == 86_400_000 * 3 + 5


SMALL = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([2**31 - 1, -(2**31)]))


class _Failed(Exception):
    pass


def _twin(node: Any, row: dict[str, int | None]) -> Any:
    """The value of a tree of ("op", left, right), column names and numbers, one row at a time, lazily."""
    if not isinstance(node, tuple):
        return row[node] if isinstance(node, str) else node
    op, left, right = node
    a = _twin(left, row)
    if op == "COALESCE" and a is not None:
        return a
    b = _twin(right, row)
    if op == "COALESCE":
        return b
    if a is None or b is None:
        return None
    if op == "/" and b == 0:
        raise _Failed
    value = int(np.fix(a / b)) if op == "/" else {"+": a + b, "-": a - b, "*": a * b}[op]
    if not -(2**31) <= value < 2**31:
        raise _Failed
    return value


def _plan(node: Any) -> Expression:
    if isinstance(node, tuple):
        return call(node[0], [_plan(node[1]), _plan(node[2])])
    return {"A": A, "B": B}[node] if isinstance(node, str) else number(node)


TREES = st.recursive(
    st.one_of(st.sampled_from(["A", "B"]), st.integers(-2, 2)),
    lambda inner: st.tuples(st.sampled_from(["+", "-", "*", "/", "COALESCE"]), inner, inner),
    max_leaves=8,
)


@given(TREES, st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=6))
def test_trees_agree_with_one_row_at_a_time(tree: Any, rows: list[tuple[int | None, int | None]]) -> None:
    values, errors = evaluate(_plan(tree), {"A": [a for a, _ in rows], "B": [b for _, b in rows]})
    for place, (a, b) in enumerate(rows):
        try:
            expected = _twin(tree, {"A": a, "B": b})
        except _Failed:
            assert values[place] is None and place in errors
        else:
            assert values[place] == expected and place not in errors
