"""Calls by name: the user's functions, scalar functions, aggregates, and aggregates with OVER."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streamsql.errors import BindError, Span, UnsupportedError, nearest
from streamsql.functions import registry
from streamsql.plan.bind.frames import frame_of, resolve_window
from streamsql.plan.calls import arguments, call, convert, keys
from streamsql.plan.catalog import UserFunction
from streamsql.plan.expressions import (
    AggregateCall,
    Call,
    Case,
    Column,
    Expression,
    Literal,
    WindowCall,
    transform,
)
from streamsql.plan.limits import check_arguments
from streamsql.record import replace
from streamsql.sql import nodes, span_of
from streamsql.types import BOOLEAN, TIMESTAMP, Kind, SqlType, varchar

if TYPE_CHECKING:
    from streamsql.plan.bind.expression import ExpressionBinder

_SYNTAX_NAMES = {("SUBSTRING", "FROM"): "SUBSTRING FROM", ("SUBSTRING", "SIMILAR"): "SUBSTRING SIMILAR"}
_TRIM_SIDES = ("LEADING", "TRAILING", "BOTH")

_WINDOWS_IN_SQL = "windows are GROUP BY STEP(ROWTIME BY …), OVER (RANGE … PRECEDING) and WINDOWED BY STAGGER (…)"

WINDOW_FUNCTIONS = {
    kind + suffix for kind in ("TUMBLE", "HOP", "SESSION") for suffix in ("", "_START", "_END", "_ROWTIME")
}
"""Group windows (extension): HOP(ROWTIME, slide, size) and its like. They come out as calls that `grouping`
replaces; they are no functions of a row."""


def bind_call(binder: ExpressionBinder, node: Any) -> Expression:
    """A `Call` or `Over` node. Raises NAM-004 for a name that is no function."""
    inner = node.this if isinstance(node, nodes.Over) else node
    name, span = inner.this.last, span_of(inner)
    check_arguments(name, len(inner.args.get("expressions") or ()), span)
    if isinstance(node, nodes.Over):
        return _window_call(binder, inner, node, name, span)
    if functions := binder.catalog.functions.get(name):
        return _user_function(binder, inner, functions, span)
    if registry.aggregate_function(name) is not None and not inner.args.get("bare"):
        return _aggregate_call(binder, inner, name, span)
    for option, what in (
        ("star", "*"),
        ("distinct", "DISTINCT"),
        ("filter", "FILTER"),
        ("nulls", "IGNORE NULLS"),
        ("order_by", "ORDER BY"),
    ):
        if inner.args.get(option):
            raise BindError(f"{name} takes no {what}", code="TYP-001", span=span)
    return _scalar_call(binder, inner, name, span)


def _scalar_call(binder: ExpressionBinder, node: Any, name: str, span: Span | None) -> Expression:
    args = binder.bind_all(node.args.get("expressions"))
    syntax = node.args.get("syntax")
    if name == "TRIM":
        side = syntax if syntax in _TRIM_SIDES else "BOTH"
        char = args[1] if len(args) > 1 else Literal(varchar(1), " ")
        args = (Literal(varchar(8), side), char, args[0])
    name = _SYNTAX_NAMES.get((name, syntax), name)
    if name in WINDOW_FUNCTIONS:
        return _window_function(binder, name, args, span)
    function = registry.scalar_function(name)
    if function is None:
        raise unknown_function(binder, name, span)
    if function.doc.extension:
        binder.catalog.extension(f"the function {name}", function.doc.extension, span)
    return call(name, args, span)


def _window_function(
    binder: ExpressionBinder, name: str, args: tuple[Expression, ...], span: Span | None
) -> Expression:
    if not binder.aggregates and binder.clause != "GROUP BY":
        raise BindError(
            f"{name} cannot stand in {binder.clause}", code="NAM-004", span=span, hint="it belongs in GROUP BY"
        )
    binder.catalog.extension(name, "NAM-004", span)
    return Call(TIMESTAMP, name, args, span=span)


def unknown_function(binder: ExpressionBinder, name: str, span: Span | None) -> BindError:
    """NAM-004, with the function that may have been meant."""
    if registry.table_function(name) is not None:
        return BindError(
            f"{name} is a table function",
            code="NAM-004",
            span=span,
            hint=f"write FROM TABLE({name}(CURSOR(SELECT STREAM …), …))",
        )
    if binder.clause == "FROM" and (name in WINDOW_FUNCTIONS or name in registry.functions()):
        return BindError(f"{name} is not a table function", code="NAM-004", span=span, hint=_WINDOWS_IN_SQL)
    guess = nearest(name, [*registry.functions(), *binder.catalog.functions])
    return BindError(
        f"function {name} does not exist",
        code="NAM-004",
        span=span,
        hint=f"did you mean {guess}?" if guess else "",
    )


# --- the user's own functions ---------------------------------------------------------------------------


def _user_function(
    binder: ExpressionBinder, node: Any, functions: list[UserFunction], span: Span | None
) -> Expression:
    args = binder.bind_all(node.args.get("expressions"))
    for function in functions:
        if _accepts(function, args):
            inlined = inline(function, args, span)
            binder.catalog.growth.add_terms(inlined, span)
            return inlined
    wanted = " or ".join(f"({', '.join(str(p.type) for p in f.parameters)})" for f in functions)
    given = ", ".join(str(arg.type) for arg in args)
    raise BindError(f"{functions[0].name} takes {wanted}, not ({given})", code="FUN-002", span=span)


def _accepts(function: UserFunction, args: tuple[Expression, ...]) -> bool:
    """No implicit casts: each argument is of its parameter's kind; character literals fit VARCHAR."""
    if len(args) != len(function.parameters):
        return False
    pairs = zip(function.parameters, args, strict=True)
    return all(
        arg.type.kind in (parameter.type.kind, Kind.NULL)
        or (parameter.type.is_character and arg.type.is_character)
        for parameter, arg in pairs
    )


