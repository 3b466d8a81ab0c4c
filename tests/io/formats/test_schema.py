"""Input schemas from AWS documents and DDL, and back."""

from __future__ import annotations

from typing import Any

import pytest

from streamsql.errors import ConfigError
from streamsql.io.format import InputSchema, RecordColumn
from streamsql.io.formats import schema_from_aws, schema_from_ddl, schema_to_aws, schema_to_ddl
from streamsql.types import DOUBLE, decimal, varchar

JSON_DOCUMENT: dict[str, Any] = {
    "RecordFormat": {
        "RecordFormatType": "JSON",
        "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$"}},
    },
    "RecordEncoding": "UTF-8",
    "RecordColumns": [
        {"Name": "k", "SqlType": "VARCHAR(8)", "Mapping": "$.k"},
        {"Name": "v", "SqlType": "DOUBLE", "Mapping": "$.v"},
    ],
}
CSV_DOCUMENT: dict[str, Any] = {
    "RecordFormat": {
        "RecordFormatType": "CSV",
        "MappingParameters": {
            "CSVMappingParameters": {"RecordRowDelimiter": "\r\n", "RecordColumnDelimiter": "|"}
        },
    },
    "RecordEncoding": "UTF-8",
    "RecordColumns": [{"Name": "n", "SqlType": "DECIMAL(5,2)"}],
}


def test_aws_documents_there_and_back() -> None:
    schema = schema_from_aws(JSON_DOCUMENT)
    assert schema == InputSchema((RecordColumn("k", varchar(8), "$.k"), RecordColumn("v", DOUBLE, "$.v")))
    assert schema_to_aws(schema) == JSON_DOCUMENT
    csv = schema_from_aws({"InputSchema": CSV_DOCUMENT})
    assert csv == InputSchema(
        (RecordColumn("n", decimal(5, 2)),), "CSV", row_delimiter="\r\n", column_delimiter="|"
    )
    assert schema_to_aws(csv) == CSV_DOCUMENT


def column(**entry: Any) -> dict[str, Any]:
    return {**JSON_DOCUMENT, "RecordColumns": [{"Name": "a", "SqlType": "INTEGER", **entry}]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "no object RecordFormat"),
        ({**JSON_DOCUMENT, "RecordColumns": []}, "1 to 1000 columns"),
        ({**JSON_DOCUMENT, "RecordEncoding": "ISO-8859-1"}, "can only be UTF-8"),
        ({**JSON_DOCUMENT, "RecordFormat": {"RecordFormatType": "XML"}}, "'XML'; it can be JSON or CSV"),
        ({**JSON_DOCUMENT, "RecordColumn": []}, "unknown entry 'RecordColumn'"),
        (column(SqlType="STRING"), "column 'a': 'STRING' is not a SQL type"),
        (column(SqlType="INTERVAL"), "column 'a': 'INTERVAL' is not a SQL type"),
        (column(SqlType="INTEGER NOT NULL"), "column 'a': NOT NULL cannot"),
        (column(SqlType="VARCHAR"), "column 'a': VARCHAR without a length"),
        (column(Name="ROWTIME"), "cannot be called ROWTIME"),
        (column(Name=""), "entry 1 has no Name"),
        (column(Mapping="k"), "does not start with"),
        ({**JSON_DOCUMENT, "RecordColumns": JSON_DOCUMENT["RecordColumns"] * 2}, "two columns are called 'k'"),
    ],
)
def test_aws_documents_that_are_refused(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        schema_from_aws(document)


def test_ddl_there_and_back() -> None:
    schema = schema_from_ddl('("price" double precision, ticker VARCHAR(8), "a ""b""" decimal(5, 2))')
    assert [(c.name, c.type) for c in schema.columns] == [
        ("price", DOUBLE),
        ("TICKER", varchar(8)),
        ('a "b"', decimal(5, 2)),
    ]
    text = '"price" DOUBLE, "TICKER" VARCHAR(8), "a ""b""" DECIMAL(5,2)'
    assert schema_to_ddl(schema) == text
    assert schema_from_ddl(text) == schema


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a column"),
        ("a INTEGER,", "expected a column"),
        ("a INTEGER b", "column 'A': 'INTEGER B' is not a SQL type"),
        ("a INTEGER) b", "does not belong"),
        ("a INTEGER NOT NULL", "NOT NULL cannot"),
        ("rowtime TIMESTAMP", "cannot be called ROWTIME"),
        ("a INTEGER, A DOUBLE", "two columns are called 'A'"),
    ],
)
def test_ddl_that_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        schema_from_ddl(text)
