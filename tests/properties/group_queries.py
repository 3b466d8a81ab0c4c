"""Random aggregates, and queries with GROUP BY: tumbling windows, HOP, SESSION, and WINDOWED BY STAGGER."""

from __future__ import annotations

import random
from collections.abc import Sequence

import text_terms as tt
from engines import Query
from queries import kept, names_of, period, plain, source
from term_generator import TermGenerator
from terms import BIGINT, BOOLEAN, DOUBLE, INTEGERS, Term, Type, compare, decimal


def aggregate(chance: random.Random, term: Term, place: int, *, over: bool = False) -> Term:
    """A random aggregate of `term`; its value is over a column named x<place> (units, as in `terms`). `over`: one
    that may stand with OVER."""
    x, type_ = f"x{place}", term.type
    number = type_.exact or type_ == DOUBLE
    names = ["COUNT", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "COUNT DISTINCT"]
    if type_ == BOOLEAN:
        names = ["COUNT", "ANY", "EVERY", "FIRST_VALUE", "LAST_VALUE", "COUNT DISTINCT"]
    if number:
        names += [
            "SUM",
            "AVG",
            "SUM",
            "AVG",
            "SUM DISTINCT",
            "AVG DISTINCT",
            "STDDEV_SAMP",
            "VAR_POP",
            "VAR_SAMP",
            "STDDEV_POP",
            "STDDEV",
        ]
    if over:
        names.remove("COUNT DISTINCT")
    name, _, extra = chance.choice(names).partition(" ")
    oracle, result = _aggregate_value(name, f"{extra} {x}".strip(), type_)
    return Term(f"{name}({extra}{' ' if extra else ''}{term.sql})", oracle, result)


def _aggregate_value(name: str, x: str, type_: Type) -> tuple[str, Type]:
    """The aggregate in DuckDB, and its type (kinesis-functions, section 6)."""
    bare = x.removeprefix("DISTINCT ")
    if name == "COUNT":
        return f"count({x})::HUGEINT", BIGINT
    if name in ("MIN", "MAX"):
        return f"{name}({x})", type_
    if name in ("ANY", "EVERY"):
        return f"bool_{'or' if name == 'ANY' else 'and'}({x})", BOOLEAN
    if name in ("FIRST_VALUE", "LAST_VALUE"):
        return f"{name.removesuffix('_VALUE').lower()}({x} ORDER BY seq)", type_
    if name in ("SUM", "AVG") and type_ == DOUBLE:
        return f"{name}({x})", DOUBLE
    if name == "SUM":
        return f"sum({x})::HUGEINT", BIGINT if type_.name in INTEGERS else decimal(18, type_.scale)
    if name == "AVG" and type_.name in INTEGERS:
        return f"ratio(sum({x})::HUGEINT, count({x}))", type_
    if name == "AVG":
        scale = max(type_.scale, 6)
        total = f"(sum({x})::HUGEINT * {10 ** (scale - type_.scale)})"
        return f"rounded_ratio({total}, count({x})::HUGEINT)", decimal(18, scale)
    real = f"({bare})::DOUBLE" + (f" / 1e{type_.scale}" if type_.scale else "")
    return f"{'stddev_samp' if name == 'STDDEV' else name}({real})", DOUBLE


def _aggregates(chance: random.Random, columns: Sequence[Term], place: int) -> tuple[list[Term], list[Term]]:
    """Arguments (to be named x<place> …) and aggregates over them."""
    generator = TermGenerator(chance, columns)
    arguments, found = [], []
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.2:
            found.append(Term("COUNT(*)", "count(*)::HUGEINT", BIGINT))
            continue
        argument = generator.any(chance.choice([0, 0, 1, 2]))
        if not usable(argument.type):
            continue
        found.append(aggregate(chance, argument, place + len(arguments)))
        arguments.append(argument)
    return arguments, found or [Term("COUNT(*)", "count(*)::HUGEINT", BIGINT)]


def usable(type_: Type) -> bool:
    """Whether sums of the type stay within range, and equal values look equal: then the oracle is exact."""
    return type_.name != "CHAR" and not (type_.name == "DECIMAL" and (type_.precision > 14 or type_.scale > 6))


def _keys(chance: random.Random, columns: Sequence[Term]) -> list[Term]:
    generator = TermGenerator(chance, columns)
    simple = [column for column in columns if column.sql.endswith((".K", ".F", ".Q0"))]
    keys = [chance.choice(simple)] if simple and chance.random() < 0.7 else []
    if chance.random() < 0.4:
        keys.append(generator.any(1))
    return [key for key in dict.fromkeys(keys) if key.type.name != "CHAR"]


def _having(chance: random.Random, aggregates: Sequence[Term]) -> tuple[str, str]:
    """HAVING in both languages, or nothing."""
    if chance.random() < 0.75:
        return "", ""
    count = Term("COUNT(*)", "count(*)::HUGEINT", BIGINT)
    test = compare(chance.choice(["<", ">", "="]), count, tt.literal(str(chance.randint(1, 3)), BIGINT))
    others = [term for term in aggregates if term.type == BIGINT]
    if others and chance.random() < 0.5:
        test = compare(
            chance.choice(["<", ">="]), chance.choice(others), tt.literal(str(chance.randint(-3, 9)), BIGINT)
        )
    return f" HAVING {test.sql}", f" HAVING {test.value}"