def inline(function: UserFunction, args: tuple[Expression, ...], span: Span | None) -> Expression:
    """The body of `function` with `args` in the place of its parameters."""
    converted = [convert(arg, parameter.type) for arg, parameter in zip(args, function.parameters, strict=True)]

    def parameter(part: Expression) -> Expression | None:
        return converted[part.index] if isinstance(part, Column) else None

    body = replace(transform(function.body, parameter), span=span)
    if not function.null_on_null or not args:
        return body
    nulls = [call("IS NULL", (arg,), span) for arg in converted]
    return Case(body.type, tuple((null, Literal(body.type, None)) for null in nulls), body, span=span)


# --- aggregates -----------------------------------------------------------------------------------------


def _aggregate_call(binder: ExpressionBinder, node: Any, name: str, span: Span | None) -> Expression:
    if binder.inside_aggregate:
        raise BindError(f"{name} cannot stand inside another aggregate", code="STR-008", span=span)
    if not binder.aggregates:
        code = "STR-006" if binder.clause == "SELECT" else "STR-008"
        hint = "add GROUP BY with STEP or FLOOR of ROWTIME, or OVER a window" if code == "STR-006" else ""
        raise BindError(f"{name} cannot stand in {binder.clause} here", code=code, span=span, hint=hint)
    function, args, result = _resolve_aggregate(binder, node, name, span)
    if function.accumulator is None:
        raise BindError(f"{name} needs OVER", code="STR-008", span=span)
    ignore = node.args.get("nulls") == "IGNORE"
    return AggregateCall(result, name, args, _distinct(binder, node, name, args, span), ignore, span=span)


def _resolve_aggregate(
    binder: ExpressionBinder, node: Any, name: str, span: Span | None
) -> tuple[registry.AggregateFunction, tuple[Expression, ...], Any]:
    if node.args.get("filter") is not None:
        binder.catalog.extension("FILTER", "STR-009", span)
        raise UnsupportedError(
            "FILTER is not supported", code="STR-009", span=span, hint=f"write {name}(CASE WHEN … THEN … END)"
        )
    function = registry.aggregate_function(name)
    if function is None:
        raise unknown_function(binder, name, span)
    if function.doc.extension:
        binder.catalog.extension(f"the aggregate {name}", function.doc.extension, span)
    if node.args.get("star") and name != "COUNT":
        raise BindError(f"{name}(*) does not exist; only COUNT takes *", code="TYP-001", span=span)
    inner = replace(binder, inside_aggregate=True, aggregates=True, analytic=False)
    args = () if node.args.get("star") else inner.bind_all(node.args.get("expressions"))
    args = _ordered_arguments(inner, node, function, args, span)
    if not args and not node.args.get("star"):
        raise BindError(f"{name} needs an argument", code="TYP-001", span=span)
    try:
        resolution = function.resolve(arguments(args))
    except BindError as error:
        error.span = error.span or span
        raise
    converted = tuple(convert(arg, type_) for arg, type_ in zip(args, resolution.args, strict=True))
    return function, converted, resolution.result


