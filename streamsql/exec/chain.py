"""WHERE, select list and INSERT, as most pumps end: where nothing goes wrong, one call of a kernel does it all."""

from __future__ import annotations

from collections.abc import Sequence

from streamsql.exec.operators.filter import Filter
from streamsql.exec.operators.project import Project
from streamsql.exec.operators.sink import Sink
from streamsql.exec.stage import Emit, Stage
from streamsql.kernels.batches import Rows
from streamsql.kernels.programs import Insertion


class Chain:
    """The way through the `stages` of a filter, if there is one, a select list and a sink, for rows that none of
    them rejects. Other rows go from stage to stage. Either way the stages count them."""

    def __init__(self, stages: Sequence[Stage], insertion: Insertion, emit: Emit) -> None:
        """`stages` in the order in which rows pass; `emit` takes what the last one puts out."""
        self._stages = stages
        self._filter = stages[0].operator if isinstance(stages[0].operator, Filter) else None
        self._insertion = insertion
        self._emit = emit

    def push(self, port: int, batch: Rows) -> None:
        """Give the first stage rows, and pass on what the last one releases."""
        inserted = self._insertion.rows(batch)
        if inserted is None:
            self._stages[0].push(port, batch)
            return
        self._count(batch.num_rows, inserted.num_rows)
        if inserted.num_rows:
            self._emit(inserted)

    def _count(self, came: int, passed: int) -> None:
        if self._filter is not None and passed < came:
            self._filter.dropped(came - passed)
        for stage in self._stages:
            stage.counts.rows_in += came
            stage.counts.rows_out += passed
            came = passed

    def watermark(self, port: int, time: int) -> None:
        """Tell the first stage how far time has come."""
        self._stages[0].watermark(port, time)


def chained(stages: Sequence[Stage], emit: Emit) -> Chain | None:
    """The chain of all stages of a pump so far, which are in the order sink, select list, filter; None: they are
    none, or not all computed by programs. `emit` takes what the sink releases."""
    sink, project, filter_ = ([stage.operator for stage in stages[:3]] + [None, None])[:3]
    if len(stages) > 3 or not isinstance(sink, Sink) or not isinstance(project, Project):
        return None
    if filter_ is not None and not (isinstance(filter_, Filter) and filter_.program is not None):
        return None
    select = project.select_list(sink.schema)
    if select is None or any(stage.gate is not None for stage in stages):
        return None
    condition = filter_.program if isinstance(filter_, Filter) else None
    insertion = sink.insertion(condition, select)
    return None if insertion is None else Chain(stages[::-1], insertion, emit)
