"""Statements: what each one adds to the catalog (section 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from streamsql import types
from streamsql.errors import BindError, Span, UnsupportedError
from streamsql.plan.bind.expression import ExpressionBinder
from streamsql.plan.bind.literals import column_type, type_of
from streamsql.plan.bind.query import QueryBinder
from streamsql.plan.bind.source import Query
from streamsql.plan.calls import convert
from streamsql.plan.catalog import Catalog, UserFunction, View
from streamsql.plan.expressions import Cast, Column, Expression, Literal
from streamsql.plan.limits import check_width
from streamsql.plan.monotonic import ROWTIME_COLUMN
from streamsql.plan.nodes import Project, Pump, Schema, Sink, Stream
from streamsql.plan.scope import Entry, Relation, Scope
from streamsql.record import record, replace
from streamsql.sql import nodes, span_of
from streamsql.types import ROWTIME

DEFAULT_OUTPUT = "DESTINATION_SQL_STREAM"


@record(frozen=False)
class StatementBinder:
    """Binds statements one after the other into a catalog."""

    catalog: Catalog

    def bind(self, node: Any) -> None:
        """Carry out one statement. Raises BindError; then the name that it would define counts as broken."""
        handler = _HANDLERS.get(type(node).__name__)
        if handler is None:
            raise UnsupportedError(f"{type(node).__name__} is not supported", span=span_of(node))
        handler(self, node)

    # --- CREATE --------------------------------------------------------------------------------------------

    def create_stream(self, node: nodes.CreateStream) -> None:
        """CREATE [OR REPLACE] STREAM."""
        name, span = node.this.last, span_of(node.this)
        self._replaceable(node, name, span)
        columns: list[types.Column] = []
        defaults: list[Expression | None] = []
        for item in node.args["columns"]:
            column = types.Column(item.this.this, column_type(item.args["type"]), not item.args.get("not_null"))
            if any(column.name == other.name for other in columns):
                raise BindError(f'column "{column.name}" is declared twice', code="NAM-006", span=span_of(item))
            if column.name == "ROWTIME":
                raise BindError(
                    "ROWTIME is part of every stream and cannot be declared", code="SYN-003", span=span_of(item)
                )
            if column.type.element is not None:
                self.catalog.extension("a column of type ARRAY", "TYP-005", span_of(item))
            columns.append(column)
            defaults.append(self._default(item, column))
        if not columns:
            raise BindError(f'stream "{name}" has no columns', code="SYN-001", span=span)
        check_width(len(columns), span)
        description = node.args.get("description")
        self.catalog.streams[name] = Stream(
            name,
            (ROWTIME, *columns),
            description=description.this if description is not None else "",
            defaults=tuple(defaults),
            span=span,
        )

    def _replaceable(self, node: Any, name: str, span: Span | None) -> None:
        old = self.catalog.streams.get(name)
        if not node.args.get("replace") or old is None:
            self.catalog.require_free(name, span)
        elif readers := self.catalog.readers(name):
            raise BindError(
                f'stream "{name}" is used by pump "{readers[0]}" and cannot be replaced', code="NAM-006", span=span
            )

    def _default(self, item: Any, column: types.Column) -> Expression | None:
        default = item.args.get("default")
        if default is None:
            return None
        value = ExpressionBinder(Scope(()), self.catalog, "DEFAULT").bind(default)
        if not types.assignable(value.type, column.type):
            raise _not_assignable(value, column, span_of(item))
        return assigned(value, column)

    def create_pump(self, node: nodes.CreatePump) -> None:
        """CREATE [OR REPLACE] PUMP … AS INSERT INTO …."""
        name, span = node.this.last, span_of(node.this)
        if name in self.catalog.pumps and not node.args.get("replace"):
            raise BindError(
                f'pump "{name}" already exists', code="NAM-006", span=span, hint="write CREATE OR REPLACE"
            )
        sink, is_stream = self.insert_into(node.args["insert"])
        if not is_stream:
            raise BindError(
                "a pump needs a query over a stream", code="STR-013", span=span_of(node.args["insert"])
            )
        others = {key: pump for key, pump in self.catalog.pumps.items() if key != name}
        self._refuse_cycle(name, sink, others, span)
        description = node.args.get("description")
        text = description.this if description is not None else ""
        others[name] = Pump(name, sink, node.args.get("state") != "STOPPED", text)
        self.catalog.pumps = others

    def _refuse_cycle(self, name: str, sink: Sink, pumps: dict[str, Pump], span: Span | None) -> None:
        if looped := self.catalog.circle(name, sink, pumps):
            raise BindError(
                f'pump "{name}" would feed its own source "{min(looped)}"',
                code="UNS-001",
                span=span,
                hint="a chain of pumps cannot be a circle",
            )

    def create_view(self, node: nodes.CreateView) -> None:
        """CREATE VIEW: checked now, bound anew wherever it is read."""
        name, span = node.this.last, span_of(node.this)
        if not (node.args.get("replace") and name in self.catalog.views):
            self.catalog.require_free(name, span)
        columns = tuple(column.this for column in node.args.get("columns") or [])
        query = QueryBinder(self.catalog).bind(node.args["query"])
        if columns and len(columns) != len(query.node.schema) - 1:
            raise BindError(
                f'view "{name}" names {len(columns)} columns, its query has {len(query.node.schema) - 1}',
                code="INS-001",
                span=span,
            )
        self.catalog.views[name] = View(name, node.args["query"], columns)

    def create_function(self, node: nodes.CreateFunction) -> None:
        """CREATE FUNCTION with one RETURN expression, inlined where it is called (section 3.4)."""
        name, span = node.this.last, span_of(node.this)
        access = node.args.get("data_access")
        if access in ("READS SQL DATA", "MODIFIES SQL DATA"):
            raise BindError(f"a function with {access} is not supported", code="FUN-002", span=span)
        if node.args.get("language") not in (None, "SQL"):
            raise UnsupportedError(f"LANGUAGE {node.args['language']} is not supported", span=span, hint="use SQL")
        parameters = tuple(
            types.Column(p.this.this, type_of(p.args["type"], default_length=types.MAX_CHARACTERS))
            for p in node.args["parameters"]
        )
        result = type_of(node.args["returns"], default_length=types.MAX_CHARACTERS)
        body = self._body(name, node, parameters, result)
        specific = node.args["specific"].last if node.args.get("specific") is not None else ""
        strict = node.args.get("null_input") == "RETURNS NULL"
        function = UserFunction(name, parameters, result, body, strict, specific)
        known = self.catalog.functions.get(name, [])
        same = [other for other in known if _types(other) == _types(function)]
        if same and not node.args.get("replace"):
            raise BindError(f"function {name} with these parameters already exists", code="NAM-006", span=span)
        self.catalog.functions[name] = [other for other in known if other not in same] + [function]

    def _body(self, name: str, node: Any, parameters: Schema, result: types.SqlType) -> Expression:
        for inner in node.args["body"].find_all(nodes.Call):
            if inner.this.last == name and name not in self.catalog.functions:
                raise BindError(f"function {name} calls itself", code="FUN-002", span=span_of(inner))
        relation = Relation(name, tuple(Entry(i, column) for i, column in enumerate(parameters)))
        body = ExpressionBinder(Scope((relation,)), self.catalog, "RETURN").bind(node.args["body"])
        if not types.assignable(body.type, result):
            raise BindError(
                f"RETURN gives {body.type}, and {name} returns {result}",
                code="FUN-002",
                span=span_of(node.args["body"]),
            )
        return convert(body, result)

    def create_schema(self, node: Any) -> None:
        """CREATE SCHEMA and SET: accepted; names are found in every schema."""
        if isinstance(node, nodes.SetStatement) and node.args["name"] not in ("SCHEMA", "PATH"):
            self.catalog.warn(f"SET {node.args['name']} is ignored", span_of(node))

    # --- INSERT --------------------------------------------------------------------------------------------

    def insert(self, node: nodes.Insert) -> None:
        """A stand-alone INSERT … VALUES: rows put once, at start."""
        sink, is_stream = self.insert_into(node)
        if is_stream:
            raise BindError(
                "INSERT … SELECT over a stream runs in a pump",
                code="STR-013",
                span=span_of(node),
                hint="write CREATE PUMP name AS INSERT INTO …",
            )
        self.catalog.inserts.append(sink)

    def insert_into(self, node: Any) -> tuple[Sink, bool]:
        """The Sink of an INSERT, its query converted to the target's columns, and whether it is a stream."""
        stream = self._target(node.this)
        query = QueryBinder(self.catalog).bind(node.args["query"])
        positions = self._columns(node, stream, query)
        expressions: list[Expression] = [ROWTIME_COLUMN]
        for index, column in enumerate(stream.schema[1:], 1):
            if index in positions:
                expressions.append(self._assigned(query, positions[index], column, node))
            else:
                expressions.append(_unlisted(stream, index, column, span_of(node)))
        project = Project(stream.schema, query.node, tuple(expressions))
        return Sink(stream.schema, project, stream.name), query.is_stream

    def _target(self, name: Any) -> Stream:
        span = span_of(name)
        stream = self.catalog.streams.get(name.last)
        if name.last.upper() == "ERROR_STREAM" or name.last in self.catalog.tables or (stream and stream.is_input):
            raise BindError(
                f'"{name.last}" is read-only',
                code="INS-003",
                span=span,
                hint="insert into a stream that the script creates",
            )
        if stream is None:
            raise self.catalog.not_found(name.last, span)
        return stream

    def _columns(self, node: Any, stream: Stream, query: Query) -> dict[int, int]:
        """Target position → query position: by position, or through the column list."""
        given = len(query.node.schema) - 1
        listed = node.args.get("columns")
        if not listed:
            if given != len(stream.schema) - 1:
                raise self._count(node, stream, len(stream.schema) - 1, given)
            return {index: index for index in range(1, given + 1)}
        names = [column.name for column in stream.schema]
        relation = Relation(stream.name, tuple(Entry(i, c) for i, c in enumerate(stream.schema) if i))
        positions: dict[int, int] = {}
        for position, item in enumerate(listed, 1):
            if item.this not in names[1:]:
                raise Scope((relation,)).unknown(item.this, [relation], span_of(item))
            if names.index(item.this) in positions:
                raise BindError(f'column "{item.this}" is listed twice', code="INS-001", span=span_of(item))
            positions[names.index(item.this)] = position
        if given != len(listed):
            raise self._count(node, stream, len(listed), given)
        return positions

    def _count(self, node: Any, stream: Stream, wanted: int, given: int) -> BindError:
        return BindError(
            f'INSERT INTO "{stream.name}" has {wanted} target columns, the query has {given}',
            code="INS-001",
            span=span_of(node.this),
        )

    def _assigned(self, query: Query, position: int, column: types.Column, node: Any) -> Expression:
        source = query.node.schema[position]
        span = query.item_spans[position - 1] if position - 1 < len(query.item_spans) else span_of(node.this)
        value = Column(source.type, position, source.name, nullable=source.nullable, span=span)
        if source.type.is_character and column.type.is_numeric:
            self.catalog.warn(
                f'{source.type} goes into column "{column.name}" of type {column.type}:'
                " text that is no number is an error row",
                span,
            )
        elif not types.assignable(source.type, column.type):
            raise _not_assignable(value, column, span)
        return assigned(value, column)

    # --- queries, ALTER, DROP ------------------------------------------------------------------------------

    def query(self, node: Any) -> None:
        """A query on its own: it runs as a pump into a stream made for it."""
        query = QueryBinder(self.catalog).bind(node)
        if not query.is_stream:
            raise BindError("a query needs a stream", code="STR-013", span=span_of(node))
        name = DEFAULT_OUTPUT
        number = 1
        while name in self.catalog.streams or name in self.catalog.tables:
            number += 1
            name = f"{DEFAULT_OUTPUT}_{number}"
        columns: list[types.Column] = []
        for column in query.node.schema[1:]:
            names = [other.name for other in columns]
            unique = column.name if column.name not in ("ROWTIME", *names) else f"{column.name}_{len(columns)}"
            type_ = types.varchar(1) if column.type.kind is types.Kind.NULL else column.type
            if type_.is_interval or type_.kind is types.Kind.ROW:
                raise BindError(
                    f'column "{column.name}" is {type_}, which no stream can hold',
                    code="TYP-005",
                    span=span_of(node),
                )
            columns.append(types.Column(unique, type_))
        schema = (ROWTIME, *columns)
        self.catalog.streams[name] = Stream(name, schema, span=span_of(node))
        expressions = [ROWTIME_COLUMN, *(
            assigned(Column(source.type, i, source.name), target)
            for i, (source, target) in enumerate(zip(query.node.schema[1:], columns, strict=True), 1)
        )]  # fmt: skip
        sink = Sink(schema, Project(schema, query.node, tuple(expressions)), name)
        pump = f"{name}_PUMP"
        self.catalog.pumps[pump] = Pump(pump, sink)

    def alter_pump(self, node: nodes.AlterPump) -> None:
        """ALTER PUMP … START | STOP in a script: the state in which the pump starts."""
        names = [name.last for name in node.args.get("names") or []] or list(self.catalog.pumps)
        for name in names:
            if name not in self.catalog.pumps:
                raise BindError(f'pump "{name}" does not exist', code="NAM-001", span=span_of(node))
            running = node.args["action"] == "START"
            self.catalog.pumps[name] = replace(self.catalog.pumps[name], running=running)

    def alter_stream(self, node: nodes.AlterStream) -> None:
        """ALTER STREAM … RESET: nothing has flowed yet when a script is loaded."""
        if node.this.last not in self.catalog.streams:
            raise self.catalog.not_found(node.this.last, span_of(node.this))

    def drop(self, node: nodes.Drop) -> None:
        """DROP STREAM | PUMP | FUNCTION | VIEW | SCHEMA."""
        kind, name, span = node.args["kind"], node.this.last, span_of(node.this)
        if kind == "SCHEMA":
            return
        homes: dict[str, Any] = {
            "STREAM": self.catalog.streams,
            "PUMP": self.catalog.pumps,
            "VIEW": self.catalog.views,
            "FUNCTION": self.catalog.functions,
        }
        home = homes[kind]
        if node.args.get("specific"):
            for functions in self.catalog.functions.values():
                functions[:] = [function for function in functions if function.specific != name]
            return
        if name not in home:
            if not node.args.get("if_exists"):
                raise BindError(f'{kind.lower()} "{name}" does not exist', code="NAM-001", span=span)
            return
        if kind == "STREAM" and (readers := self.catalog.readers(name)):
            if node.args.get("behavior") != "CASCADE":
                raise BindError(
                    f'stream "{name}" is used by pump "{readers[0]}"',
                    code="NAM-006",
                    span=span,
                    hint="DROP … CASCADE drops both",
                )
            self.catalog.pumps = {key: pump for key, pump in self.catalog.pumps.items() if key not in readers}
        del home[name]


