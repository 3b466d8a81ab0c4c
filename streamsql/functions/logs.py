"""Log parsers: one text in, one row value out (kinesis-functions 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from streamsql.errors import BindError
from streamsql.functions.calendar import DAY
from streamsql.functions.call import CallContext, Datum, value_at
from streamsql.functions.convert_numbers import strings
from streamsql.functions.date_pattern import compile_pattern
from streamsql.functions.fastlog import piece_rows
from streamsql.functions.java_regex import groups, java_regex, name_groups
from streamsql.functions.log_columns import TEXT, LogColumn, parse_columns, plain_columns, row_type, rows
from streamsql.functions.registry import Argument, Resolution, alias, cannot_apply, scalar
from streamsql.functions.similar import BadPattern
from streamsql.functions.text import bytes_of
from streamsql.functions.vectors import array, column
from streamsql.functions.w3c import w3c_regex
from streamsql.kernels import compute as pc
from streamsql.kernels import date_patterns, log_fields
from streamsql.record import record
from streamsql.types import INTEGER, MAX_CHARACTERS, TIMESTAMP, varchar

MAX_COLUMNS = 1000  # of a row value
MAX_FIXED = 16 * MAX_CHARACTERS
"""Characters of all fields at fixed places, which may overlap, of one text."""
MAX_GROUPS = 100
"""Groups of a regular expression: RE2's time for a text grows with the square of their number."""

Build = Callable[..., Any]
"""From the constant arguments to what runs: an object with `columns` and `split(texts) → (fields, known)`."""

Fields = tuple[Sequence[pa.Array], pa.Array]


@record
class RegexRows:
    """Fields are the groups of a regular expression that has to match the whole text."""

    columns: tuple[LogColumn, ...]
    regex: str

    def split(self, texts: pa.Array) -> Fields:
        """One text per column, and whether there was a match."""
        found = pc.extract_regex(texts, self.regex)
        known = pc.is_valid(found)
        return [pc.struct_field(found, place) for place in range(len(self.columns))], known


@record
class FixedRows:
    """Fields stand at fixed characters."""

    columns: tuple[LogColumn, ...]

    def split(self, texts: pa.Array) -> Fields:
        """One text per column, without the blanks around it."""
        fields = [pc.utf8_trim(pc.utf8_slice_codeunits(texts, start, stop), " ") for start, stop in self.places]
        return fields, pc.is_valid(texts)

    @property
    def places(self) -> list[tuple[int, int | None]]:
        """Where each column begins and ends; None: with the text."""
        starts = sorted({one.start or 0 for one in self.columns})
        following = dict(zip(starts, [*starts[1:], None], strict=True))
        return [
            (start, following[start] if one.count is None else start + one.count)
            for one in self.columns
            for start in (one.start or 0,)
        ]


@record
class DelimitedRows:
    """Fields are separated by a delimiter."""

    columns: tuple[LogColumn, ...]
    delimiter: bytes
    escape: int
    quotes: tuple[int, int]

    def split(self, texts: pa.Array) -> Fields:
        """One text per column, null where the text has fewer."""
        count = len(self.columns)
        delimiter = np.frombuffer(self.delimiter, dtype=np.uint8)
        ends, data, there = log_fields.split(*bytes_of(texts), delimiter, self.escape, *self.quotes, count)
        flat = strings((ends, data), pa.nulls(0))
        flat = pc.if_else(pc.from_numpy(there), flat, pa.scalar(None, pa.string()))
        places = np.arange(len(texts)) * count
        return [pc.take(flat, pc.from_numpy(places + place)) for place in range(count)], pc.is_valid(texts)


