"""Random queries with OVER, and joins.

A row with OVER sees the rows of its partition that arrived before it, and itself: the oracle joins by the order of
arrival. A pair of a stream join exists if the later row finds the earlier one in its window; the oracle is a join on
a range of time.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import text_terms as tt
from engines import TABLE, Query
from group_queries import aggregate, usable
from queries import kept, leaves, plain
from term_generator import TermGenerator
from terms import INTEGER, Term, either

RANGES = [("SECOND", 1), ("SECOND", 10), ("MINUTE", 1), ("MINUTE", 5), ("HOUR", 1)]


# ---------------------------------------------------------------- OVER


def over(chance: random.Random) -> Query:
    """Aggregates and values with OVER, each with its own window."""
    columns = plain().columns
    generator = TermGenerator(chance, columns)
    arguments, parts = [], []
    for _ in range(chance.randint(1, 3)):
        argument = generator.any(chance.choice([0, 0, 1, 2]))
        arguments.append(argument if usable(argument.type) else columns[0])
        part = chance.choice([None, None, columns[4], columns[7], columns[0], generator.condition(1)])
        parts.append(part or Term("", "1", INTEGER))
    rows = kept(chance, plain(), [*arguments, *parts])
    ranks = "".join(
        f", row_number() OVER (PARTITION BY x{len(parts) + place} ORDER BY seq) AS n{place}"
        for place in range(len(parts))
    )
    items = [
        _over_item(chance, *pair, place, len(parts))
        for place, pair in enumerate(zip(arguments, parts, strict=True))
    ]
    return Query(
        f"SELECT STREAM {', '.join(item.sql for item in items)} FROM S{rows.where}",
        f"WITH g AS MATERIALIZED (SELECT *{ranks} FROM {rows.good}) "
        f"SELECT t, {', '.join(item.value for item in items)} FROM g AS o ORDER BY seq",
        tuple(item.type for item in items),
        rows.failures,
    )


def _over_item(chance: random.Random, argument: Term, part: Term, place: int, count: int) -> Term:
    """The item at `place`; its value is a sub-query that reads the rows `g` of the window of the row `o`, in which
    x<place> is the argument and x<count + place> the partition."""
    frame, inside = _frame(chance, f"n{place}")
    by = f"PARTITION BY {part.sql} " if part.sql else ""
    inside += f" AND g.x{count + place} IS NOT DISTINCT FROM o.x{count + place}"
    if chance.random() < 0.4:
        item = _value_of_row(chance, argument, f"x{place}", f"FROM g WHERE {inside}")
    else:
        item = aggregate(chance, argument, place, over=True)
        item = Term(item.sql, f"(SELECT {item.value} FROM g WHERE {inside})", item.type)
    return Term(f"{item.sql} OVER ({by}{frame})", item.value, item.type)


def _frame(chance: random.Random, rank: str) -> tuple[str, str]:
    kind = chance.randint(0, 3)
    arrived = "g.seq <= o.seq"
    if kind == 0:
        count = chance.choice([0, 1, 2, 5, 30])
        start = f"{count} PRECEDING" if count else "CURRENT ROW"
        return f"ROWS {start}", f"{arrived} AND g.{rank} >= o.{rank} - {count}"
    if kind == 1:
        return chance.choice(["", "ROWS UNBOUNDED PRECEDING", "RANGE UNBOUNDED PRECEDING"]), arrived
    unit, count = chance.choice(RANGES)
    interval = tt.interval(count, unit)
    text = f"RANGE {interval} PRECEDING"
    if kind == 2:
        text = f"RANGE BETWEEN {interval} PRECEDING AND CURRENT ROW"
    return text, f"{arrived} AND g.t >= o.t - {count * tt.UNITS[unit]}"


def _value_of_row(chance: random.Random, term: Term, x: str, rows: str) -> Term:
    """LAG, NTH_VALUE, FIRST_VALUE and LAST_VALUE: an element of the list of the window's values."""
    ignore = chance.random() < 0.4
    nulls = chance.choice(["RESPECT NULLS", ""]) if not ignore else "IGNORE NULLS"
    values = f"COALESCE(list({x} ORDER BY seq){f' FILTER ({x} IS NOT NULL)' if ignore else ''}, [])"
    count = chance.randint(1, 3)
    kind = chance.choice(["LAG", "FIRST_VALUE", "LAST_VALUE", "NTH_VALUE", "NTH_VALUE FROM LAST"])
    if kind == "LAG":
        # Before the current row: the list of the rows that arrived earlier.
        before = f"COALESCE(list({x} ORDER BY seq) FILTER (g.seq < o.seq{f' AND {x} IS NOT NULL' if ignore else ''}), [])"
        value = f"(SELECT CASE WHEN len(l) >= {count} THEN l[len(l) - {count - 1}] ELSE o.{x} END FROM (SELECT {before} AS l {rows}))"
        return Term(f"LAG({term.sql}, {count}, {term.sql}) {nulls}", value, term.type)
    index = {"FIRST_VALUE": "1", "LAST_VALUE": "len(l)", "NTH_VALUE": str(count)}.get(
        kind, f"len(l) - {count - 1}"
    )
    argument = f"{term.sql}, {count}" if kind.startswith("NTH") else term.sql
    name = kind.partition(" ")[0]
    last = " FROM LAST" if kind.endswith("FROM LAST") else ""
    value = f"(SELECT CASE WHEN {index} > 0 THEN l[{index}] END FROM (SELECT {values} AS l {rows}))"
    return Term(f"{name}({argument}){last} {nulls}", value, term.type)


