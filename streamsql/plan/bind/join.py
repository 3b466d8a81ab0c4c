"""Joins: stream to stream with windows, stream to reference table, ON, USING, NATURAL (section 10)."""

from __future__ import annotations

from typing import Any

from streamsql.errors import BindError, UnsupportedError
from streamsql.plan.bind.conditions import all_of, conjuncts, equal_sides, moved
from streamsql.plan.bind.expression import ExpressionBinder
from streamsql.plan.bind.frames import bound_size, illegal, resolve_window, size
from streamsql.plan.bind.source import From, SourceBinder
from streamsql.plan.calls import call
from streamsql.plan.expressions import Call, Column, Expression
from streamsql.plan.limits import check_joined, check_relation
from streamsql.plan.monotonic import TIME
from streamsql.plan.nodes import AsOfJoin, Join, JoinKind, JoinWindow, Lookup, Schema, Table
from streamsql.plan.scope import Entry, Relation, Scope
from streamsql.record import record, replace
from streamsql.sql import nodes, span_of
from streamsql.types import ROWTIME

_MIRRORED: dict[str, JoinKind] = {"INNER": "INNER", "LEFT": "RIGHT", "RIGHT": "LEFT", "FULL": "FULL"}


def bind_from(binder: SourceBinder, item: Any) -> From:
    """A whole FROM clause. Raises NAM-005 for an alias used twice."""
    if not isinstance(item, nodes.Join):
        if item.args.get("window") is not None:
            raise BindError(
                "a window after a stream needs a join",
                code="STR-010",
                span=span_of(item),
                hint="put OVER behind an aggregate",
            )
        return binder.bind(item)
    bound = _Joiner(binder, item).bind()
    check_joined(len(bound.relations), span_of(item))
    names = [relation.name for relation in bound.relations if relation.name]
    for name in names:
        if names.count(name) > 1:
            raise BindError(
                f'"{name}" stands twice in FROM', code="NAM-005", span=span_of(item), hint="give each an alias"
            )
    return bound


