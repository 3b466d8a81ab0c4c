"""SQL types, their Arrow types, and which of them fit each other (docs/spec/kinesis-sql.md, section 2).

This module knows nothing of expressions or rows; conversions of values live in `kernels`.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cached_property, lru_cache

import pyarrow as pa

from streamsql.errors import ConfigError
from streamsql.record import record, replace

MAX_CHARACTERS = 65535
MAX_PRECISION = 19


class Kind(Enum):
    """The families of SQL types; the value is the name that messages and EXPLAIN print."""

    BOOLEAN = "BOOLEAN"
    TINYINT = "TINYINT"
    SMALLINT = "SMALLINT"
    INTEGER = "INTEGER"
    BIGINT = "BIGINT"
    DECIMAL = "DECIMAL"
    REAL = "REAL"
    DOUBLE = "DOUBLE"
    CHAR = "CHAR"
    VARCHAR = "VARCHAR"
    BINARY = "BINARY"
    VARBINARY = "VARBINARY"
    DATE = "DATE"
    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"
    INTERVAL_DAY = "INTERVAL"  # day-time; milliseconds
    INTERVAL_YEAR = "INTERVAL YEAR"  # year-month; months
    ROW = "ROW"
    ARRAY = "ARRAY"  # extension: made by ARRAY_AGG
    NULL = "NULL"


INTEGERS = (Kind.TINYINT, Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT)
EXACT = (*INTEGERS, Kind.DECIMAL)
APPROXIMATE = (Kind.REAL, Kind.DOUBLE)
NUMERIC = (*EXACT, *APPROXIMATE)
CHARACTER = (Kind.CHAR, Kind.VARCHAR)
BYTES = (Kind.BINARY, Kind.VARBINARY)
DATETIME = (Kind.DATE, Kind.TIME, Kind.TIMESTAMP)
INTERVALS = (Kind.INTERVAL_DAY, Kind.INTERVAL_YEAR)

_DIGITS = {Kind.TINYINT: 3, Kind.SMALLINT: 5, Kind.INTEGER: 10, Kind.BIGINT: 19}
_BITS = {Kind.TINYINT: 8, Kind.SMALLINT: 16, Kind.INTEGER: 32, Kind.BIGINT: 64}
_ARROW = {
    Kind.BOOLEAN: pa.bool_(),
    Kind.TINYINT: pa.int8(),
    Kind.SMALLINT: pa.int16(),
    Kind.INTEGER: pa.int32(),
    Kind.BIGINT: pa.int64(),
    Kind.REAL: pa.float32(),
    Kind.DOUBLE: pa.float64(),
    Kind.CHAR: pa.string(),
    Kind.VARCHAR: pa.string(),
    Kind.BINARY: pa.binary(),
    Kind.VARBINARY: pa.binary(),
    Kind.DATE: pa.date32(),
    Kind.TIME: pa.time32("ms"),
    Kind.TIMESTAMP: pa.timestamp("ms"),
    Kind.INTERVAL_DAY: pa.duration("ms"),
    Kind.INTERVAL_YEAR: pa.int32(),
    Kind.NULL: pa.null(),
}


@record
class SqlType:
    """One SQL type. `precision` and `scale` belong to DECIMAL, `length` to character and binary types,
    `fields` to ROW, `qualifier` ("DAY TO SECOND") to intervals, `element` to ARRAY."""

    kind: Kind
    precision: int = 0
    scale: int = 0
    length: int = 0
    fields: tuple[tuple[str, SqlType], ...] = ()
    qualifier: str = ""
    element: SqlType | None = None

    @cached_property
    def arrow(self) -> pa.DataType:
        """The Arrow type that holds values of this type."""
        if self.kind is Kind.DECIMAL:
            return pa.decimal128(self.precision, self.scale)
        if self.kind is Kind.ROW:
            return pa.struct([pa.field(name, type_.arrow) for name, type_ in self.fields])
        if self.element is not None:
            return pa.list_(self.element.arrow)
        return _ARROW[self.kind]

    @property
    def is_integer(self) -> bool:
        return self.kind in INTEGERS

    @property
    def is_exact(self) -> bool:
        return self.kind in EXACT

    @property
    def is_approximate(self) -> bool:
        return self.kind in APPROXIMATE

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    @property
    def is_character(self) -> bool:
        return self.kind in CHARACTER

    @property
    def is_binary(self) -> bool:
        return self.kind in BYTES

    @property
    def is_datetime(self) -> bool:
        return self.kind in DATETIME

    @property
    def is_nested(self) -> bool:
        """Made of other values: no order, no equality, no key."""
        return self.kind in (Kind.ROW, Kind.ARRAY)

    @property
    def is_interval(self) -> bool:
        return self.kind in INTERVALS

    @property
    def digits(self) -> tuple[int, int]:
        """(precision, scale) of an exact numeric type, integers taken as DECIMAL(n, 0)."""
        return (self.precision, self.scale) if self.kind is Kind.DECIMAL else (_DIGITS[self.kind], 0)

    @property
    def bits(self) -> int:
        """Width of an integer type in bits."""
        return _BITS[self.kind]

    def __str__(self) -> str:
        if self.kind is Kind.DECIMAL:
            return f"DECIMAL({self.precision},{self.scale})"
        if self.kind in CHARACTER or self.kind in BYTES:
            return f"{self.kind.value}({self.length})"
        if self.kind in INTERVALS:
            return f"INTERVAL {self.qualifier}".rstrip()
        if self.element is not None:
            return f"{self.element} ARRAY"
        return str(self.kind.value)


BOOLEAN = SqlType(Kind.BOOLEAN)
TINYINT = SqlType(Kind.TINYINT)
SMALLINT = SqlType(Kind.SMALLINT)
INTEGER = SqlType(Kind.INTEGER)
BIGINT = SqlType(Kind.BIGINT)
REAL = SqlType(Kind.REAL)
DOUBLE = SqlType(Kind.DOUBLE)
DATE = SqlType(Kind.DATE)
TIME = SqlType(Kind.TIME)
TIMESTAMP = SqlType(Kind.TIMESTAMP)
NULL = SqlType(Kind.NULL)
INTERVAL_DAY = SqlType(Kind.INTERVAL_DAY, qualifier="DAY TO SECOND")
INTERVAL_YEAR = SqlType(Kind.INTERVAL_YEAR, qualifier="YEAR TO MONTH")


@lru_cache(1024)
def decimal(precision: int, scale: int = 0) -> SqlType:
    """DECIMAL(precision, scale)."""
    return SqlType(Kind.DECIMAL, precision=precision, scale=scale)


@lru_cache(1024)
def varchar(length: int = MAX_CHARACTERS) -> SqlType:
    """VARCHAR(length), the length capped at the longest there is."""
    return SqlType(Kind.VARCHAR, length=min(length, MAX_CHARACTERS))


def array_of(element: SqlType) -> SqlType:
    """`element` ARRAY."""
    return SqlType(Kind.ARRAY, element=element)


@lru_cache(1024)
def char(length: int = 1) -> SqlType:
    """CHAR(length)."""
    return SqlType(Kind.CHAR, length=min(length, MAX_CHARACTERS))


@record
class Column:
    """One column of a stream or of a plan node's result."""

    name: str
    type: SqlType
    nullable: bool = True


