"""SQL that is small to write and would be large to run: a number gives a script, the same every time."""

from __future__ import annotations

import random
from collections.abc import Callable

SCHEMAS = {"S": '"A" INTEGER, "K" VARCHAR(65535), "T" VARCHAR(64)', "R": '"A" INTEGER, "K" VARCHAR(64)'}
MINUTE = "FLOOR(S.ROWTIME TO MINUTE)"
Chance = random.Random
SIZES = (2, 3, 10, 30, 60, 100, 300, 1000, 3000, 10_000, 30_000)
HUGE = (
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "1" + "0" * 40,
    "9" * 1000,
    "1e308",
    "1e-308",
    "1e999999999",
)


def pump(query: str, columns: str = "a INTEGER", before: str = "") -> str:
    return f"{before} CREATE STREAM o ({columns}); CREATE PUMP p AS INSERT INTO o {query};"


def column(expression: str, type_: str = "INTEGER") -> str:
    return pump(f"SELECT STREAM {expression} FROM S", f"a {type_}")


def where(condition: str) -> str:
    return pump(f"SELECT STREAM A FROM S WHERE {condition}")


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


# ---- depth and length --------------------------------------------------------------------------------------


def nesting(chance: Chance, n: int) -> str:
    before, behind = chance.choice(
        (
            ("(", ")"),
            ("ABS(", ")"),
            ("- ", ""),
            ("CAST(", " AS INTEGER)"),
            ("CASE WHEN A = 1 THEN ", " ELSE 0 END"),
            ("COALESCE(A, ", ")"),
            ("GREATEST(A, A + ", ")"),
            ("CHAR_LENGTH(K || ", ")"),
            ("(SELECT MAX(A) FROM (VALUES (1)) AS t(A) WHERE A = ", ")"),
            ("MOD(A, 1 + ", ")"),
            ("STEP(", " BY 1)"),
        )
    )
    return column(before * n + "A" + behind * n)


def queries(chance: Chance, n: int) -> str:
    before, behind = chance.choice(
        (
            ("(SELECT STREAM A FROM ", ")"),
            ("(SELECT STREAM t.A FROM ", " AS t)"),
            ("(SELECT STREAM DISTINCT A FROM ", ")"),
            ("(SELECT STREAM SUM(A) OVER (ROWS 9 PRECEDING) AS A FROM ", ")"),
        )
    )
    return pump(f"SELECT STREAM A FROM {before * n}S{behind * n}")


def chains(chance: Chance, n: int) -> str:
    part = chance.choice((" + A", " - 1", " * 1", " / 1", " + A * A", " - -1"))
    return column("A" + part * n)


def conditions(chance: Chance, n: int) -> str:
    link = chance.choice((" AND ", " OR "))
    return where(
        link.join(
            chance.choice(("A > {}", "NOT A = {}", "K LIKE '%{}'", "A IN ({}, 1)")).format(i) for i in range(n)
        )
    )


def members(chance: Chance, n: int) -> str:
    make = chance.choice((str, lambda i: f"A + {i}", lambda i: f"{i}.5", lambda i: f"'{i}'", lambda i: "NULL"))
    return where(
        f"{'K' if chance.random() < 0.3 else 'A'} {chance.choice(('', 'NOT '))}IN ({', '.join(map(make, range(n)))})"
    )


def branches(chance: Chance, n: int) -> str:
    cases = " ".join(
        chance.choice(("WHEN A = {0} THEN {0}", "WHEN K LIKE '%{0}%' THEN {0}")).format(i) for i in range(n)
    )
    return column(f"CASE {cases} ELSE 0 END")


def arguments(chance: Chance, n: int) -> str:
    name = chance.choice(("COALESCE", "GREATEST", "LEAST", "NULLIF", "ABS", "NOSUCH"))
    return column(f"{name}({', '.join(['A'] * n)})")


def items(chance: Chance, n: int) -> str:
    made = [chance.choice(("A + {}", "K || '{}'", "SUM(A) OVER (ROWS {} PRECEDING)")).format(i) for i in range(n)]
    return f"CREATE STREAM o ({', '.join(f'c{i} VARCHAR(9)' for i in range(n))}); CREATE PUMP p AS INSERT INTO o SELECT STREAM {', '.join(made)} FROM S;"