def assigned(value: Expression, column: types.Column) -> Expression:
    """`value` converted as INSERT converts it: rounded, cut, padded."""
    if value.type == column.type:
        return value
    if isinstance(value, Literal) and value.value is None:
        return replace(value, type=column.type)
    return Cast(column.type, value, assignment=True, span=value.span)


def _unlisted(stream: Stream, index: int, column: types.Column, span: Span | None) -> Expression:
    default = stream.defaults[index - 1] if stream.defaults else None
    if default is not None:
        return default
    if not column.nullable:
        raise BindError(
            f'column "{column.name}" of "{stream.name}" is NOT NULL and gets no value', code="INS-002", span=span
        )
    return Literal(column.type, None)


def _not_assignable(value: Expression, column: types.Column, span: Span | None) -> BindError:
    hint = ""
    if types.castable(value.type, column.type):
        hint = f"write CAST(… AS {column.type})"
    elif value.type.kind is types.Kind.TIMESTAMP and column.type.is_numeric:
        hint = "UNIX_TIMESTAMP(…) gives milliseconds as BIGINT"
    return BindError(
        f'cannot assign {value.type} to column "{column.name}" of type {column.type}',
        code="TYP-003",
        span=span,
        hint=hint,
    )


def _types(function: UserFunction) -> tuple[types.SqlType, ...]:
    return tuple(parameter.type for parameter in function.parameters)


Handler = Callable[[StatementBinder, Any], None]
_B = StatementBinder
_HANDLERS: dict[str, Handler] = {
    "CreateStream": _B.create_stream,
    "CreatePump": _B.create_pump,
    "CreateView": _B.create_view,
    "CreateFunction": _B.create_function,
    "CreateSchema": _B.create_schema,
    "SetStatement": _B.create_schema,
    "Insert": _B.insert,
    "AlterPump": _B.alter_pump,
    "AlterStream": _B.alter_stream,
    "Drop": _B.drop,
    **dict.fromkeys(("Select", "SetOperation", "Values"), _B.query),
}
