"""Numbers, text and dates against slow and obvious twins in Python."""

import calendar
import datetime
import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from streamsql import types
from streamsql.exec.evaluate import compile_expression
from streamsql.functions.call import Times
from streamsql.plan.calls import call
from streamsql.plan.expressions import Cast, Column, Expression, Literal
from streamsql.types import SqlType

TIMES = Times(0, 0)
ERROR = object()
NO_ESCAPE = Literal(types.NULL, None)


def column(place: int, type_: SqlType) -> Column:
    return Column(type_, place, f"C{place}")


def values(expression: Expression, *columns: tuple[SqlType, Sequence[Any]]) -> list[Any]:
    """The value of every row, or ERROR."""
    arrays = [pa.array(items, type_.arrow) for type_, items in columns]
    batch = pa.RecordBatch.from_arrays(arrays, names=[str(place) for place in range(len(arrays))])
    array, failures = compile_expression(expression)(batch, TIMES)
    array.validate(full=True)
    return [ERROR if row in failures.rows else value for row, value in enumerate(array.to_pylist())]


def cast(source: SqlType, target: SqlType, items: Sequence[Any]) -> list[Any]:
    return values(Cast(target, column(0, source)), (source, items))


@st.composite
def decimals(draw: st.DrawFn) -> tuple[SqlType, Decimal]:
    precision = draw(st.integers(1, 19))
    scale = draw(st.integers(0, precision))
    digits = draw(st.integers(-(10**precision) + 1, 10**precision - 1))
    return types.decimal(precision, scale), Decimal(digits).scaleb(-scale)


def fitted(value: Decimal, type_: SqlType) -> Any:
    """`value` in the DECIMAL type, rounded half away from zero, or ERROR."""
    with localcontext() as context:
        context.prec = 800
        rounded = value.quantize(Decimal(1).scaleb(-type_.scale), ROUND_HALF_UP)
        return rounded if abs(rounded.scaleb(type_.scale)) < 10**type_.precision else ERROR


@given(st.sampled_from("+-*/"), decimals(), decimals())
def test_decimal_arithmetic_is_exact(
    symbol: str, left: tuple[SqlType, Decimal], right: tuple[SqlType, Decimal]
) -> None:
    (t1, a), (t2, b) = left, right
    expression = call(symbol, [column(0, t1), column(1, t2)])
    with localcontext() as context:
        context.prec = 100
        if symbol == "/" and b == 0:
            expected: Any = ERROR
        else:
            exact = {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b}[symbol]()
            expected = fitted(exact, expression.type)
    assert values(expression, (t1, [a]), (t2, [b])) == [expected]


@given(decimals(), decimals(), st.integers(1, 50))
def test_decimal_casts_rounding_and_steps(
    value: tuple[SqlType, Decimal], other: tuple[SqlType, Decimal], by: int
) -> None:
    (source, number), target = value, other[0]
    assert cast(source, target, [number]) == [fitted(number, target)]
    assert cast(source, types.DOUBLE, [number]) == [float(number)]
    assert cast(source, types.varchar(40), [number]) == [f"{number:f}"]
    whole = fitted(number, types.decimal(19))
    assert cast(source, types.SMALLINT, [number]) == [int(whole) if -32768 <= whole <= 32767 else ERROR]
    floor, ceil = Decimal(math.floor(number)), Decimal(math.ceil(number))
    for name, expected in (("FLOOR", floor), ("CEIL", ceil)):
        expression = call(name, [column(0, source)])
        assert values(expression, (source, [number])) == [fitted(expected, expression.type)]
    stepped = Decimal(math.floor(Fraction(number) / by) * by)
    expression = call("STEP", [column(0, source), Literal(types.INTEGER, by)])
    assert values(expression, (source, [number])) == [fitted(stepped, source)]