def columns(chance: Chance, n: int) -> str:
    return f"CREATE STREAM o ({', '.join(f'c{i} {chance.choice(types)}' for i in range(n))});"


types = ("INTEGER", "CHAR(65535)", "VARCHAR(65535)", "DECIMAL(19, 19)", "TIMESTAMP", "VARBINARY(65535)")


# ---- what doubles ------------------------------------------------------------------------------------------


def functions(chance: Chance, n: int) -> str:
    """f7(x) calls f6 twice, which calls f5 twice …"""
    body = chance.choice(
        ("f{0}(x) + f{0}(x)", "f{0}(f{0}(x))", "CASE WHEN f{0}(x) = 1 THEN f{0}(x) ELSE f{0}(1) END")
    )
    first = "CREATE FUNCTION f0 (x INTEGER) RETURNS INTEGER CONTAINS SQL RETURN x + 1;"
    made = "".join(
        f"CREATE FUNCTION f{i + 1} (x INTEGER) RETURNS INTEGER CONTAINS SQL RETURN {body.format(i)};"
        for i in range(n)
    )
    return first + made + column(f"f{n}(A)")


def streams(chance: Chance, n: int) -> str:
    """Each stream gives the next one its rows several times."""
    n, times = min(n, 200), chance.choice((1, 2, 3))
    made = ["CREATE STREAM s0 (a INTEGER); CREATE PUMP p AS INSERT INTO s0 SELECT STREAM A FROM S;"]
    for i in range(n):
        made.append(f"CREATE STREAM s{i + 1} (a INTEGER);")
        made += [f"CREATE PUMP p{i}_{j} AS INSERT INTO s{i + 1} SELECT STREAM a FROM s{i};" for j in range(times)]
    return "".join(made)


def cycles(chance: Chance, n: int) -> str:
    n = min(n, 300)
    made = [f"CREATE STREAM s{i} (a INTEGER);" for i in range(n)]
    made += [f"CREATE PUMP p{i} AS INSERT INTO s{(i + 1) % n} SELECT STREAM a FROM s{i};" for i in range(n)]
    return "".join(made) + "CREATE PUMP q AS INSERT INTO s0 SELECT STREAM A FROM S;"


def ctes(chance: Chance, n: int) -> str:
    inner = chance.choice(
        (
            "SELECT STREAM A FROM c{0} UNION ALL SELECT STREAM A FROM c{0}",
            "SELECT STREAM l.A FROM c{0} AS l JOIN c{0} AS r ON l.A = r.A",
            "SELECT STREAM l.A FROM c{0} OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS l JOIN c{0} OVER (RANGE INTERVAL '1' MINUTE PRECEDING) AS r ON l.A = r.A",
            "SELECT STREAM A FROM c{0}, c{0} AS d",
            "SELECT A FROM (VALUES (1)) AS v(A) WHERE A IN (SELECT A FROM c{0}) OR A IN (SELECT A FROM c{0})",
        )
    )
    first = "SELECT STREAM A FROM S" if "STREAM" in inner else "SELECT A FROM (VALUES (1), (2)) AS v(A)"
    made = [f"c0 AS ({first})"] + [f"c{i + 1} AS ({inner.format(i)})" for i in range(n)]
    last = (
        f"SELECT STREAM A FROM c{n}"
        if "STREAM" in inner
        else f"SELECT STREAM A FROM S WHERE A IN (SELECT A FROM c{n})"
    )
    return pump(f"WITH {', '.join(made)} {last}")


def stars(chance: Chance, n: int) -> str:
    """The columns double at every level."""
    n = min(n, 60)
    query = "S"
    for i in range(n):
        query = f"(SELECT STREAM t{i}.*, t{i}.* FROM {query} AS t{i})"
    return pump(f"SELECT STREAM A FROM {query} AS t")


def texts_joined(chance: Chance, n: int) -> str:
    """The text doubles at every level, or as often as it is written."""
    if chance.random() < 0.5:
        return column("CHAR_LENGTH(" + " || ".join(["K"] * n) + ")")
    query = "(SELECT STREAM A, K FROM S) AS q"
    for i in range(min(n, 60)):
        query = f"(SELECT STREAM A, K || K AS K FROM {query}) AS q{i}"
    return pump(f"SELECT STREAM CHAR_LENGTH(K) FROM {query}")


