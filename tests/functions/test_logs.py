"""Log parsers: the row they make, and what a text that does not fit gives."""

import datetime
from typing import Any

import pyarrow as pa
import pytest

from streamsql import types
from streamsql.errors import BindError
from streamsql.exec.evaluate import compile_expression
from streamsql.functions.call import Times
from streamsql.functions.failures import RowError
from streamsql.plan.calls import call
from streamsql.plan.expressions import Column, Field, Literal

LINE = Column(types.varchar(200), 0)
NOW = Times(query_start=1_582_979_696_789, row=0)  # 2020-02-29


def constant(value: Any) -> Literal:
    return Literal(types.INTEGER if isinstance(value, int) else types.char(max(len(value), 1)), value)


def parsed(name: str, lines: list[str | None], *args: Any) -> tuple[list[Any], dict[int, RowError]]:
    """The rows as tuples of their fields."""
    expression = call(name, [LINE, *map(constant, args)])
    array, failures = compile_expression(expression)(pa.record_batch({"L": pa.array(lines, pa.string())}), NOW)
    array.validate(full=True)
    return [row and tuple(row.values()) for row in array.to_pylist()], failures.rows


def test_regex_log_parse_gives_the_groups_of_a_whole_match() -> None:
    lines = ["a=12 b", "12", None, "x a=7 c\n", ""]
    assert parsed("REGEX_LOG_PARSE", lines, ".*a=([0-9]+) (?:b|c)(.*)")[0] == [
        ("12", ""),
        None,
        None,
        None,  # the dot does not match a line feed
        None,
    ]


def test_c171_fields_of_a_regex_log_parse_by_name_and_type() -> None:
    expression = call("REGEX_LOG_PARSE", [LINE, constant("(.)=(.*)"), constant('a VARCHAR(3), "Key" INTEGER')])
    assert expression.type.fields == (("A", types.varchar(3)), ("Key", types.INTEGER))
    field = compile_expression(Field(types.INTEGER, expression, "Key"))
    array, failures = field(pa.record_batch({"L": ["k=12", "nothing", "k=x"]}), NOW)
    assert array.to_pylist() == [12, None, None]
    assert failures.rows == {2: RowError("RUN-003", 'For input string: "x"')}


@pytest.mark.parametrize("pattern", ["no groups", "(open", r"(a)\1", "(?=x)(a)", "([a-z&&[^b]])"])
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(BindError) as caught:
        parsed("REGEX_LOG_PARSE", ["a"], pattern)
    assert caught.value.code == "RUN-006"


@pytest.mark.parametrize(
    ("pattern", "line", "fields"),
    [
        # Both from the reference's own worked example.
        ("(.*)_(._.*)_.*", "x_yy_b_ccc_dd", ("x_yy", "b_ccc")),
        ("(.*)_+(._.*)", "x_yy_b_ccc_dd", None),
        # By hand: the first piece is as short as possible, the last reaches the end.
        ("(.*)=(.*)", "a=b=c", ("a", "b=c")),
        ('([0-9]+)" - "(<Alpha>{2})@', "12 - ab rest", ("12", "ab")),
        ("(.*) (on|off)", "lamp on", ("lamp", "on")),
        ("((ab)*)c", "ababc", ("abab",)),
        (r"(\(.\))", "(x)", ("(x)",)),
        ("(a)b", "ac", None),
    ],
)
def test_fast_regex_log_parse(pattern: str, line: str, fields: tuple[str, ...] | None) -> None:
    assert parsed("FAST_REGEX_LOG_PARSE", [line, None], pattern)[0] == [fields, None]
    assert parsed("FAST_REGEX_LOG_PARSER", [line], pattern)[0] == [fields]


@pytest.mark.parametrize("pattern", ["none", "(a", "(a)#", "(<1-9>)", "([a)", '("a)'])
def test_a_fast_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(BindError) as caught:
        parsed("FAST_REGEX_LOG_PARSE", ["a"], pattern)
    assert caught.value.code == "RUN-006"


def test_fixed_columns_begin_where_they_say_and_end_at_the_next() -> None:
    description = "a TYPE VARCHAR(9) START 0, n TYPE INTEGER START 3 FOR 2, d TYPE DATE 'yyyy/MM/dd' START 6"
    rows, errors = parsed(
        "FIXED_COLUMN_LOG_PARSE", ["ab 12 2009/09/16 x", "ä  1", "ab xx 2009/13/16"], description
    )
    assert rows == [("ab", 12, datetime.date(2009, 9, 16)), ("ä", 1, None), None]
    assert {row: error.code for row, error in errors.items()} == {2: "RUN-003"}


