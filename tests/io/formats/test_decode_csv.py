"""CSV records: quotes, delimiters, headers, missing fields, errors and their recovery."""

from __future__ import annotations

from typing import Any

import pytest

from streamsql.errors import ConfigError
from streamsql.io.format import Reject
from streamsql.io.formats import decoder, schema_from_ddl

TWO = '"NAME" VARCHAR(20), "N" INTEGER'


def decoded(data: str | bytes, ddl: str = TWO, **options: Any) -> tuple[list[tuple[Any, ...]], list[Reject]]:
    delimiters = {key: options.pop(key) for key in ("row_delimiter", "column_delimiter") if key in options}
    made = decoder(schema_from_ddl(ddl, "CSV", **delimiters), **options)
    parts = [made.feed(data.encode() if isinstance(data, str) else data), made.finish()]
    rows = [tuple(row.values()) for part in parts for row in part.batch.to_pylist()]
    return rows, [reject for part in parts for reject in part.rejects]


def rows(data: str, ddl: str = TWO, **options: Any) -> list[tuple[Any, ...]]:
    good, bad = decoded(data, ddl, **options)
    assert not bad
    return good


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("a,1\nb,2\n", [("a", 1), ("b", 2)]),
        ("a,1\r\nb,2", [("a", 1), ("b", 2)]),
        ("\ufeffa,1\n\n\r\nb,2\r\n\n", [("a", 1), ("b", 2)]),
        ('"x,""y""\nz",7\n', [('x,"y"\nz', 7)]),
        ("a\n", [("a", None)]),
        (",\n", [("", None)]),
        ('"",""\n', [("", None)]),
        ("a,1,more,fields\n", [("a", 1)]),
        ("  a  ,  1  \n", [("  a  ", 1)]),
        ('"a" ,"1"\r\n', [("a", 1)]),
        ('5" disc,2\n', [('5" disc', 2)]),
        ("a\x00b,1\n", [("a\x00b", 1)]),
        ("", []),
    ],
)
def test_fields(data: str, expected: list[tuple[Any, ...]]) -> None:
    assert rows(data) == expected


def test_any_delimiters() -> None:
    assert rows("a;||1;;\nb\n||2;;\n", row_delimiter=";;\n", column_delimiter="||") == [("a;", 1), ("b\n", 2)]
    assert rows("a\t1\nb\t2", column_delimiter="\t") == [("a", 1), ("b", 2)]
    assert rows("a¦1\nb¦2", column_delimiter="¦") == [("a", 1), ("b", 2)]
    assert rows("a1.5", '"A" VARCHAR(3), "B" DOUBLE', column_delimiter="1") == [("a", 0.5)]
    assert rows("a\x001\x01", column_delimiter="\0", row_delimiter="\1") == [("a", 1)]


def test_delimiters_that_are_digits() -> None:
    """A number or moment of the usual shape ends at its delimiter all the same."""
    assert rows("12,345712,3", '"a" INTEGER, "b" INTEGER', row_delimiter="7") == [(12, 345), (12, 3)]
    moments = rows(
        "2024-01-01 10:20:30.120,172024-01-01 10:20:30.127,2", '"a" TIMESTAMP, "b" INTEGER', row_delimiter="7"
    )
    assert [(moment and moment.microsecond, b) for moment, b in moments] == [
        (120_000, 1),
        (120_000, None),
        (None, 2),
    ]


def test_raw_text_with_a_delimiter_that_never_comes() -> None:
    assert rows("GET /a,b 200\n", '"LINE" VARCHAR(100)', column_delimiter="|||") == [("GET /a,b 200",)]


