"""The decoders agree with their slow twin on anything, however the bytes are cut into pieces."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random
from types import ModuleType
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from streamsql.io.format import Decoded, InputSchema, RecordColumn
from streamsql.io.formats import decoder, schema_from_ddl
from streamsql.types import parse_type

EVERY_TYPE = (
    '"a" BOOLEAN, "b" TINYINT, "c" SMALLINT, "d" INTEGER, "e" BIGINT, "f" DECIMAL(5,2), "g" REAL, "h" DOUBLE, '
    '"i" CHAR(3), "j" VARCHAR(5), "k" BINARY(2), "l" VARBINARY(3), "m" DATE, "n" TIME, "o" TIMESTAMP, '
    '"p" DECIMAL(19,12), "q" DECIMAL(18,0)'
)


def nested(row_path: str, *columns: tuple[str, str, str]) -> InputSchema:
    return InputSchema(
        tuple(RecordColumn(name, parse_type(type_), path) for name, type_, path in columns), row_path=row_path
    )


JSON_SCHEMAS = {
    "flat": schema_from_ddl(EVERY_TYPE),
    "text": schema_from_ddl('"a" VARCHAR(40), "b" VARCHAR(2), "c" DOUBLE'),
    "nested": nested(
        "$",
        ("x", "VARCHAR(20)", "$.a.b"),
        ("y", "INTEGER", "$.a.c"),
        ("z", "DOUBLE", "$.b[1].a"),
        ("w", "VARCHAR(30)", "$.b"),
        ("v", "BIGINT", "$.b.c"),
        ("whole", "VARCHAR(60)", "$"),
    ),
    "flattened": nested(
        "$",
        ("a", "VARCHAR(9)", "$.a"),
        ("b", "VARCHAR(30)", "$.b[0:]"),
        ("c", "DOUBLE", "$.c[0:].a"),
        ("d", "VARCHAR(9)", "$.c[0:].b"),
        ("e", "CHAR(4)", "$.c[0:].c.a"),
    ),
    "rows": nested("$.a[0:]", ("b", "INTEGER", ""), ("c", "VARCHAR(8)", "$.c"), ("it", "VARCHAR(20)", "$.a[0:]")),
    "array": nested("$[0:]", ("a", "DOUBLE", ""), ("b", "VARCHAR(6)", "$[0:].b.c")),
}

NUMBERS = st.one_of(
    st.integers(-300, 300).map(str),
    st.integers().map(str),
    st.sampled_from(
        [
            "0",
            "-0",
            "1e3",
            "1E+2",
            "12.0",
            "127",
            "128",
            "-128",
            "-129",
            "32768",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "1e400",
            "-1e400",
            "1e-400",
            "123.45",
            "123.456",
            "0.30000000000000004",
            "999.994999999999999",
            "999.995",
            "3.4028235e38",
            "3.4028236e38",
            "1e39",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "16777217",
            "16777217.0000001",
            "9007199254740993",
            "0.1",
            "5e-324",
            "2e-324",
            "1e22",
            "1e23",
            "9999999.999999999999",
            "0e99999",
            "1.100000000000000088817841970012523",
            "100000000000000000000",
            "1.00000000000000000000000000",
        ]
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-1000, 1000, places=3).map(str),
)
MOMENTS = st.sampled_from(
    [
        "2024-02-29",
        "2023-02-29",
        "0000-01-01",
        "0001-01-01",
        "9999-12-31 23:59:59.9999",
        "2024-01-01 10:11:12",
        " 2024-01-01T10:11:12.123456Z ",
        "2024-01-01T10:11:12+05:30",
        "2024-01-01 10:11:12.5-0800",
        "0001-01-01T00:00:00+01:00",
        "2024-01-01 10:11",
        "2024-01-01T24:00:00",
        "10:11:12",
        "10:11:12.",
        "10:11:12.98765",
        "24:00:00",
        "2024-1-1",
        "2024-01-01x10:11:12",
        "2024-01-01T10:11:12+19:00",
        "2024-01-01T10:11:12+01",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=12),
    NUMBERS,
    NUMBERS.map(lambda text: f" +{text}\t"),
    MOMENTS,
    st.sampled_from(
        ["", "true", "TRUE", "tRuE ", "false", "X'0FA7'", "x'0fa7ab01'", "X'0'", "X''", ".5", "5.", ".", "1e", "ſ"]
    ),
)
SCALARS = st.one_of(
    st.sampled_from(["null", "true", "false"]),
    NUMBERS,
    TEXTS.map(json.dumps),
    TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(
        ['"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00x"', '"\\/\\b\\f\\u0000"', '"\\x"', '"\\u12g4"', "NaN"]
    ),
)
BLANK = st.sampled_from(["", "", "", " ", "\n", "\t ", "\r\n"])
KEYS = st.sampled_from(["a", "b", "c", *"defghijklmnopq", "\\u0061", "zz", "ключ"])


@st.composite
def containers(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    values = draw(st.lists(inner, max_size=4))
    blank = draw(BLANK)
    if draw(st.booleans()):
        return "[" + blank + ("," + blank).join(values) + "]"
    members = [f'"{draw(KEYS)}"{blank}:{blank}{value}' for value in values]
    return "{" + blank + ("," + blank).join(members) + blank + "}"


FITTING = {
    **dict.fromkeys("abc", st.sampled_from(["0", "1", "-128", "127", "null", "true", '"12 "', "1e2", "7.0"])),
    **dict.fromkeys("dehg", st.one_of(st.integers(-(2**31), 2**31 - 1).map(str), st.just("false"))),
    **dict.fromkeys("fpq", st.one_of(st.integers(-999, 999).map(str), st.just('"+17"'))),
    **dict.fromkeys("ij", SCALARS),
    **dict.fromkeys("kl", st.sampled_from(["true", "false", "\"X'0F'\"", "\"x'0f1a2b3c'\"", "null"])),
    "m": st.dates().map(lambda day: f'"{day}"'),
    "n": st.times().map(lambda time: f'"{time}"'),
    "o": st.datetimes().map(lambda moment: f'"{moment}"'),
}


@st.composite
def fitting(draw: st.DrawFn) -> str:
    """An object whose members mostly fit EVERY_TYPE."""
    keys = draw(st.lists(st.sampled_from(sorted(FITTING)), max_size=17))
    return "{" + ",".join(f'"{key}":{draw(FITTING[key])}' for key in keys) + "}"


@st.composite
def objects(draw: st.DrawFn) -> str:
    values = draw(st.lists(st.recursive(SCALARS, containers, max_leaves=8), max_size=6))
    blank = draw(BLANK)
    return "{" + ("," + blank).join(f'"{draw(KEYS)}":{blank}{value}' for value in values) + blank + "}"


DOCUMENTS = st.one_of(
    fitting(),
    fitting(),
    fitting(),
    objects(),
    objects(),
    objects(),
    containers(SCALARS),
    SCALARS,
    st.text(max_size=5),
)


@st.composite
def damaged(draw: st.DrawFn, parts: st.SearchStrategy[str], joints: list[str]) -> bytes:
    """Parts joined, perhaps with a byte changed, cut out or put in."""
    texts = draw(st.lists(parts, max_size=6))
    data = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"]))
    data += "".join(text + draw(st.sampled_from(joints)) for text in texts).encode("utf-8", "replace")
    if data and draw(st.integers(0, 2)) == 0:
        at = draw(st.integers(0, len(data) - 1))
        byte = draw(
            st.sampled_from([b"", b'"', b"{", b"}", b",", b"\n", b"\0", b"\xff", b"\xe2\x82", b"\\", b"\r"])
        )
        data = data[:at] + byte + data[at + draw(st.integers(0, 2)) :]
    return data


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


def run(schema: InputSchema, pieces: list[bytes], **options: Any) -> tuple[list[Any], list[Any], int]:
    made = decoder(schema, **options)
    results = [made.feed(piece) for piece in pieces]
    results.append(made.finish())
    check_with_fewer_columns(schema, pieces, results, **options)
    rows: list[Any] = []
    rejects: list[Any] = []
    for result in results:
        result.batch.validate(full=True)
        for reject in result.rejects:
            message = None if reject.name == "Parse error" else reject.message
            rejects.append((len(rows) + reject.before, reject.record, reject.name, message))
        rows += [tuple(row.values()) for row in result.batch.to_pylist()]
    return rows, rejects, sum(result.records for result in results)


def check_with_fewer_columns(
    schema: InputSchema, pieces: list[bytes], expected: list[Decoded], **options: Any
) -> None:
    """That which columns are wanted, of each piece others, changes nothing but when they are made."""
    made, random, places = decoder(schema, **options), Random(repr(pieces)), range(len(schema.columns))
    some = [random.sample(places, random.randrange(len(places))) for _ in pieces]
    results = [made.feed(piece, wanted) for piece, wanted in zip(pieces, some, strict=True)]
    for result, wanted, other in zip([*results, made.finish()], [*some, []], expected, strict=True):
        assert (result.rows.num_rows, result.records) == (other.rows.num_rows, other.records)
        assert list(result.rejects) == list(other.rejects)
        one_by_one = {place: result.rows.column(place) for place in wanted}
        result.batch.validate(full=True)
        for place in places:
            values = repr(other.batch.column(place).to_pylist())  # -0.0 is not 0.0
            assert repr(result.batch.column(place).to_pylist()) == values
        assert all(column.equals(result.batch.column(place)) for place, column in one_by_one.items())


def signed(rows: list[Any]) -> list[Any]:
    """Rows in which -0.0 and 0.0 differ."""
    return [[(v, math.copysign(1, v)) if isinstance(v, float) else (v, type(v)) for v in row] for row in rows]


CUTS = st.lists(st.integers(0, 10_000), max_size=6)
EXAMPLES = int(os.environ.get("STREAMSQL_EXAMPLES", "60"))
THOROUGH = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", JSON_SCHEMAS)
@THOROUGH
@given(
    data=damaged(DOCUMENTS, ["\n", "\n", "\n", "", " ", "\r\n", "\n\n"]),
    cuts=CUTS,
    limit=st.sampled_from([16 << 20, 40]),
)
def test_json_like_the_twin(slow: ModuleType, name: str, data: bytes, cuts: list[int], limit: int) -> None:
    schema = JSON_SCHEMAS[name]
    expected = slow.decode_json(data, schema, limit)
    rows, rejects, records = run(schema, pieces_of(data, cuts), max_record=limit)
    assert signed(rows) == signed(expected.rows)
    assert rejects == expected.rejects
    assert records == expected.records


CSV_SCHEMAS = {
    "every type": schema_from_ddl(EVERY_TYPE, "CSV"),
    "text": schema_from_ddl('"a" VARCHAR(6), "b" CHAR(2), "c" DOUBLE', "CSV"),
    "tabs": schema_from_ddl('"a" VARCHAR(6), "b" INTEGER', "CSV", column_delimiter="\t"),
    "long delimiters": schema_from_ddl(
        '"a" VARCHAR(6), "b" INTEGER', "CSV", row_delimiter="|~\n", column_delimiter="||"
    ),
    "digits": schema_from_ddl('"a" VARCHAR(6), "b" DOUBLE', "CSV", row_delimiter=";", column_delimiter="1"),
}
FIELDS = st.one_of(
    TEXTS,
    TEXTS.map(lambda text: '"' + text.replace('"', '""') + '"'),
    st.sampled_from(['"a\nb"', '"a,b"', '"x" ', '"x"y', ' "x"', '""', '"', "", " ", '"12"', "a\r", '"q"\r']),
)


@pytest.mark.parametrize("name", CSV_SCHEMAS)
@THOROUGH
@given(data=st.data(), cuts=CUTS, limit=st.sampled_from([16 << 20, 24]))
def test_csv_like_the_twin(slow: ModuleType, name: str, data: st.DataObject, cuts: list[int], limit: int) -> None:
    schema = CSV_SCHEMAS[name]
    rows_text = st.lists(FIELDS, max_size=18 if name == "every type" else 5).map(schema.column_delimiter.join)
    text = data.draw(
        damaged(rows_text, [schema.row_delimiter, schema.row_delimiter, "\r\n", schema.row_delimiter * 2])
    )
    expected = slow.decode_csv(text, schema, limit)
    rows, rejects, records = run(schema, pieces_of(text, cuts), max_record=limit)
    assert signed(rows) == signed(expected.rows)
    assert rejects == expected.rejects
    assert records == expected.records


USUAL_FIELDS: dict[str, Callable[[Random], str]] = {
    "text": lambda random: random.choice(["", "a", "ENERGY", "TECHNOLOGY IN ITSELF", "ключ", "two words", "x\r"]),
    "real": lambda random: (
        random.choice(["", "-"]) + f"{random.random() * 10 ** random.randrange(9):.{random.randrange(9)}f}"
    ),
    "whole": lambda random: str(random.randrange(-(10 ** random.randrange(1, 12)), 10 ** random.randrange(1, 12))),
    "stamp": lambda random: (
        f"2024-02-29{random.choice('  T')}10:{random.choice(['11', '11', '12'])}:{random.randrange(60):02}"
        + random.choice(["", ".5", ".25", ".123", ".999", ".123456", ".1234567"])
        + random.choice(["", "", "Z", "+01:00"])
    ),
}
USUAL = schema_from_ddl(
    '"t" TIMESTAMP, "a" VARCHAR(12), "b" DOUBLE, "c" BIGINT, "d" INTEGER, "e" VARCHAR(3)', "CSV"
)
ODD_TIMES = ["2024-02-29", "2024-02-29 10:11:60", "2024-02-29 10:11:1Z.5", "2024-02-29 10:11:12.12Z3"]
ODD_TIMES += [
    "2024-02-29 10:11:12ZZ",
    "2024-02-29 10:11",
    "Z",
    "2024-02-29 10:11:12.",
    "2024-02-29 10:11:12.12345x",
]
ODD_NUMBERS = ["", "-", ".", "1.", ".5", "-.5", "1e3", "--1", "1-", "+1", " 1 ", "0x1", "1.2.3", "12345678."]
ODD_NUMBERS += ["-1234567.8", "123456789.5", "00", "-0", "1,1"]
ODD_TEXTS = ['"1"', '"', 'a"b', '"a""b"', '"a,b"', '"a\nb"', '"a" ', "1\n1", "\xff", "1\r"]


def usual_rows(random: Random, count: int, odd: float) -> bytes:
    """Rows as most files have them; some columns in quotes, and now and then something else."""
    kinds = ["stamp", "text", "real", "whole", "whole", "text"]
    quoted = [random.random() < 0.2 for _ in kinds]
    end = random.choice(["\n", "\n", "\r\n"])
    lines = []
    for _ in range(count):
        fields = [USUAL_FIELDS[kind](random) for kind in kinds]
        fields = [f'"{field}"' if quote else field for field, quote in zip(fields, quoted, strict=True)]
        if random.random() < odd:
            fields[random.randrange(len(fields))] = random.choice(ODD_TIMES + ODD_NUMBERS + ODD_TEXTS)
        if random.random() < odd / 5:
            fields = fields[: random.randrange(len(fields))]
        lines.append(",".join(fields) + end)
    return "".join(lines).encode("latin-1" if random.random() < odd / 5 else "utf-8", "replace")


@settings(THOROUGH, max_examples=2 * EXAMPLES)
@given(random=st.randoms(use_true_random=False), cuts=CUTS, odd=st.sampled_from([0, 0.01, 0.1, 1]))
def test_usual_csv_like_the_twin(slow: ModuleType, random: Random, cuts: list[int], odd: float) -> None:
    data = usual_rows(random, random.randrange(1, 60), odd)
    expected = slow.decode_csv(data, USUAL)
    rows, rejects, records = run(USUAL, pieces_of(data, cuts))
    assert signed(rows) == signed(expected.rows)
    assert rejects == expected.rejects
    assert records == expected.records


@settings(THOROUGH, max_examples=2 * EXAMPLES)
@given(random=st.randoms(use_true_random=False), cuts=CUTS, odd=st.sampled_from([0, 0.02, 0.3]))
def test_usual_json_like_the_twin(slow: ModuleType, random: Random, cuts: list[int], odd: float) -> None:
    schema = replace(USUAL, format="JSON")
    kinds = dict(zip("tabcde", ["stamp", "text", "real", "whole", "whole", "text"], strict=True))
    lines = []
    for _ in range(random.randrange(1, 40)):
        values = {key: USUAL_FIELDS[kind](random) for key, kind in kinds.items()}
        texts = {
            key: json.dumps(value) if kinds[key] in ("stamp", "text") else value for key, value in values.items()
        }
        if random.random() < odd:
            odd_value = random.choice(
                [*map(json.dumps, ODD_TIMES), *ODD_NUMBERS, *ODD_TEXTS, "null", "nul", "nullx"]
            )
            texts[random.choice("tabcde")] = odd_value
        if random.random() < odd:
            texts[random.choice("tabcdexy")] = "null"
        lines.append("{" + ",".join(f'"{key}":{text}' for key, text in texts.items()) + "}\n")
    data = "".join(lines).encode()
    expected = slow.decode_json(data, schema)
    rows, rejects, records = run(schema, pieces_of(data, cuts))
    assert signed(rows) == signed(expected.rows)
    assert rejects == expected.rejects
    assert records == expected.records


@pytest.mark.parametrize("odd", [0, 0.0005, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_long_usual_csv_like_the_twin(slow: ModuleType, seed: int, odd: float) -> None:
    random = Random(seed)
    data = usual_rows(random, 6000, odd)
    assert len(data) > 3 * 65536
    expected = slow.decode_csv(data, USUAL)
    rows, rejects, _ = run(USUAL, pieces_of(data, [random.randrange(len(data)) for _ in range(3)]))
    assert signed(rows) == signed(expected.rows)
    assert rejects == expected.rejects


def test_every_split_of_one_input(slow: ModuleType) -> None:
    data = b'\xef\xbb\xbf{"a":"x\\u00e9","c":1.5}{"c":\r\n 2 , "b":"\xe2\x82\xac"}\nbad {\n{"a":[1,{}]} x\n{"a":tru}\n{"c":9'
    schema = JSON_SCHEMAS["text"]
    expected = slow.decode_json(data, schema)
    assert len(expected.rows) == 3 and len(expected.rejects) == 4
    for cut in range(len(data) + 1):
        rows, rejects, _ = run(schema, [data[:cut], data[cut:]])
        assert rows == expected.rows and rejects == expected.rejects
    assert run(schema, [data[i : i + 1] for i in range(len(data))])[:2] == (expected.rows, expected.rejects)
    assert isinstance(decoder(schema).feed(data).batch, pa.RecordBatch)