@record(frozen=False)
class _Joiner:
    """One JOIN of two from-items."""

    binder: SourceBinder
    item: Any

    def bind(self) -> From:
        item = self.item
        left, right = (
            bind_from(self.binder, side) if isinstance(side, nodes.Join) else self.binder.bind(side)
            for side in (item.this, item.expression)
        )
        kind: JoinKind = item.args["kind"] if item.args["kind"] not in ("CROSS", "COMMA") else "INNER"
        if item.args.get("asof"):
            return self._as_of(left, right, kind)
        for side, found in ((item.this, left), (item.expression, right)):
            if found.finite and side.args.get("window") is not None:
                raise BindError("a reference table takes no window", code="STR-010", span=span_of(side))
        if left.finite is right.finite:
            return self._streams(left, right, kind)
        if left.finite:
            return self._lookup(right, left, _MIRRORED[kind], table_first=True)
        return self._lookup(left, right, kind, table_first=False)

    # --- stream to table -----------------------------------------------------------------------------------

    def _lookup(self, stream: From, table: From, kind: JoinKind, *, table_first: bool) -> From:
        if kind in ("RIGHT", "FULL"):
            name = f' "{table.node.table}"' if isinstance(table.node, Table) else ""
            raise BindError(
                f"this outer join would keep unmatched rows of table{name}",
                code="STR-012",
                span=span_of(self.item),
                hint="only the stream's side can be kept",
            )
        width = len(stream.node.schema)
        nullable = kind == "LEFT"
        columns = _outer(table.node.schema[1:], nullable)
        moved = tuple(_nullable(relation.shifted(width - 1), nullable) for relation in table.relations)
        relations = (*moved, *stream.relations) if table_first else (*stream.relations, *moved)
        relations, conditions = self._merged(relations, stream.relations, moved, kind)
        keys, rest = self._condition(Scope(relations), conditions, width, 0)
        node = Lookup((*stream.node.schema, *columns), stream.node, table.node, kind, keys, rest)
        return From(node, relations)

    # --- stream to stream ----------------------------------------------------------------------------------

    def _streams(self, left: From, right: From, kind: JoinKind) -> From:
        """Two streams, or two finite relations: their rows are all of one ROWTIME, so all of them meet."""
        item, first, second = self.item, left.node, right.node
        windows = [self._window(side) for side in (item.this, item.expression)]
        width = 1 + len(first.schema)
        schema = (
            ROWTIME,
            *_outer(first.schema, kind in ("RIGHT", "FULL")),
            *_outer(second.schema, kind in ("LEFT", "FULL")),
        )
        sides = (
            tuple(_nullable(relation.shifted(1), kind in ("RIGHT", "FULL")) for relation in left.relations),
            tuple(_nullable(relation.shifted(width), kind in ("LEFT", "FULL")) for relation in right.relations),
        )
        if kind == "INNER":
            sides = (_timed(sides[0], windows[0]), _timed(sides[1], windows[1]))
        relations, conditions = self._merged((*sides[0], *sides[1]), sides[0], sides[1], kind)
        keys, rest = self._condition(Scope(relations), conditions, width, 1)
        if windows == [None, None] and not left.finite:
            self.binder.catalog.warn(
                "neither side of this join has a window, so only rows of equal ROWTIME meet",
                span_of(item),
                "STR-011",
            )
        node = Join(schema, first, second, kind, keys, rest, windows[0], windows[1])
        if left.finite:
            check_relation(node, span_of(item))
        return From(node, relations, finite=left.finite)

    def _as_of(self, left: From, right: From, kind: JoinKind) -> From:
        item, first, second = self.item, left.node, right.node
        self.binder.catalog.extension("ASOF JOIN", "SYN-001", span_of(item))
        if left.finite or right.finite:
            raise BindError("ASOF JOIN needs a stream on both sides", code="STR-013", span=span_of(item))
        if kind not in ("INNER", "LEFT") or any(side.args.get("window") for side in (item.this, item.expression)):
            raise UnsupportedError(
                "ASOF JOIN takes no windows, and only LEFT as an outer join", span=span_of(item)
            )
        width, nullable = 1 + len(first.schema), kind == "LEFT"
        schema = (ROWTIME, *first.schema, *_outer(second.schema, nullable))
        sides = (
            _timed(tuple(relation.shifted(1) for relation in left.relations), None),
            tuple(_nullable(relation.shifted(width), nullable) for relation in right.relations),
        )
        relations, conditions = self._merged((*sides[0], *sides[1]), sides[0], sides[1], kind)
        match = item.args.get("match_condition")
        if match is not None:
            conditions = [
                *conditions,
                ExpressionBinder(Scope(relations), self.binder.catalog, "ON").condition(match),
            ]
        keys, rest = self._condition(Scope(relations), conditions, width, 1)
        for part in conjuncts(rest) if rest is not None else ():
            if not _not_after(part, width):
                raise UnsupportedError(
                    "ASOF JOIN takes equalities and left.ROWTIME >= right.ROWTIME", span=part.span or span_of(item)
                )
        return From(AsOfJoin(schema, first, second, kind, keys), relations)

    def _window(self, side: Any) -> JoinWindow | None:
        window = side.args.get("window")
        if window is None:
            return None
        binder = ExpressionBinder(Scope(()), self.binder.catalog, "a window", windows=self.binder.windows)
        spec = resolve_window(binder, window)
        if spec.partition_by:
            raise BindError(
                "PARTITION BY is not allowed in the window of a join",
                code="STR-010",
                span=span_of(spec.partition_by[0]),
            )
        if spec.frame is None:
            raise BindError("the window of a join needs RANGE or ROWS", code="STR-010", span=span_of(window))
        frame = spec.frame
        rows = frame.args["unit"] == "ROWS"
        start, end = frame.args["start"], frame.args.get("end")
        if start.args["kind"] == "FOLLOWING" and end is None and not rows:
            return JoinWindow(False, 0, size(binder, frame, start.this, rows=False))
        following = 0
        if end is not None and end.args["kind"] == "FOLLOWING" and not rows:
            following = size(binder, frame, end.this, rows=False)
        elif end is not None and end.args["kind"] != "CURRENT ROW":
            raise illegal(frame, "it must end at CURRENT ROW or an INTERVAL FOLLOWING")
        preceding = bound_size(binder, frame, start, rows=rows)
        if preceding is None:
            raise illegal(frame, "a join cannot keep all rows; give RANGE INTERVAL … PRECEDING")
        return JoinWindow(rows, preceding, following)

    # --- conditions ----------------------------------------------------------------------------------------

    def _merged(
        self,
        relations: tuple[Relation, ...],
        left: tuple[Relation, ...],
        right: tuple[Relation, ...],
        kind: JoinKind,
    ) -> tuple[tuple[Relation, ...], list[Expression]]:
        """The equalities of USING and NATURAL, and the relations with the shared columns once, first."""
        names = [name.this for name in self.item.args.get("using") or []]
        if self.item.args.get("natural"):
            names = [
                e.column.name
                for r in left
                for e in r.entries
                if Scope(right).relations and _has(right, e.column.name)
            ]
        if not names:
            return relations, []
        if kind == "FULL":
            raise UnsupportedError(
                "USING with FULL JOIN is not supported", span=span_of(self.item), hint="write ON"
            )
        pairs = [
            (Scope(left).column(name, span_of(self.item)), Scope(right).column(name, span_of(self.item)))
            for name in names
        ]
        shown = [pair[1 if kind == "RIGHT" else 0] for pair in pairs]
        hidden = {entry.index for pair in pairs for entry in pair}
        once = Relation("", tuple(shown))
        rest = tuple(
            replace(
                relation,
                entries=tuple(
                    replace(e, starred=False, merged=True) if e.index in hidden else e for e in relation.entries
                ),
            )
            for relation in relations
        )
        return (once, *rest), [call("=", (a.expression(), b.expression()), span_of(self.item)) for a, b in pairs]

    def _condition(
        self, scope: Scope, conditions: list[Expression], width: int, offset: int
    ) -> tuple[tuple[tuple[Expression, Expression], ...], Expression | None]:
        """The join's condition as pairs of equal expressions (one per side's own row) and the rest.

        Columns from `width` on belong to the right side; `offset` is where the left side's begin.
        """
        on = self.item.args.get("condition")
        if on is not None:
            binder = ExpressionBinder(scope, self.binder.catalog, "ON", queries=self.binder.queries)
            conditions = [*conditions, binder.condition(on)]
        keys, rest = [], []
        for part in (part for condition in conditions for part in conjuncts(condition)):
            pair = equal_sides(part, width, offset)
            if pair is None:
                rest.append(part)
            else:
                keys.append((moved(pair[0], -offset), moved(pair[1], -width)))
        return tuple(keys), all_of(rest)


