"""Expressions written twice: in Kinesis SQL, and in DuckDB's SQL.

DuckDB's own rules for numbers differ from those of docs/spec/kinesis-sql.md, section 2.3, so that they are spelled
out here: every exact number is a HUGEINT that counts units of its last digit, and the result types are worked out
once more from the text of the specification. A timestamp is a BIGINT of ms. What makes a row fail (an overflow,
a division by zero …) is a condition of its own, that is never null.
"""

from __future__ import annotations

from dataclasses import dataclass

INTEGERS = {"SMALLINT": (5, 16), "INTEGER": (10, 32), "BIGINT": (19, 64)}
"""Digits and bits."""

MACROS = """
CREATE MACRO fit(x, lo, hi) AS CASE WHEN x BETWEEN lo AND hi THEN x END;
CREATE MACRO misfit(x, lo, hi) AS COALESCE(x NOT BETWEEN lo AND hi, FALSE);
CREATE MACRO rounded_ratio(n, d) AS CASE WHEN d <> 0 THEN
    (CASE WHEN (n < 0) <> (d < 0) THEN -1 ELSE 1 END) * ((2 * abs(n) + abs(d)) // (2 * abs(d))) END;
CREATE MACRO ratio(n, d) AS CASE WHEN d <> 0 THEN n // d END;
CREATE MACRO real_ratio(n, d) AS CASE WHEN d <> 0 THEN n / d END;
CREATE MACRO remainder(n, d) AS CASE WHEN d <> 0 THEN n % d END;
CREATE MACRO by_zero(n, d) AS n IS NOT NULL AND COALESCE(d = 0, FALSE);
CREATE MACRO down(x, n) AS x - ((x % n) + n) % n;
CREATE MACRO up(x, n) AS -down(-x, n);
CREATE MACRO part(s, p, n) AS CASE WHEN s IS NULL OR p IS NULL OR n IS NULL THEN NULL
    WHEN n + least(p, 1) - 1 <= 0 OR p > length(s) THEN ''
    ELSE substring(s, greatest(p, 1)::BIGINT, (n + least(p, 1) - 1)::BIGINT) END;
CREATE MACRO digits(h, s) AS (CASE WHEN h < 0 THEN '-' ELSE '' END) || (abs(h) // s)::VARCHAR ||
    CASE WHEN s = 1 THEN '' ELSE '.' || lpad((abs(h) % s)::VARCHAR, (length(s::VARCHAR) - 1)::INTEGER, '0') END;
CREATE MACRO whole(t) AS CASE WHEN regexp_full_match(trim(t, ' '), '[+-]?[0-9]{1,20}')
    THEN TRY_CAST(trim(t, ' ') AS HUGEINT) END;
"""


@dataclass(frozen=True)
class Type:
    """A SQL type. `precision` is the length of text, the digits of an exact number."""

    name: str
    precision: int = 0
    scale: int = 0

    @property
    def exact(self) -> bool:
        return self.name in INTEGERS or self.name == "DECIMAL"

    @property
    def text(self) -> bool:
        return self.name in ("CHAR", "VARCHAR")

    @property
    def ddl(self) -> str:
        if self.text:
            return f"VARCHAR({self.precision})"
        return f"DECIMAL({self.precision},{self.scale})" if self.name == "DECIMAL" else self.name

    @property
    def limits(self) -> tuple[int, int]:
        """Least and greatest value of an exact type, in units of its last digit."""
        if self.name == "DECIMAL":
            return 1 - 10**self.precision, 10**self.precision - 1
        return -(1 << INTEGERS[self.name][1] - 1), (1 << INTEGERS[self.name][1] - 1) - 1


def whole(name: str) -> Type:
    return Type(name, INTEGERS[name][0])


def decimal(precision: int, scale: int) -> Type:
    return Type("DECIMAL", precision, scale)


def varchar(length: int) -> Type:
    return Type("VARCHAR", min(max(length, 1), 65535))