def test_variable_columns() -> None:
    assert parsed("VARIABLE_COLUMN_LOG_PARSE", ["a,b,,d,e", "a", ""], 3, ",")[0] == [
        ("a", "b", ""),
        ("a", None, None),
        ("", None, None),
    ]
    assert parsed("VARIABLE_COLUMN_LOG_PARSE", ["a--b-c--"], 3, "--")[0] == [("a", "b-c", "")]


def test_escapes_and_quotes_hide_delimiters() -> None:
    args = ("x VARCHAR(9), y TYPE VARCHAR(2), z TYPE INTEGER NOT NULL", ",", "\\", "[]")
    rows, errors = parsed("VARIABLE_COLUMN_LOG_PARSE", [r"a\,b,[c,d],5", "a,b", "a,b,x"], *args)
    assert rows == [("a,b", "c,", 5), None, None]  # VARCHAR(2) cuts
    assert {row: error.code for row, error in errors.items()} == {1: "RUN-005", 2: "RUN-003"}


def test_system_log_takes_the_year_that_is_not_ahead() -> None:
    lines = ["Feb 29 10:00:00 host app: x", "Mar  1 11:00:00 y", "Mar 18 23:59:59 z", "18 Mar", None]
    assert parsed("SYS_LOG_PARSE", lines)[0] == [
        (datetime.datetime(2020, 2, 29, 10), "host app: x"),
        (datetime.datetime(2020, 3, 1, 11), "y"),
        (datetime.datetime(2019, 3, 18, 23, 59, 59), "z"),
        None,
        None,
    ]


COMMON = '10.1.2.3 - ann [24/May/2004:22:01:02 -0700] "GET /a.gif HTTP/1.1" 304 0'
FIELDS = ("10.1.2.3", "-", "ann", "[24/May/2004:22:01:02 -0700]", "GET /a.gif HTTP/1.1", "304", "0")


@pytest.mark.parametrize(
    ("format_", "line", "fields"),
    [
        ("COMMON", COMMON, FIELDS),
        ("common with vhost", f"host {COMMON}", ("host", *FIELDS)),
        ("NCSA EXTENDED", f'{COMMON} "http://x/" "Mozilla \\"5\\""', (*FIELDS, "http://x/", 'Mozilla \\"5\\"')),
        ("REFERER", "http://x/ ---> /y", ("http://x/", "/y")),
        ("AGENT", "Mozilla 5", ("Mozilla 5",)),
        ("%h|%{X-Id}i|%>s", "h|a b|200", ("h", "a b", "200")),
        ("COMMON", "something else", None),
    ],
)
def test_web_server_logs(format_: str, line: str, fields: tuple[str, ...] | None) -> None:
    assert parsed("W3C_LOG_PARSE", [line], format_)[0] == [fields]


def test_an_unspecified_web_server_log_is_refused() -> None:
    with pytest.raises(BindError, match="IIS"):
        parsed("W3C_LOG_PARSE", ["x"], "IIS")


def test_constants_are_needed() -> None:
    with pytest.raises(BindError, match="must be constants"):
        call("REGEX_LOG_PARSE", [LINE, LINE])


def test_groups_of_a_pattern_are_limited() -> None:
    """RE2 takes seconds for a text of 64 KB and some hundred groups."""
    assert parsed("REGEX_LOG_PARSE", ["x" * 100], "(x)" * 100)[0] == [("x",) * 100]
    with pytest.raises(BindError, match="101 groups; at most 100"):
        parsed("REGEX_LOG_PARSE", ["x"], "(x)" * 101)


def test_fields_at_fixed_places_overlap_only_so_much() -> None:
    wide = [f"c{i} TYPE VARCHAR(65535) START 0 FOR 65535" for i in range(16)]
    assert parsed("FIXED_COLUMN_LOG_PARSE", ["ab"], ", ".join(wide))[0] == [("ab",) * 16]
    with pytest.raises(BindError, match="together they may have 1,048,561 characters, more than 1,048,560"):
        parsed("FIXED_COLUMN_LOG_PARSE", ["ab"], ", ".join([*wide, "d TYPE VARCHAR(1) START 65534 FOR 9"]))
    following = ", ".join(f"c{i} TYPE VARCHAR(9) START {i}" for i in range(100))
    assert parsed("FIXED_COLUMN_LOG_PARSE", ["abc"], following)[0] == [("a", "b", "c", *[""] * 97)]
