"""Which columns a name can mean, here.

A scope lists the relations of a FROM clause; each says at which position of the plan node's rows its columns
stand, and how they move in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streamsql.errors import BindError, Span, nearest
from streamsql.plan.expressions import Column
from streamsql.plan.monotonic import TIME, Progress
from streamsql.record import record, replace
from streamsql.types import Column as ColumnType
from streamsql.types import Kind


@record
class Entry:
    """One column of a relation: where it stands, and whether `*` shows it.

    `merged`: the column is the same as one of another relation (USING), so only a qualified name means it.
    """

    index: int
    column: ColumnType
    starred: bool = True
    merged: bool = False
    progress: Progress | None = None

    def expression(self, span: Span | None = None) -> Column:
        """The plan expression that reads this column."""
        return Column(self.column.type, self.index, self.column.name, nullable=self.column.nullable, span=span)


@record
class Relation:
    """One item of FROM. `rowtime` is the position of its own ROWTIME; None for a table. `window` is the name after
    OVER: published programs use it as an alias where there is none."""

    name: str
    entries: tuple[Entry, ...]
    rowtime: Entry | None = None
    window: str = ""

    def find(self, name: str) -> Entry | None:
        """The entry called `name`, if there is one; ROWTIME is found as the relation's own time."""
        if name == "ROWTIME" and self.rowtime is not None:
            return self.rowtime
        return next((entry for entry in self.entries if entry.column.name == name), None)

    def shifted(self, offset: int) -> Relation:
        """The same relation with all positions moved by `offset` and no promises about time."""
        move = [replace(entry, index=entry.index + offset, progress=None) for entry in self.entries]
        rowtime = self.rowtime and replace(self.rowtime, index=self.rowtime.index + offset, progress=None)
        return Relation(self.name, tuple(move), rowtime, self.window)


@record
class Scope:
    """The relations that names are looked up in, and what is known of the movement of the node's columns."""

    relations: tuple[Relation, ...]

    @property
    def streams(self) -> int:
        """How many of the relations are streams."""
        return sum(relation.rowtime is not None for relation in self.relations)

    @property
    def progresses(self) -> dict[int, Progress]:
        """What is known of the movement of each position of the row; position 0 is the row's own ROWTIME."""
        known = {0: TIME}
        for entry in self.entries():
            if entry.progress is not None:
                known[entry.index] = entry.progress
        return known

    def entries(self) -> Iterator[Entry]:
        """Every column of every relation, ROWTIMEs included."""
        for relation in self.relations:
            if relation.rowtime is not None:
                yield relation.rowtime
            yield from relation.entries

    def relation(self, name: str) -> Relation | None:
        """The relation known here by `name`."""
        named = (relation for relation in self.relations if relation.name == name)
        windowed = (relation for relation in self.relations if relation.window == name)
        return next(named, None) or next(windowed, None)

    def column(self, name: str, span: Span | None) -> Entry:
        """The only column called `name`. Raises BindError NAM-002 or NAM-003."""
        found = [entry for relation in self.relations if (entry := relation.find(name)) and not entry.merged]
        if len({entry.index for entry in found}) > 1:
            tables = ", ".join(relation.name or "a subquery" for relation in self.relations if relation.find(name))
            raise BindError(
                f'column "{name}" is ambiguous: it is in {tables}',
                code="NAM-003",
                span=span,
                hint=f"write {self.relations[0].name or 'alias'}.{_quoted(name)}",
            )
        if not found:
            raise self.unknown(name, self.relations, span)
        return found[0]

    def unknown(self, name: str, relations: Sequence[Relation], span: Span | None) -> BindError:
        """NAM-002 for `name`, saying what there is."""
        names = [entry.column.name for relation in relations for entry in relation.entries]
        where = f" in {relations[0].name}" if len(relations) == 1 and relations[0].name else ""
        has = ", ".join([*names[:12], *(["…"] if len(names) > 12 else [])])
        guess = nearest(name, [*names, "ROWTIME"])
        hint = f"did you mean {_quoted(guess)}?" if guess else ""
        if guess and guess.upper() == name.upper():
            hint = f"write {_quoted(guess)}: a name without quotes means {guess.upper()}"
        return BindError(
            f'unknown column "{name}"{where} (has {has or "no columns"})', code="NAM-002", span=span, hint=hint
        )


def is_row(entry: Entry) -> bool:
    """Whether the column holds row values, whose fields are reached with one more dot."""
    return entry.column.type.kind is Kind.ROW


def _quoted(name: str) -> str:
    plain = name.isidentifier() and name == name.upper()
    return name if plain else '"' + name.replace('"', '""') + '"'