def _not_after(part: Expression, width: int) -> bool:
    """Whether a condition only says what ASOF means: the right row's ROWTIME is not above the left's."""
    if not isinstance(part, Call) or part.function not in (">=", "<="):
        return False
    left, right = part.args if part.function == ">=" else reversed(part.args)
    return isinstance(left, Column) and left.index in (0, 1) and isinstance(right, Column) and right.index == width


def _has(relations: tuple[Relation, ...], name: str) -> bool:
    return any(entry.column.name == name for relation in relations for entry in relation.entries)


def _outer(schema: Schema, nullable: bool) -> Schema:
    return tuple(replace(column, nullable=column.nullable or nullable) for column in schema)


def _nullable(relation: Relation, nullable: bool) -> Relation:
    def entry(old: Entry) -> Entry:
        return replace(old, column=replace(old.column, nullable=old.column.nullable or nullable))

    return replace(
        relation,
        entries=tuple(entry(old) for old in relation.entries),
        rowtime=relation.rowtime and entry(relation.rowtime),
    )


def _timed(relations: tuple[Relation, ...], window: JoinWindow | None) -> tuple[Relation, ...]:
    """A side without a window takes part with its current row, so its ROWTIME is that of the pair."""
    if window is not None or len(relations) != 1 or relations[0].rowtime is None:
        return relations
    return (replace(relations[0], rowtime=replace(relations[0].rowtime, progress=TIME)),)