INTEGER, BIGINT, DOUBLE = whole("INTEGER"), whole("BIGINT"), Type("DOUBLE")
BOOLEAN, TIMESTAMP = Type("BOOLEAN"), Type("TIMESTAMP")
NEVER = "FALSE"


@dataclass(frozen=True)
class Term:
    """One expression: `sql` for the engine; for DuckDB its `value`, and the condition under which it `fails`."""

    sql: str
    value: str
    type: Type
    fails: str = NEVER


def either(*conditions: str) -> str:
    """The conditions joined by OR; they are never null."""
    real = [condition for condition in dict.fromkeys(conditions) if condition != NEVER]
    return f"({' OR '.join(real)})" if real else NEVER


def only_if(condition: str, fails: str) -> str:
    """A failure that counts only in some rows."""
    return fails if fails == NEVER else f"({condition} AND {fails})"


def fitted(sql: str, raw: str, type_: Type, *fails: str) -> Term:
    """An exact number that fails where it is out of the range of its type."""
    low, high = type_.limits
    limits = f"{low}::HUGEINT, {high}::HUGEINT"
    return Term(sql, f"fit({raw}, {limits})", type_, either(*fails, f"misfit({raw}, {limits})"))


def rescaled(term: Term, scale: int) -> str:
    """An exact value in units of another, not shorter, last digit."""
    shift = scale - term.type.scale
    return f"({term.value} * {10**shift}::HUGEINT)" if shift else term.value


def real(term: Term) -> str:
    """A number as DOUBLE."""
    if not term.type.exact:
        return term.value
    # By way of BIGINT, because DuckDB does not round a HUGEINT to the nearest DOUBLE.
    by_way = "" if term.type.name == "DECIMAL" and term.type.precision > 18 else "::BIGINT"
    as_double = f"({term.value}){by_way}::DOUBLE"
    return f"({as_double} / 1e{term.type.scale})" if term.type.scale else as_double


def common(left: Type, right: Type) -> Type:
    """The least type that holds both."""
    if left == right:
        return left
    if left.text and right.text:
        return varchar(max(left.precision, right.precision))
    if not (left.exact and right.exact):
        return DOUBLE
    if left.name in INTEGERS and right.name in INTEGERS:
        return max(left, right, key=lambda type_: type_.precision)
    scale = max(left.scale, right.scale)
    digits = max(left.precision - left.scale, right.precision - right.scale) + scale
    return decimal(min(digits, 19), scale)


def widened(term: Term, type_: Type) -> Term:
    """The value as of the common type; with 19 digits there is not always room for it."""
    if type_.exact and (type_.precision, term.type.exact) == (19, True) and type_ != term.type:
        return fitted(term.sql, rescaled(term, type_.scale), type_, term.fails)
    if type_.exact:
        return Term(term.sql, rescaled(term, type_.scale), type_, term.fails)
    return Term(term.sql, real(term) if type_ == DOUBLE else term.value, type_, term.fails)


# ---------------------------------------------------------------- arithmetic


def _exact_type(symbol: str, left: Type, right: Type) -> Type:
    """Section 2.3."""
    (p1, s1), (p2, s2) = (left.precision, left.scale), (right.precision, right.scale)
    if left.name in INTEGERS and right.name in INTEGERS:
        return common(left, right)
    cap = 19 if "BIGINT" in (left.name, right.name) or 19 in (p1, p2) else 18
    if symbol == "*":
        precision, scale = p1 + p2, s1 + s2
    elif symbol == "/":
        whole_digits, scale = p1 - s1 + s2, max(6, s1 + p2 + 1)
        precision = whole_digits + scale
        if precision > cap:
            scale = max(s1, cap - whole_digits)
    else:
        scale = max(s1, s2)
        precision = max(p1 - s1, p2 - s2) + scale + 1
    return decimal(min(precision, cap), min(scale, cap))