@given(st.lists(st.floats(allow_nan=False), max_size=5))
def test_doubles_as_text_read_back(numbers: list[float]) -> None:
    texts = cast(types.DOUBLE, types.varchar(30), numbers)
    assert cast(types.varchar(30), types.DOUBLE, [text for text in texts if "Inf" not in text]) == [
        number for number in numbers if not math.isinf(number)
    ]
    for number, text in zip(numbers, texts, strict=True):
        if math.isinf(number):
            assert text == ("Infinity" if number > 0 else "-Infinity")
            continue
        plain = number == 0 or 1e-3 <= abs(number) < 1e7
        assert re.fullmatch(r"-?\d+\.\d+" if plain else r"-?\d\.\d+E-?\d+", text)
        shortest = len(repr(number).replace(".", "").replace("-", "").split("e")[0].strip("0"))
        assert len(text.split("E")[0].replace(".", "").replace("-", "").strip("0")) <= shortest


def test_java_form_of_doubles() -> None:
    numbers = [1e10, 0.1, 100.0, 9999999.0, 1e7, 0.001, 0.00099, 1.5e-7, -0.0, 123456.789, 5e-324]
    assert cast(types.DOUBLE, types.varchar(30), numbers) == [
        *("1.0E10", "0.1", "100.0", "9999999.0", "1.0E7", "0.001", "9.9E-4", "1.5E-7", "-0.0", "123456.789"),
        "5.0E-324",
    ]
    assert cast(types.REAL, types.varchar(30), [0.1, 16777216.0]) == ["0.1", "1.6777216E7"]


NUMERALS = st.one_of(
    st.text("0123456789.+- eE", max_size=8),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.text(max_size=4),
)


@given(NUMERALS, decimals())
def test_text_to_numbers(text: str, target: tuple[SqlType, Decimal]) -> None:
    bare = text.strip(" \t")
    plain = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", bare, re.ASCII)
    expected = fitted(Decimal(bare), target[0]) if plain else ERROR
    assert cast(types.varchar(99), target[0], [text]) == [expected]
    real = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", bare, re.ASCII)
    number = float(bare) if real else math.inf
    assert cast(types.varchar(99), types.DOUBLE, [text]) == [ERROR if math.isinf(number) else number]


@given(st.floats(allow_nan=True), decimals())
def test_doubles_to_exact_numbers(number: float, target: tuple[SqlType, Decimal]) -> None:
    finite = math.isfinite(number)
    exact = Decimal(repr(number)) if finite else Decimal(0)
    assert cast(types.DOUBLE, target[0], [number]) == [fitted(exact, target[0]) if finite else ERROR]
    whole = int(Decimal(number).quantize(Decimal(1), ROUND_HALF_UP)) if finite and abs(number) < 1e20 else 1 << 70
    assert cast(types.DOUBLE, types.BIGINT, [number]) == [whole if -(2**63) <= whole < 2**63 else ERROR]


INT64 = st.one_of(st.integers(-5, 5), st.integers(-(2**63), 2**63 - 1))


@given(st.sampled_from(["+", "-", "*", "/", "MOD"]), INT64, INT64)
def test_bigint_arithmetic(symbol: str, a: int, b: int) -> None:
    expression = call(symbol, [column(0, types.BIGINT), column(1, types.BIGINT)])
    if symbol in ("/", "MOD") and b == 0:
        expected: Any = ERROR
    elif symbol in ("/", "MOD"):
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        expected = quotient if symbol == "/" else a - quotient * b
    else:
        expected = {"+": a + b, "-": a - b, "*": a * b}[symbol]
    if expected is not ERROR and not -(2**63) <= expected < 2**63:
        expected = ERROR
    assert values(expression, (types.BIGINT, [a]), (types.BIGINT, [b])) == [expected]