def tumbling(chance: random.Random) -> Query:
    """GROUP BY period, keys …; groups of a period in the order of their first rows."""
    from_ = source(chance, rowtime=False)  # only one expression of ROWTIME may be grouped
    keys = _keys(chance, from_.columns[:-1])
    arguments, found = _aggregates(chance, from_.columns, len(keys) + 1)
    over = period(chance, from_.columns[-1])
    rows = kept(chance, from_, [*keys, over.term, *arguments])
    having, oracle_having = _having(chance, found)
    selected = [*keys, *([over.term] if chance.random() < 0.3 and "TUMBLE" not in over.term.sql else []), *found]
    end = over.end.replace(over.term.value, f"x{len(keys)}")
    groups = names_of(len(keys) + 1)[2:]
    items = [f"x{number}" for number in range(len(selected) - len(found))] + [term.value for term in found]
    by = [key.sql for key in keys]
    by.insert(chance.randint(0, len(by)), over.term.sql)
    return Query(
        f"SELECT STREAM {', '.join(item.sql for item in selected)} {from_.sql}{rows.where} GROUP BY {', '.join(by)}{having}",
        f"SELECT {end}, {', '.join(items)} FROM {rows.good} GROUP BY {groups}{oracle_having} ORDER BY x{len(keys)}, min(seq)",
        tuple(item.type for item in selected),
        rows.failures,
    )


def keyed_windows(chance: random.Random) -> Query:
    """HOP, SESSION and WINDOWED BY STAGGER; windows in the order of their ends, then of their first rows."""
    keys = _keys(chance, plain().columns)
    arguments, found = _aggregates(chance, plain().columns, len(keys))
    rows = kept(chance, plain(), [*keys, *arguments])
    having, oracle_having = _having(chance, found)
    unit, count = chance.choice([("SECOND", 10), ("SECOND", 30), ("MINUTE", 1), ("MINUTE", 2)])
    size = count * tt.UNITS[unit]
    kind = chance.choice([_hop, _session, _stagger]) if keys else chance.choice([_hop, _session])
    clause, oracle = kind(chance, keys, rows.good, tt.interval(count, unit), size)
    items = [*(f"x{number}" for number in range(len(keys))), *(term.value for term in found)]
    return Query(
        f"SELECT STREAM {', '.join(item.sql for item in [*keys, *found])} FROM S{rows.where} {clause}{having}",
        f"SELECT w, {', '.join(items)} FROM {oracle} GROUP BY w{names_of(len(keys))}{oracle_having} ORDER BY w, min(seq)",
        tuple(item.type for item in [*keys, *found]),
        rows.failures,
    )


def _hop(chance: random.Random, keys: list[Term], good: str, interval: str, size: int) -> tuple[str, str]:
    """Every row in each window that holds it; w is the window's end."""
    times = chance.randint(1, 4)
    by = ", ".join(
        [f"HOP(S.ROWTIME, {interval}, {tt.interval(times * size // 1000, 'SECOND')})", *(key.sql for key in keys)]
    )
    rows = f"(SELECT *, down(t, {size}) + i * {size} AS w FROM {good}, range(1, {times + 1}) AS n(i))"
    return f"GROUP BY {by}", rows


def _session(chance: random.Random, keys: list[Term], good: str, interval: str, size: int) -> tuple[str, str]:
    """Rows of a key that follow each other in less than the gap; w is the last one plus the gap."""
    by = ", ".join([f"SESSION(S.ROWTIME, {interval})", *(key.sql for key in keys)])
    part = f"PARTITION BY 1{names_of(len(keys))}"
    first = (
        f"(SELECT *, COALESCE(t - lag(t) OVER ({part} ORDER BY seq) >= {size}, TRUE)::INT AS first FROM {good})"
    )
    numbered = f"(SELECT *, sum(first) OVER ({part} ORDER BY seq) AS session FROM {first})"
    return f"GROUP BY {by}", f"(SELECT *, max(t) OVER ({part}, session) + {size} AS w FROM {numbered})"


def _stagger(chance: random.Random, keys: list[Term], good: str, interval: str, size: int) -> tuple[str, str]:
    """A window begins with the first row of the key that is in none."""
    names = names_of(len(keys))[2:]
    equal = " AND ".join(f"g.x{number} IS NOT DISTINCT FROM o.x{number}" for number in range(len(keys)))
    others = ", ".join(f"o.x{number}" for number in range(len(keys)))
    opened = (
        f"WITH RECURSIVE o AS (SELECT {names}, min(t) AS begin FROM {good} GROUP BY {names} UNION ALL "
        f"SELECT {others}, min(g.t) FROM o JOIN {good} AS g ON {equal} AND g.t >= o.begin + {size} GROUP BY {others}, o.begin) "
        "SELECT * FROM o"
    )
    rows = f"(SELECT g.*, o.begin + {size} AS w FROM {good} AS g JOIN ({opened}) AS o ON {equal} AND g.t >= o.begin AND g.t < o.begin + {size})"
    by = ", ".join(key.sql for key in keys)
    return f"WINDOWED BY STAGGER (PARTITION BY {by} RANGE {interval})", rows