def arithmetic(symbol: str, left: Term, right: Term) -> Term:
    """`left + - * / right` of numbers."""
    sql = f"({left.sql} {symbol} {right.sql})"
    fails = either(left.fails, right.fails)
    if not (left.type.exact and right.type.exact):
        a, b = real(left), real(right)
        if symbol == "/":
            return Term(sql, f"real_ratio({a}, {b})", DOUBLE, either(fails, f"by_zero({a}, {b})"))
        return Term(sql, f"({a} {symbol} {b})", DOUBLE, fails)
    type_ = _exact_type(symbol, left.type, right.type)
    if symbol in "+-":
        return fitted(
            sql, f"({rescaled(left, type_.scale)} {symbol} {rescaled(right, type_.scale)})", type_, fails
        )
    if symbol == "*":
        return fitted(sql, f"({left.value} * {right.value})", type_, fails)
    zero = f"by_zero({left.value}, {right.value})"
    if type_.name in INTEGERS:
        return fitted(sql, f"ratio({left.value}, {right.value})", type_, fails, zero)
    shifted = f"({left.value} * {10 ** (type_.scale + right.type.scale - left.type.scale)}::HUGEINT)"
    return fitted(sql, f"rounded_ratio({shifted}, {right.value})", type_, fails, zero)


def negative(term: Term) -> Term:
    if not term.type.exact:
        return Term(f"(- {term.sql})", f"(-({term.value}))", term.type, term.fails)
    return fitted(f"(- {term.sql})", f"(-({term.value}))", term.type, term.fails)


def absolute(term: Term) -> Term:
    if not term.type.exact:
        return Term(f"ABS({term.sql})", f"abs({term.value})", term.type, term.fails)
    return fitted(f"ABS({term.sql})", f"abs({term.value})", term.type, term.fails)


def modulo(left: Term, right: Term) -> Term:
    """MOD of integers; the sign of the dividend."""
    zero = f"by_zero({left.value}, {right.value})"
    value = f"remainder({left.value}, {right.value})"
    return Term(
        f"MOD({left.sql}, {right.sql})",
        value,
        common(left.type, right.type),
        either(left.fails, right.fails, zero),
    )


def rounded(name: str, term: Term) -> Term:
    """FLOOR or CEIL of a number: the same type with scale 0."""
    if term.type.name == "DECIMAL":
        type_, kernel = decimal(term.type.precision, 0), "down" if name == "FLOOR" else "up"
        size = 10**term.type.scale
        return fitted(f"{name}({term.sql})", f"({kernel}({term.value}, {size}) // {size})", type_, term.fails)
    value = f"{name.lower()}({term.value})" if term.type == DOUBLE else term.value
    return Term(f"{name}({term.sql})", value, term.type, term.fails)


def step(term: Term, size: int) -> Term:
    """STEP of an integer."""
    return fitted(f"STEP({term.sql} BY {size})", f"down({term.value}, {size})", term.type, term.fails)


# ---------------------------------------------------------------- conditions


def _compared(left: Term, right: Term) -> tuple[str, str]:
    """Both values as they are compared: trailing blanks do not count where a CHAR takes part."""
    if left.type.text:
        if "CHAR" in (left.type.name, right.type.name):
            return f"rtrim({left.value}, ' ')", f"rtrim({right.value}, ' ')"
        return left.value, right.value
    if left.type.exact and right.type.exact:
        scale = max(left.type.scale, right.type.scale)
        return rescaled(left, scale), rescaled(right, scale)
    if DOUBLE in (left.type, right.type):
        return real(left), real(right)
    return left.value, right.value


def compare(symbol: str, left: Term, right: Term) -> Term:
    """A comparison, or IS [NOT] DISTINCT FROM."""
    a, b = _compared(left, right)
    return Term(
        f"({left.sql} {symbol} {right.sql})", f"({a} {symbol} {b})", BOOLEAN, either(left.fails, right.fails)
    )


