"""Encoders, against Python's json and csv, pyarrow's readers, and tables written by hand."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
import struct
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from streamsql.errors import ConfigError
from streamsql.io.formats import FORMATS, encoder

SCHEMA = pa.schema(
    [
        ("b", pa.bool_()),
        ("t", pa.int8()),
        ("i", pa.int64()),
        ("d", pa.decimal128(19, 4)),
        ("f", pa.float64()),
        ('s"é', pa.string()),
        ("x", pa.binary()),
        ("day", pa.date32()),
        ("at", pa.time32("ms")),
        ("ts", pa.timestamp("ms")),
    ]
)
MOMENTS = st.datetimes().map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
VALUES = (
    st.booleans(),
    st.integers(-128, 127),
    st.integers(-(2**63), 2**63 - 1),
    st.decimals(Decimal("-999999999999999.9999"), Decimal("999999999999999.9999"), places=4),
    st.one_of(st.floats(), st.decimals(-(10**6), 10**6, places=2).map(float)),
    st.text(max_size=40),
    st.binary(max_size=10),
    st.dates(),
    MOMENTS.map(dt.datetime.time),
    MOMENTS,
)
ROWS = st.lists(st.tuples(*(st.one_of(st.none(), value) for value in VALUES)), max_size=6)


def batch_of(rows: list[tuple[Any, ...]], schema: pa.Schema = SCHEMA) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else [[] for _ in schema]
    arrays = [pa.array(list(column), field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def encoded(format: str, batches: list[pa.RecordBatch], **options: Any) -> bytes:
    made = encoder(format, batches[0].schema, **options)
    return made.start() + b"".join(made.encode(batch) for batch in batches) + made.finish()


def plain(value: Any) -> Any:
    """A value as the text formats write it: what json.dumps should be given."""
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return f"{value:.4f}" if value else "0.0000"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, dt.time):
        return value.isoformat("seconds")
    return value.isoformat() if isinstance(value, dt.date) else value


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, cut=st.integers(0, 6))
def test_json_is_what_python_writes(rows: list[tuple[Any, ...]], cut: int) -> None:
    batch = batch_of(rows)
    cut = min(cut, len(rows))
    lines = []
    for row in rows:
        texts = [
            plain(v)
            if isinstance(v, Decimal)
            else json.dumps(plain(v), ensure_ascii=False).replace("\x7f", "\x7f")
            for v in row
        ]
        members = (
            f"{json.dumps(name, ensure_ascii=False)}:{text}"
            for name, text in zip(SCHEMA.names, texts, strict=True)
        )
        lines.append("{" + ",".join(members) + "}\n")
    assert encoded("json", [batch.slice(0, cut), batch.slice(cut)]).decode() == "".join(lines)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS)
def test_csv_is_read_back_by_python(rows: list[tuple[Any, ...]]) -> None:
    text = encoded("csv", [batch_of(rows)]).decode()
    expected = [SCHEMA.names]
    for row in rows:
        cells = [plain(value) for value in row]
        expected.append(["" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in cells])
    assert list(csv.reader(io.StringIO(text, newline=""))) == expected


def test_csv_quotes_only_where_it_must_and_tells_empty_from_null() -> None:
    batch = batch_of(
        [("a",), ("a b",), ("a,b",), ('"',), ("x\ny",), ("\r",), ("",), (None,)], pa.schema([("s", pa.string())])
    )
    assert encoded("csv", [batch]) == b's\na\na b\n"a,b"\n""""\n"x\ny"\n"\r"\n""\n\n'
    assert encoded("csv", [batch.slice(0, 1)], with_header=False) == b"a\n"


@settings(max_examples=500, deadline=None)
@given(bits=st.integers(0, 2**32 - 1))
def test_reals_are_the_shortest_text_of_their_32_bits(bits: int) -> None:
    value = np.float32(struct.unpack("<f", struct.pack("<I", bits))[0])
    text = encoded("json", [pa.record_batch({"r": pa.array([value], pa.float32())})]).decode()
    if not np.isfinite(value):
        assert text == '{"r":null}\n'
        return
    written = text[5:-2]
    assert np.float32(written) == value
    digits = np.format_float_scientific(value, unique=True, trim="-").split("e")[0].strip("-").replace(".", "")
    assert written.split("e")[0].strip("-").replace(".", "").strip("0") == digits.strip("0")