def crossed(chance: Chance, n: int) -> str:
    """Finite relations, each with each."""
    n = min(n, 12)
    rows = ", ".join(f"({i})" for i in range(chance.choice((2, 10, 100, 1000))))
    parts = [f"(VALUES {rows}) AS t{i}(x)" for i in range(n)]
    join = chance.choice((", ", " CROSS JOIN ", " JOIN "))
    on = [part if not i or join != " JOIN " else f"{part} ON t{i}.x >= t{i - 1}.x" for i, part in enumerate(parts)]
    inner = f"SELECT t0.x FROM {join.join(on)}"
    return chance.choice(
        (
            where(f"A IN ({inner})"),
            where(f"EXISTS ({inner} WHERE t0.x = -1)"),
            column(f"(SELECT MAX(x) FROM ({inner}) AS u)"),
            pump(f"SELECT STREAM R.A FROM R JOIN ({inner}) AS u ON R.A = u.x"),
            pump(f"SELECT STREAM R.A FROM R, ({inner}) AS u"),
        )
    )


def grouping(chance: Chance, n: int) -> str:
    keys = ", ".join(f"A + {i}" for i in range(min(n, 1000)))
    form = chance.choice(
        ("{1}", "CUBE ({0}), {1}", "ROLLUP ({0}), {1}", "GROUPING SETS (({0}), ({1})), {1}", "{0}, {1}")
    )
    return pump(f"SELECT STREAM COUNT(*) FROM S GROUP BY {form.format(keys, MINUTE)}")


# ---- what refers to itself ---------------------------------------------------------------------------------

RECURSIONS = (
    "CREATE FUNCTION f (x INTEGER) RETURNS INTEGER CONTAINS SQL RETURN f(x) + 1;" + column("f(A)"),
    "CREATE FUNCTION f (x INTEGER) RETURNS INTEGER CONTAINS SQL RETURN g(x); CREATE FUNCTION g (x INTEGER) RETURNS INTEGER CONTAINS SQL RETURN f(x);" + column("f(A)"),
    pump("WITH r AS (SELECT STREAM A FROM r) SELECT STREAM A FROM r"),
    pump("WITH RECURSIVE r AS (SELECT STREAM A FROM S UNION ALL SELECT STREAM A FROM r) SELECT STREAM A FROM r"),
    pump("WITH a AS (SELECT STREAM A FROM b), b AS (SELECT STREAM A FROM a) SELECT STREAM A FROM a"),
    "CREATE VIEW v AS SELECT STREAM * FROM v;" + pump("SELECT STREAM A FROM v"),
    "CREATE STREAM o (a INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM a FROM o;",
    "CREATE STREAM o (a INTEGER); CREATE PUMP p AS INSERT INTO o SELECT STREAM a + 1 FROM o; CREATE PUMP q AS INSERT INTO o SELECT STREAM A FROM S;",
    pump("SELECT STREAM A FROM o"),
    pump("SELECT STREAM COUNT(*) OVER w FROM S WINDOW w AS (w)"),
    pump("SELECT STREAM COUNT(*) OVER w FROM S WINDOW w AS (v), v AS (w)"),
)  # fmt: skip


def recursion(chance: Chance, n: int) -> str:
    return chance.choice(RECURSIONS)


# ---- patterns ----------------------------------------------------------------------------------------------

REGEXES = (
    lambda n: "(a+)+$",
    lambda n: "(a|a)*b",
    lambda n: "(a|aa)+$",
    lambda n: "(.*)*x",
    lambda n: "(" * n + "a" + ")*" * n,
    lambda n: "a?" * n + "a" * n,
    lambda n: "(a{1,1000}){1,1000}",
    lambda n: "(" * (n % 12) + "a" + "{1000})" * (n % 12),
    lambda n: "((a{100}){100}){100}",
    lambda n: f"a{{{n * 1000}}}",
    lambda n: "|".join(f"a{i}b" for i in range(n)),
    lambda n: "[^x]{999}" * n,
    lambda n: "\\pL{500}" * n,
    lambda n: "(?i)" + "ß" * n,
    lambda n: "(a)" * n + "\\1",
    lambda n: "(?=" * n + "a" + ")" * n,
    lambda n: "^(([a-z])+.)+[A-Z]([a-z])+$",
    lambda n: ".*" * n + "x",
    lambda n: "[" * n,
    lambda n: "\\" * n,
)