def between(term: Term, low: Term, high: Term, *, inverse: bool, symmetric: bool) -> Term:
    """[NOT] BETWEEN: by definition an AND of two comparisons, so what follows a FALSE is not needed."""
    words = f"{'NOT ' if inverse else ''}BETWEEN {'SYMMETRIC ' if symmetric else ''}"
    inside = both(compare(">=", term, low), compare("<=", term, high))
    if symmetric:
        inside = one_of(inside, both(compare(">=", term, high), compare("<=", term, low)))
    inside = negated(inside) if inverse else inside
    sql = f"({term.sql} {words}{low.sql} AND {high.sql})"
    return Term(sql, inside.value, BOOLEAN, inside.fails)


def contained(term: Term, items: list[Term], *, negated: bool) -> Term:
    """IN: an OR of equalities."""
    inside = " OR ".join(compare("=", term, item).value for item in items)
    sql = f"({term.sql} {'NOT ' if negated else ''}IN ({', '.join(item.sql for item in items)}))"
    value = f"(NOT ({inside}))" if negated else f"({inside})"
    return Term(sql, value, BOOLEAN, either(term.fails, *(item.fails for item in items)))


def like(term: Term, pattern: str, escape: str, *, negated: bool) -> Term:
    words = f"{'NOT ' if negated else ''}LIKE {quoted(pattern)}" + (f" ESCAPE '{escape}'" if escape else "")
    return Term(f"({term.sql} {words})", f"({term.value} {words})", BOOLEAN, term.fails)


def both(left: Term, right: Term) -> Term:
    """AND; what follows a FALSE is not needed, so its failure does not count."""
    fails = either(left.fails, only_if(f"{left.value} IS DISTINCT FROM FALSE", right.fails))
    return Term(f"({left.sql} AND {right.sql})", f"({left.value} AND {right.value})", BOOLEAN, fails)


def one_of(left: Term, right: Term) -> Term:
    """OR; what follows a TRUE is not needed."""
    fails = either(left.fails, only_if(f"{left.value} IS DISTINCT FROM TRUE", right.fails))
    return Term(f"({left.sql} OR {right.sql})", f"({left.value} OR {right.value})", BOOLEAN, fails)


def negated(term: Term) -> Term:
    return Term(f"(NOT {term.sql})", f"(NOT {term.value})", BOOLEAN, term.fails)


def is_test(term: Term, what: str) -> Term:
    """IS [NOT] NULL, TRUE, FALSE, UNKNOWN."""
    oracle = what.replace("UNKNOWN", "NULL")
    return Term(f"({term.sql} IS {what})", f"({term.value} IS {oracle})", BOOLEAN, term.fails)


# ---------------------------------------------------------------- any type


def case(condition: Term, then: Term, otherwise: Term | None) -> Term:
    """CASE WHEN; only the branch that is taken can fail."""
    type_ = then.type if otherwise is None else common(then.type, otherwise.type)
    then = widened(then, type_)
    other = widened(otherwise, type_) if otherwise else Term("", "NULL", type_)
    fails = either(
        condition.fails,
        only_if(f"COALESCE({condition.value}, FALSE)", then.fails),
        only_if(f"NOT COALESCE({condition.value}, FALSE)", other.fails),
    )
    sql = f"CASE WHEN {condition.sql} THEN {then.sql}{f' ELSE {other.sql}' if otherwise else ''} END"
    value = f"CASE WHEN {condition.value} THEN {then.value} ELSE {other.value} END"
    return Term(f"({sql})", f"({value})", type_, fails)


def coalesce(left: Term, right: Term) -> Term:
    """The first that is not null; the second is needed only where the first is null."""
    type_ = common(left.type, right.type)
    first, second = widened(left, type_), widened(right, type_)
    fails = either(first.fails, only_if(f"{left.value} IS NULL", second.fails))
    value = f"COALESCE({first.value}, {second.value})"
    return Term(f"COALESCE({left.sql}, {right.sql})", value, type_, fails)


def nullif(left: Term, right: Term) -> Term:
    a, b = _compared(left, right)
    value = f"(CASE WHEN {a} = {b} THEN NULL ELSE {left.value} END)"
    return Term(f"NULLIF({left.sql}, {right.sql})", value, left.type, either(left.fails, right.fails))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
