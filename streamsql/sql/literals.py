"""The texts inside date, time, timestamp, interval and Unicode literals → their values.

Plain functions of text; a `LiteralError` says which code and why, the grammar adds the place.
"""

from __future__ import annotations

import re
from datetime import date

from streamsql.sql.words import UNITS

DAY_MS = 86_400_000
MAX_PRECISION = 10
_UNIT_MS = {"DAY": DAY_MS, "HOUR": 3_600_000, "MINUTE": 60_000, "SECOND": 1000}
_FIELD_END = {"MONTH": 11, "HOUR": 23, "MINUTE": 59, "SECOND": 59}
_SEPARATOR = {"MONTH": "-", "HOUR": " ", "MINUTE": ":", "SECOND": ":"}
_EPOCH = date(1970, 1, 1).toordinal()
# These patterns are compiled, and kept by `re`, when they are first needed: most scripts have no such literal.
_DATE = r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?"
_FORMS = {
    "DATE": ("yyyy-MM-dd", _DATE),
    "TIME": ("HH:mm:ss[.fff]", _TIME),
    "TIMESTAMP": ("yyyy-MM-dd HH:mm:ss[.fff]", f"{_DATE} {_TIME}"),
}
_ESCAPED = {4: r"[0-9a-fA-F]{4}", 6: r"[0-9a-fA-F]{6}"}


class LiteralError(Exception):
    """The text of a literal is wrong; `code` is one of the error codes of the specification."""

    def __init__(self, message: str, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint


def datetime_value(kind: str, text: str) -> int:
    """DATE: days since 1970-01-01; TIME: milliseconds since midnight; TIMESTAMP: milliseconds since 1970.

    `kind` is one of these three words. Digits of a fraction beyond milliseconds are cut.
    """
    form, pattern = _FORMS[kind]
    match = re.fullmatch(pattern, text, re.ASCII)
    if match is None:
        raise LiteralError(f"illegal {kind} literal '{text}': not in format '{form}'", "LIT-001")
    parts = {key: int(digits) for key, digits in match.groupdict().items() if digits and key != "fraction"}
    days = 0
    if kind != "TIME":
        try:
            days = date(parts["year"], parts["month"], parts["day"]).toordinal() - _EPOCH
        except ValueError as error:
            raise LiteralError(f"illegal {kind} literal '{text}': there is no such day", "LIT-001") from error
    if kind == "DATE":
        return days
    if parts["hour"] > 23 or parts["minute"] > 59 or parts["second"] > 59:
        raise LiteralError(f"illegal {kind} literal '{text}': there is no such time of day", "LIT-001")
    seconds = (parts["hour"] * 60 + parts["minute"]) * 60 + parts["second"]
    return days * DAY_MS + seconds * 1000 + _milliseconds(match["fraction"])


def _milliseconds(fraction: str | None) -> int:
    return int((fraction or "").ljust(3, "0")[:3])


def interval_units(unit: str, to: str | None) -> tuple[str, ...]:
    """The units from `unit` to `to`; a LiteralError for a pair that makes no qualifier."""
    first, last = UNITS.index(unit), UNITS.index(to or unit)
    mixed = first < 2 <= last
    if mixed or last < first or (to is not None and last == first):
        raise LiteralError(f"{unit} TO {to} is not an interval qualifier", "LIT-002")
    return UNITS[first : last + 1]


def interval_value(text: str, unit: str, to: str | None, precision: int | None, scale: int | None) -> int:
    """Milliseconds, or months for YEAR and MONTH, of the text between the quotes of an interval literal.

    `precision` and `scale` are as written (defaults 2 and 3); its own sign counts, the one before it does not.
    """
    units = interval_units(unit, to)
    pattern = r"([+-]?)(\d+)" + "".join(rf"{_SEPARATOR[unit]}(\d{{1,2}})" for unit in units[1:])
    if units[-1] == "SECOND":
        pattern += r"(?:\.(\d+))?"
    match = re.fullmatch(pattern, text, re.ASCII)
    qualifier = f"{unit} TO {to}" if to else unit
    if match is None:
        hint = f"its form is '{interval_form(units)}'"
        raise LiteralError(f"illegal interval literal '{text}' for {qualifier}", "LIT-002", hint)
    if len(match[2].lstrip("0")) > MAX_PRECISION:
        raise LiteralError(f"'{text}' has more than {MAX_PRECISION} digits of {unit}", "LIT-003")
    fraction = match[len(units) + 2] if units[-1] == "SECOND" else None
    numbers = [int(digits) for digits in match.groups()[1 : len(units) + 1]]
    _check_fields(units, numbers, fraction, precision, scale)
    sign = -1 if match[1] == "-" else 1
    if unit in ("YEAR", "MONTH"):
        months = numbers[0] * 12 + sum(numbers[1:]) if unit == "YEAR" else numbers[0]
        return sign * months
    whole = sum(number * _UNIT_MS[unit] for unit, number in zip(units, numbers, strict=True))
    return sign * (whole + _milliseconds(fraction))


def _check_fields(
    units: tuple[str, ...], numbers: list[int], fraction: str | None, precision: int | None, scale: int | None
) -> None:
    allowed = 2 if precision is None else precision
    if len(str(numbers[0])) > allowed:
        hint = f"write {units[0]}({len(str(numbers[0]))})"
        raise LiteralError(f"{numbers[0]} exceeds the precision {allowed} of {units[0]}", "LIT-003", hint)
    for unit, number in zip(units[1:], numbers[1:], strict=True):
        if number > _FIELD_END[unit]:
            raise LiteralError(f"{number} exceeds the range 0..{_FIELD_END[unit]} of {unit}", "LIT-003")
    allowed = 3 if scale is None else scale
    if fraction and len(fraction.rstrip("0")) > allowed:
        raise LiteralError(f".{fraction} exceeds the {allowed} fractional digits of SECOND", "LIT-003")


def interval_form(units: tuple[str, ...]) -> str:
    """How the text of an interval literal of these units looks, such as `DD HH:MM`."""
    letters = {"YEAR": "Y", "MONTH": "M", "DAY": "DD", "HOUR": "HH", "MINUTE": "MM", "SECOND": "SS[.fff]"}
    return letters[units[0]] + "".join(_SEPARATOR[unit] + letters[unit] for unit in units[1:])


def unicode_text(text: str, escape: str = "\\") -> str:
    """The characters of a `U&'…'` literal: the escape with 4 digits, or + and 6 digits, or the escape doubled."""
    if len(escape) != 1 or escape in "+\"' " or escape in "0123456789abcdefABCDEF":
        raise LiteralError(f"'{escape}' cannot be the escape character of a Unicode literal", "SYN-002")
    pieces, index = [], 0
    while (found := text.find(escape, index)) >= 0:
        pieces.append(text[index:found])
        after = found + 1
        if text.startswith(escape, after):
            pieces.append(escape)
            index = after + 1
            continue
        size = 6 if text.startswith("+", after) else 4
        digits = re.compile(_ESCAPED[size]).match(text, after + (size == 6))
        if digits is None or int(digits[0], 16) > 0x10FFFF:
            raise LiteralError(f"bad Unicode escape at '{text[found : found + 8]}'", "SYN-002")
        pieces.append(chr(int(digits[0], 16)))
        index = digits.end()
    pieces.append(text[index:])
    try:
        return "".join(pieces).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise LiteralError("a Unicode escape names half a character", "SYN-002") from error
