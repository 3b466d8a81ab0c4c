"""What came in and cannot be used: when it is reported, at which time and in which order (C-163)."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from streamsql import types
from streamsql.app.intake import Feed, Intake
from streamsql.app.rowtime import ArrivalTimes
from streamsql.io.format import Reject
from streamsql.plan.nodes import Stream

COLUMNS = (types.ROWTIME, types.Column("T", types.parse_type("BIGINT")))
Piece = int | str | None
"""What comes: a row with that ROWTIME, one that has none, or a record of that text, which gives no row."""
Report = tuple[str, int, str]
"""An error: its stream, its time, and its record."""


class Listener:
    """An intake that replays some inputs of one BIGINT column T, its ROWTIME, and all that it reported."""

    def __init__(self, streams: Sequence[str] = "S") -> None:
        self._streams = streams
        self.reports: list[Report] = []
        self.intake = self._new()

    def _new(self) -> Intake:
        feeds = [Feed(Stream(name, COLUMNS, is_input=True), "T") for name in self._streams]
        return Intake(feeds, ArrivalTimes(lambda: 0), 0, lambda *_: None, lambda *_: None, self._heard)

    def _heard(self, stream: str, errors: Sequence[tuple[object, ...]]) -> None:
        self.reports += [(stream, error[0], error[3].decode()) for error in errors]  # type: ignore[attr-defined,misc]

    def take(self, pieces: Sequence[Piece], number: int = 0) -> None:
        """One batch of what comes."""
        rows = [piece for piece in pieces if not isinstance(piece, str)]
        rejects = [
            Reject(sum(not isinstance(other, str) for other in pieces[:place]), piece.encode(), "Parse error", "")
            for place, piece in enumerate(pieces)
            if isinstance(piece, str)
        ]
        self.intake.take(number, pa.record_batch({"T": pa.array(rows, pa.int64())}), rejects)

    def restart(self) -> None:
        """Go on in another intake."""
        state, self.intake = self.intake.snapshot(), self._new()
        self.intake.restore(state)


CASES: dict[str, tuple[list[Piece], list[Report]]] = {
    "before the first row": (["x", "y", 10, 20], [("S", 10, "x"), ("S", 10, "y")]),
    "after a row": ([10, "x", 20, "y"], [("S", 10, "x"), ("S", 20, "y")]),
    "after a row that is late": ([30, 20, "x", 40], [("S", 30, '{"T":20}'), ("S", 30, "x")]),
    "before a first row that is followed by a late one": (["x", 30, 20], [("S", 30, "x"), ("S", 30, '{"T":20}')]),
    "before a row without a ROWTIME": (
        [10, "x", None, "y"],
        [("S", 10, "x"), ("S", 10, '{"T":null}'), ("S", 10, "y")],
    ),
    "before a first row without a ROWTIME": (["x", 10, None], [("S", 10, "x"), ("S", 10, '{"T":null}')]),
}


@pytest.mark.parametrize("size", [1, 2, 9])
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_errors_stand_where_their_records_stood(case: str, size: int, restart: bool) -> None:
    """In whatever pieces they come: at the time of the newest row before them, or else of the first row."""
    pieces, expected = CASES[case]
    listener = Listener()
    for start in range(0, len(pieces), size):
        listener.take(pieces[start : start + size])
        if restart:
            listener.restart()
    assert listener.reports == expected
    listener.intake.drain()
    assert listener.reports == expected, "each of them once"


@pytest.mark.parametrize("first", [[10], [10, "y"], [10, None], [10, 5]])
def test_records_before_the_first_row_are_reported_with_it_and_not_before(first: list[Piece]) -> None:
    """Whatever else comes with the first row; nobody knows a time for them until then."""
    listener = Listener()
    listener.take(["x"])
    assert listener.reports == []
    listener.take(first)
    assert listener.reports[0] == ("S", 10, "x")
    assert [report for report in listener.reports if report[2] == "x"] == [("S", 10, "x")]


def test_records_of_an_input_without_rows_are_reported_at_its_end() -> None:
    """At the beginning of time, 1970-01-01."""
    listener = Listener()
    listener.take(["x", "y"])
    listener.intake.drain()
    assert listener.reports == [("S", 0, "x"), ("S", 0, "y")]


@pytest.mark.parametrize("first", [[10], [10, 5]])
def test_each_input_waits_for_its_own_first_row(first: list[Piece]) -> None:
    listener = Listener("ST")
    listener.take(["x"], 0)
    listener.take(["y"], 1)
    listener.take(first, 1)
    assert listener.reports[0] == ("T", 10, "y")
    assert "x" not in [record for *_, record in listener.reports]
    listener.take([7], 0)
    assert listener.reports[-1] == ("S", 7, "x")
