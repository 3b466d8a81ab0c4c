"""Random queries over one stream: projection, DISTINCT, ORDER BY, UNION ALL.

Each function makes one query from a source of chance. What the oracle does differently from plain SQL is said where
it is done; the common frame: `kept` are the rows that passed WHERE, with the expressions that come next; a row whose
expression fails is not among `good`, and is counted as an error row.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import text_terms as tt
from engines import STREAMS, Query
from term_generator import TermGenerator
from terms import (
    BIGINT,
    BOOLEAN,
    TIMESTAMP,
    Term,
    Type,
    both,
    coalesce,
    either,
    one_of,
)

PERIODS = [("SECOND", 10), ("SECOND", 45), ("MINUTE", 1), ("MINUTE", 2), ("HOUR", 1)]


def leaves(stream: str, alias: str = "", oracle: str = "", *, rowtime: bool = True) -> list[Term]:
    """The columns of a stream as expressions."""
    alias, before = alias or stream, f"{oracle}." if oracle else ""
    found = [Term(f"{alias}.{name}", f"{before}{name}", type_) for name, type_ in STREAMS[stream].items()]
    return [*found, Term(f"{alias}.ROWTIME", f"{before}t", TIMESTAMP)] if rowtime else found


@dataclass(frozen=True)
class Source:
    """What FROM says. `oracle`: its rows with seq and t. `failures`: rows that failed on the way, as SQL."""

    sql: str
    oracle: str
    columns: list[Term]
    failures: str = "0"


def plain(stream: str = "S") -> Source:
    return Source(f"FROM {stream}", stream, leaves(stream))


def subquery(chance: random.Random, *, rowtime: bool = True) -> Source:
    """A SELECT in FROM; its columns are computed, and its WHERE may fail. `rowtime`: whether they read ROWTIME."""
    generator = TermGenerator(chance, leaves("S", rowtime=rowtime))
    items = [generator.any(2) for _ in range(chance.randint(1, 4))]
    condition = _condition(chance, generator)
    names = [f"Q{number}" for number in range(len(items))]
    selected = ", ".join(f"{item.sql} AS {name}" for name, item in zip(names, items, strict=True))
    columns = ", ".join(f"{item.value} AS {name}" for name, item in zip(names, items, strict=True))
    fails = either(*(item.fails for item in items))
    kept, failed = _filtered("S", condition)
    terms = [Term(f"Q.{name}", name, item.type) for name, item in zip(names, items, strict=True)]
    return Source(
        f"FROM (SELECT STREAM {selected} FROM S{_where(condition)}) AS Q",
        f"(SELECT seq, t, {columns} FROM {kept} WHERE NOT {fails})",
        [*terms, Term("Q.ROWTIME", "t", TIMESTAMP)],
        f"{failed} + (SELECT count(*) FROM {kept} WHERE {fails})",
    )


def source(chance: random.Random, *, rowtime: bool = True) -> Source:
    return subquery(chance, rowtime=rowtime) if chance.random() < 0.3 else plain()


def _condition(chance: random.Random, generator: TermGenerator) -> Term | None:
    return generator.condition(2) if chance.random() < 0.4 else None


def _where(condition: Term | None) -> str:
    return f" WHERE {condition.sql}" if condition else ""


def _filtered(rows: str, condition: Term | None) -> tuple[str, str]:
    """The rows for which the condition is TRUE and did not fail, and the number of those where it failed."""
    if condition is None:
        return rows, "0"
    passes = f"(SELECT * FROM {rows} WHERE ({condition.value}) AND NOT {condition.fails})"
    return passes, f"(SELECT count(*) FROM {rows} WHERE {condition.fails})"


@dataclass(frozen=True)
class Kept:
    """The rows after WHERE with the values of the terms as x0, x1 …: `good` as SQL, `failures` as SQL."""

    where: str
    good: str
    failures: str


def kept(chance: random.Random, from_: Source, terms: Sequence[Term]) -> Kept:
    condition = _condition(chance, TermGenerator(chance, from_.columns))
    rows, failed = _filtered(from_.oracle, condition)
    fails = either(*(term.fails for term in terms))
    values = "".join(f", {term.value} AS x{number}" for number, term in enumerate(terms))
    return Kept(
        _where(condition),
        f"(SELECT seq, t{values} FROM {rows} WHERE NOT {fails})",
        f"SELECT {from_.failures} + {failed} + (SELECT count(*) FROM {rows} WHERE {fails})",
    )


def names_of(count: int) -> str:
    """`, x0, x1 …`"""
    return "".join(f", x{number}" for number in range(count))


# ---------------------------------------------------------------- one row in, one row out


def projection(chance: random.Random) -> Query:
    """SELECT … WHERE …"""
    from_ = source(chance)
    generator = TermGenerator(chance, from_.columns)
    items = [generator.any(chance.choice([1, 2, 3])) for _ in range(chance.randint(1, 4))]
    rows = kept(chance, from_, items)
    return Query(
        f"SELECT STREAM {', '.join(item.sql for item in items)} {from_.sql}{rows.where}",
        f"SELECT t{names_of(len(items))} FROM {rows.good} ORDER BY seq",
        tuple(item.type for item in items),
        rows.failures,
    )


def nested(chance: random.Random) -> Query:
    """A SELECT whose items read each column of its sub-query once, some only where they are needed."""
    inner = TermGenerator(chance, leaves("S"))
    family = chance.choice(["condition", "integer"])
    columns = [getattr(inner, family)(2) for _ in range(3)]
    names = [Term(f"Q.Q{number}", f"Q{number}", column.type) for number, column in enumerate(columns)]
    outer = chance.choice([both, one_of]) if family == "condition" else coalesce
    item = outer(names[0], outer(names[1], names[2]) if chance.random() < 0.5 else outer(names[2], names[1]))
    selected = ", ".join(f"{column.sql} AS Q{number}" for number, column in enumerate(columns))
    values = ", ".join(f"{column.value} AS Q{number}" for number, column in enumerate(columns))
    fails = either(*(column.fails for column in columns))
    return Query(
        f"SELECT STREAM {item.sql} FROM (SELECT STREAM {selected} FROM S) AS Q",
        f"SELECT t, {item.value} FROM (SELECT t, seq, {values} FROM S WHERE NOT {fails}) ORDER BY seq",
        (item.type,),
        f"SELECT count(*) FROM S WHERE {fails}",
    )


def union(chance: random.Random) -> Query:
    """UNION ALL of S and T, in any order among equal ROWTIMEs."""
    parts, failures, oracles = [], [], []
    families = [chance.choice(["integer", "words", "condition", "moment"]) for _ in range(chance.randint(1, 3))]
    types = {"integer": BIGINT, "words": Type("VARCHAR", 1000), "condition": BOOLEAN, "moment": TIMESTAMP}
    for stream in chance.choice([["S", "T"], ["S", "S"], ["T", "S", "T"]]):
        from_ = plain(stream)
        generator = TermGenerator(chance, from_.columns)
        items = [getattr(generator, family)(1) for family in families]
        rows = kept(chance, from_, items)
        parts.append(f"SELECT STREAM {', '.join(item.sql for item in items)} {from_.sql}{rows.where}")
        oracles.append(f"SELECT t{names_of(len(items))} FROM {rows.good}")
        failures.append(f"({rows.failures})")
    return Query(
        " UNION ALL ".join(parts),
        " UNION ALL ".join(oracles),
        tuple(types[family] for family in families),
        f"SELECT {' + '.join(failures)}",
        ordered=False,
    )


# ---------------------------------------------------------------- periods


@dataclass(frozen=True)
class Period:
    """A monotonic expression of ROWTIME: its value, and the ROWTIME of what belongs to it."""

    term: Term
    end: str


def period(chance: random.Random, rowtime: Term) -> Period:
    unit, count = chance.choice(PERIODS)
    size = count * tt.UNITS[unit]
    kind = chance.choice(["step", "step", "floor", "ceil", "tumble"])
    if kind in ("step", "tumble"):
        term = tt.step_time(rowtime, count, unit)
        if kind == "tumble" and rowtime.sql.startswith("S."):
            term = Term(f"TUMBLE({rowtime.sql}, {tt.interval(count, unit)})", term.value, term.type)
        return Period(term, f"({term.value} + {size})")
    term = tt.rounded_time(kind.upper(), rowtime, unit)
    return Period(term, term.value if kind == "ceil" else f"({term.value} + {tt.UNITS[unit]})")


def distinct(chance: random.Random) -> Query:
    """SELECT DISTINCT period, …: the first row of each, with its own ROWTIME."""
    from_ = source(chance)
    generator = TermGenerator(chance, from_.columns)
    items = [period(chance, from_.columns[-1]).term, *(generator.any(1) for _ in range(chance.randint(1, 2)))]
    if "TUMBLE" in items[0].sql:
        items[0] = tt.rounded_time("FLOOR", from_.columns[-1], "MINUTE")
    rows = kept(chance, from_, items)
    keys = names_of(len(items))[2:]
    return Query(
        f"SELECT STREAM DISTINCT {', '.join(item.sql for item in items)} {from_.sql}{rows.where}",
        f"SELECT min(t), {keys} FROM {rows.good} GROUP BY {keys} ORDER BY min(seq)",
        tuple(item.type for item in items),
        rows.failures,
    )


def sorting(chance: random.Random) -> Query:
    """ORDER BY period, …: nulls are the greatest values, equal rows keep their order."""
    from_ = source(chance)
    generator = TermGenerator(chance, from_.columns)
    items = [generator.any(chance.choice([1, 1, 2])) for _ in range(chance.randint(1, 3))]
    by_rowtime = chance.random() < 0.2
    over = period(chance, from_.columns[-1])
    if "TUMBLE" in over.term.sql:
        over = Period(tt.rounded_time("FLOOR", from_.columns[-1], "MINUTE"), "(down(t, 60000) + 60000)")
    if by_rowtime:
        over = Period(from_.columns[-1], "t")
    rows = kept(chance, from_, items)
    orders, oracle_orders = [over.term.sql], [over.term.value]
    for number in chance.sample(range(len(items)), chance.randint(1, len(items))):
        direction = chance.choice(["", "ASC", "DESC"])
        nulls = chance.choice(["", "", "NULLS FIRST", "NULLS LAST"])
        key = str(number + 1) if items[number].sql.isdigit() or chance.random() < 0.5 else items[number].sql
        value = f"rtrim(x{number}, ' ')" if items[number].type.name == "CHAR" else f"x{number}"
        orders.append(f"{key} {direction} {nulls}")
        oracle_orders.append(
            f"{value} {direction} {nulls or ('NULLS FIRST' if direction == 'DESC' else 'NULLS LAST')}"
        )
    return Query(
        f"SELECT STREAM {', '.join(item.sql for item in items)} {from_.sql}{rows.where} ORDER BY {', '.join(orders)}",
        f"SELECT {over.end}{names_of(len(items))} FROM {rows.good} ORDER BY {', '.join(oracle_orders)}, seq",
        tuple(item.type for item in items),
        rows.failures,
    )
