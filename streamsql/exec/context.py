"""What an operator is given besides its plan node, and expressions ready to be computed on its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streamsql.exec.operator import Reject
from streamsql.functions.call import Times
from streamsql.functions.failures import Failures
from streamsql.kernels import compute as pc
from streamsql.kernels.batches import Rows, by_column, whole
from streamsql.kernels.programs import Condition, SelectList
from streamsql.plan.expressions import Column as InputColumn
from streamsql.plan.expressions import Expression
from streamsql.plan.nodes import Node
from streamsql.record import field, record
from streamsql.types import Column

if TYPE_CHECKING:
    from streamsql.exec.evaluate import Compiled
    from streamsql.exec.relation import Relation


@record
class Context:
    """The surroundings of one operator.

    `reject_values` takes the rows whose expressions could not be computed, `reject` those that cannot be taken for
    other reasons, `reject_result` those that are no rows of the input but made of such; `filtered` is told how
    many rows a condition dropped, `gathered` how many went into state or pairs; `seed()` is the operator's own;
    `table` gives the rows of a reference table, and `relations` are the finite plans that have been asked for;
    `room` is how many bytes each thing that an operator keeps may take (None: no limit); see `exec.gate`.
    """

    times: Callable[[], Times]
    reject_values: Reject
    reject: Reject
    reject_result: Reject
    filtered: Callable[[int], None]
    gathered: Callable[[int], None]
    table: Callable[[str], pa.RecordBatch]
    relations: dict[Node, Relation] = field(default_factory=dict)
    seed: Callable[[], int] = lambda: 0
    room: int | None = None

    def relation(self, plan: Node) -> Relation:
        """The rows of a finite plan; whoever asks for the same plan gets the same ones."""
        # Imported here: a relation runs a pump, whose operators have contexts.
        from streamsql.exec.relation import Relation

        if plan not in self.relations:
            self.relations[plan] = Relation(plan, self)
        return self.relations[plan]

    def compile(self, expression: Expression) -> Compiled:
        """The expression, ready to be computed batch after batch."""
        # Imported when a plan needs it: an expression may hold a subquery, which is a plan of its own.
        from streamsql.exec.evaluate import compile_expression

        return compile_expression(expression, self)

    def computation(self, expressions: Sequence[Expression]) -> Computation:
        """The expressions, compiled."""
        evaluators = [
            expression.index if isinstance(expression, InputColumn) else self.compile(expression)
            for expression in expressions
        ]
        return Computation(evaluators, self)

    def drop(self, batch: pa.RecordBatch, failures: Failures) -> npt.NDArray[np.bool_]:
        """Reject the failed rows of `batch`; returns the mask of the others."""
        self.reject(batch, failures)
        return ~failures.mask()

    def drop_results(self, batch: pa.RecordBatch, failures: Failures) -> npt.NDArray[np.bool_]:
        """Reject the failed rows of `batch`, which are results; returns the mask of the others."""
        self.reject_result(batch, failures)
        return ~failures.mask()


class Computation:
    """Some expressions over the same rows; those that are just a column of the input are given by its position."""

    def __init__(self, evaluators: Sequence[Compiled | int], context: Context) -> None:
        self._evaluators = evaluators
        self._by_steps = [each for each in evaluators if not isinstance(each, int) and each.code is None]
        self._context = context

    def values(self, batch: Rows, *, tried: bool = False) -> tuple[Rows, list[pa.Array]]:
        """One array per expression. A row for which one of them fails is rejected and left out of everything
        that is returned. `tried`: a program has given up on these rows, so the steps compute them."""
        times: Times | None = None
        arrays: list[pa.Array] = []
        failures = None
        for evaluate in self._evaluators:
            if isinstance(evaluate, int):
                arrays.append(batch.column(evaluate))
                continue
            known = None if tried else evaluate.known(batch)
            if known is not None:
                arrays.append(known)
                continue
            times = times or self._context.times()
            array, failed = evaluate.computed(batch, times)
            arrays.append(array)
            if failed:
                failures = failures or Failures(batch.num_rows)
                failures.merge(failed)
        if failures is None:
            return batch, arrays
        batch = whole(batch)
        self._context.reject_values(batch, failures)
        keep = pc.from_numpy(~failures.mask())
        return pc.filter(batch, keep), [pc.filter(array, keep) for array in arrays]

    def condition(self, schema: pa.Schema) -> Condition | None:
        """A program that chooses the rows of batches for which a single condition is TRUE, if there is one."""
        evaluate = self._evaluators[0]
        if isinstance(evaluate, int) or evaluate.code is None:
            return None
        return Condition(schema, evaluate.code)

    def select_list(self, schema: pa.Schema, result: pa.Schema) -> SelectList | None:
        """What makes of batches those with the values of all expressions; None if a type is not `result`'s."""
        types = [schema.field(each).type if isinstance(each, int) else each.type for each in self._evaluators]
        outputs = [each if isinstance(each, int) else each.code for each in self._evaluators]
        return SelectList(schema, outputs, result) if types == result.types else None

    @property
    def is_plain(self) -> bool:
        """Whether each expression is a column or has a program."""
        return not self._by_steps

    def given(self, batch: Rows) -> list[pa.Array] | None:
        """The values of the expressions that are neither a column nor a program; None if a row fails."""
        arrays: list[pa.Array] = []
        times: Times | None = None
        batch = by_column(batch) if self._by_steps else batch
        for evaluate in self._by_steps:
            times = times or self._context.times()
            array, failed = evaluate.computed(batch, times)
            if failed:
                return None
            arrays.append(array)
        return arrays

    def rows_from(self, schema: pa.Schema, result: pa.Schema) -> ComputedRows:
        """What makes of batches of `schema` such of `result`, which has a column for each expression."""
        return ComputedRows(self, schema, result)

    def truths(self, batch: Rows) -> npt.NDArray[np.bool_]:
        """For a single condition on pairs: those for which it is TRUE. Pairs for which it fails are rejected."""
        evaluate, batch = self._evaluators[0], by_column(batch)
        if isinstance(evaluate, int):
            condition = batch.column(evaluate)
        else:
            condition, failures = evaluate(batch, self._context.times())
            if failures:
                self._context.reject_result(whole(batch), failures)
        if condition.null_count:
            condition = pc.fill_null(condition, False)
        return np.asarray(condition)


class ComputedRows:
    """A computation whose values make a batch: at once where no row fails, else expression by expression."""

    def __init__(self, computation: Computation, schema: pa.Schema, result: pa.Schema) -> None:
        self._computation = computation
        self._select = computation.select_list(schema, result)
        self._result = result

    def of(self, batch: Rows) -> tuple[Rows, Rows]:
        """The rows that none of the expressions rejects, and their values."""
        if self._select is not None:
            given = self._computation.given(batch)
            values = None if given is None else self._select.rows(batch, given)
            if values is not None:
                return batch, values
        left, arrays = self._computation.values(by_column(batch))
        return left, pa.RecordBatch.from_arrays(arrays, schema=self._result)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of rows with these columns."""
    return pa.schema([pa.field(column.name, column.type.arrow) for column in columns])


def failed_rows(length: int, mask: npt.NDArray[np.bool_], code: str, message: str) -> Failures:
    """Failures of the rows where `mask` is true, all for the same reason."""
    failures = Failures(length)
    failures.add_all(np.flatnonzero(mask).tolist(), code, message)
    return failures