def regexes(chance: Chance, n: int) -> str:
    pattern = text(chance.choice(REGEXES)(n))
    return chance.choice(
        (
            where(f"K SIMILAR TO {pattern}"),
            where(f"K SIMILAR TO {pattern} ESCAPE '\\'"),
            column(f"CHAR_LENGTH(REGEX_REPLACE(K, {pattern}, 'x', 1, {chance.choice((0, 1, 7, 1000))}))"),
            column(f"CHAR_LENGTH(SUBSTRING(K FROM {pattern}))"),
            column(f"CHAR_LENGTH(SUBSTRING(K SIMILAR {pattern} ESCAPE '#'))"),
            pump(
                f"SELECT STREAM CHAR_LENGTH(r.C1) FROM (SELECT STREAM REGEX_LOG_PARSE(K, {pattern}) AS r FROM S) AS q"
            ),
            pump(
                f"SELECT STREAM CHAR_LENGTH(q.r.COLUMN1) FROM (SELECT STREAM FAST_REGEX_LOG_PARSE(K, {pattern}) AS r FROM S) AS q"
            ),
        )
    )


def likes(chance: Chance, n: int) -> str:
    pattern = chance.choice(
        (
            lambda: "%a" * n,
            lambda: "_" * n,
            lambda: "%_" * n + "b",
            lambda: "%" * n,
            lambda: "a" * n + "%",
            lambda: "\\%" * n,
            lambda: "%a%b" * n,
        )
    )()
    return where(f"K LIKE {text(pattern)}" + chance.choice(("", " ESCAPE '\\'", " ESCAPE 'a'")))


def pattern_of_rows(chance: Chance, n: int) -> str:
    """A pattern that is another one in every row."""
    expression = chance.choice(
        ("K LIKE T", "K SIMILAR TO T", "T SIMILAR TO K", "K LIKE K || T", "K LIKE '%' || K || '%'")
    )
    return where(expression)


def growth(chance: Chance, n: int) -> str:
    """Replacements, paddings and collections that are longer than what they are made of."""
    long = text("x" * min(n * 10, 60_000))
    expression = chance.choice(
        (
            f"REGEX_REPLACE(K, '', {long}, 1, 0)",
            f"REGEX_REPLACE(K, 'a', {long}, 1, 0)",
            f"REGEX_REPLACE(REGEX_REPLACE(REGEX_REPLACE(K, '', {long}, 1, 0), '', {long}, 1, 0), '', {long}, 1, 0)",
            "REGEX_REPLACE(K, '(.*)', '$1$1$1$1$1$1$1$1$1$1$1$1', 1, 0)",
            f"OVERLAY(K PLACING {long} FROM 1 FOR 0)",
            f"OVERLAY(K || K PLACING K || K FROM {chance.choice(HUGE)} FOR 0)",
            f"{long} || K || {long}",
            "CAST(CAST(K AS CHAR(65535)) || CAST(K AS CHAR(65535)) AS CHAR(65535))",
            f"DATE_TO_CHAR({text('yyyy' * n)}, CURRENT_DATE)",
            f"TIMESTAMP_TO_CHAR({text('y' * n)}, CURRENT_TIMESTAMP)",
            f"TIMESTAMP_TO_CHAR({text('S' * n)}, ROWTIME)",
            "UPPER(LOWER(INITCAP(K || K)))",
            f"TRIM(BOTH 'a' FROM K || {long})",
            f"SUBSTRING(K || K FROM -{n} FOR {chance.choice(HUGE)})",
        )
    )
    return column(f"CHAR_LENGTH({expression})")


def collections(chance: Chance, n: int) -> str:
    expression = chance.choice(
        (
            "CHAR_LENGTH(STRING_AGG(K, '-----'))",
            "CHAR_LENGTH(STRING_AGG(DISTINCT K || K, ',' ORDER BY K))",
            "CARDINALITY(ARRAY_AGG(K))",
            "CARDINALITY(ARRAY_AGG(DISTINCT K || K))",
            "CHAR_LENGTH(MAX(K || K))",
            "COUNT(DISTINCT K || K)",
        )
    )
    over = chance.choice((f" GROUP BY {MINUTE}", f" GROUP BY A, {MINUTE}"))
    return pump(f"SELECT STREAM {expression} FROM S{over}")


