"""Values of literals: sections 1.5 and 1.6, C-008, C-011 to C-013. Expected numbers were worked out by hand."""

from datetime import date, datetime, timedelta

import pytest

from streamsql.sql import nodes as n
from streamsql.sql import parse, span_of
from streamsql.sql.literals import LiteralError, datetime_value, unicode_text


def literal(text: str) -> n.Expression:
    script = parse(f"SELECT {text} FROM s")
    assert not script.errors, script.errors
    node = script.statements[0].args["expressions"][0]
    assert isinstance(node, n.Expression)
    return node


def refused(text: str) -> tuple[str, int]:
    (error,) = parse(f"SELECT {text} FROM s").errors
    assert error.span is not None
    return error.code, error.span.column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'60' SECOND", 60_000),
        ("'120' SECOND(3)", 120_000),
        ("-'90' MINUTE", -5_400_000),
        ("-'-1' HOUR", 3_600_000),
        ("'+2' DAY", 172_800_000),
        ("'1.5' SECOND", 1_500),
        ("'0 00:00:00.001' DAY TO SECOND", 1),
        ("'59:59.999' MINUTE TO SECOND(3)", 3_599_999),
        ("'3 4' DAY TO HOUR", 273_600_000),
        ("'1 02:03' DAY TO MINUTE", 93_780_000),
        ("'1:30' HOUR TO MINUTE", 5_400_000),
        ("'-1:00:01' HOUR TO SECOND", -3_601_000),
        ("'5' YEAR", 60),
        ("'18' MONTH", 18),
        ("'2-3' YEAR TO MONTH", 27),
        ("'1.2345' SECOND(2,4)", 1_234),
        ("'1.5000' SECOND", 1_500),
        ("'9999999999' DAY(10)", 9_999_999_999 * 86_400_000),
    ],
)
def test_interval_values(text: str, value: int) -> None:
    """C-011: a qualifier's precision is 2 unless it says more."""
    node = literal(f"INTERVAL {text}")
    assert isinstance(node, n.IntervalLiteral)
    assert node.args["value"] == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("'120' SECOND", "LIT-003"),
        ("'120' MINUTE", "LIT-003"),
        ("'1:60' HOUR TO MINUTE", "LIT-003"),
        ("'1 24' DAY TO HOUR", "LIT-003"),
        ("'1-12' YEAR TO MONTH", "LIT-003"),
        ("'1.2345' SECOND", "LIT-003"),
        ("'12345678901' DAY(10)", "LIT-003"),
        ("'3:45:04.0' DAY TO HOUR", "LIT-002"),
        ("'1 2' DAY", "LIT-002"),
        ("' 5' DAY", "LIT-002"),
        ("'' DAY", "LIT-002"),
        ("'x' DAY", "LIT-002"),
        ("'1' DAY(11)", "LIT-002"),
        ("'1-2' MONTH TO YEAR", "LIT-002"),
        ("'1 2' MONTH TO DAY", "LIT-002"),
        (f"'{'9' * 9000}' DAY", "LIT-003"),
    ],
)
def test_interval_texts_that_do_not_fit(text: str, code: str) -> None:
    """C-011, C-012."""
    assert refused(f"INTERVAL {text}")[0] == code


def test_the_error_of_a_literal_stands_at_its_text() -> None:
    assert refused("INTERVAL '120' SECOND")[1] == len("SELECT INTERVAL ") + 1


def test_plural_units_are_taken_with_a_warning() -> None:
    script = parse("SELECT INTERVAL '5' MINUTES FROM s")
    ((message, span),) = script.warnings
    assert "MINUTE" in message
    assert span.column == 21
    assert script.statements == parse("SELECT INTERVAL '5' MINUTE FROM s").statements


def test_interval_needs_quotes() -> None:
    (error,) = parse("SELECT INTERVAL 5 MINUTE FROM s").errors
    assert "INTERVAL '5'" in error.hint


def test_datetime_values_agree_with_python() -> None:
    moment = datetime(2019, 3, 1, 12, 3, 34, 250_000)
    assert datetime_value("TIMESTAMP", "2019-03-01 12:03:34.25") == (moment - datetime(1970, 1, 1)) // timedelta(
        milliseconds=1
    )
    assert datetime_value("DATE", "1969-12-31") == -1
    assert datetime_value("DATE", "2004-02-29") == (date(2004, 2, 29) - date(1970, 1, 1)).days
    assert datetime_value("TIME", "1:00:00.1239") == 3_600_123


@pytest.mark.parametrize(
    "text",
    [
        "DATE '2004-12-02 '",
        "DATE '2004-2-2'",
        "DATE '2003-02-29'",
        "DATE '0000-01-01'",
        "TIMESTAMP '2007-02-19 21:25'",
        "TIMESTAMP '2007-02-19T21:25:00'",
        "TIMESTAMP '2007-02-19 24:00:00'",
        "TIME '12:03'",
        "TIME '12:60:00'",
        "{ts '2007-02-19'}",
    ],
)
def test_datetime_texts_that_do_not_fit(text: str) -> None:
    """C-013."""
    assert refused(text)[0] == "LIT-001"


def test_odbc_escapes_are_the_same_literals() -> None:
    assert literal("{d '2019-03-01'}") == literal("DATE '2019-03-01'")
    assert literal("{t '12:03:34'}") == literal("TIME '12:03:34'")
    assert literal("{ts '2019-03-01 1:03:34'}") == literal("TIMESTAMP '2019-03-01 1:03:34'")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"u&'\0009'", "\t"),
        ("u&'!0009' uescape '!'", "\t"),
        (r"U&'can''t'", "can't"),
        (r"U&'\\\0041'", "\\A"),
        (r"U&'\+01F600'", "\U0001f600"),
        (r"U&'\D83D\DE00'", "\U0001f600"),
    ],
)
def test_unicode_strings(text: str, value: str) -> None:
    """C-008."""
    node = literal(text)
    assert (node.args["this"], node.args["is_string"]) == (value, True)


@pytest.mark.parametrize("text", [r"\00g1", r"\12", r"\D83D", r"\+110000", "\\"])
def test_bad_unicode_escapes(text: str) -> None:
    with pytest.raises(LiteralError) as caught:
        unicode_text(text)
    assert caught.value.code == "SYN-002"


def test_binary_literals() -> None:
    assert literal("x'0fa7'").args["this"] == "0FA7"
    assert refused("X'0FA'")[0] == "SYN-002"
    assert refused("X'0G'")[0] == "SYN-002"


def test_numbers_keep_their_text_for_the_binder() -> None:
    """C-014 is decided from these texts."""
    for text in ("1e2", "2.0", "3000000000", ".5", "3."):
        node = literal(text)
        assert (node.args["this"], node.args["is_string"]) == (text, False)


def test_truth_values_and_null() -> None:
    assert [type(literal(word)) for word in ("NULL", "UNKNOWN")] == [n.Null, n.Unknown]
    assert [literal(word).args["this"] for word in ("TRUE", "false")] == [True, False]


def test_a_literal_spans_all_of_its_words() -> None:
    text = "SELECT INTERVAL '1' DAY FROM s"
    span = span_of(parse(text).statements[0].args["expressions"][0])
    assert span is not None
    assert text[span.start : span.end] == "INTERVAL '1' DAY"
