"""The plan: frozen nodes that describe, and never act.

Every batch of a stream has ROWTIME (timestamp in ms, never null) as its column 0, so `schema[0]` of a stream
node is `types.ROWTIME`. A node's expressions address the columns of its input by position.

A finite plan has `Table` and `Values` at its leaves and the same nodes above them: a relation is a stream that is
at its end, all of whose rows have the same ROWTIME.
"""

from __future__ import annotations

from typing import Any, Literal

from streamsql.errors import Span
from streamsql.plan.expressions import AggregateCall, Expression, WindowCall
from streamsql.plan.windows import Tumbling, Window
from streamsql.record import field, record
from streamsql.types import Column

Schema = tuple[Column, ...]
JoinKind = Literal["INNER", "LEFT", "RIGHT", "FULL"]


@record
class Node:
    """Base: `schema` is what the node produces."""

    schema: Schema

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes this one reads, in port order."""
        return ()


@record
class Source(Node):
    """All rows of the in-application stream `stream`, in its order."""

    stream: str


@record
class Table(Node):
    """The rows of the reference table `table`, all with the same ROWTIME: the leaf of a finite plan."""

    table: str


@record
class Values(Node):
    """Constant rows (no ROWTIME in `rows`): a leaf of a finite plan, or produced once when the application starts,
    at the start time."""

    rows: tuple[tuple[Expression, ...], ...]


@record
class Unary(Node):
    """Base of the nodes with one input."""

    input: Node

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.input,)


@record
class Filter(Unary):
    """Rows for which `condition` is TRUE; a row whose condition fails is rejected."""

    condition: Expression


@record
class Project(Unary):
    """One expression per output column; the first gives ROWTIME.

    `retimed`: the first is an `AS ROWTIME` item; then a row earlier than the last one is rejected (RUN-004),
    and the node's bound is its last row's time.
    """

    expressions: tuple[Expression, ...]
    retimed: bool = False


@record
class Aggregate(Unary):
    """GROUP BY. Output: ROWTIME, `keys`, `aggregates`, one row per group when its window closes.

    Tumbling: groups are `keys` within a period, `window.value` is usually among the keys. Stagger, Hopping,
    Session: windows per `keys`. Order: groups of one period by first appearance; several windows that close
    together by end time, then by opening. A row whose key or argument fails is rejected and in no group.
    """

    window: Window
    keys: tuple[Expression, ...]
    aggregates: tuple[AggregateCall, ...]


@record
class Over(Unary):
    """Sliding windows. Output: the input's columns, then one per call; one row out per row in, at once."""

    calls: tuple[WindowCall, ...]


@record
class SortKey:
    """One ORDER BY item over the input row; nulls are largest unless said otherwise."""

    expression: Expression
    descending: bool = False
    nulls_first: bool = False


@record
class Sort(Unary):
    """ORDER BY on a stream: rows are gathered while `period.value` stays, then sorted stably by `keys`.

    `keep_rowtime`: rows keep their own ROWTIME (the period is ROWTIME itself, or the input is a GROUP BY on
    the same period); else they get `period.end`.
    """

    period: Tumbling
    keys: tuple[SortKey, ...]
    keep_rowtime: bool


@record
class Reorder(Unary):
    """ORDER BY time WITHIN delay (extension): the rows in the order of column `time`, which becomes ROWTIME. A row
    waits until one has come that is `delay` ms later; one that is too early for that is rejected (RUN-004)."""

    time: int
    delay: int


@record
class Distinct(Unary):
    """SELECT DISTINCT: the first of rows with equal `compared` columns (nulls equal), at once; memory is cleared
    when column `monotonic` (0: ROWTIME) changes. ROWTIME, selected or not, is never compared."""

    monotonic: int
    compared: tuple[int, ...]


@record
class TableCall(Unary):
    """`TABLE(function(CURSOR(input), arguments …))`: the input's columns, then the function's own.

    `arguments` are Python constants in the order of the function's signature, defaults filled in;
    `partition_by` are input columns that split the state (extension).
    """

    function: str
    arguments: tuple[Any, ...]
    partition_by: tuple[int, ...] = ()


@record
class JoinWindow:
    """How long a row of one side can meet later rows of the other: RANGE in ms, or the last `preceding`+1 ROWS;
    `following`: the other side's row waits that many ms for this side."""

    rows: bool
    preceding: int
    following: int = 0


@record
class Join(Node):
    """Stream to stream (section 10.2). Output: ROWTIME of the pair, then the left's columns, then the right's,
    both with their own ROWTIME. A side without a window takes part with its current row only.

    `keys` are pairs of equal expressions (left row, right row) used for hashing; `condition` is the rest of ON
    over the output columns (None: always true).
    """

    left: Node
    right: Node
    kind: JoinKind
    keys: tuple[tuple[Expression, Expression], ...]
    condition: Expression | None
    left_window: JoinWindow | None
    right_window: JoinWindow | None

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@record
class AsOfJoin(Node):
    """Each row of the left with the last row of the right that has equal `keys` and a ROWTIME not above its own
    (extension). Output as for Join, with the left row's ROWTIME; kind LEFT keeps rows that find nothing."""

    left: Node
    right: Node
    kind: JoinKind
    keys: tuple[tuple[Expression, Expression], ...]

    @property
    def inputs(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@record
class Limit(Unary):
    """The first `count` rows after the first `offset` ones, over the whole life of the stream (extension)."""

    count: int | None
    offset: int = 0


@record
class Lookup(Unary):
    """Stream to the rows of a finite plan (section 10.1). Output: the stream's columns, then those of `relation`
    without ROWTIME. `keys` are pairs of expressions, over the stream's row and over the relation's columns without
    ROWTIME; `condition` is over the output."""

    relation: Node
    kind: JoinKind
    keys: tuple[tuple[Expression, Expression], ...]
    condition: Expression | None


@record
class Union(Node):
    """UNION ALL: rows of all inputs merged by ROWTIME, ties in input order."""

    sources: tuple[Node, ...]

    @property
    def inputs(self) -> tuple[Node, ...]:
        return self.sources


@record
class Sink(Unary):
    """Rows go to the in-application stream `stream`; `schema` is the stream's own. A null in a column that is not
    nullable rejects the row (RUN-005)."""

    stream: str


@record
class Stream:
    """An in-application stream. `is_input`: it is fed from outside. `schema` starts with ROWTIME.

    `hidden` columns (arrival time, shard …) come after the declared ones and are not part of `*`.
    """

    name: str
    schema: Schema
    is_input: bool = False
    hidden: int = 0
    description: str = ""
    defaults: tuple[Expression | None, ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Pump:
    """A continuously running INSERT … SELECT. `running` is its state at start."""

    name: str
    sink: Sink
    running: bool = True
    description: str = ""


@record
class Notice:
    """A remark for the person: kind "warning", or "extension" for a form that the service refused (`code`)."""

    kind: Literal["warning", "extension"]
    message: str
    code: str = ""
    span: Span | None = None


@record
class Application:
    """Everything a SQL script defines. `inserts` are top-level INSERT … VALUES, run once at start."""

    streams: tuple[Stream, ...]
    pumps: tuple[Pump, ...]
    inserts: tuple[Sink, ...] = ()
    tables: tuple[tuple[str, Schema], ...] = ()
    notices: tuple[Notice, ...] = ()