# ---- large numbers -----------------------------------------------------------------------------------------


def literals(chance: Chance, n: int) -> str:
    return column(
        chance.choice(
            (
                lambda: "9" * n,
                lambda: "0." + "0" * n + "1",
                lambda: "1" + "0" * n + ".5e-" + str(n),
                lambda: "1e" + "9" * min(n, 9000),
                lambda: text("x" * n),
                lambda: "X'" + "0f" * n + "'",
                lambda: "U&'" + "\\0041" * n + "'",
                lambda: f"CAST('{'9' * n}' AS INTEGER)",
                lambda: f"CAST('{'9' * n}' AS DOUBLE)",
                lambda: f"CAST('{'1' * n}.{'1' * n}' AS DECIMAL(18, 2))",
                lambda: f"CAST('1e{'9' * min(n, 5000)}' AS DOUBLE)",
                lambda: f"INTERVAL '{'9' * n}' DAY",
                lambda: f"INTERVAL '1' DAY({n})",
                lambda: f"DATE '{'9' * n}-01-01'",
                lambda: f"TIMESTAMP '2024-01-01 00:00:00.{'9' * n}'",
                lambda: f"CAST(A AS DECIMAL({n}, {n}))",
                lambda: f"CAST(K AS VARCHAR({chance.choice(HUGE)}))",
                lambda: f"CAST(K AS CHAR({n * 10}))",
                lambda: f"POWER(A, {chance.choice(HUGE)})",
                lambda: f"EXP({chance.choice(HUGE)})",
                lambda: f"{chance.choice(HUGE)} * {chance.choice(HUGE)} * A",
                lambda: f"ROUND(A, {chance.choice(HUGE)})",
                lambda: f"TRUNCATE(A * 1e300, {chance.choice(HUGE)})",
                lambda: f"MOD({chance.choice(HUGE)}, A)",
                lambda: f"TO_TIMESTAMP({chance.choice(HUGE)})",
                lambda: f"STEP(A BY {chance.choice(HUGE)})",
                lambda: f"A / {'0' * n}",
            )
        )()
    )


def windows(chance: Chance, n: int) -> str:
    huge = chance.choice(("2147483647", "99999999999", "1" + "0" * 30, str(n)))
    aggregate = chance.choice(
        (
            "SUM(A)",
            "COUNT(*)",
            "MAX(A)",
            "AVG(A)",
            "FIRST_VALUE(A)",
            f"LAG(A, {huge})",
            f"NTH_VALUE(A, {huge})",
            "COUNT(DISTINCT A)",
            "STDDEV_POP(A)",
            "MIN(K)",
            "STRING_AGG(K, ',')",
        )
    )
    frame = chance.choice(
        (
            f"ROWS {huge} PRECEDING",
            f"RANGE INTERVAL '{huge}' SECOND PRECEDING",
            f"RANGE INTERVAL '{huge[:6]}' DAY PRECEDING",
            "RANGE UNBOUNDED PRECEDING",
            f"ROWS BETWEEN {huge} PRECEDING AND {huge} FOLLOWING",
            f"PARTITION BY K || K ROWS {huge} PRECEDING",
        )
    )
    if chance.random() < 0.6:
        return pump(f"SELECT STREAM {aggregate} OVER ({frame}) FROM S", "a VARCHAR(64)")
    step = chance.choice(
        (
            f"STEP(S.ROWTIME BY INTERVAL '{huge[:9]}' SECOND)",
            f"STEP(S.ROWTIME BY INTERVAL '0.{'0' * (n % 30)}1' SECOND)",
            "FLOOR(S.ROWTIME TO YEAR)",
            f"FLOOR((S.ROWTIME - TIMESTAMP '1970-01-01 00:00:00') SECOND / {huge} TO SECOND)",
        )
    )
    stagger = f"WINDOWED BY STAGGER (PARTITION BY K RANGE INTERVAL '{huge[:9]}' MINUTE)"
    hop = f"WINDOWED BY HOP (SIZE INTERVAL '{huge[:9]}' SECOND, SLIDE INTERVAL '{huge[-3:]}' SECOND)"
    return pump(f"SELECT STREAM COUNT(*) FROM S {chance.choice((f'GROUP BY {step}', stagger, hop))}")


