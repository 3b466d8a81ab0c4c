"""A million records that are almost right, some of them wrong: the decoder gives what its slow twin gives.

So every record is a row or a reject, a bad one costs its line and nothing else, and no pieces change that.
`STREAMSQL_RECORDS=1000000` says how many; the usual number takes some seconds.
"""

from __future__ import annotations

import gc
import importlib.util
import math
import os
import resource
import sys
import time
from functools import partial
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from streamsql.io.format import InputSchema
from streamsql.io.formats import decoder

RECORDS = int(os.environ.get("STREAMSQL_RECORDS", "20000"))
LINES = 25
PARTS = 2


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


HERE = Path(__file__).parent
slow = load(HERE.parent / "io/formats/slow_decoder.py")
records = load(HERE / "records.py")


def decoded(
    schema: InputSchema, pieces: list[bytes], limit: int, times: list[float]
) -> tuple[list[Any], list[Any], int]:
    """Rows, rejects, records; the seconds that each piece takes are added to `times`."""
    made = decoder(schema, max_record=limit)
    results = []
    for step in [*(partial(made.feed, piece) for piece in pieces), made.finish]:
        gc.disable()  # what else lives in this process is not looked through while a piece is timed
        begin = time.process_time()
        results.append(step())
        times.append(time.process_time() - begin)
        gc.enable()
    rows: list[Any] = []
    rejects: list[Any] = []
    total = 0
    for result in results:
        result.batch.validate(full=True)
        for reject in result.rejects:
            message = None if reject.name == "Parse error" else reject.message
            rejects.append((len(rows) + reject.before, reject.record, reject.name, message))
        rows += [tuple(row.values()) for row in result.batch.to_pylist()]
        total += result.records
    return rows, rejects, total


def signed(rows: list[Any]) -> list[Any]:
    """Rows in which -0.0 and 0.0 differ, and 1 and True."""
    return [[(v, math.copysign(1, v)) if isinstance(v, float) else (v, type(v)) for v in row] for row in rows]


@pytest.mark.parametrize("part", range(PARTS))
def test_records_like_the_twin(part: int) -> None:
    done = used = 0
    longest = 0.0
    peaks: list[int] = []
    for number in count(part, PARTS):
        schema, data, pieces, limit = records.case(number, LINES)
        times: list[float] = []
        rows, rejects, total = decoded(schema, pieces, limit, times)
        longest = max(longest, *times)
        assert total == len(rows) + len(rejects), number
        read = slow.decode_json if schema.format == "JSON" else slow.decode_csv
        expected = read(data, schema, limit)
        assert signed(rows) == signed(expected.rows), number
        assert rejects == expected.rejects, number
        assert total == expected.records, number
        done, used = done + total, used + len(rows)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        if done * PARTS >= RECORDS:
            break
    assert done / 10 < used < done * 0.95, "too many of one kind"
    grown = peaks[-1] - peaks[len(peaks) // 10]
    print(
        f"{done} records, {used} rows; the longest piece took {longest * 1000:.1f} ms; memory grew by {grown} MB"
    )
    assert grown < 32 or "ASAN_OPTIONS" in os.environ  # which keeps what was freed