ROWTIME = Column("ROWTIME", TIMESTAMP, nullable=False)

_SYNONYMS = {
    "INT": "INTEGER",
    "DEC": "DECIMAL",
    "NUMERIC": "DECIMAL",
    "FLOAT": "DOUBLE",
    "DOUBLE PRECISION": "DOUBLE",
    "CHARACTER": "CHAR",
    "CHAR VARYING": "VARCHAR",
    "CHARACTER VARYING": "VARCHAR",
    "BINARY VARYING": "VARBINARY",
}
_TYPE = r"\s*([A-Za-z]+(?:\s+[A-Za-z]+)?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*\Z"


def parse_type(text: str, *, default_length: int = 0) -> SqlType:
    """The type that `text` names, such as `VARCHAR(8)` or `double precision`.

    `default_length` is used for VARCHAR without a length (0: an error).
    Raises ConfigError for an unknown name or a size out of range.
    """
    match = re.match(_TYPE, text)
    if not match:
        raise ConfigError(f"{text.strip()!r} is not a SQL type")
    words = " ".join(match[1].upper().split())
    first, second = (int(group) if group else None for group in match.group(2, 3))
    return make_type(_SYNONYMS.get(words, words), first, second, default_length=default_length)


def make_type(name: str, first: int | None, second: int | None = None, *, default_length: int = 0) -> SqlType:
    """The type `name(first, second)`; see `parse_type`."""
    name = _SYNONYMS.get(name, name)
    if name == "DECIMAL":
        precision, scale = (18 if first is None else first), second or 0
        if not 1 <= precision <= MAX_PRECISION or scale > precision:
            raise ConfigError(
                f"DECIMAL({precision},{scale}) is out of range (precision 1..19, scale 0..precision)"
            )
        return decimal(precision, scale)
    kind = Kind.__members__.get(name)
    if kind is None or kind in (Kind.ROW, Kind.ARRAY, Kind.NULL, *INTERVALS):
        raise ConfigError(f"{name!r} is not a SQL type")
    if kind in CHARACTER or kind in BYTES:
        length = first if first is not None else (1 if kind in (Kind.CHAR, Kind.BINARY) else default_length)
        if not 1 <= length <= MAX_CHARACTERS:
            what = f"{name}({first})" if first is not None else f"{name} without a length"
            raise ConfigError(f"{what} is out of range (1..{MAX_CHARACTERS})")
        return SqlType(kind, length=length)
    if second is not None or (first is not None and kind not in (Kind.TIMESTAMP, Kind.TIME, Kind.DOUBLE)):
        raise ConfigError(f"{name} takes no size")
    return SqlType(kind)