TABLES = (
    "SELECT STREAM a FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM A FROM S), {0}, {1}, {2}, {3}))",
    "SELECT STREAM a FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(SELECT STREAM A FROM S), {0}, {1}, {2}, {3}, TRUE))",
    "SELECT STREAM a FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM A FROM S), {0}, {1}, {2}))",
    "SELECT STREAM ITEM_COUNT FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM S), 'K', {0}, {1}))",
    "SELECT STREAM NUMBER_OF_DISTINCT_ITEMS FROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(CURSOR(SELECT STREAM * FROM S), 'K', {0}))",
    "SELECT STREAM \"groupRank\" FROM TABLE(GROUP_RANK(CURSOR(SELECT STREAM * FROM S), 'A', 'groupRank', 'desc', 'desc', {0}, {1}))",
)  # fmt: skip


def tables(chance: Chance, n: int) -> str:
    """Functions of streams with large arguments, or many of them."""
    numbers = [chance.choice(("1", "10", "100", "1000", "100000", "2147483647", *HUGE[:3])) for _ in range(4)]
    return pump(chance.choice(TABLES).format(*numbers))


def points(chance: Chance, n: int) -> str:
    """A forest of very many numbers a point."""
    wide = ", ".join(f"A + {i} AS c{i}" for i in range(n))
    return pump(
        f"SELECT STREAM ANOMALY_SCORE FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM {wide} FROM S)))",
        "a DOUBLE",
    )


def logs(chance: Chance, n: int) -> str:
    names = ", ".join(f"c{i} TYPE VARCHAR(65535) START {i} FOR 65535" for i in range(n))
    many = ",".join(f"c{i}" for i in range(n))
    call = chance.choice(
        (
            f"FIXED_COLUMN_LOG_PARSE(K, '{names}')",
            f"VARIABLE_COLUMN_LOG_PARSE(K, '{many}', 'a')",
            f"W3C_LOG_PARSE(K, '{'%u ' * n}')",
            "SYS_LOG_PARSE(K)",
        )
    )
    return pump(f"SELECT STREAM q.r.c1 FROM (SELECT STREAM {call} AS r FROM S) AS q", "a VARCHAR(9)")


def joins(chance: Chance, n: int) -> str:
    """Many joins, of which each finds one row at most: how often rows multiply is the query's own affair."""
    window = chance.choice((" OVER (RANGE INTERVAL '1' DAY PRECEDING)", " OVER (ROWS 100000 PRECEDING)"))
    parts = " ".join(f"JOIN R{window} AS r{i} ON S.A = r{i}.A AND r{i}.A = 8" for i in range(min(n, 400)))
    return pump(f"SELECT STREAM S.A FROM S{window} {parts}")


def letters(chance: Chance, n: int) -> str:
    """No SQL at all."""
    part = chance.choice(
        (
            '"',
            "'",
            "/*",
            "/",
            "(",
            ";",
            "$",
            "`",
            "\\",
            "\0",
            "\u2013",
            "\U0001f600",
            "a.",
            "x'",
            "u&'",
            "--\n",
            "SELECT ",
            "((",
            "=",
            "1e",
            "0x",
            "...",
            "\ufeff",
            ",",
            "'a' ",
            "[",
            "a\nb ",
        )
    )
    return chance.choice(("", "CREATE STREAM o (", "SELECT ", column("A"))) + part * n * chance.choice((1, 3))


FAMILIES: tuple[Callable[[Chance, int], str], ...] = (
    nesting, queries, chains, conditions, members, branches, arguments, items, columns, functions, streams, cycles,
    ctes, stars, texts_joined, crossed, grouping, recursion, regexes, regexes, likes, pattern_of_rows, growth, growth,
    collections, literals, literals, windows, windows, tables, tables, points, logs, joins, letters,
)  # fmt: skip


def bomb(number: int) -> tuple[str, str]:
    """The name of the family of this number, and the script."""
    chance = random.Random(number)
    family = FAMILIES[number % len(FAMILIES)]
    return family.__name__, family(chance, chance.choice(SIZES))
