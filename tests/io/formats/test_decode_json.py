"""JSON records: paths, flattening, errors and their recovery, with values worked out by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from streamsql.errors import ConfigError
from streamsql.io.format import Decoded, InputSchema, RecordColumn
from streamsql.io.formats import decoder, schema_from_ddl
from streamsql.types import parse_type


def schema(*columns: tuple[str, str, str], row_path: str = "$") -> InputSchema:
    return InputSchema(
        tuple(RecordColumn(name, parse_type(type_), path) for name, type_, path in columns), row_path=row_path
    )


def rows(data: bytes, shape: InputSchema | str) -> list[tuple[Any, ...]]:
    made = decoder(schema_from_ddl(shape) if isinstance(shape, str) else shape)
    parts = [made.feed(data), made.finish()]
    assert not [reject for part in parts for reject in part.rejects]
    return [tuple(row.values()) for part in parts for row in part.batch.to_pylist()]


def decoded(data: bytes, shape: InputSchema | str, **options: Any) -> Decoded:
    made = decoder(schema_from_ddl(shape) if isinstance(shape, str) else shape, **options)
    first, last = made.feed(data), made.finish()
    assert not (last.batch.num_rows and first.batch.num_rows) or not last.rejects
    return Decoded(
        pa.Table.from_batches([first.batch, last.batch]).combine_chunks().to_batches()[0]
        if first.batch.num_rows + last.batch.num_rows
        else first.batch,
        (*first.rejects, *last.rejects),
        first.records + last.records,
    )


ORDER = b'{"shop":"N1","tags":["a","b"],"lines":[{"sku":"p","qty":2},{"sku":"q"}]}'
LINES = (("SHOP", "VARCHAR(8)", "$.shop"), ("TAGS", "VARCHAR(20)", "$.tags[0:]"))
SKUS = (("SKU", "VARCHAR(4)", "$.lines[0:].sku"), ("QTY", "INTEGER", "$.lines[0:].qty"))


def test_the_worked_example_of_the_spec() -> None:
    shape = schema(*LINES, *SKUS)
    assert rows(ORDER, shape) == [("N1", '["a","b"]', "p", 2), ("N1", '["a","b"]', "q", None)]
    empty = b'{"shop":"N1","tags":["a","b"],"lines":[]}'
    assert rows(empty, shape) == [("N1", '["a","b"]', None, None)]
    with pytest.raises(ConfigError, match="only one array can be flattened"):
        decoder(schema(*LINES, *SKUS, ("X", "INTEGER", "$.tags[0:].x")))


def test_columns_after_the_flattened_array_repeat_too() -> None:
    shape = schema(("a", "INTEGER", "$.l[0:].a"), ("z", "VARCHAR(3)", ""), ("n", "DOUBLE", ""))
    assert rows(b'{"l":[{"a":1},{"a":2}],"n":1.5,"z":"zz"}', shape) == [(1, "zz", 1.5), (2, "zz", 1.5)]


def test_row_path_that_ends_in_an_array() -> None:
    shape = schema(
        ("a", "INTEGER", "$.i[0:].a"), ("b", "INTEGER", ""), ("s", "VARCHAR(2)", "$.s"), row_path="$.i[0:]"
    )
    assert rows(b'{"s":"x","i":[{"a":1,"b":2},{"b":3}]}', shape) == [(1, 2, "x"), (None, 3, "x")]
    assert rows(b'[{"a":1}, {"a":2}]', schema(("a", "INTEGER", ""), row_path="$[0:]")) == [(1,), (2,)]


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("$.a.b.c", '{"a":{"b":{"c":"x"}}}', "x"),
        ("$.a.b", '{"a":[{"b":"first"},{"b":"second"}]}', "first"),
        ("$['a b']['c.d']", '{"a b":{"c.d":"x"}}', "x"),
        ("$['it\\'s']", '{"it\'s":"x"}', "x"),
        ("$.a[1]", '{"a":["x","y"]}', "y"),
        ("$.a[7]", '{"a":["x","y"]}', None),
        ("$.a[0:]", '{"a":[1, {"b": 2}]}', '[1, {"b": 2}]'),
        ("$.a", '{"a":{"b":[ ]} }', '{"b":[ ]}'),
        ("$.A", '{"a":"x"}', None),
        ("$.a", '{"a":"x","a":"y"}', "y"),
        ("$.a.b", '{"a":{"b":"x"},"a":5}', None),
        ("$.a", '{"\\u0061":"x"}', "x"),
        ("$.a", '{"a":"\\ud83d\\ude00\\ud83d!"}', "😀�!"),
        ("$.a", '{"a":"€"}', "€"),
        ("$", '{"a": 1}', '{"a": 1}'),
    ],
)
def test_paths(path: str, document: str, expected: str | None) -> None:
    assert rows(document.encode(), schema(("c", "VARCHAR(99)", path))) == [(expected,)]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["a"], "does not start with"),
        (["$.a[*]"], "not understood from '\\[\\*\\]'"),
        (["$..a"], "not understood"),
        (["$.a[1:2].b"], "not understood"),
        (["$.a[0:].b[0:].c"], "two levels"),
        (["$.a[0:].x", "$.b[0:].y"], "only one array"),
    ],
)
def test_paths_that_are_refused(paths: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        decoder(schema(*((f"c{i}", "INTEGER", path) for i, path in enumerate(paths))))


def test_one_bad_field_of_28_gives_one_error_and_no_row() -> None:
    """C-172."""
    shape = ", ".join(f'"c{i}" INTEGER' for i in range(28))
    record = "{" + ",".join(f'"c{i}":{i}' if i != 20 else '"c20":"a"' for i in range(28)) + "}"
    result = decoded(record.encode() + b"\n", shape)
    assert (result.batch.num_rows, result.records) == (0, 1)
    (reject,) = result.rejects
    assert (reject.name, reject.record, reject.before) == ("Coercion error", record.encode(), 0)
    assert reject.message == 'For input string: "a" (column "c20" INTEGER)'


def test_one_bad_element_drops_the_whole_record() -> None:
    shape = schema(("a", "INTEGER", "$.l[0:].a"))
    result = decoded(b'{"l":[{"a":1}]}{"l":[{"a":2},{"a":"x"},{"a":"y"}]}{"l":[{"a":3}]}', shape)
    assert result.batch.to_pylist() == [{"a": 1}, {"a": 3}]
    assert [(reject.before, reject.record) for reject in result.rejects] == [
        (1, b'{"l":[{"a":2},{"a":"x"},{"a":"y"}]}')
    ]


def test_a_later_duplicate_heals_a_bad_value() -> None:
    assert rows(b'{"a":"bad","a":7}', '"a" INTEGER') == [(7,)]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"a":1',
        b'{"a":1,}',
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":.5}',
        b'{"a":+1}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\\x"}',
        b'{"a":"\x01"}',
        b'{"a":"\xff"}',
        b'{"b":"\xed\xa0\x80"}',
        b'{"a":1]',
        b"{a:1}",
        b'{"a" 1}',
        b'{"a":tru}',
        b'{"a":1\x00}',
        b"5",
        b'"text"',
        b"nonsense",
        b"[" * 129 + b"]" * 129,
    ],
)
def test_a_bad_line_is_one_reject_and_the_next_line_is_read(line: bytes) -> None:
    result = decoded(b'{"a":1}\n' + line + b'\r\n{"a":2}\n\n \n{"a":3}', '"a" INTEGER')
    assert result.batch.column(0).to_pylist() == [1, 2, 3]
    assert [(r.before, r.record, r.name) for r in result.rejects] == [(1, line, "Parse error")]
    assert result.records == 4


def test_pretty_printed_and_joined_documents() -> None:
    data = b'{\n  "a": 1,\n  "b": {\n "c": [1,\n2]}\n}{"a":2} {"a":3}\r\n\r\n{"a":\n4}'
    assert rows(data, '"a" INTEGER') == [(1,), (2,), (3,), (4,)]


def test_128_levels_are_read() -> None:
    deep = b'{"a":' + b"[" * 127 + b"]" * 127 + b"}"
    assert rows(deep, '"a" VARCHAR(300)') == [((b"[" * 127 + b"]" * 127).decode(),)]


def test_a_record_over_the_limit_is_cut_and_passed_over() -> None:
    long = b'{"a":"' + b"x" * 100 + b'"}'
    result = decoded(long + b'\n{"a":"y"}\n', '"a" VARCHAR(200)', max_record=50)
    assert result.batch.to_pylist() == [{"a": "y"}]
    (reject,) = result.rejects
    assert reject.record == long[:50] and "longer than 50 bytes" in reject.message
    assert decoded(long, '"a" VARCHAR(200)', max_record=len(long)).batch.num_rows == 1


def test_a_large_document_in_small_pieces() -> None:
    document = b'{"a":[' + b",".join(b'{"x":"%d"}' % i for i in range(30_000)) + b'],"b":7}'
    made = decoder(schema_from_ddl('"b" INTEGER'))
    got = [made.feed(document[i : i + 1000]).batch.num_rows for i in range(0, len(document), 1000)]
    assert got == [0] * (len(got) - 1) + [1]


TYPES = [
    (
        "BOOLEAN",
        ["true", "0", "0.0", "2", '"TRUE"', '"yes"', '" true"'],
        [True, False, False, True, True, False, False],
    ),
    ("TINYINT", ["-128", "127", "true", "1e2", '" 12 "', "12.0", "null"], [-128, 127, 1, 100, 12, 12, None]),
    ("BIGINT", ["9223372036854775807", "-9223372036854775808", "1e18"], [2**63 - 1, -(2**63), 10**18]),
    (
        "DECIMAL(5,2)",
        ["1.1", '"-2.50"', "3", "1.100000000000000088"],
        [*map(Decimal, ["1.10", "-2.50", "3.00", "1.10"])],
    ),
    ("DOUBLE", ["0.1", '"1e3"', "5e-324", "1e-400", "false"], [0.1, 1000.0, 5e-324, 0.0, 0.0]),
    ("REAL", ["16777217", "0.5"], [16777216.0, 0.5]),
    ("VARCHAR(4)", ['"абвгд"', "12.50", "true", '{"a":1}'], ["абвг", "12.5", "true", '{"a"']),
    ("CHAR(3)", ['"a"', '"abcd"', '""'], ["a  ", "abc", "   "]),
    ("BINARY(2)", ["\"X'0f'\"", "\"x'0F1A2B'\"", "true", "false"], [b"\x0f\0", b"\x0f\x1a", b"\0\1", b"\0\0"]),
    ("VARBINARY(2)", ["\"X'0f'\"", "true", "\"X''\""], [b"\x0f", b"\1", b""]),
    ("DATE", ['"2024-02-29"', '" 1969-12-31 "'], [dt.date(2024, 2, 29), dt.date(1969, 12, 31)]),
    ("TIME", ['"23:59:59.9999"', '"01:02:03"'], [dt.time(23, 59, 59, 999000), dt.time(1, 2, 3)]),
    (
        "TIMESTAMP",
        ['"2024-01-02"', '"2024-01-02 03:04:05.6789"', '"2024-01-02T03:04:05Z"', '"2024-01-02T03:04:05+01:30"'],
        [
            dt.datetime(2024, 1, 2),
            dt.datetime(2024, 1, 2, 3, 4, 5, 678000),
            dt.datetime(2024, 1, 2, 3, 4, 5),
            dt.datetime(2024, 1, 2, 1, 34, 5),
        ],
    ),
]


@pytest.mark.parametrize(("type_", "values", "expected"), TYPES, ids=[case[0] for case in TYPES])
def test_coercion(type_: str, values: list[str], expected: list[Any]) -> None:
    data = "".join(f'{{"v":{value}}}\n' for value in values).encode()
    assert [row[0] for row in rows(data, f'"v" {type_}')] == expected


@pytest.mark.parametrize(
    ("type_", "value", "why"),
    [
        ("INTEGER", "123.4", ""),
        ("INTEGER", '"12a"', ""),
        ("INTEGER", '""', ""),
        ("INTEGER", "2147483648", ": out of range"),
        ("BIGINT", "9223372036854775808", ": out of range"),
        ("TINYINT", "1e400", ": out of range"),
        ("INTEGER", "[1]", ""),
        ("DOUBLE", "1e400", ": out of range"),
        ("DOUBLE", '"NaN"', ""),
        ("REAL", "1e39", ": out of range"),
        ("DECIMAL(5,2)", "1.234", ""),
        ("DECIMAL(5,2)", "1000", ": out of range"),
        ("DECIMAL(2,2)", "true", ": out of range"),
        ("TIMESTAMP", "1700000000", ""),
        ("TIMESTAMP", "true", ""),
        ("TIMESTAMP", '"2024-13-01"', ""),
        ("TIMESTAMP", '"2024-01-01 10:11"', ""),
        ("DATE", '"2023-02-29"', ""),
        ("DATE", '"2024-01-01 00:00:00"', ""),
        ("TIME", '"2024-01-01"', ""),
        ("BINARY(2)", '"0f"', ""),
        ("BINARY(2)", "1", ""),
        ("BOOLEAN", "{}", ""),
    ],
)
def test_coercion_errors(type_: str, value: str, why: str) -> None:
    result = decoded(f'{{"v":{value}}}'.encode(), f'"v" {type_}')
    shown = value.strip('"')
    assert [reject.message for reject in result.rejects] == [
        f'For input string: "{shown}" (column "v" {parse_type(type_)}{why})'
    ]
    assert result.batch.num_rows == 0


def test_names_that_nobody_wants_are_passed_over_however_many_there_are() -> None:
    """More of them than are learned, some longer than a guess can be, in changing order and with the wanted one among."""
    names = [f"{'long' * (n % 30)}{n}" for n in range(700)]
    records = []
    for row in range(60):
        others = names[row * 9 : row * 9 + 40] + names[:5] * (row % 2)
        fields = [f'"{name}": [{{"X": {row}}}, "}}"]' for name in others]
        fields.insert(row % 7, f'"X": {row}')
        records.append("{" + ", ".join(fields) + "}")
    assert rows("\n".join(records).encode(), '"X" INTEGER') == [(row,) for row in range(60)]


def test_what_an_escape_leaves_behind_is_no_part_of_a_number() -> None:
    data = f'{{"A": "\\u0041{"9" * 200}"}}\n{{"X": "\\u0031"}}\n'.encode()
    assert rows(data, '"A" VARCHAR(300), "X" DOUBLE')[1] == (None, 1.0)
