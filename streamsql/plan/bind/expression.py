"""Syntax → typed expressions: names and types in one pass.

Aggregates and OVER calls come out as `AggregateCall` and `WindowCall` inside the expression; `query` takes them
out again and gives them nodes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from streamsql import types
from streamsql.errors import BindError, Span, UnsupportedError
from streamsql.plan.bind import literals
from streamsql.plan.bind.functions import bind_call
from streamsql.plan.bind.subquery import Queries, bind_exists, bind_in, bind_value
from streamsql.plan.calls import call, convert
from streamsql.plan.catalog import Catalog
from streamsql.plan.expressions import Case, Cast, Column, Expression, Field, Literal
from streamsql.plan.scope import Scope, is_row
from streamsql.record import field, record, replace
from streamsql.sql import nodes, span_of
from streamsql.types import SqlType

_COMPARISONS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_OPERATORS = {
    "Add": "+",
    "Sub": "-",
    "Mul": "*",
    "Div": "/",
    "DPipe": "||",
    "And": "AND",
    "Or": "OR",
    **_COMPARISONS,
}


@record(frozen=False)
class ExpressionBinder:
    """Binds expressions of one clause. `clause` is its name for messages; the flags say what it may hold.

    `windows` are the named windows of the query, `select_list` makes an unqualified ROWTIME mean the time of
    the row about to be produced.
    """

    scope: Scope
    catalog: Catalog
    clause: str
    aggregates: bool = False
    analytic: bool = False
    select_list: bool = False
    windows: dict[str, Any] = field(default_factory=dict)
    # Set while the arguments of an aggregate are bound: aggregates do not nest.
    inside_aggregate: bool = False
    # How subqueries are bound; None: none can stand here.
    queries: Queries | None = None

    def bind(self, node: Any) -> Expression:
        """The typed expression for a syntax node. Raises BindError with the place of what is wrong."""
        handler = _HANDLERS.get(type(node).__name__)
        if handler is None:
            raise UnsupportedError(f"{_describe(node)} cannot stand in {self.clause}", span=span_of(node))
        return handler(self, node)

    def bind_all(self, items: Sequence[Any] | None) -> tuple[Expression, ...]:
        """`bind` for each of a list."""
        return tuple(self.bind(item) for item in items or ())

    def condition(self, node: Any) -> Expression:
        """A BOOLEAN expression. Raises TYP-001 for another type."""
        bound = self.bind(node)
        if bound.type.kind not in (types.Kind.BOOLEAN, types.Kind.NULL):
            raise BindError(
                f"{self.clause} needs a condition, and this is {bound.type}", code="TYP-001", span=span_of(node)
            )
        return convert(bound, types.BOOLEAN)

    # --- names -------------------------------------------------------------------------------------------

    def name(self, node: nodes.Name) -> Expression:
        """A column, a field of a row value, or CURRENT_ROW_TIMESTAMP."""
        parts = node.parts
        span = span_of(node)
        if len(parts) == 1:
            return self._simple_name(parts[0], span)
        relation = self.scope.relation(parts[0])
        if relation is None and len(parts) > 2:
            relation, parts = self.scope.relation(parts[1]), parts[1:]
        if relation is None:
            return self._field_of_column(parts, span)
        entry = relation.find(parts[1])
        if entry is None:
            raise self.scope.unknown(parts[1], [relation], span_of(node.args["expressions"][-1]) or span)
        return self._fields(entry.expression(span), parts[2:], span)

    def _simple_name(self, name: str, span: Span | None) -> Expression:
        if name == "ROWTIME" and self.scope.streams:
            if self.scope.streams > 1 and not self.select_list:
                self.scope.column(name, span)
            return Column(types.TIMESTAMP, 0, name, nullable=False, produced=self.select_list, span=span)
        if name == "CURRENT_ROW_TIMESTAMP":
            try:
                return self.scope.column(name, span).expression(span)
            except BindError:
                return call(name, (), span)
        return self.scope.column(name, span).expression(span)

    def _field_of_column(self, parts: tuple[str, ...], span: Span | None) -> Expression:
        columns = [entry for relation in self.scope.relations if (entry := relation.find(parts[0]))]
        if len(columns) == 1 and is_row(columns[0]):
            return self._fields(columns[0].expression(span), parts[1:], span)
        known = ", ".join(relation.name for relation in self.scope.relations if relation.name)
        raise BindError(
            f'table or alias "{parts[0]}" is not in FROM', code="NAM-002", span=span, hint=f"FROM has {known}"
        )

    def _fields(self, expression: Expression, names: tuple[str, ...], span: Span | None) -> Expression:
        for name in names:
            found = dict(expression.type.fields).get(name)
            if found is None:
                has = ", ".join(field_ for field_, _ in expression.type.fields) or "none"
                raise BindError(f'there is no field "{name}" here (fields: {has})', code="NAM-002", span=span)
            expression = Field(found, expression, name, span=span)
        return expression

    # --- operators ---------------------------------------------------------------------------------------

    def binary(self, node: Any) -> Expression:
        """Arithmetic, comparison, AND, OR and `||`."""
        operator = _OPERATORS[type(node).__name__]
        if isinstance(node.this, nodes.Tuple) and operator in ("=", "<>"):
            return self._row_comparison(node, operator)
        args = (self.bind(node.this), self.bind(node.expression))
        return call(operator, args, span_of(node))

    def _row_comparison(self, node: Any, operator: str) -> Expression:
        left, right = node.this, node.expression
        if not isinstance(right, nodes.Tuple) or len(left.expressions) != len(right.expressions):
            raise BindError("both row values need the same number of elements", code="TYP-001", span=span_of(node))
        pairs = zip(left.expressions, right.expressions, strict=True)
        equal = self._all([call("=", (self.bind(a), self.bind(b)), span_of(node)) for a, b in pairs])
        return equal if operator == "=" else call("NOT", (equal,), span_of(node))

    def _all(self, conditions: list[Expression]) -> Expression:
        result = conditions[0]
        for condition in conditions[1:]:
            result = call("AND", (result, condition), condition.span)
        return result

    def negative(self, node: Any) -> Expression:
        """`-x`; of a number it is a literal."""
        arg = self.bind(node.this)
        if isinstance(arg, Literal) and arg.type.is_numeric and arg.value is not None:
            if arg.value == 2**31:
                return replace(arg, value=-arg.value, type=types.INTEGER)
            return replace(arg, value=-arg.value)
        return call("NEG", (arg,), span_of(node))

    def difference(self, node: nodes.DateTimeDifference) -> Expression:
        """`(a - b) MINUTE TO SECOND`."""
        qualifier = Literal(types.varchar(32), node.args["qualifier"].text_form)
        return call(
            "INTERVAL DIFFERENCE", (self.bind(node.this), self.bind(node.expression), qualifier), span_of(node)
        )

    def logical_not(self, node: Any) -> Expression:
        """NOT x."""
        return call("NOT", (self.bind(node.this),), span_of(node))

    def between(self, node: nodes.Between) -> Expression:
        """BETWEEN as two comparisons; SYMMETRIC as either order of the bounds."""
        span = span_of(node)
        value, low, high = self.bind(node.this), self.bind(node.args["low"]), self.bind(node.args["high"])

        def inside(first: Expression, last: Expression) -> Expression:
            return call("AND", (call(">=", (value, first), span), call("<=", (value, last), span)), span)

        result = inside(low, high)
        if node.args.get("symmetric"):
            result = call("OR", (result, inside(high, low)), span)
        return self._negated(node, result)

    def is_in(self, node: nodes.In) -> Expression:
        """x IN (list), (a, b) IN (list of rows), x IN (SELECT … FROM table)."""
        span = span_of(node)
        if node.args.get("query") is not None:
            return self._negated(node, bind_in(self, node))
        items = node.args.get("expressions") or []
        if isinstance(node.this, nodes.Tuple):
            rows = [self._row_comparison(nodes.EQ(this=node.this, expression=item), "=") for item in items]
            result = rows[0]
            for row in rows[1:]:
                result = call("OR", (result, row), span)
            return self._negated(node, result)
        return self._negated(node, call("IN", (self.bind(node.this), *self.bind_all(items)), span))

    def like(self, node: Any) -> Expression:
        """LIKE and SIMILAR TO."""
        name = "LIKE" if isinstance(node, nodes.Like) else "SIMILAR TO"
        escape = node.args.get("escape")
        pattern = (self.bind(node.this), self.bind(node.args["pattern"]))
        args = (*pattern, self.bind(escape) if escape is not None else Literal(types.NULL, None))
        return self._negated(node, call(name, args, span_of(node)))

    def is_test(self, node: nodes.IsTest) -> Expression:
        """IS NULL, IS TRUE, IS FALSE, IS UNKNOWN."""
        test = "NULL" if node.args["test"] == "UNKNOWN" else node.args["test"]
        return self._negated(node, call(f"IS {test}", (self.bind(node.this),), span_of(node)))

    def distinct_from(self, node: nodes.DistinctFrom) -> Expression:
        """IS [NOT] DISTINCT FROM."""
        args = (self.bind(node.this), self.bind(node.expression))
        return self._negated(node, call("IS DISTINCT FROM", args, span_of(node)))

    def temporal(self, node: nodes.TemporalPredicate) -> Expression:
        """A predicate of two periods (section 5)."""
        kind, modifier = node.args["kind"], node.args.get("modifier")
        name = f"PERIOD {modifier + ' ' if modifier else ''}{kind}"
        first = (self.bind(node.this.this), self.bind(node.this.expression))
        if isinstance(node.expression, nodes.Period):
            second: tuple[Expression, ...] = (
                self.bind(node.expression.this),
                self.bind(node.expression.expression),
            )
        else:
            name, second = f"{name} INSTANT", (self.bind(node.expression),)
        return call(name, (*first, *second), span_of(node))

    def _negated(self, node: Any, expression: Expression) -> Expression:
        return call("NOT", (expression,), expression.span) if node.args.get("negated") else expression

    # --- CASE, CAST and special forms ----------------------------------------------------------------------

    def case(self, node: nodes.Case) -> Expression:
        """Both forms of CASE, as the searched one."""
        operand = node.args.get("this")
        conditions, values = [], []
        for when in node.args["whens"]:
            if operand is None:
                conditions.append(self.condition(when.this))
            else:
                conditions.append(call("=", (self.bind(operand), self.bind(when.this)), span_of(when)))
            values.append(self.bind(when.args["then"]))
        otherwise = node.args.get("otherwise")
        values.append(self.bind(otherwise) if otherwise is not None else Literal(types.NULL, None))
        result = self._common(values, span_of(node))
        *branches, last = [convert(value, result) for value in values]
        return Case(result, tuple(zip(conditions, branches, strict=True)), last, span=span_of(node))

    def _common(self, values: list[Expression], span: Span | None) -> SqlType:
        result = values[0].type
        for value in values[1:]:
            common = types.common_type(result, value.type)
            if common is None:
                raise BindError(
                    f"the branches of CASE are of different types: {result} and {value.type}",
                    code="TYP-004",
                    span=value.span or span,
                )
            result = common
        return result

    def cast(self, node: nodes.Cast) -> Expression:
        """CAST(x AS type)."""
        target = literals.type_of(node.args["type"], default_length=types.MAX_CHARACTERS)
        arg = self.bind(node.this)
        if not types.castable(arg.type, target):
            raise BindError(
                f"Cast function cannot convert value of type {arg.type} to type {target}",
                code="TYP-002",
                span=span_of(node),
            )
        return Cast(target, arg, span=span_of(node))

    def step(self, node: nodes.Step) -> Expression:
        """STEP(x BY n)."""
        return call("STEP", (self.bind(node.this), self.bind(node.args["by"])), span_of(node))

    def to_unit(self, node: Any) -> Expression:
        """FLOOR(x TO unit), CEIL(x TO unit)."""
        name = "FLOOR TO" if isinstance(node, nodes.FloorTo) else "CEIL TO"
        return call(name, (self.bind(node.this), _word(node.args["unit"])), span_of(node))

    def extract(self, node: nodes.Extract) -> Expression:
        """EXTRACT(unit FROM x)."""
        return call("EXTRACT", (_word(node.args["unit"]), self.bind(node.this)), span_of(node))

    def parameter_call(self, node: Any) -> Expression:
        """A function or aggregate by name, with or without OVER."""
        return bind_call(self, node)


def _word(text: str) -> Literal:
    return Literal(types.varchar(32), text)


def _describe(node: Any) -> str:
    names = {"Star": "*", "Tuple": "a row value", "Period": "a period", "Cursor": "CURSOR", "Values": "VALUES"}
    return names.get(type(node).__name__, type(node).__name__.upper())


Handler = Callable[[ExpressionBinder, Any], Expression]
_B = ExpressionBinder
_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_OPERATORS, _B.binary),
    "Name": _B.name,
    "Paren": lambda binder, node: binder.bind(node.this),
    "UnaryPlus": lambda binder, node: binder.bind(node.this),
    "Neg": _B.negative,
    "Not": _B.logical_not,
    "DateTimeDifference": _B.difference,
    "Between": _B.between,
    "In": _B.is_in,
    "Like": _B.like,
    "SimilarTo": _B.like,
    "IsTest": _B.is_test,
    "DistinctFrom": _B.distinct_from,
    "TemporalPredicate": _B.temporal,
    "Case": _B.case,
    "Cast": _B.cast,
    "Step": _B.step,
    "FloorTo": _B.to_unit,
    "CeilTo": _B.to_unit,
    "Extract": _B.extract,
    "Call": _B.parameter_call,
    "Over": _B.parameter_call,
    "Exists": bind_exists,
    "Subquery": bind_value,
    **dict.fromkeys(literals.HANDLED, lambda _, node: literals.bind_literal(node)),
}
