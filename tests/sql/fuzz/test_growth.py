"""Large texts: twice the text takes about twice the steps and the memory, and what is too large or deep is refused."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from streamsql.app.application import Application
from streamsql.app.format import format_text
from streamsql.errors import ParseError, ScriptErrors
from streamsql.sql import parse

SCHEMAS = {"S": '"A" INTEGER, "K" VARCHAR(8)'}
PUMP = "CREATE STREAM o (a INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM a FROM S"
MINUTE = "FLOOR(ROWTIME TO MINUTE)"


def each(part: Callable[[int], str], between: str = ",") -> Callable[[int], str]:
    return lambda n: between.join(part(number) for number in range(n))


TEXTS: dict[str, tuple[int, Callable[[int], str]]] = {
    "columns": (400, lambda n: f"CREATE STREAM x ({each(lambda i: f'c{i} INT')(n)})"),
    "items": (200, lambda n: f"SELECT {each(lambda i: f'a + {i}')(n)} FROM S"),
    "unknown items": (200, lambda n: f"SELECT {each(lambda i: f'z{i}')(n)} FROM S"),
    "values of IN": (600, lambda n: f"{PUMP} WHERE a IN ({each(str)(n)})"),
    "conditions": (300, lambda n: f"{PUMP} WHERE {each(lambda i: f'a > {i}', ' AND ')(n)}"),
    "texts joined": (300, lambda n: f"SELECT {each(lambda i: 'k', ' || ')(n)} FROM S"),
    "branches": (200, lambda n: f"SELECT CASE a {each(lambda i: f'WHEN {i} THEN {i}', ' ')(n)} END FROM S"),
    "keys": (200, lambda n: f"SELECT COUNT(*) FROM S GROUP BY {MINUTE}, {each(lambda i: f'a + {i}')(n)}"),
    "aggregates": (200, lambda n: f"SELECT {each(lambda i: f'SUM(a + {i})')(n)} FROM S GROUP BY {MINUTE}"),
    "windows": (150, lambda n: f"SELECT {each(lambda i: f'SUM(a) OVER (ROWS {i} PRECEDING)')(n)} FROM S"),
    "chain of windows": (
        150,
        lambda n: (
            f"SELECT COUNT(*) OVER w{n} FROM S WINDOW w0 AS (ROWS 1 PRECEDING), "
            + each(lambda i: f"w{i + 1} AS (w{i})")(n)
        ),
    ),
    "statements": (200, each(lambda i: f"CREATE STREAM s{i} (a INT)", ";")),
    "empty statements": (2000, lambda n: ";" * n),
    "pumps": (60, lambda n: "CREATE STREAM o (a INT);" + pumps(n, "INSERT INTO o SELECT a FROM S")),
    "bad statements": (300, lambda n: "SELECT;" * n),
    "unknown streams": (150, each(lambda i: f"SELECT a FROM t{i}", ";")),
    "stray characters": (2000, lambda n: "$" * n),
    "typographic dashes": (1000, lambda n: "\u2013 " * n),
    "line comments": (1000, lambda n: "-- x\n" * n + PUMP),
    "open comments": (1000, lambda n: "/*" * n),
    "parentheses": (1000, lambda n: f"SELECT {'(' * n}a{')' * n} FROM S"),
    "minus signs": (1000, lambda n: f"SELECT {'- ' * n}a FROM S"),
    "commas": (1000, lambda n: f"SELECT {',' * n} FROM S"),
}


def pumps(n: int, insert: str) -> str:
    return each(lambda i: f"CREATE PUMP p{i} AS {insert}", ";")(n)


def everything(text: str) -> None:
    """All that `check`, `explain` and `format` do."""
    try:
        format_text(text)
    except (ParseError, ScriptErrors) as error:
        error.render(text)
    try:
        Application(text, SCHEMAS, rowtime="t").explain()
    except ScriptErrors as errors:
        errors.render(text)


def steps(text: str) -> int:
    """The number of calls that `everything` makes."""
    count = 0

    def note(_frame: Any, _event: str, _argument: Any) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        everything(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", TEXTS)
def test_twice_the_text_takes_twice_the_steps(name: str) -> None:
    size, make = TEXTS[name]
    everything(make(2))  # what is made once
    assert steps(make(2 * size)) < 2.5 * steps(make(size)) + 5000


@pytest.mark.parametrize("name", TEXTS)
def test_twice_the_text_takes_twice_the_memory(name: str) -> None:
    size, make = TEXTS[name]
    peaks = []
    everything(make(2))  # what is made once
    for text in (make(size // 3), make(2 * size // 3)):
        tracemalloc.start()
        everything(text)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 3 * peaks[0] + 200_000


@pytest.mark.parametrize("make", [lambda n: "x" * n, lambda n: ";" * n, lambda n: f"SELECT '{'x' * n}' FROM S"])
@pytest.mark.parametrize("size", [102_401, 1 << 20])
def test_more_code_than_is_allowed_is_refused_unread(make: Callable[[int], str], size: int) -> None:
    text = make(size)
    (error,) = parse(text).errors
    assert error.code == "SYN-005"
    assert steps(text) < 5000


NESTED = {
    "parentheses": ("(", ")"),
    "calls": ("ABS(", ")"),
    "NOT": ("NOT ", ""),
    "CASE": ("CASE WHEN a = 1 THEN ", " ELSE 0 END"),
    "CAST": ("CAST(", " AS INTEGER)"),
}


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("levels", [62, 2000])
def test_nesting_runs_or_is_refused(name: str, levels: int) -> None:
    """64 levels of expressions and queries: the SELECT of the pump is one, the last operand another."""
    before, behind = NESTED[name]
    inner = "a = 1" if name == "NOT" else "a"
    text = f"CREATE STREAM o (a {'BOOLEAN' if name == 'NOT' else 'INTEGER'}); CREATE PUMP p AS INSERT INTO o"
    text += f" SELECT STREAM {before * levels}{inner}{behind * levels} FROM S"
    if levels > 64:
        with pytest.raises(ScriptErrors, match="64 levels deep") as caught:
            Application(text, SCHEMAS)
        assert [error.code for error in caught.value.errors] == ["SYN-001"]
        return
    app = Application(text, SCHEMAS, rowtime="ROWTIME")
    app.feed("S", pa.table({"A": [1, 2], "K": ["x", "y"], "ROWTIME": [1000, 2000]}))
    app.finish()
    assert app.read("O").num_rows == 2
