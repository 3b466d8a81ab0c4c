"""Names → streams, pumps, views, functions and reference tables, as the statements of a script define them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from streamsql.errors import BindError, Span, nearest
from streamsql.plan.expressions import Expression
from streamsql.plan.limits import Growth
from streamsql.plan.nodes import Node, Notice, Pump, Schema, Sink, Source, Stream
from streamsql.record import field, record
from streamsql.types import ROWTIME, TIMESTAMP, Column, SqlType, varchar

ERROR_STREAM = "ERROR_STREAM"
SHOWN = 20  # names that an error lists

HIDDEN_COLUMNS = (
    Column("APPROXIMATE_ARRIVAL_TIME", TIMESTAMP),
    Column("PARTITION_KEY", varchar(512)),
    Column("SEQUENCE_NUMBER", varchar(128)),
    Column("SHARD_ID", varchar(64)),
    Column("PARTITION_ID", varchar(64)),
)
"""What an input stream carries besides its declared columns; not part of `*` (application page, section 2.1)."""


@record
class UserFunction:
    """A function made by CREATE FUNCTION, inlined where it is called; its body reads parameter n as `Column` n."""

    name: str
    parameters: Schema
    result: SqlType
    body: Expression
    null_on_null: bool = False
    specific: str = ""


@record
class View:
    """A view: its query as a syntax tree, bound anew wherever it is read."""

    name: str
    query: Any
    columns: tuple[str, ...] = ()


@record(frozen=False)
class Catalog:
    """What has been defined so far. `broken` are names whose definition had errors: using one is no new error."""

    streams: dict[str, Stream] = field(default_factory=dict)
    pumps: dict[str, Pump] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    tables: dict[str, Schema] = field(default_factory=dict)
    functions: dict[str, list[UserFunction]] = field(default_factory=dict)
    inserts: list[Sink] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    strict: bool = False
    growth: Growth = field(default_factory=Growth)
    _reads: dict[str, tuple[Sink, frozenset[str]]] = field(default_factory=dict)

    def extension(self, what: str, code: str, span: Span | None) -> None:
        """Note the use of a form that the service refused with `code`; under strict rules, refuse it too."""
        message = f"{what} was not supported by the service"
        if self.strict:
            raise BindError(message, code=code, span=span)
        self.notices.append(Notice("extension", message, code, span))

    def warn(self, message: str, span: Span | None, code: str = "") -> None:
        """Note something that the writer may not have meant."""
        self.notices.append(Notice("warning", message, code, span))

    def require_free(self, name: str, span: Span | None) -> None:
        """Raise NAM-006 if `name` cannot be given to a new stream or view."""
        if name.upper() == ERROR_STREAM:
            raise BindError(f"{name} is the name of the service's own stream", code="NAM-006", span=span)
        for kind, entries in self._relations():
            if name in entries:
                raise BindError(
                    f'{kind} "{name}" already exists', code="NAM-006", span=span, hint="write CREATE OR REPLACE"
                )

    def not_found(self, name: str, span: Span | None) -> BindError:
        """The error for a relation that does not exist, with the name that may have been meant."""
        names = [known for _, entries in self._relations() for known in entries]
        guess = nearest(name, names)
        hint = f'did you mean "{guess}"?' if guess else _list("there are", names)
        if guess.upper() == name.upper():
            hint = f'there is "{guess}": a name in quotes keeps its case, one without is upper case'
        return BindError(f'stream or table "{name}" does not exist', code="NAM-001", span=span, hint=hint)

    def readers(self, stream: str) -> list[str]:
        """The pumps that read or fill `stream`."""
        pumps = self.pumps.values()
        return [pump.name for pump in pumps if stream in (pump.sink.stream, *self.read_by(pump.name, pump.sink))]

    def read_by(self, pump: str, sink: Sink) -> frozenset[str]:
        """The streams that a pump reads; its plan is walked once."""
        known = self._reads.get(pump)
        if known is None or known[0] is not sink:
            self._reads[pump] = known = (sink, frozenset(sources(sink)))
        return known[1]

    def circle(self, name: str, sink: Sink, pumps: Mapping[str, Pump]) -> frozenset[str]:
        """The streams that a new pump reads and, through `pumps`, would also feed."""
        own = self.read_by(name, sink)
        reads = {key: self.read_by(key, pump.sink) for key, pump in pumps.items()}
        if sink.stream not in own and not any(sink.stream in read for read in reads.values()):
            return frozenset()  # the usual case: nobody reads the target yet
        feeds: dict[str, set[str]] = {}
        for key, read in reads.items():
            for source in read:
                feeds.setdefault(source, set()).add(pumps[key].sink.stream)
        reached: set[str] = set()
        pending = [sink.stream]
        while pending:
            stream = pending.pop()
            if stream not in reached:
                reached.add(stream)
                pending += feeds.get(stream, ())
        return own & reached

    def _relations(self) -> tuple[tuple[str, Mapping[str, object]], ...]:
        return ("stream", self.streams), ("view", self.views), ("table", self.tables)


def input_stream(name: str, columns: Sequence[Column], hidden: Sequence[str]) -> Stream:
    """An input stream with its declared columns, and of the hidden ones those named in `hidden`."""
    declared = {column.name for column in columns}
    extra = tuple(column for column in HIDDEN_COLUMNS if column.name in hidden and column.name not in declared)
    return Stream(name, (ROWTIME, *columns, *extra), is_input=True, hidden=len(extra))


def sources(node: Node) -> list[str]:
    """The names of all streams that a plan reads."""
    own = [node.stream] if isinstance(node, Source) else []
    return own + [name for child in node.inputs for name in sources(child)]


def _list(start: str, names: Sequence[str]) -> str:
    shown = [*sorted(names)[:SHOWN], *(["…"] if len(names) > SHOWN else [])]
    return f"{start} {', '.join(shown)}" if names else ""