def common_type(left: SqlType, right: SqlType) -> SqlType | None:
    """The least type that holds both (CASE branches, COALESCE, comparisons), or None when there is none."""
    if left == right or right.kind is Kind.NULL:
        return left
    if left.kind is Kind.NULL:
        return right
    if left.is_numeric and right.is_numeric:
        return _common_numeric(left, right)
    if left.is_character and right.is_character:
        return varchar(max(left.length, right.length))
    if left.is_binary and right.is_binary:
        return SqlType(Kind.VARBINARY, length=max(left.length, right.length))
    if left.element is not None and right.element is not None:
        element = common_type(left.element, right.element)
        return None if element is None else array_of(element)
    if left.kind is right.kind and left.is_interval:
        return replace(
            left, qualifier=INTERVAL_DAY.qualifier if left.kind is Kind.INTERVAL_DAY else "YEAR TO MONTH"
        )
    return left if left.kind is right.kind and left.is_datetime else None


def _common_numeric(left: SqlType, right: SqlType) -> SqlType:
    if left.is_approximate or right.is_approximate:
        return REAL if left.kind is right.kind is Kind.REAL else DOUBLE
    if left.is_integer and right.is_integer:
        return left if left.bits >= right.bits else right
    (p1, s1), (p2, s2) = left.digits, right.digits
    scale = max(s1, s2)
    return decimal(min(max(p1 - s1, p2 - s2) + scale, MAX_PRECISION), scale)


def assignable(source: SqlType, target: SqlType) -> bool:
    """Whether INSERT may put `source` into a column of type `target` (section 2.2)."""
    if source.kind is Kind.NULL:
        return True
    if source.is_numeric:
        return target.is_numeric
    if source.is_character:
        return target.is_character
    if source.is_binary:
        return target.is_binary
    if source.element is not None and target.element is not None:
        return assignable(source.element, target.element)
    return source.kind is target.kind and source.kind is not Kind.ROW


_CASTS: dict[Kind, tuple[Kind, ...]] = {
    **dict.fromkeys(NUMERIC, (*NUMERIC, *CHARACTER)),
    **dict.fromkeys(CHARACTER, (*NUMERIC, *CHARACTER, *DATETIME, Kind.INTERVAL_DAY, Kind.BOOLEAN)),
    Kind.DATE: (Kind.DATE, Kind.TIMESTAMP, *CHARACTER),
    Kind.TIME: (Kind.TIME, Kind.TIMESTAMP, *CHARACTER),
    Kind.TIMESTAMP: (*DATETIME, *CHARACTER),
    Kind.INTERVAL_DAY: (Kind.INTERVAL_DAY, Kind.BIGINT, Kind.DECIMAL, *CHARACTER),
    Kind.BOOLEAN: (Kind.BOOLEAN, *CHARACTER),
    Kind.BINARY: BYTES,
    Kind.VARBINARY: BYTES,
}


def castable(source: SqlType, target: SqlType) -> bool:
    """Whether `CAST(source AS target)` exists (section 2.4). Only an interval of one field is a number."""
    if source.element is not None and target.element is not None:
        return castable(source.element, target.element)
    if source.kind is Kind.INTERVAL_DAY and target.is_numeric and " TO " in source.qualifier:
        return False
    return source.kind is Kind.NULL or target.kind in _CASTS.get(source.kind, ())
