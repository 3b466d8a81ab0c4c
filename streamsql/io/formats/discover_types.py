"""Which SQL type is the smallest that holds all values of a sample's column."""

from __future__ import annotations

import re
from decimal import Decimal

from streamsql.record import field, record
from streamsql.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    MAX_CHARACTERS,
    SMALLINT,
    TIMESTAMP,
    TINYINT,
    SqlType,
    decimal,
    varchar,
)

INTEGER_TYPES = (TINYINT, SMALLINT, INTEGER, BIGINT)
MAX_SHORT_DIGITS = 15  # decimals beyond this are measurements: DOUBLE
MAX_SHORT_SCALE = 4
LEAST_VARCHAR = 4

# Compiled, and kept by `re`, by the first value that they are asked about.
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z"
_LEADING_ZERO = r"[+-]?0\d"
_TIMESTAMP = (
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[ Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?\Z"
)


@record(frozen=False)
class Values:
    """What was seen of one column."""

    numbers: list[Decimal] = field(default_factory=list)
    has_exponent: bool = False
    booleans: int = 0
    timestamps: int = 0
    others: int = 0
    longest: int = 0

    def add_number(self, text: str) -> None:
        """A JSON number, as written."""
        self.numbers.append(Decimal(text))
        self.has_exponent |= "e" in text.lower()
        self._saw(text)

    def add_boolean(self, value: bool) -> None:
        self.booleans += 1
        self._saw("true" if value else "false")

    def add_string(self, text: str) -> None:
        """A JSON string: only a timestamp is more than text."""
        if re.match(_TIMESTAMP, text.strip()):
            self.timestamps += 1
        else:
            self.others += 1
        self._saw(text)

    def add_text(self, text: str) -> None:
        """A CSV field; an empty one says nothing. Digits that begin with a zero are a code, not a number."""
        stripped = text.strip()
        if not stripped:
            return
        if re.match(_NUMBER, stripped) and not re.match(_LEADING_ZERO, stripped):
            self.add_number(stripped)
        elif stripped.lower() in ("true", "false"):
            self.add_boolean(stripped.lower() == "true")
        else:
            self.add_string(text)
            return
        self._saw(text)

    def add_container(self, text: str) -> None:
        """A JSON object or array that stays text."""
        self.others += 1
        self._saw(text)

    def sql_type(self, *, roomy: bool, least_integer: str = "TINYINT") -> SqlType:
        """The smallest type that holds every value seen, or with `roomy` the largest of its family."""
        kinds = (bool(self.numbers), bool(self.booleans), bool(self.timestamps), bool(self.others))
        if kinds == (True, False, False, False):
            return self._numeric(roomy, least_integer)
        if kinds == (False, True, False, False):
            return BOOLEAN
        if kinds == (False, False, True, False):
            return TIMESTAMP
        return varchar(MAX_CHARACTERS if roomy else _power_of_two(self.longest))

    def _numeric(self, roomy: bool, least_integer: str) -> SqlType:
        whole = not self.has_exponent and all(number == number.to_integral_value() for number in self.numbers)
        as_written = all(int(number.as_tuple().exponent) >= 0 for number in self.numbers)
        if whole and as_written:
            return self._integer(roomy, least_integer)
        if roomy or self.has_exponent:
            return DOUBLE
        scale = max(max(0, -int(number.as_tuple().exponent)) for number in self.numbers)
        digits = max(len(str(abs(int(number)))) for number in self.numbers)
        if scale > MAX_SHORT_SCALE or digits + scale > MAX_SHORT_DIGITS:
            return DOUBLE
        return decimal(digits + scale, scale)

    def _integer(self, roomy: bool, least_integer: str) -> SqlType:
        low, high = min(self.numbers), max(self.numbers)
        for type_ in INTEGER_TYPES:
            fits = -(2 ** (type_.bits - 1)) <= low and high < 2 ** (type_.bits - 1)
            if fits and type_.bits >= (64 if roomy else BITS[least_integer]):
                return type_
        return DOUBLE

    def _saw(self, text: str) -> None:
        self.longest = max(self.longest, len(text))


BITS = {str(type_): type_.bits for type_ in INTEGER_TYPES}


def _power_of_two(length: int) -> int:
    size = LEAST_VARCHAR
    while size < length:
        size *= 2
    return min(size, MAX_CHARACTERS)
