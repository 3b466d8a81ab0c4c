"""Text, CAST and time, written twice as in `terms`."""

from __future__ import annotations

from terms import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGERS,
    TIMESTAMP,
    Term,
    Type,
    decimal,
    either,
    fitted,
    quoted,
    real,
    rescaled,
    varchar,
    whole,
)

UNITS = {"SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
"""Milliseconds."""


def text(value: str) -> Term:
    """A literal: CHAR."""
    return Term(quoted(value), quoted(value), Type("CHAR", max(len(value), 1)))


def letters(name: str, term: Term) -> Term:
    return Term(f"{name}({term.sql})", f"{name.lower()}({term.value})", term.type, term.fails)


def concatenation(left: Term, right: Term) -> Term:
    type_ = varchar(left.type.precision + right.type.precision)
    fails = either(left.fails, right.fails)
    return Term(f"({left.sql} || {right.sql})", f"({left.value} || {right.value})", type_, fails)


def trim(mode: str, character: str, term: Term) -> Term:
    kernel = {"BOTH": "trim", "LEADING": "ltrim", "TRAILING": "rtrim"}[mode]
    sql = f"TRIM({mode} '{character}' FROM {term.sql})"
    return Term(sql, f"{kernel}({term.value}, '{character}')", varchar(term.type.precision), term.fails)


def char_length(term: Term) -> Term:
    return Term(f"CHAR_LENGTH({term.sql})", f"length({term.value})::HUGEINT", whole("INTEGER"), term.fails)


def position(part: Term, term: Term) -> Term:
    value = f"(CASE WHEN {part.value} = '' AND {term.value} IS NOT NULL THEN 1 ELSE strpos({term.value}, {part.value}) END)"
    sql = f"POSITION({part.sql} IN {term.sql})"
    return Term(sql, f"{value}::HUGEINT", whole("INTEGER"), either(part.fails, term.fails))


def substring(term: Term, start: Term, size: Term | None, *, comma: bool) -> Term:
    """SUBSTRING(s FROM p [FOR n]), or SUBSTRING(s, p [, n]), which is null where p is behind the end; the
    first position never is."""
    n = size.value if size else "1000000"
    negative = (
        f"COALESCE({term.value} IS NOT NULL AND {start.value} IS NOT NULL AND {n} < 0, FALSE)" if size else "FALSE"
    )
    part = f"part({term.value}, {start.value}, {n})"
    if not size:
        part = f"part({term.value}, greatest({start.value}, 1), 1000000)"
        part = f"(CASE WHEN {start.value} IS NOT NULL THEN {part} END)"
    if comma:
        rest = f", {size.sql}" if size else ""
        sql = f"SUBSTRING({term.sql}, {start.sql}{rest})"
        part = f"(CASE WHEN {start.value} <= greatest(length({term.value}), 1) THEN {part} END)"
    else:
        sql = f"SUBSTRING({term.sql} FROM {start.sql}{f' FOR {size.sql}' if size else ''})"
    fails = either(term.fails, start.fails, size.fails if size else "FALSE", negative)
    return Term(sql, part, varchar(term.type.precision), fails)


# ---------------------------------------------------------------- CAST


def cast(term: Term, type_: Type) -> Term:
    """CAST of a number to a number or text, of text to an integer or text, of a condition to text."""
    sql = f"CAST({term.sql} AS {type_.ddl})"
    if type_.text:
        return _to_text(sql, term, type_)
    if type_ == DOUBLE:
        return Term(sql, real(term), DOUBLE, term.fails)
    if term.type.text:
        number = f"whole({term.value})"
        bad = f"({term.value} IS NOT NULL AND {number} IS NULL)"
        return fitted(sql, number, type_, term.fails, bad)
    if term.type == DOUBLE:
        return fitted(sql, f"TRY_CAST(round({term.value}) AS HUGEINT)", type_, term.fails)
    if type_.scale >= term.type.scale:
        return fitted(sql, rescaled(term, type_.scale), type_, term.fails)
    size = 10 ** (term.type.scale - type_.scale)
    return fitted(sql, f"rounded_ratio({term.value}, {size}::HUGEINT)", type_, term.fails)


def _to_text(sql: str, term: Term, type_: Type) -> Term:
    if term.type.text:
        return Term(sql, f"left({term.value}, {type_.precision})", type_, term.fails)
    if term.type == BOOLEAN:
        value = f"upper(({term.value})::VARCHAR)"
    elif term.type == TIMESTAMP:
        value = f"strftime(make_timestamp_ms({term.value}), '%Y-%m-%d %H:%M:%S')"
        if type_.precision >= 23:
            value += f" || CASE WHEN {term.value} % 1000 = 0 THEN '' ELSE strftime(make_timestamp_ms({term.value}), '.%g') END"
        value = f"({value})"
    else:
        value = f"digits({term.value}, {10**term.type.scale}::HUGEINT)"
    bad = f"COALESCE(length({value}) > {type_.precision}, FALSE)"
    return Term(sql, value, type_, either(term.fails, bad))


# ---------------------------------------------------------------- time


def interval(count: int, unit: str) -> str:
    """An interval literal with as many digits as it needs."""
    digits = f"({len(str(count))})" if count > 99 else ""
    return f"INTERVAL '{count}' {unit}{digits}"


def moved(term: Term, symbol: str, count: int, unit: str) -> Term:
    value = f"({term.value} {symbol} {count * UNITS[unit]})"
    return Term(f"({term.sql} {symbol} {interval(count, unit)})", value, TIMESTAMP, term.fails)


def rounded_time(name: str, term: Term, unit: str) -> Term:
    """FLOOR or CEIL of a timestamp."""
    sql = f"{name}({term.sql} TO {unit})"
    if unit in UNITS:
        kernel = "down" if name == "FLOOR" else "up"
        return Term(sql, f"{kernel}({term.value}, {UNITS[unit]})", TIMESTAMP, term.fails)
    start = f"date_trunc('{unit}', make_timestamp_ms({term.value}))"
    value = f"epoch_ms({start})"
    if name == "CEIL":
        value = f"(CASE WHEN {value} = {term.value} THEN {value} ELSE epoch_ms({start} + INTERVAL 1 {unit}) END)"
    return Term(sql, value, TIMESTAMP, term.fails)


def step_time(term: Term, count: int, unit: str) -> Term:
    value = f"down({term.value}, {count * UNITS[unit]})"
    return Term(f"STEP({term.sql} BY {interval(count, unit)})", value, TIMESTAMP, term.fails)


def extract(unit: str, term: Term) -> Term:
    """EXTRACT; SECOND with its ms."""
    sql = f"EXTRACT({unit} FROM {term.sql})"
    if unit == "SECOND":
        return Term(sql, f"({term.value} - down({term.value}, 60000))::HUGEINT", decimal(5, 3), term.fails)
    value = f"extract({unit} FROM make_timestamp_ms({term.value}))::HUGEINT"
    return Term(sql, value, BIGINT, term.fails)


def difference(left: Term, right: Term, unit: str) -> Term:
    """The units from right to left. What is below the unit is cut off, but a SECOND has ms, which CAST rounds."""
    sql = f"CAST(({left.sql} - {right.sql}) {unit} AS BIGINT)"
    kernel = "rounded_ratio" if unit == "SECOND" else "ratio"
    value = f"{kernel}(({left.value} - {right.value})::HUGEINT, {UNITS[unit]})"
    return Term(sql, value, BIGINT, either(left.fails, right.fails))


def milliseconds(left: Term, right: Term) -> Term:
    """TSDIFF: from left to right."""
    value = f"({right.value} - {left.value})::HUGEINT"
    return Term(f"TSDIFF({left.sql}, {right.sql})", value, BIGINT, either(left.fails, right.fails))


def literal(value: str, type_: Type) -> Term:
    """A numeric literal, `12`, `-2.50`, `1.5E0`; negative ones in parentheses."""
    sql = f"({value})" if value.startswith("-") else value
    if type_ == DOUBLE:
        return Term(sql, f"{float(value)!r}::DOUBLE", DOUBLE)
    units = int(value.replace(".", ""))
    assert type_.name in INTEGERS or type_.scale == len(value.partition(".")[2])
    return Term(sql, f"{units}::HUGEINT", type_)
