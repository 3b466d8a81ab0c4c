"""Whether a value fits its column does not depend on whether the column is wanted (docs/decisions/0011)."""

from __future__ import annotations

import json

import pytest

from streamsql.io.formats import decoder, schema_from_ddl

GOOD = {
    "BOOLEAN": "true",
    "TINYINT": "7",
    "SMALLINT": "-300",
    "INTEGER": "-12345",
    "BIGINT": "1700000000000",
    "DECIMAL(5,2)": "-1.25",
    "DECIMAL(18,0)": "12",
    "REAL": "0.5",
    "DOUBLE": "-17.125",
    "CHAR(3)": "ab",
    "VARCHAR(5)": "abc",
    "BINARY(2)": "X'0FA7'",
    "VARBINARY(3)": "X'0F'",
    "DATE": "2024-02-29",
    "TIME": "10:11:12.5",
    "TIMESTAMP": "2024-02-29 10:11:12.345",
}
NUMERIC = ("TINY", "SMALL", "INT", "BIGINT", "DECIMAL", "REAL", "DOUBLE", "BOOLEAN")
NUMBERS = [
    "0",
    "-0",
    "1.5",
    "12.0",
    "1e3",
    "127",
    "128",
    "-129",
    "32768",
    "1234567",
    "12345678",
    "2147483647",
    "2147483648",
    "-2147483649",
    "99999999999",
]
NUMBERS += [
    "9223372036854775807",
    "9223372036854775808",
    "999.99",
    "1000.00",
    "9.999",
    "123.456",
    "1e400",
    "-1e400",
    "1e39",
    "0.1",
    "100000",
]
NUMBERS += [
    "12345.678",
    "0.30000000000000004",
    "1.00000000000000000000000000",
    "100000000000000000000",
    "-7.25",
    "1e-400",
]
ODD = [
    "- 1",
    "--1",
    ".5",
    "5.",
    "+3",
    "1.2.3",
    "0x1",
    "1-",
    "-",
    ".",
    "x",
    "true",
    "tru",
    "2023-02-29",
    "24:00:00",
]
ODD += [
    "2024-02-29 10:11:60",
    "2024-02-29T10:11:12Z",
    "2024-02-29 10:11:12.",
    "X'0'",
    "x'0fa7ab01'",
    "a\nb",
    'a"b',
]
ODD += ["", " ", "ключ", "a longer text, cut", *(f" {number} " for number in NUMBERS[:12])]


def both(format_: str, type_: str, records: list[str]) -> None:
    """The records, whose first column is of this type, with that column wanted and not."""
    schema = schema_from_ddl(f'"v" {type_}, "n" INTEGER', format_)
    data = "".join(f"{record}\n" for record in records).encode()
    expected = decoder(schema).feed(data)
    found = decoder(schema).feed(data, [1])
    assert list(found.rejects) == list(expected.rejects)
    assert (found.rows.num_rows, found.records) == (expected.rows.num_rows, expected.records)
    assert found.rows.column("n") == expected.batch.column("n")
    assert repr(found.batch.to_pylist()) == repr(expected.batch.to_pylist())  # -0.0 is not 0.0


@pytest.mark.parametrize("type_", GOOD)
def test_json(type_: str) -> None:
    values = [*NUMBERS, *map(json.dumps, [*NUMBERS, *ODD]), "null", "true", "false", "[1]", '{"a":1}', '"\\u00e9"']
    values += ["01", "nul", "1e", '"\\x"', '"a']
    good = GOOD[type_] if type_.startswith(NUMERIC) else json.dumps(GOOD[type_])
    records = [f'{{"v":{value},"n":{number}}}' for number, value in enumerate(values)]
    records += [f'{{"v":{value},"n":3,"v":{good}}}' for value in values]
    both("JSON", type_, [line for record in records for line in (f'{{"v":{good},"n":1}}', record)])


@pytest.mark.parametrize("before", [0, 1, 3, 20])
@pytest.mark.parametrize("type_", GOOD)
def test_csv(type_: str, before: int) -> None:
    """`before`: good rows before each of the others: they are read as blocks, and four at once."""
    values = [*NUMBERS, *ODD]
    fields = [
        *(value for value in values if "\n" not in value),
        *('"' + v.replace('"', '""') + '"' for v in values),
    ]
    records = [f"{field},{number}" for number, field in enumerate(fields)]
    both("CSV", type_, [line for record in records for line in (*[f"{GOOD[type_]},1"] * before, record)])


@pytest.mark.parametrize("format_", ["JSON", "CSV"])
def test_no_column_is_wanted(format_: str) -> None:
    schema = schema_from_ddl('"a" INTEGER, "b" VARCHAR(3)', format_)
    data = b'{"a":1,"b":"x"}\n{"a":"y"}\n{}\n' if format_ == "JSON" else b"1,x\ny,\n,\n"
    decoded = decoder(schema).feed(data, ())
    assert (decoded.rows.num_rows, [reject.before for reject in decoded.rejects]) == (2, [1])
    assert decoded.batch.to_pylist() == [{"a": 1, "b": "x"}, {"a": None, "b": "" if format_ == "CSV" else None}]
