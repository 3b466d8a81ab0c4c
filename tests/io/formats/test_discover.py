"""Schema discovery: names, types and layouts as the documents give them (section 9)."""

from __future__ import annotations

import pytest

from streamsql.errors import ConfigError
from streamsql.io.format import InputSchema
from streamsql.io.formats import decoder, discover, schema_to_ddl
from streamsql.io.formats.names import RESERVED, discovered_name


def columns(schema: InputSchema) -> list[tuple[str, str, str]]:
    return [(column.name, str(column.type), column.mapping) for column in schema.columns]


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "-5"], "TINYINT"),
        (["1", "128"], "SMALLINT"),
        (["40000"], "INTEGER"),
        (["3000000000"], "BIGINT"),
        (["123.45", "1.5"], "DECIMAL(5,2)"),
        (["0.123456789"], "DOUBLE"),
        (["1e3"], "DOUBLE"),
        (["123456789012345678901234567890"], "DOUBLE"),
        (["true", "false"], "BOOLEAN"),
        (['"2024-01-01 10:11:12.5"', '"2024-01-01T10:11:12Z"'], "TIMESTAMP"),
        (['"AK"'], "VARCHAR(4)"),
        (['"123456789"'], "VARCHAR(16)"),
        ([f'"{"x" * 35}"'], "VARCHAR(64)"),
        (["null", "null"], "VARCHAR(4)"),
        (["null", "7"], "TINYINT"),
        (["1", '"a"'], "VARCHAR(4)"),
        (["[1, 2]"], "VARCHAR(8)"),
    ],
)
def test_json_types(values: list[str], type_: str) -> None:
    sample = "".join(f'{{"v":{value}}}\n' for value in values).encode()
    assert columns(discover(sample)) == [("v", type_, "$.v")]


def test_roomy_types_hold_what_the_sample_does_not_show() -> None:
    sample = b'{"i":1,"d":1.5,"s":"x","b":true,"t":"2024-01-01","n":null}'
    assert schema_to_ddl(discover(sample, roomy=True)) == (
        '"i" BIGINT, "d" DOUBLE, "s" VARCHAR(65535), "b" BOOLEAN, "t" TIMESTAMP, "n" VARCHAR(65535)'
    )


def test_nested_members_are_flattened_to_two_levels() -> None:
    sample = b'{"a":{"x":1,"b":{"y":2,"c":{"z":3}}},"k.l":1,"o":{"x":5},"e":{}}\n{"a":null,"e":{"in":1}}'
    assert columns(discover(sample)) == [
        ("a_x", "TINYINT", "$.a.x"),
        ("y", "TINYINT", "$.a.b.y"),
        ("c", "VARCHAR(8)", "$.a.b.c"),
        ("COL_kl", "TINYINT", "$['k.l']"),
        ("o_x", "TINYINT", "$.o.x"),
        ("e", "VARCHAR(4)", "$.e"),
        ("COL_in", "TINYINT", "$.e.in"),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("price", "price"),
        ("year", "COL_year"),
        ("9lives", "COL_9lives"),
        ("a b-c", "COL_abc"),
        ("@@", "COL_3"),
        ("x" * 101, "COL_" + "x" * 96),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert discovered_name(name, 3) == expected


def test_reserved_words_are_those_of_the_language() -> None:
    assert len(RESERVED) > 300 and {"VALUE", "TIMESTAMP", "YEAR", "ROWTIME", "END-EXEC"} <= RESERVED


def test_top_level_arrays_become_rows() -> None:
    schema = discover(b'[{"a":1},{"a":2}]')
    assert (schema.row_path, columns(schema)) == ("$[0:]", [("a", "TINYINT", "$[0:].a")])
    assert decoder(schema).feed(b'[{"a":1},{"a":2}]').batch.to_pylist() == [{"a": 1}, {"a": 2}]


CSV = "ts,ticker,price,n\n2024-01-01 00:00:00,AAA,10.25,1\n2024-01-01 00:00:01,BBB,9.5,200000\n"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_csv_with_a_header(delimiter: str) -> None:
    sample = CSV.replace(",", delimiter)
    schema = discover(sample.encode() + b"2024-01-01 00:0")
    assert schema.column_delimiter == delimiter
    assert schema_to_ddl(schema) == '"ts" TIMESTAMP, "ticker" VARCHAR(4), "price" DECIMAL(4,2), "n" INTEGER'
    assert decoder(schema, csv_header="auto").feed(sample.encode()).batch.num_rows == 2


def test_csv_without_a_header() -> None:
    schema = discover(b'1,"a,b",007,true\n2,c,008,false\n')
    assert schema_to_ddl(schema) == '"COL_0" INTEGER, "COL_1" VARCHAR(4), "COL_2" VARCHAR(4), "COL_3" BOOLEAN'


def test_csv_header_with_names_that_sql_cannot_have() -> None:
    sample = b"year,my value,@@\n2020,1,a\n2021,2,b\n"
    schema = discover(sample)
    assert [column.name for column in schema.columns] == ["COL_year", "COL_myvalue", "COL_2"]
    rows = decoder(schema, csv_header="auto").feed(sample).batch
    assert [tuple(row.values()) for row in rows.to_pylist()] == [(2020, 1, "a"), (2021, 2, "b")]


def test_csv_of_text_only() -> None:
    assert [c.name for c in discover(b"name,city\nAnn,Rome\nBob,Oslo\n").columns] == ["name", "city"]
    assert [c.name for c in discover(b"Ann,Rome\nBob,Oslo\nAnn,Bonn\n").columns] == ["COL_0", "COL_1"]


def test_a_broken_line_and_a_cut_off_end_do_not_matter() -> None:
    assert columns(discover(b'{"a":1}\nbad\n{"a":300}\n{"a":"tex')) == [("a", "SMALLINT", "$.a")]
    assert columns(discover('{"a":"é"}\n{"a":"é'.encode()[:-1])) == [("a", "VARCHAR(4)", "$.a")]


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (b"", "no record"),
        (b" \n\n", "no record"),
        (b"{bad", "no JSON object"),
        (b"{}", "are empty"),
        (b"a,\xff\n", "not UTF-8"),
    ],
)
def test_samples_without_a_schema(sample: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        discover(sample)


def test_a_first_row_of_expected_names_is_a_header_also_above_text() -> None:
    sample = b"Ticker,Company\nA,Alpha Ltd\n"
    assert [column.name for column in discover(sample).columns] == ["COL_0", "COL_1"]
    found = discover(sample, names={"TICKER"})
    assert [column.name for column in found.columns] == ["Ticker", "Company"]
    assert [column.name for column in discover(b"A,Alpha\nB,Beta\nA,Beth\n", names={"A"}).columns] == [
        "COL_0",
        "COL_1",
    ]