@given(st.lists(INT64, min_size=1), st.one_of(st.integers(1, 5), st.integers(1, 2**63 - 1)))
def test_mod_by_a_constant(numbers: list[int], by: int) -> None:
    expression = call("MOD", [column(0, types.BIGINT), Literal(types.BIGINT, by)])
    expected = [number - by * (abs(number) // by) * (1 if number > 0 else -1) for number in numbers]
    assert values(expression, (types.BIGINT, numbers)) == expected


WORDS = st.text("aB é😀-", max_size=6)


@given(WORDS, st.integers(-8, 8), st.integers(-1, 8))
def test_substring(text: str, start: int, count: int) -> None:
    args = [column(0, types.varchar(9)), column(1, types.BIGINT), column(2, types.BIGINT)]
    columns = ((types.varchar(9), [text]), (types.BIGINT, [start]), (types.BIGINT, [count]))
    first = max(start, 1)
    part = text[first - 1 : max(start + count, 1) - 1] if start + count > first else ""
    beyond = first > max(len(text), 1)
    expected = ERROR if count < 0 else part
    assert values(call("SUBSTRING FROM", args), *columns) == [expected]
    assert values(call("SUBSTRING", args), *columns) == [None if beyond and count >= 0 else expected]


@given(WORDS, WORDS)
def test_position_initcap_and_length(text: str, part: str) -> None:
    two = ((types.varchar(9), [part, part]), (types.varchar(9), [text, None]))
    assert values(call("POSITION", [column(0, two[0][0]), column(1, two[1][0])]), *two) == [
        text.find(part) + 1,
        None,
    ]
    words = " ".join(word[:1].upper() + word[1:].lower() for word in text.split(" "))
    assert values(call("INITCAP", [column(0, two[0][0])]), (two[0][0], [text])) == [words]
    assert values(call("CHAR_LENGTH", [column(0, two[0][0])]), (two[0][0], [text])) == [len(text)]


@given(WORDS, WORDS)
def test_blanks_at_the_end_count_only_between_varchars(left: str, right: str) -> None:
    for left_type, right_type in ((types.char(9), types.varchar(9)), (types.varchar(9), types.varchar(9))):
        padded = left_type.kind is types.Kind.CHAR
        a, b = (left.rstrip(" "), right.rstrip(" ")) if padded else (left, right)
        for name, expected in (("=", a == b), ("<", a.encode() < b.encode())):
            expression = call(name, [column(0, left_type), column(1, right_type)])
            assert values(expression, (left_type, [left]), (right_type, [right])) == [expected]


@given(st.lists(st.sampled_from(["a", "b ", "b", "", None]), max_size=4), st.sampled_from(["a", "b", None]))
def test_in_follows_sql_s_logic_of_nulls(items: list[str | None], value: str | None) -> None:
    options = [*items, "z"]
    args = [Literal(types.char(2), item) for item in options]
    expression = call("IN", [column(0, types.varchar(2)), *args])
    found = value is not None and value in [item.rstrip() for item in options if item is not None]
    unknown = value is None or (not found and None in options)
    assert values(expression, (types.varchar(2), [value])) == [None if unknown else found]


@given(decimals(), st.lists(st.one_of(decimals(), st.none()), min_size=1, max_size=4))
def test_in_compares_decimals_of_all_scales(given: tuple[SqlType, Decimal], items: list[Any]) -> None:
    type_, value = given
    same = (types.decimal(19, type_.scale), value)
    for options in (items, [*items, same]):
        args = [Literal(*(option or (types.NULL, None))) for option in options]
        found = value in [option[1] for option in options if option]
        expected = None if not found and None in options else found
        expression = call("IN", [column(0, type_), *args])
        assert values(expression, (type_, [value, None])) == [expected, None]


@given(st.lists(st.one_of(st.text("ab é", max_size=9), st.none())), st.text("ab é", min_size=1, max_size=4))
def test_like_finds_a_part(texts: list[str | None], part: str) -> None:
    expression = call("LIKE", [column(0, types.varchar(9)), Literal(types.char(9), f"%{part}%"), NO_ESCAPE])
    expected = [None if text is None else part in text for text in texts]
    assert values(expression, (types.varchar(9), texts)) == expected


MOMENTS = st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(MOMENTS)
def test_date_patterns_agree_with_strftime(moment: datetime.datetime) -> None:
    pattern = "yyyy-MM-dd HH:mm:ss.SSS|EEE EEEE MMM MMMM|hh a|DDD|u|yy"
    literal = Literal(types.char(len(pattern)), pattern)
    formatted = values(
        call("TIMESTAMP_TO_CHAR", [literal, column(0, types.TIMESTAMP)]), (types.TIMESTAMP, [moment])
    )[0]
    year = f"{moment.year:04d}"
    expected = f"{year}-{moment:%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}|"
    expected += f"{moment:%a %A %b %B|%I %p|%j}|{moment.isoweekday()}|{year[2:]}"
    assert formatted == expected
    short = pattern.split("|")[0]
    back = call("CHAR_TO_TIMESTAMP", [Literal(types.char(len(short)), short), column(0, types.varchar(99))])
    assert values(back, (types.varchar(99), [formatted])) == [moment]
    text = cast(types.TIMESTAMP, types.varchar(30), [moment])[0]
    assert cast(types.varchar(30), types.TIMESTAMP, [text]) == [moment]
    for unit, part in (("YEAR", moment.year), ("MONTH", moment.month), ("DAY", moment.day), ("HOUR", moment.hour)):
        expression = call("EXTRACT", [Literal(types.char(len(unit)), unit), column(0, types.TIMESTAMP)])
        assert values(expression, (types.TIMESTAMP, [moment])) == [part]


def test_weeks_begin_on_sunday_and_week_one_holds_january_first() -> None:
    days = [
        datetime.date(2020, 12, 26),
        datetime.date(2020, 12, 27),
        datetime.date(2021, 1, 2),
        datetime.date(2021, 1, 3),
    ]
    # Java, Locale.US: 2020-12-26 is a Saturday; January 1, 2021 is a Friday.
    expression = call("DATE_TO_CHAR", [Literal(types.char(8), "YYYY w W"), column(0, types.DATE)])
    assert values(expression, (types.DATE, days)) == ["2020 52 4", "2021 1 5", "2021 1 1", "2021 2 2"]


@given(MOMENTS, st.integers(-2000, 2000))
def test_months_are_added_with_the_day_clamped(moment: datetime.datetime, months: int) -> None:
    args = [column(0, types.TIMESTAMP), column(1, types.INTERVAL_YEAR)]
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    if 1 <= year <= 9999:
        last = calendar.monthrange(year, month + 1)[1]
        expected: Any = moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    else:
        expected = ERROR
    columns = ((types.TIMESTAMP, [moment]), (types.INTERVAL_YEAR, [months]))
    assert values(call("+", args), *columns) == [expected]


@given(MOMENTS, st.sampled_from(["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"]))
def test_floor_and_ceil_of_timestamps(moment: datetime.datetime, unit: str) -> None:
    parts = list(moment.timetuple()[:6])
    place = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"].index(unit)
    floor = datetime.datetime(*parts[: place + 1], *[1, 1, 0, 0, 0][place:])
    literal = Literal(types.char(len(unit)), unit)
    down = values(call("FLOOR TO", [column(0, types.TIMESTAMP), literal]), (types.TIMESTAMP, [moment]))[0]
    up = values(call("CEIL TO", [column(0, types.TIMESTAMP), literal]), (types.TIMESTAMP, [moment]))[0]
    assert down == floor
    assert up is ERROR or (up == moment if floor == moment else floor < moment < up)
    if up is not ERROR and up != moment:
        below = up - datetime.timedelta(milliseconds=1)
        assert values(call("FLOOR TO", [column(0, types.TIMESTAMP), literal]), (types.TIMESTAMP, [below])) == [
            floor
        ]


@given(st.lists(st.text("ab", max_size=6), max_size=4), st.integers(0, 3), st.integers(1, 4))
def test_regex_replace_of_one_occurrence(texts: list[str], occurrence: int, start: int) -> None:
    args = [Literal(types.char(9), item) for item in ("a(b?)", "<$1>")]
    numbers = [Literal(types.INTEGER, item) for item in (start, occurrence)]
    expression = call("REGEX_REPLACE", [column(0, types.varchar(9)), *args, *numbers])
    counted = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal counted
        counted += 1
        return f"<{match[1]}>" if occurrence in (0, counted) else match[0]

    expected = []
    for text in texts:
        counted = 0
        expected.append(text[: start - 1] + re.sub("a(b?)", replace, text[start - 1 :]))
    assert values(expression, (types.varchar(9), texts)) == expected
