"""Letters, comments, quotes and places: section 1 of the specification, C-004 to C-008, C-014, C-017."""

import pytest

from streamsql.sql import parse
from streamsql.sql.lexer import MAX_CODE, tokenize
from streamsql.sql.tokens import TokenType


def texts(sql: str) -> list[str]:
    lexed = tokenize(sql)
    assert not lexed.errors
    return [token.text for token in lexed.tokens]


def first_error(sql: str) -> tuple[str, int, int, str]:
    error = tokenize(sql).errors[0]
    assert error.span is not None
    return error.code, error.span.line, error.span.column, f"{error.message}; {error.hint}"


def test_quoted_names_keep_case_and_undouble_quotes() -> None:
    """C-004."""
    token = tokenize('"a""b"').tokens[0]
    assert (token.token_type, token.text, len(token.text)) == (TokenType.IDENTIFIER, 'a"b', 3)


def test_words_fold_to_upper_case() -> None:
    assert texts("foo Foo_1 EXPR$0 _x") == ["FOO", "FOO_1", "EXPR$0", "_X"]


def test_three_kinds_of_comments_are_skipped_and_not_found_in_quotes() -> None:
    """C-006."""
    assert texts("a -- b\nc /* d\n */ e // f\ng '--' \"//\" '/*'") == ["A", "C", "E", "G", "--", "//", "/*"]


def test_block_comments_do_not_nest() -> None:
    assert texts("/* a /* b */ c") == ["C"]


def test_strings_have_no_backslash_escapes() -> None:
    """C-007."""
    assert texts(r"'it''s' '\d' ''") == ["it's", r"\d", ""]


def test_odd_white_space_separates() -> None:
    assert texts("\ufeffa\u00a0b\tc\r\nd\fe") == ["A", "B", "C", "D", "E"]


def test_numbers() -> None:
    assert texts("42 2.50 .5 3. 1e2 1.5E-6") == ["42", "2.50", ".5", "3.", "1e2", "1.5E-6"]


def test_operators_need_no_blanks() -> None:
    assert texts("a<>b!=c||d<=e>=f") == ["A", "<>", "B", "!=", "C", "||", "D", "<=", "E", ">=", "F"]


def test_places_are_those_of_the_first_character() -> None:
    tokens = tokenize("ab\n\t'x\ny' \"q\"").tokens
    assert [(t.line, t.col, t.start, t.end) for t in tokens] == [(1, 1, 0, 1), (2, 2, 4, 8), (3, 4, 10, 12)]


@pytest.mark.parametrize(
    ("sql", "line", "column", "said"),
    [
        ("a % b", 1, 3, "MOD(a, b)"),
        ("FROM ${name}", 1, 6, "template"),
        ("a \\\nb", 1, 3, "backslash"),
    ],
)
def test_letters_that_are_no_token(sql: str, line: int, column: int, said: str) -> None:
    code, at_line, at_column, message = first_error(sql)
    assert (code, at_line, at_column) == ("SYN-001", line, column)
    assert said in message


@pytest.mark.parametrize(
    ("sql", "line", "column", "said"),
    [
        ("a\n 'b", 2, 2, "string is not closed"),
        ('a "b\nc', 1, 3, "quoted name is not closed"),
        ("a /* b", 1, 3, "comment is not closed"),
        ("a \u2013\u2013 b", 1, 3, "typographic dash"),
        ("\u201ca\u201d", 1, 1, "typographic quote"),
        ("\u2018a\u2019", 1, 1, "typographic quote"),
        ("'a\ud800'", 1, 3, "half of a character"),
    ],
)
def test_letters_that_are_no_sql(sql: str, line: int, column: int, said: str) -> None:
    code, at_line, at_column, message = first_error(sql)
    assert (code, at_line, at_column) == ("SYN-002", line, column)
    assert said in message


def test_a_name_has_at_most_128_characters() -> None:
    """C-005."""
    assert not tokenize("a" * 128).errors
    assert first_error(f"SELECT {'a' * 129}")[:3] == ("SYN-004", 1, 8)
    assert first_error(f'"{"a" * 129}"')[0] == "SYN-004"


def test_an_empty_name_tells_of_doubled_quotes() -> None:
    assert "doubled" in first_error('FROM ""S""')[3]


def test_a_number_does_not_run_into_a_name() -> None:
    assert first_error("SELECT 12abc")[3].startswith('"12abc"')


def test_code_has_at_most_100_kilobytes() -> None:
    """C-017."""
    filler = "-" * (MAX_CODE - len("SELECT 1 "))
    assert len(parse(f"SELECT 1 {filler}").statements) == 1
    (error,) = parse(f"SELECT 1 {filler}-").errors
    assert error.code == "SYN-005"