@pytest.mark.parametrize(
    "value",
    [
        0.0,
        -0.0,
        1e15,
        1e16,
        123456789.01,
        0.0001,
        0.00001,
        5e-324,
        1.7976931348623157e308,
        0.1 + 0.2,
        999999999.99,
    ],
)
def test_doubles_are_what_python_prints(value: float) -> None:
    assert encoded("json", [pa.record_batch({"d": [value]})]).decode() == f'{{"d":{value!r}}}\n'


def test_other_arrow_types_are_written_as_their_plain_kin() -> None:
    batch = pa.record_batch(
        {
            "dictionary": pa.array(["a", None, "a"]).dictionary_encode(),
            "large": pa.array(["x", "y", None], pa.large_string()),
            "micro": pa.array([dt.datetime(2024, 1, 1, 0, 0, 0, 1999)] * 3, pa.timestamp("us")),
            "nothing": pa.nulls(3),
            "half": pa.array(np.array([1.5, 2, 3], np.float16)),
        }
    ).slice(1)
    assert encoded("json", [batch]).decode().split("\n") == [
        '{"dictionary":null,"large":"y","micro":"2024-01-01 00:00:00.001","nothing":null,"half":2.0}',
        '{"dictionary":"a","large":null,"micro":"2024-01-01 00:00:00.001","nothing":null,"half":3.0}',
        "",
    ]


@pytest.mark.parametrize("format", ["arrow", "parquet"])
def test_containers_are_read_back(format: str) -> None:
    schema = pa.schema([("a", pa.int64()), ("s", pa.string())])
    batches = [pa.record_batch([list(range(n)), [str(n)] * n], schema=schema) for n in (3, 0, 200_000, 1)]
    made = encoder(format, batches[0].schema)
    data = made.start()
    for batch in batches:
        data += made.encode(batch)
    data += made.finish()
    table = pq.read_table(io.BytesIO(data)) if format == "parquet" else pa.ipc.open_stream(data).read_all()
    assert table.equals(pa.Table.from_batches(batches))


def test_an_arrow_stream_is_readable_while_it_grows() -> None:
    batch = pa.record_batch({"a": [1, 2]})
    made = encoder("arrow", batch.schema)
    reader = pa.ipc.open_stream(made.start() + made.encode(batch))
    assert reader.read_next_batch().equals(batch)


def test_a_table_for_people() -> None:
    batch = pa.record_batch(
        {
            "TICKER": ["AMZN", None, "a very long name\nof something"],
            "PRICE": [1.5, 1000.25, None],
            "N": pa.array([1, 20, 300], pa.int32()),
        }
    )
    assert encoded("table", [batch], width=30).decode() == (
        "TICKER              PRICE    N\n"
        "----------------  -------  ---\n"
        "AMZN                  1.5    1\n"
        "                  1000.25   20\n"
        "a very long nam…           300\n"
    )
    later = pa.record_batch(
        {"TICKER": ["日本語の名前です長い"], "PRICE": [123456789.5], "N": pa.array([1], pa.int32())}
    )
    assert (
        encoded("table", [batch, later], width=30).decode().splitlines()[-1]
        == "日本語の名前で…   123456789.5    1"
    )
    assert encoded("table", [batch.slice(0, 0)]) == b"TICKER  PRICE  N\n------  -----  -\n"


def test_errors() -> None:
    with pytest.raises(ConfigError, match=r"no format 'jsom'.*did you mean json"):
        encoder("jsom", SCHEMA)
    with pytest.raises(ConfigError, match='"l" is of Arrow type struct'):
        encoder("json", pa.schema([("l", pa.struct([("a", pa.int8())]))]))
    with pytest.raises(ConfigError, match="no column to write"):
        encoder("csv", pa.schema([]))
    assert set(FORMATS) == {"json", "csv", "arrow", "parquet", "table"}
