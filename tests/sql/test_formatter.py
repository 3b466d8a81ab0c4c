"""Laying out a script changes neither its meaning nor its comments, and doing it twice changes nothing more."""

import random
from collections import Counter
from pathlib import Path

import pytest

from streamsql.sql import parse
from streamsql.sql.formatter import format_script
from streamsql.sql.lexer import tokenize

HERE = Path(__file__).parent
QUERIES = HERE.parent.parent / "examples" / "queries"
SAMPLES = [path.read_text() for path in sorted([*(HERE / "samples").glob("*.sql"), *QUERIES.glob("*.sql")])]
FORMS = (HERE / "forms.txt").read_text().splitlines()
COMMENTS = ["-- a", "// b -- c", "/* d */", "/* e\n   f */", "--", "/**/", "-- 'g\"", "/* ; */"]


def formatted(sql: str) -> str:
    script = parse(sql)
    assert not script.errors, "\n".join(error.render(sql) for error in script.errors)
    return format_script(script)


def comments(sql: str) -> Counter[str]:
    return Counter(sql[start:end].rstrip() for start, end in tokenize(sql).comments)


def assert_is_the_same(sql: str) -> None:
    once = formatted(sql)
    assert parse(once).statements == parse(sql).statements
    assert comments(once) == comments(sql)
    assert formatted(once) == once


def shaken(sql: str, chosen: random.Random, share: float) -> str:
    """The same tokens with other blanks and line ends, and comments, between them."""
    parts: list[str] = []
    for token in tokenize(sql).tokens:
        parts += [sql[token.start : token.end + 1], chosen.choice([" ", " ", " ", "\n", "\n\n", "\n  "])]
        while chosen.random() < share:
            comment = chosen.choice(COMMENTS)
            parts += [comment, "\n" if comment[1] != "*" else chosen.choice([" ", "\n", "\n\n"])]
    return "".join(parts)


@pytest.mark.parametrize("sql", [*SAMPLES, *FORMS])
def test_forms_and_samples_keep_their_meaning(sql: str) -> None:
    assert_is_the_same(sql)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_any_layout_and_any_comments(share: float, seed: int) -> None:
    for number, sql in enumerate([*SAMPLES, ";".join(FORMS), *FORMS]):
        assert_is_the_same(shaken(sql, random.Random(f"{share} {seed} {number}"), share))


def test_names_keep_their_spelling_and_keywords_do_not() -> None:
    sql = 'create stream Out_ (Price double, "Size" integer); insert into Out_ select stream Abs(s.Price), 1 from "In" s'
    assert formatted(sql) == (
        'CREATE STREAM Out_ (\n  Price DOUBLE,\n  "Size" INTEGER\n);\n'
        'INSERT INTO Out_\nSELECT STREAM\n  Abs(s.Price),\n  1\nFROM "In" AS s;\n'
    )


def test_comments_stay_where_they_were() -> None:
    sql = """\
-- The head.

-- About o.
CREATE STREAM o (a INTEGER, -- the first
  /* in dollars */
  b DOUBLE);  -- behind o
-- About p.
CREATE PUMP p AS INSERT INTO o
  -- all of them
  SELECT STREAM a, b FROM s /* the source */ WHERE a > 1; /* end */
-- The foot.
"""
    assert (
        formatted(sql)
        == """\
-- The head.

-- About o.
CREATE STREAM o (
  a INTEGER, -- the first
  /* in dollars */
  b DOUBLE
); -- behind o
-- About p.
CREATE PUMP p AS
INSERT INTO o
-- all of them
SELECT STREAM
  a,
  b
FROM s
/* the source */
WHERE a > 1; /* end */
-- The foot.
"""
    )


def test_blank_lines_between_statements_become_one() -> None:
    assert formatted("SET a 1;SET b 2;\n\n\nSET c 3\n\n") == formatted("SET a 1;\nSET b 2;\n\nSET c 3;")


@pytest.mark.parametrize("sql", ["", "\n", ";;", "-- only this\n"])
def test_scripts_without_statements(sql: str) -> None:
    assert formatted(sql) == ("-- only this\n" if "--" in sql else "")


def test_a_long_list_with_comments() -> None:
    items = ", ".join(f"c{n} x{n}" + (" -- c\n" if n % 10 == 0 else "") for n in range(1000))
    assert_is_the_same(f"SELECT STREAM {items} FROM s")