def log_parser(name: str, syntax: str, build: Build, least: int, most: int, text: str, number: int = 0) -> None:
    """Register a parser whose arguments after the first are constants for `build`: texts, but for the one at place
    `number`, which may be an integer too."""

    def built(args: Sequence[Argument]) -> Any:
        if not least <= len(args) <= most or not (args[0].type.is_character or args[0].constant is None):
            raise cannot_apply(name, args, syntax)
        if not all(arg.is_constant and arg.constant is not None for arg in args[1:]):
            raise BindError(f"the arguments of {name} after the first must be constants", code="TYP-001")
        texts = [
            arg.type.is_character or (place == number and arg.type.is_integer) for place, arg in enumerate(args)
        ]
        if not all(texts[1:]):
            raise cannot_apply(name, args, syntax)
        try:
            return build(*(arg.constant for arg in args[1:]))
        except BadPattern as problem:
            raise BindError(f"{name}: {problem}", code="RUN-006") from None

    def resolve(args: Sequence[Argument]) -> Resolution:
        parser = built(args)
        types = (varchar(), *(arg.type if arg.type.is_character else INTEGER for arg in args[1:]))
        return Resolution(row_type(parser.columns), types)

    def parse(call: CallContext, line: Datum, *constants: Datum) -> pa.Array:
        parser = call.prepared("parser", lambda: build(*(value_at(datum, 0) for datum in constants)))
        fields, known = parser.split(column(line, call.length))
        return rows(call, parser.columns, fields, known)

    parse.__doc__ = text
    scalar(name, syntax, resolve)(parse)


def _regex_rows(pattern: str, description: str = "") -> RegexRows:
    regex = java_regex(pattern)
    count = groups(regex)
    if count > MAX_GROUPS:
        raise BadPattern(f"the pattern has {count} groups; at most {MAX_GROUPS} are allowed")
    columns = parse_columns(description) if description else plain_columns(count)
    if not count or len(columns) != count:
        raise BadPattern(f"'{pattern}' has {count} groups for {len(columns)} columns")
    return RegexRows(columns, f"^(?:{name_groups(regex)})$")


def _fixed_rows(description: str) -> FixedRows:
    columns = parse_columns(description)
    for one in columns:
        if one.start is None:
            raise BadPattern(f"the column {one.name} has no START")
    fixed = FixedRows(columns)
    most = sum(max(min(stop or MAX_CHARACTERS, MAX_CHARACTERS) - start, 0) for start, stop in fixed.places)
    if most > MAX_FIXED:
        raise BadPattern(
            f"its fields overlap: together they may have {most:,} characters, more than {MAX_FIXED:,}"
        )
    return fixed


def _delimited_rows(described: str | int, delimiter: str, escape: str = "", quote: str = "") -> DelimitedRows:
    if isinstance(described, int) or described.strip().isdigit():
        columns = plain_columns(min(int(described), MAX_COLUMNS + 1))
    else:
        columns = parse_columns(described)
    if not 1 <= len(columns) <= MAX_COLUMNS or not delimiter:
        raise BadPattern(f"it needs 1 to {MAX_COLUMNS} columns and a delimiter")
    marks = [ord(mark) for mark in escape + quote]
    if len(escape) > 1 or len(quote) > 2 or any(mark > 127 for mark in marks):
        raise BadPattern("the escape is one character, the quote one or two, of ASCII")
    quotes = (ord(quote[0]), ord(quote[-1])) if quote else (-1, -1)
    return DelimitedRows(columns, delimiter.encode(), ord(escape) if escape else -1, quotes)


def _w3c_rows(format_: str) -> RegexRows:
    regex, count = w3c_regex(format_)
    return RegexRows(plain_columns(count), regex)


