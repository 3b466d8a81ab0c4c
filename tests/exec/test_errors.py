"""The error stream against a slow twin: tuples that are sorted."""

import datetime
import random
from collections import Counter

import pytest

from streamsql.errors import StateError
from streamsql.exec import errors
from streamsql.exec.errors import Errors, ErrorStream
from streamsql.exec.operator import END_OF_TIME

MOST = 5 * 600
EPOCH = datetime.datetime(1970, 1, 1)
MILLISECOND = datetime.timedelta(milliseconds=1)


class Twin:
    """Errors one by one: those of a ROWTIME and writer take 512 bytes, the record in hex, and the message."""

    def __init__(self):
        self.waiting, self.sizes, self.more, self.number = [], Counter(), Counter(), 0

    def add(self, writer, pump, batch):
        for time, name, message, record in zip(
            batch.times, batch.names, batch.messages, batch.records, strict=True
        ):
            if self.sizes[time, writer] >= MOST:
                self.more[time, writer, pump] += 1
                continue
            self.sizes[time, writer] += 512 + 2 * len(record) + len(message)
            self.number += 1
            self.waiting.append((time, writer, self.number, name, message, record.hex().upper(), pump))

    def release(self, bound):
        counted = [
            (time, writer, 1 << 62, "Too many errors", f"{count} more rows of this ROWTIME are in error", "", pump)
            for (time, writer, pump), count in self.more.items()
            if time < bound
        ]
        ready = sorted([row for row in self.waiting if row[0] < bound] + counted)
        self.waiting = [row for row in self.waiting if row[0] >= bound]
        self.sizes = Counter({key: size for key, size in self.sizes.items() if key[0] >= bound})
        self.more = Counter({key: count for key, count in self.more.items() if key[0] >= bound})
        return [(time, *rest) for time, _, _, *rest in ready]


def released(batches):
    """(ROWTIME, name, message, data, pump) of every row."""
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert all(row["ROWTIME"] == row["ERROR_TIME"] == row["DATA_ROWTIME"] for row in rows)
    names = ("ERROR_NAME", "MESSAGE", "DATA_ROW", "PUMP_NAME")
    return [((row["ROWTIME"] - EPOCH) // MILLISECOND, *(row[name] for name in names)) for row in rows]


@pytest.mark.parametrize("seed", range(5))
def test_replayed_errors_are_those_of_the_twin(seed, monkeypatch):
    monkeypatch.setattr(errors, "MAX_WAITING", MOST)
    chance, twin, given = random.Random(seed), Twin(), []
    stream = ErrorStream(None, given.append)
    bound = 0
    for _ in range(60):
        count = chance.randint(0, 12)
        batch = Errors(
            [bound + chance.choice([0, 0, 0, 1, 7]) for _ in range(count)],
            [chance.choice(["Division by zero", "Conversion error"]) for _ in range(count)],
            ["m" * chance.randint(0, 200) for _ in range(count)],
            [b"r" * chance.randint(0, 50) for _ in range(count)],
        )
        writer = chance.randint(0, 2)
        pump = chance.choice(["P", "Q"])
        stream.add(writer, pump, batch)
        twin.add(writer, pump, batch)
        if chance.random() < 0.5:
            bound += chance.randint(0, 3)
            given.clear()
            stream.release(bound)
            assert released(given) == twin.release(bound)
        if chance.random() < 0.3:
            state = stream.snapshot()
            stream = ErrorStream(None, given.append)
            stream.restore(state)
    given.clear()
    stream.release(END_OF_TIME)
    rest = twin.release(END_OF_TIME)
    assert released(given) == rest and rest
    assert not stream.is_waiting


def test_live_errors_come_in_pieces_at_once():
    given = []
    stream = ErrorStream(lambda: 7000, given.append)
    stream.add(0, "null", Errors([1] * 2500, ["Parse error"] * 2500, ["x"] * 2500, [b"\x01\xab"] * 2500))
    assert [batch.num_rows for batch in given] == [1000, 1000, 500]
    row = given[0].to_pylist()[0]
    assert (row["DATA_ROW"], row["ERROR_LEVEL"], row["PUMP_NAME"]) == ("01AB", "ERROR", "null")
    assert row["ROWTIME"].second == 7 and row["DATA_ROWTIME"].microsecond == 1000


def test_the_state_of_another_version_is_refused(runner):
    graph = runner(
        "CREATE STREAM O (a INTEGER); CREATE PUMP p AS INSERT INTO O SELECT STREAM a FROM S;", {"S": "a INTEGER"}
    ).graph()
    state = graph.snapshot()
    with pytest.raises(StateError, match="saved state has version 2; this is version 3"):
        graph.restore({**state, "version": 2})
