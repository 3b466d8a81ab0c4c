"""Depth, speed of growth, and random damage: any text gives a Script, never another exception."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamsql.sql import MAX_DEPTH, parse
from streamsql.sql.generator import to_sql
from streamsql.sql.lexer import MAX_ERRORS, MAX_TOKENS

FOLDER = Path(__file__).parent
TEXTS = [path.read_text() for path in sorted((FOLDER / "samples").glob("*.sql"))]
TEXTS += (FOLDER / "forms.txt").read_text().splitlines()
PIECES = sorted({word for text in TEXTS for word in text.split()})
STRAY = [
    "(",
    ")",
    ",",
    ";",
    ".",
    "'",
    '"',
    "--",
    "/*",
    "*/",
    "\n",
    "\u2013",
    "\x00",
    "SELECT",
    "OVER",
    "1",
    "[",
    "\\",
]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"),
        ("ABS(", ")"),
        ("f(1, ", ")"),
        ("NOT ", ""),
        ("- ", ""),
        ("FLOOR(", ")"),
        ("CASE WHEN ", " THEN 1 END"),
        ("CAST(", " AS INT)"),
        ("(SELECT MAX(a) FROM t WHERE ", ")"),
        ("x IN (1, ", ")"),
        ("SUM(a) OVER (PARTITION BY ", ")"),
    ],
)
@pytest.mark.parametrize("levels", [10, 63, 64, 65, 70, 500, 1500])
def test_nesting_is_read_or_refused_by_name(opening: str, closing: str, levels: int) -> None:
    script = parse(f"SELECT {opening * levels}a{closing * levels} FROM s")
    if levels == 10:
        assert script.statements
    if levels == 1500:
        (error,) = script.errors
        assert "nested" in error.message or "levels" in error.message
    for statement in script.statements:
        to_sql(statement)


@pytest.mark.parametrize("levels", [10, 70, 3000])
def test_nested_queries_and_joins(levels: int) -> None:
    for text in (
        "SELECT a FROM " + "(SELECT a FROM " * levels + "s" + ")" * levels,
        "SELECT a FROM " + "(" * levels + "s",
    ):
        script = parse(text)
        assert len(script.statements) + len(script.errors) == 1


@pytest.mark.parametrize("chain", [" + 1", " - 1", " * 2", ", s", " UNION ALL SELECT 1 FROM s", " JOIN t ON TRUE"])
@pytest.mark.parametrize("length", [100, MAX_DEPTH - 10, 3000])
def test_long_chains_are_read_or_refused(chain: str, length: int) -> None:
    text = (
        f"SELECT a FROM s WHERE b = 1{chain * length}" if chain[1] in "+-*" else f"SELECT a FROM s{chain * length}"
    )
    script = parse(text)
    if length == 100:
        to_sql(script.statements[0])
    elif length == 3000:
        assert "levels" in script.errors[0].message


def test_long_flat_lists_are_fine() -> None:
    numbers = ", ".join(str(number) for number in range(10_000))
    assert not parse(f"SELECT a FROM s WHERE b IN ({numbers})").errors
    words = " || ".join(["a"] * 10_000)
    assert not parse(f"SELECT {words} FROM s").errors


def check(text: str) -> None:
    script = parse(text)
    for error in script.errors:
        assert error.span is not None
        assert 0 <= error.span.start <= len(text)
        assert error.render(text)
    for statement in script.statements:
        again = parse(to_sql(statement))
        assert not again.errors, to_sql(statement)
        assert again.statements == (statement,)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_scripts(data: st.DataObject) -> None:
    """Cut, double, or replace pieces of a good text: the rest must still read or be refused."""
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        piece = data.draw(st.one_of(st.just(""), st.sampled_from(STRAY), st.sampled_from(PIECES)))
        text = f"{text[:start]} {piece} {text[end:]}"
    check(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(STRAY)), max_size=30).map(" ".join))
def test_random_words(text: str) -> None:
    check(text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_random_letters(text: str) -> None:
    check(text)


def test_words_and_signs_are_counted() -> None:
    few = "SELECT " + ", ".join(["a"] * (MAX_TOKENS // 2 - 2)) + " FROM s"
    assert not parse(few).errors
    (error,) = parse(few.replace(" FROM", ", a, a FROM")).errors
    assert error.code == "SYN-005"
    assert "25000 words and signs" in error.message


def test_after_very_many_errors_reading_stops() -> None:
    assert len(parse("$" * 90_000).errors) == MAX_ERRORS
    assert len(parse("SELECT;" * 10_000).errors) == MAX_ERRORS
