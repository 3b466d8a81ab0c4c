"""FROM: streams, tables, views, subqueries and table functions → a plan node and the names it offers.

Joins are in `join`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamsql.errors import BindError, Span, UnsupportedError
from streamsql.functions import registry
from streamsql.plan.bind.expression import ExpressionBinder
from streamsql.plan.bind.functions import unknown_function
from streamsql.plan.bind.subquery import Queries
from streamsql.plan.catalog import Catalog, View
from streamsql.plan.expressions import Column, Literal
from streamsql.plan.monotonic import TIME, Progress
from streamsql.plan.nodes import Node, Source, Table, TableCall
from streamsql.plan.scope import Entry, Relation, Scope
from streamsql.record import field, record, replace
from streamsql.sql import nodes, span_of
from streamsql.types import ROWTIME


@record
class Query:
    """A bound query: its plan, whether it is a stream, how its columns move, and where its items stand."""

    node: Node
    is_stream: bool = True
    progress: dict[int, Progress] = field(default_factory=dict)
    item_spans: tuple[Span | None, ...] = ()


@record
class From:
    """A bound FROM item: its plan and the names it offers. `finite`: it is a relation of reference tables and
    VALUES, not a stream."""

    node: Node
    relations: tuple[Relation, ...]
    finite: bool = False

    @property
    def scope(self) -> Scope:
        return Scope(self.relations)


@record(frozen=False)
class SourceBinder:
    """Binds FROM items. `bind_query` binds a query inside; `ctes` are the tables of WITH."""

    catalog: Catalog
    bind_query: Callable[..., Query]
    windows: dict[str, Any]
    ctes: dict[str, View]
    queries: Queries | None = None

    def bind(self, item: Any) -> From:
        """One from-item that is no join."""
        if isinstance(item, nodes.TableRef):
            return self._table_ref(item)
        if isinstance(item, nodes.DerivedTable):
            return self._derived(item, self.bind_query(item.this, self.ctes))
        if isinstance(item, nodes.TableFunction):
            return self._table_function(item)
        raise UnsupportedError(f"{type(item).__name__} cannot stand in FROM", span=span_of(item))

    def _table_ref(self, item: Any) -> From:
        name, span = item.this.last, span_of(item)
        alias = _alias(item) or name
        view = self.ctes.get(name) or self.catalog.views.get(name)
        if view is not None:
            ctes = {key: value for key, value in self.ctes.items() if key != name}
            query = self.bind_query(view.query, ctes)
            return self._named(item, query.node, query, alias, view.columns)
        if name in self.catalog.tables:
            schema = (ROWTIME, *self.catalog.tables[name])
            entries = tuple(Entry(index, column) for index, column in enumerate(schema) if index)
            return From(Table(schema, name), (_rename(item, Relation(alias, entries)),), finite=True)
        stream = self.catalog.streams.get(name)
        if stream is None:
            if name.upper() == "ERROR_STREAM":
                raise BindError("the error stream cannot be read in SQL", code="NAM-001", span=span)
            raise self.catalog.not_found(name, span)
        shown = len(stream.schema) - stream.hidden
        entries = tuple(Entry(i, c, starred=i < shown) for i, c in enumerate(stream.schema) if i)
        window = item.args.get("window")
        named = window.this if isinstance(window, nodes.Identifier) and not _alias(item) else ""
        relation = Relation(alias, entries, Entry(0, stream.schema[0], progress=TIME), named)
        return From(Source(stream.schema, stream.name), (_rename(item, relation),))

    def _derived(self, item: Any, query: Query) -> From:
        return self._named(item, query.node, query, _alias(item), ())

    def _named(self, item: Any, node: Node, query: Query, alias: str, columns: tuple[str, ...]) -> From:
        entries = tuple(
            Entry(index, column, progress=query.progress.get(index))
            for index, column in enumerate(node.schema)
            if index
        )
        if columns:
            entries = tuple(
                replace(entry, column=replace(entry.column, name=name))
                for entry, name in zip(entries, columns, strict=True)
            )
        time = Entry(0, node.schema[0], progress=TIME) if query.is_stream else None
        return From(node, (_rename(item, Relation(alias, entries, time)),), finite=not query.is_stream)

    # --- table functions -----------------------------------------------------------------------------------

    def _table_function(self, item: Any) -> From:
        called = item.this
        name, span = called.this.last, span_of(called)
        function = registry.table_function(name)
        if function is None:
            raise unknown_function(ExpressionBinder(Scope(()), self.catalog, "FROM"), name, span)
        cursor, *rest = called.args.get("expressions") or [None]
        if not isinstance(cursor, nodes.Cursor):
            raise BindError(
                f"the first argument of {name} must be CURSOR(SELECT STREAM …)", code="FUN-001", span=span
            )
        query = self.bind_query(cursor.this, self.ctes)
        if not query.is_stream:
            raise BindError(f"the cursor of {name} needs a stream", code="STR-013", span=span_of(cursor))
        partition_by = self._partition(cursor, query, name)
        arguments = self._arguments(function, rest, query, span)
        try:
            schema = function.columns(query.node.schema, arguments, partition_by)
        except BindError as error:
            error.span = error.span or span
            raise
        node = TableCall(schema, query.node, name, arguments, partition_by)
        progress = query.progress if function.row_by_row else {}
        named = self._named(item, node, Query(node, progress=progress), _alias(item), ())
        return replace(named, relations=_with_aliases(named, function.aliases(query.node.schema, arguments)))

    def _partition(self, cursor: Any, query: Query, name: str) -> tuple[int, ...]:
        keys = cursor.args.get("partition_by") or []
        if keys:
            self.catalog.extension(f"PARTITION BY in {name}", "SYN-001", span_of(keys[0]))
        relation = Relation("", tuple(Entry(i, c) for i, c in enumerate(query.node.schema) if i))
        binder = ExpressionBinder(Scope((relation,)), self.catalog, "PARTITION BY")
        bound = binder.bind_all(keys)
        for key, node in zip(bound, keys, strict=True):
            if not isinstance(key, Column):
                raise BindError(
                    "PARTITION BY of a table function takes columns", code="FUN-001", span=span_of(node)
                )
        return tuple(key.index for key in bound if isinstance(key, Column))

    def _arguments(
        self, function: registry.TableFunction, items: list[Any], query: Query, span: Any
    ) -> tuple[Any, ...]:
        """The constants of the call in the order of the parameters, defaults filled in, ranges checked."""
        name, parameters = function.doc.name, function.parameters
        if len(items) > len(parameters):
            raise BindError(
                f"{name} takes at most {len(parameters)} arguments after the cursor, not {len(items)}",
                code="FUN-001",
                span=span_of(items[len(parameters)]) or span,
            )
        binder = ExpressionBinder(Scope(()), self.catalog, f"an argument of {name}")
        values = []
        for position, parameter in enumerate(parameters):
            if position < len(items):
                values.append(_constant(binder, parameter, items[position], name))
            elif parameter.default is registry.NOT_CONSTANT:
                raise BindError(
                    f"{name} needs {parameter.name}", code="FUN-001", span=span, hint=function.doc.syntax
                )
            else:
                values.append(parameter.default)
        return tuple(values)


def _constant(binder: ExpressionBinder, parameter: registry.Parameter, node: Any, name: str) -> Any:
    """The value of one argument. Raises FUN-001 where it is no constant, of another type, or out of range."""
    span = span_of(node)
    try:
        bound = binder.bind(node)
    except BindError as error:
        error.code = "FUN-001"
        raise
    if not isinstance(bound, Literal) or bound.value is None:
        raise BindError(f"{parameter.name} of {name} must be a constant", code="FUN-001", span=span)
    value: Any = bound.value
    if parameter.type is float and bound.type.is_numeric:
        value = float(value)
    if type(value) is not parameter.type:
        wanted = {int: "a whole number", float: "a number", str: "a string", bool: "TRUE or FALSE"}[parameter.type]
        raise BindError(f"{parameter.name} of {name} must be {wanted}", code="FUN-001", span=span)
    if not parameter.allows(value):
        raise BindError(
            f"{parameter.name} of {name} must be {parameter.range_text}, not {value}", code="FUN-001", span=span
        )
    return value


def _with_aliases(named: From, aliases: dict[str, str]) -> tuple[Relation, ...]:
    """The relation of a table function, its columns readable under other names too; `*` does not show those."""
    (relation,) = named.relations
    positions = {column.name: index for index, column in enumerate(named.node.schema)}
    entries = {entry.index: entry for entry in relation.entries}
    found = [(name, entries[positions[existing]]) for name, existing in aliases.items()]
    others = (replace(entry, column=replace(entry.column, name=name), starred=False) for name, entry in found)
    return (replace(relation, entries=(*relation.entries, *others)),)


def _alias(item: Any) -> str:
    alias = item.args.get("alias")
    return alias.this if alias is not None else ""


def _rename(item: Any, relation: Relation) -> Relation:
    """The relation with the column names of `AS t(a, b)`; row values become fields of what is named."""
    names = item.args.get("columns")
    if not names:
        return relation
    shown = [entry for entry in relation.entries if entry.starred]
    if len(names) != len(shown):
        raise BindError(
            f"the column list of {relation.name} has {len(names)} names for {len(shown)} columns",
            code="NAM-002",
            span=span_of(names[-1]),
        )
    if any(name.this == "ROWTIME" for name in names):
        raise BindError("a column cannot be renamed to ROWTIME", code="SYN-003", span=span_of(names[0]))
    new = {
        entry.index: replace(entry, column=replace(entry.column, name=name.this))
        for entry, name in zip(shown, names, strict=True)
    }
    return replace(relation, entries=tuple(new.get(entry.index, entry) for entry in relation.entries))