log_parser(
    "REGEX_LOG_PARSE",
    "REGEX_LOG_PARSE(s, pattern [, 'name type, ...'])",
    _regex_rows,
    *(2, 3),
    "The groups of a Java regular expression that matches the whole text, as the fields COLUMN1, COLUMN2 … or as "
    "the columns described. A text that does not match gives nulls.",
)
log_parser(
    "FAST_REGEX_LOG_PARSE",
    "FAST_REGEX_LOG_PARSE(s, pattern)",
    piece_rows,
    *(2, 2),
    "The groups of a pattern that is matched piece by piece, each as short as possible and without going back, as "
    "the fields COLUMN1, COLUMN2 … . Alternatives are tried in order. A text that does not match gives nulls.",
)
alias("FAST_REGEX_LOG_PARSER", "FAST_REGEX_LOG_PARSE")
log_parser(
    "FIXED_COLUMN_LOG_PARSE",
    "FIXED_COLUMN_LOG_PARSE(s, 'name TYPE type [NOT NULL] START n [FOR m], ...')",
    _fixed_rows,
    *(2, 2),
    "The fields of a text with columns of fixed width. Positions count from 0; without FOR a column ends where "
    "the next begins. DATE, TIME and TIMESTAMP take a date pattern after the type.",
)
log_parser(
    "VARIABLE_COLUMN_LOG_PARSE",
    "VARIABLE_COLUMN_LOG_PARSE(s, columns, delimiter [, escape [, quote]])",
    _delimited_rows,
    *(3, 5),
    "The fields of a text that a delimiter separates; columns is their number, or describes them as 'name TYPE "
    "type [NOT NULL], ...'. Missing fields are null, surplus ones are ignored.",
    number=1,
)
log_parser(
    "W3C_LOG_PARSE",
    "W3C_LOG_PARSE(s, format)",
    _w3c_rows,
    *(2, 2),
    "The fields of a web server's log: format is COMMON, COMMON WITH VHOST, NCSA EXTENDED, REFERER, AGENT, or an "
    "Apache log format; one field per specifier.",
)


def _resolve_syslog(args: Sequence[Argument]) -> Resolution:
    if len(args) != 1 or not (args[0].type.is_character or args[0].constant is None):
        raise cannot_apply("SYS_LOG_PARSE", args, "SYS_LOG_PARSE(text)")
    return Resolution(row_type(_SYSLOG), (varchar(),))


_SYSLOG = (LogColumn("COLUMN1", TIMESTAMP), LogColumn("COLUMN2", TEXT))
_LINE = r"(?s)^(?P<time>[A-Za-z]{3}\s+\d{1,2} \d{2}:\d{2}:\d{2})\s(?P<rest>.*)$"


@scalar("SYS_LOG_PARSE", "SYS_LOG_PARSE(s)", _resolve_syslog, volatile=True)
def sys_log_parse(call: CallContext, line: Datum) -> pa.Array:
    """A line of a system log, `Mon DD HH:MM:SS rest`, as COLUMN1 (its time) and COLUMN2 (the rest). The year is
    the current one, or the last one when that would be more than a day ahead."""
    found = pc.extract_regex(column(line, call.length), _LINE)
    time = pc.struct_field(found, "time")
    now = call.times.query_start
    year = int(np.datetime64(now, "ms").astype("M8[Y]").astype(int)) + 1970
    pattern = compile_pattern("yyyy MMM d HH:mm:ss", parsing=True)

    def moments(year: int) -> tuple[Any, Any]:
        dated = pc.binary_join_element_wise(str(year), time, " ")
        values, flags = date_patterns.parse(*bytes_of(dated), pattern.steps, pattern.literals, now)
        return values, flags == 0 if flags is not None else np.ones(len(values), dtype=bool)

    this_year, fine = moments(year)
    last_year, fine_before = moments(year - 1)
    before = ~fine | (this_year > now + DAY)
    values = array(np.where(before, last_year, this_year), TIMESTAMP.arrow)
    known = pc.and_(pc.is_valid(found), pc.from_numpy(np.where(before, fine_before, fine)))
    rest = pc.utf8_slice_codeunits(pc.struct_field(found, "rest"), 0, TEXT.length)
    struct = pa.StructArray.from_arrays([values, rest], fields=list(call.result.arrow))
    return pc.if_else(known, struct, pa.scalar(None, struct.type))