# ---------------------------------------------------------------- joins


def _items(chance: random.Random, columns: Sequence[Term]) -> list[Term]:
    generator = TermGenerator(chance, columns)
    return [generator.any(chance.choice([0, 1, 1, 2])) for _ in range(chance.randint(1, 3))]


def _joined(
    chance: random.Random, columns: list[Term], from_sql: str, pairs: str, *, ordered: bool = False
) -> Query:
    """The query over joined rows: `pairs` has their ROWTIME as w, and the rows as l and r."""
    items = _items(chance, columns)
    generator = TermGenerator(chance, columns)
    condition = generator.condition(1) if chance.random() < 0.3 else None
    fails = either(*(item.fails for item in items))
    passes, wrong = "TRUE", "FALSE"
    if condition:
        passes, wrong = f"(({condition.value}) AND NOT {condition.fails})", condition.fails
    values = ", ".join(item.value for item in items)
    return Query(
        f"SELECT STREAM {', '.join(item.sql for item in items)} {from_sql}{f' WHERE {condition.sql}' if condition else ''}",
        f"SELECT w, {values} FROM {pairs} WHERE {passes} AND NOT {fails}{' ORDER BY l.seq' if ordered else ''}",
        tuple(item.type for item in items),
        f"SELECT count(*) FROM {pairs} WHERE {wrong} OR ({passes} AND {fails})",
        ordered=ordered,
        distinct_times=chance.random() < 0.5,
    )


def _on(chance: random.Random, left: str, right: str) -> tuple[str, str]:
    """The condition in both languages."""
    sql = chance.choice(
        [f"{left}.K = {right}.K", f"{left}.K = {right}.K AND {left}.A < {right}.A", f"{left}.A > {right}.A"]
    )
    return sql, sql.replace(f"{left}.", "l.").replace(f"{right}.", "r.")


def stream_join(chance: random.Random) -> Query:
    """JOIN of streams; RANGE windows that precede, on either side, both or none."""
    sizes, clauses = [], []
    for _ in range(2):
        unit, count = chance.choice(RANGES[:4])
        windowed = chance.random() < 0.7
        sizes.append(count * tt.UNITS[unit] if windowed else 0)
        clauses.append(f" OVER (RANGE {tt.interval(count, unit)} PRECEDING)" if windowed else "")
    kind = chance.choice(["JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
    second = chance.choice(["T", "T", "S"])
    on, oracle_on = _on(chance, "L", "R")
    # l may be older than r by the size of its window, and the other way round.
    near = f"l.t >= r.t - {sizes[0]} AND r.t >= l.t - {sizes[1]}"
    time = f"CASE WHEN r.seq IS NULL THEN l.t + {sizes[0]} WHEN l.seq IS NULL THEN r.t + {sizes[1]} ELSE greatest(l.t, r.t) END"
    pairs = f"(SELECT l, r, {time} AS w FROM S AS l {kind} {second} AS r ON {near} AND {oracle_on})"
    columns = [*leaves("S", "L", "l", rowtime=False), *leaves(second, "R", "r", rowtime=False)]
    return _joined(chance, columns, f"FROM S{clauses[0]} AS L {kind} {second}{clauses[1]} AS R ON {on}", pairs)


def rows_join(chance: random.Random) -> Query:
    """JOIN of a ROWS window with current rows: a row of T meets the last rows of S that are older."""
    count = chance.choice([0, 1, 3])
    on, oracle_on = _on(chance, "S", "T")
    newer = "(SELECT count(*) FROM S AS m WHERE m.seq > l.seq AND m.t < r.t)"
    pairs = f"(SELECT l, r, r.t AS w FROM S AS l JOIN T AS r ON l.t < r.t AND {newer} <= {count} AND {oracle_on})"
    columns = [*leaves("S", "S", "l", rowtime=False), *leaves("T", "T", "r", rowtime=False)]
    query = _joined(chance, columns, f"FROM S OVER (ROWS {count} PRECEDING) JOIN T ON {on}", pairs)
    return Query(query.sql, query.oracle, query.columns, query.failures, ordered=False, distinct_times=True)


def as_of_join(chance: random.Random) -> Query:
    """ASOF JOIN, as DuckDB has it."""
    kind = chance.choice(["ASOF JOIN", "ASOF LEFT JOIN"])
    pairs = f"(SELECT l, r, l.t AS w FROM S AS l {kind} T AS r ON l.K = r.K AND l.t >= r.t)"
    columns = [*leaves("S", "S", "l", rowtime=False), *leaves("T", "T", "r", rowtime=False)]
    query = _joined(chance, columns, f"FROM S {kind} T ON S.K = T.K", pairs, ordered=True)
    return Query(query.sql, query.oracle, query.columns, query.failures, distinct_times=True)


def lookup(chance: random.Random) -> Query:
    """JOIN with the reference table."""
    kind = chance.choice(["JOIN", "LEFT JOIN"])
    on = chance.choice(["S.K = R.K", "S.K = R.K AND S.A > R.N", "S.A < R.N", "S.K = R.K AND S.F"])
    oracle_on = on.replace("S.", "l.").replace("R.", "r.")
    pairs = f"(SELECT l, r, l.t AS w FROM S AS l {kind} R AS r ON {oracle_on})"
    table = [Term(f"R.{name}", f"r.{name}", type_) for name, type_ in TABLE.items()]
    return _joined(chance, [*leaves("S", "S", "l"), *table], f"FROM S {kind} R ON {on}", pairs)