def _ordered_arguments(
    binder: ExpressionBinder,
    node: Any,
    function: registry.AggregateFunction,
    args: tuple[Expression, ...],
    span: Span | None,
) -> tuple[Expression, ...]:
    """`args` with what WITHIN GROUP (ORDER BY value) says, for the aggregates that are written so."""
    if node.args.get("order_by"):
        return _sorted_arguments(binder, node, function, args, span)
    order = node.args.get("within_group") or []
    name, syntax = function.doc.name, f"it is written {function.doc.syntax}"
    if not function.ordered:
        if order:
            raise BindError(f"{name} takes no WITHIN GROUP", code="TYP-001", span=span, hint=syntax)
        return args
    if len(order) != 1 or len(args) != 1:
        raise BindError(f"{name} needs WITHIN GROUP with one value", code="TYP-001", span=span, hint=syntax)
    if order[0].args.get("nulls"):
        raise BindError(f"{name} ignores nulls: no NULLS FIRST or LAST", code="TYP-001", span=span, hint=syntax)
    descending = Literal(BOOLEAN, bool(order[0].args.get("descending")))
    return (binder.bind(order[0].this), args[0], descending)


def _sorted_arguments(
    binder: ExpressionBinder,
    node: Any,
    function: registry.AggregateFunction,
    args: tuple[Expression, ...],
    span: Span | None,
) -> tuple[Expression, ...]:
    """`args` with what ORDER BY behind them says; see `AggregateFunction.sortable`."""
    name, syntax = function.doc.name, f"it is written {function.doc.syntax}"
    if not function.sortable:
        raise BindError(f"{name} takes no ORDER BY", code="TYP-001", span=span, hint=syntax)
    order = node.args["order_by"]
    wanted = keys([binder.bind(key.this) for key in order], f"ORDER BY of {name}")
    marks = []
    for key in order:
        descending = bool(key.args.get("descending"))
        first = key.args["nulls"] == "FIRST" if key.args.get("nulls") else descending
        marks.append(("-" if descending else "+") + ("f" if first else "l"))
    value = args[0]
    if wanted != (value,):
        if node.args.get("distinct"):
            raise BindError(
                f"{name} of DISTINCT values can be ordered by that value only",
                code="TYP-001",
                span=span,
                hint=syntax,
            )
        row = SqlType(Kind.ROW, fields=tuple((str(n), part.type) for n, part in enumerate((value, *wanted))))
        value = Call(row, "(ROW)", (value, *wanted), span=span)
    return (value, *args[1:], Literal(varchar(len(",".join(marks))), ",".join(marks)))


def _distinct(
    binder: ExpressionBinder, node: Any, name: str, args: tuple[Expression, ...], span: Span | None
) -> bool:
    if node.args.get("distinct"):
        keys(args[:1], f"DISTINCT of {name}")
    if node.args.get("distinct") and name == "COUNT":
        binder.catalog.extension("COUNT(DISTINCT …)", "STR-009", span)
    return bool(node.args.get("distinct"))


def _window_call(binder: ExpressionBinder, node: Any, over: Any, name: str, span: Span | None) -> Expression:
    function = registry.aggregate_function(name)
    if function is None or function.rolling is None:
        known = registry.scalar_function(name) or function or name in binder.catalog.functions
        if not known:
            raise _not_analytic(binder, name, span)
        raise BindError(f"{name} cannot be used with OVER", code="NAM-004", span=span)
    if binder.inside_aggregate or not binder.analytic:
        code, hint = "STR-008", "compute it in a subquery in FROM and use its alias outside"
        raise BindError(f"{name} OVER cannot stand in {binder.clause} here", code=code, span=span, hint=hint)
    _, args, result = _resolve_aggregate(binder, node, name, span)
    if node.args.get("distinct") and name == "COUNT":
        raise BindError("COUNT(DISTINCT …) cannot be used with OVER", code="STR-009", span=span)
    spec = resolve_window(binder, over.args["window"])
    partition = replace(binder, clause="PARTITION BY", aggregates=False, analytic=False)
    frame = frame_of(binder, spec, span)
    if function.only_range and (frame.rows or frame.preceding is None):
        raise BindError(f"{name} needs a window RANGE INTERVAL … PRECEDING", code="STR-010", span=span)
    return WindowCall(
        result, name, args, keys(partition.bind_all(spec.partition_by), "PARTITION BY"), frame,
        distinct=bool(node.args.get("distinct")),
        ignore_nulls=node.args.get("nulls") == "IGNORE",
        from_last=bool(node.args.get("from_last")),
        span=span,
    )  # fmt: skip


def _not_analytic(binder: ExpressionBinder, name: str, span: Span | None) -> BindError:
    if name in ("RANK", "DENSE_RANK", "ROW_NUMBER", "NTILE", "LEAD", "PERCENT_RANK", "CUME_DIST"):
        return UnsupportedError(f"{name} is not a function of streaming SQL", span=span)
    return unknown_function(binder, name, span)
