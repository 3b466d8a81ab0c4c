"""Arrays as text: a JSON array in JSON, its text as a field in CSV."""

import csv
import io
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from streamsql.errors import ConfigError
from streamsql.io.formats.encode import CsvEncoder, JsonEncoder
from streamsql.io.formats.table import TableEncoder

TEXTS = ["plain", 'a "quoted", one', "two\nlines", "", None, "é, ]["]
TABLE = pa.record_batch(
    {
        "n": pa.array([[1, None, -3], [], None, [7]], pa.list_(pa.int32())),
        "s": pa.array([TEXTS, ["x"], [None], None], pa.list_(pa.string())),
        "d": pa.array([[0.5, 1e300], [float("nan")], None, [2.0]], pa.list_(pa.float64())),
        "i": [1, 2, 3, 4],
    }
)
EXPECTED = [
    {"n": [1, None, -3], "s": TEXTS, "d": [0.5, 1e300], "i": 1},
    {"n": [], "s": ["x"], "d": [None], "i": 2},
    {"n": None, "s": [None], "d": None, "i": 3},
    {"n": [7], "s": None, "d": [2.0], "i": 4},
]


@pytest.mark.parametrize("cut", [0, 1, 3])
def test_json(cut: int) -> None:
    encoder = JsonEncoder(TABLE.schema)
    text = encoder.encode(TABLE.slice(0, cut)) + encoder.encode(TABLE.slice(cut))
    assert [json.loads(line) for line in text.decode().splitlines()] == EXPECTED


def test_csv() -> None:
    encoder = CsvEncoder(TABLE.schema)
    text = (encoder.start() + encoder.encode(TABLE.slice(0, 2)) + encoder.encode(TABLE.slice(2))).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    found = [{name: json.loads(value) if value else None for name, value in row.items()} for row in rows]
    assert found == EXPECTED


def test_times_dates_and_decimals_stand_as_in_other_columns() -> None:
    times = pa.array([0, 86_400_500], pa.timestamp("ms"))
    columns = {
        "t": times,
        "d": times.cast(pa.date32(), safe=False),
        "x": pa.array([Decimal("0"), Decimal("-5.25")], pa.decimal128(19, 2)),
    }
    flat = pa.record_batch(columns)
    arrays = pa.record_batch(
        {name: pa.array([values.to_pylist()], pa.list_(values.type)) for name, values in columns.items()}
    )
    rows = [json.loads(line) for line in JsonEncoder(flat.schema).encode(flat).splitlines()]
    assert json.loads(JsonEncoder(arrays.schema).encode(arrays)) == {
        name: [row[name] for row in rows] for name in rows[0]
    }


def test_table() -> None:
    encoder = TableEncoder(TABLE.schema.remove(1).remove(1), with_header=False)
    assert (
        encoder.encode(TABLE.select([0, 3])).decode()
        == "[1,null,-3]  1\n[]           2\n             3\n[7]          4\n"
    )


def test_an_array_of_what_has_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match='column "m"'):
        JsonEncoder(pa.schema([("m", pa.list_(pa.struct([("a", pa.int32())])))]))
