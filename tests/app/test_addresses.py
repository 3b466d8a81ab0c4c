"""Arrow data of others may lie anywhere in memory: files keep columns 8 bytes apart, NumPy views begin at any byte."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from streamsql.app.application import Application

SQL = """
CREATE STREAM "ALL" ("I" INTEGER, "B" BIGINT, "D" DOUBLE, "E" DECIMAL(10,2), "T" VARCHAR(100), "X" DOUBLE);
CREATE PUMP p1 AS INSERT INTO "ALL" SELECT STREAM "I", "B", "D", "E", "T", "D" * "I" FROM "IN" WHERE "B" > 2;
CREATE STREAM "SOME" ("E" DECIMAL(10,2));
CREATE PUMP p2 AS INSERT INTO "SOME" SELECT STREAM "E" FROM "IN" WHERE "T" LIKE 't%' AND "E" > 1.5;
CREATE STREAM "SUMS" ("E" DECIMAL(19,2), "N" BIGINT);
CREATE PUMP p3 AS INSERT INTO "SUMS" SELECT STREAM SUM("E"), SUM("I") FROM "IN"
GROUP BY STEP("IN".ROWTIME BY INTERVAL '1' MINUTE);
"""
ROWS = 300


def moved(array: pa.Array, by: int) -> pa.Array:
    """The array with its buffers `by` bytes behind an address that all types can begin at."""
    buffers = []
    for buffer in array.buffers():
        if buffer is not None:
            memory = np.zeros(buffer.size + 128, np.uint8)
            begin = -memory.ctypes.data % 64 + by
            memory[begin : begin + buffer.size] = np.frombuffer(buffer, np.uint8)
            buffer = pa.py_buffer(memory[begin : begin + buffer.size])
        buffers.append(buffer)
    return pa.Array.from_buffers(array.type, len(array), buffers)


def results(columns: dict[str, pa.Array]) -> list[object]:
    app = Application(SQL, {"IN": pa.schema([(n, c.type) for n, c in columns.items()])}, clock=lambda: 0)
    batch = pa.RecordBatch.from_pydict(columns)
    for piece in (batch, batch.slice(3, 20)):
        app.feed("IN", piece)
    app.finish()
    return [app.read(stream).to_pydict() for stream in (*app.streams, "ERROR_STREAM")]


@pytest.mark.parametrize("by", [1, 4, 8])
def test_rows_at_any_address(by: int) -> None:
    numbers = range(ROWS)
    columns = {
        "I": pa.array([n % 7 if n % 5 else None for n in numbers], pa.int32()),
        "B": pa.array([n % 4 for n in numbers], pa.int64()),
        "D": pa.array([n / 8 for n in numbers]),
        "E": pa.array([Decimal(n) / 100 for n in numbers], pa.decimal128(10, 2)),
        "T": pa.array(["t" * (n % 9) for n in numbers]),
    }
    expected = results(columns)
    assert results({name: moved(column, by) for name, column in columns.items()}) == expected