@pytest.mark.parametrize(
    ("mode", "data", "expected"),
    [
        ("no", "a,1\n", [("a", 1)]),
        ("auto", "NAME,N\na,1\n", [("a", 1)]),
        ("auto", "n,name\n1,a\n", [("a", 1)]),
        ("auto", " Name , COL_n \na,1\n", [("a", 1)]),
        ("auto", "a,1\n", [("a", 1)]),
        ("yes", "n,NAME\r\n1,a\r\n", [("a", 1)]),
        ("yes", "this,that\na,1\n", [("a", 1)]),
        ("yes", "name,n,more\na,1,x\n", [("a", 1)]),
        ("yes", "NAME,N", []),
    ],
)
def test_headers(mode: str, data: str, expected: list[tuple[Any, ...]]) -> None:
    assert rows(data, csv_header=mode) == expected


def test_a_header_cut_into_pieces() -> None:
    for cut in range(12):
        made = decoder(schema_from_ddl(TWO, "CSV"), csv_header="auto")
        data = b"N,NAME\r\n1,a\n"
        parts = [made.feed(data[:cut]), made.feed(data[cut:]), made.finish()]
        assert [row for part in parts for row in part.batch.to_pylist()] == [{"NAME": "a", "N": 1}]
        assert sum(part.records for part in parts) == 1


def test_names_that_differ_only_in_case_go_by_their_exact_spelling() -> None:
    assert rows("a,A\n1,2\n", '"A" INTEGER, "a" INTEGER', csv_header="auto") == [(2, 1)]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('a,"x"y', "Parse error"),
        ("a,1x", "Coercion error"),
        ("a,1.5", "Coercion error"),
        ("a,99999999999", "Coercion error"),
    ],
)
def test_a_bad_row_is_one_reject(line: str, name: str) -> None:
    good, bad = decoded(f"a,1\n{line}\nb,2\n")
    assert good == [("a", 1), ("b", 2)]
    assert [(reject.before, reject.record, reject.name) for reject in bad] == [(1, line.encode(), name)]


def test_an_open_quote_costs_its_line_only() -> None:
    good, bad = decoded('a,1\n"b,2\nc,3\n')
    assert good == [("a", 1), ("c", 3)]
    assert [(reject.record, reject.message) for reject in bad] == [(b'"b,2', "a quote is not closed")]


def test_feeds_of_one_length_have_nothing_to_do_with_each_other() -> None:
    feeds = ["aaa\nb,11\nc,2\n", "dd,1\ne,2\nfff\n"]  # rows end at the same places, but others are short
    assert len(feeds[0]) == len(feeds[1])
    made = decoder(schema_from_ddl(TWO, "CSV"))
    good = [tuple(row.values()) for feed in feeds for row in made.feed(feed.encode()).batch.to_pylist()]
    assert good == [("aaa", None), ("b", 11), ("c", 2), ("dd", 1), ("e", 2), ("fff", None)]


def test_zero_bytes_are_no_moment() -> None:
    for type_, data in (("TIMESTAMP", "\0" * 16 + ":12"), ("DATE", "\0" * 10)):
        good, bad = decoded(f"{data},1\n", f'"AT" {type_}, "N" INTEGER')
        assert (good, [reject.name for reject in bad]) == ([], ["Coercion error"])


def test_returns_between_columns() -> None:
    assert rows("a\r1\n\r\nb\r2\n", column_delimiter="\r") == [("a", 1), ("b", 2)]


def test_text_that_is_not_utf8() -> None:
    good, bad = decoded(b"a,1\n\xff,2\nb,3\n")
    assert good == [("a", 1), ("b", 3)]
    assert [(reject.record, reject.name) for reject in bad] == [(b"\xff,2", "Parse error")]


def test_a_row_over_the_limit() -> None:
    good, bad = decoded("a,1\n" + "x" * 60 + ",2\nb,3\n", max_record=50)
    assert good == [("a", 1), ("b", 3)]
    assert [reject.record for reject in bad] == [b"x" * 50]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"column_delimiter": ""}, "column delimiter is empty"),
        ({"column_delimiter": '"'}, "holds a quote"),
        ({"row_delimiter": ",", "column_delimiter": ","}, "same delimiter"),
    ],
)
def test_delimiters_that_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        schema_from_ddl(TWO, "CSV", **options)
