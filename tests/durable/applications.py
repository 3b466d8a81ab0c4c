"""Applications, their inputs, and a run of one in memory: six that every test of crashes runs, and further ones."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache

from streamsql.app.launch import launch
from streamsql.app.options import Person, RunOptions
from streamsql.durable.memory import MemoryOutside
from streamsql.durable.outside import Outside

FOLDER = "state"
SCHEMA = '"t" BIGINT, "k" VARCHAR(8), "x" DOUBLE, "a" INTEGER'
S = "SOURCE_SQL_STREAM_001"
MINUTE = "STEP(s.ROWTIME BY INTERVAL '60' SECOND)"


@dataclass(frozen=True)
class Example:
    """A SQL text and its inputs, by stream."""

    sql: str
    inputs: tuple[str, ...] = (S,)
    rows: int = 150


def _into(columns: str, query: str) -> str:
    return f'CREATE STREAM "OUT" ({columns});\nCREATE PUMP "P" AS INSERT INTO "OUT"\n{query};'


EXAMPLES = {
    "filter": Example(
        _into('"k" VARCHAR(8), "q" INTEGER', f'SELECT STREAM "k", 1000 / "a" FROM "{S}" WHERE "x" > 9')
    ),
    "tumbling": Example(
        _into(
            '"k" VARCHAR(8), "n" BIGINT, "m" DOUBLE, "d" BIGINT',
            f'SELECT STREAM "k", COUNT(*), AVG("x"), COUNT(DISTINCT "a") FROM "{S}" AS s GROUP BY "k", {MINUTE}',
        )
    ),
    "sliding": Example(
        _into(
            '"k" VARCHAR(8), "n" BIGINT, "m" DOUBLE, "hi" DOUBLE, "v" DOUBLE',
            f'SELECT STREAM "k", COUNT(*) OVER w, AVG("x") OVER w, MAX("x") OVER w, VAR_POP("x") OVER w FROM "{S}"\n'
            "WINDOW w AS (PARTITION BY \"k\" RANGE INTERVAL '30' SECOND PRECEDING)",
        )
    ),
    "join": Example(
        _into(
            '"k" VARCHAR(8), "a" INTEGER, "b" INTEGER',
            'SELECT STREAM l."k", l."a", r."a" FROM "L" OVER (RANGE INTERVAL \'20\' SECOND PRECEDING) AS l\n'
            'FULL JOIN "R" OVER (RANGE INTERVAL \'10\' SECOND PRECEDING) AS r ON l."k" = r."k" AND l."a" < r."a"',
        ),
        ("L", "R"),
        90,
    ),
    "forest": Example(
        _into(
            '"x" DOUBLE, "a" INTEGER, "score" DOUBLE, "why" VARCHAR(1024)',
            'SELECT STREAM "x", "a", ANOMALY_SCORE, ANOMALY_EXPLANATION FROM TABLE(\n'
            f'RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(SELECT STREAM "x", "a" FROM "{S}"), 5, 16, 1000, 1, true))',
        ),
        rows=120,
    ),
    "stagger": Example(
        _into(
            '"k" VARCHAR(8), "n" BIGINT, "s" DOUBLE',
            f'SELECT STREAM "k", COUNT(*), SUM("x") FROM "{S}"\n'
            "WINDOWED BY STAGGER (PARTITION BY \"k\" RANGE INTERVAL '30' SECOND)",
        )
    ),
}

FURTHER = {
    name: Example(_into(columns, query.replace("FROM S", f'FROM "{S}" AS s')), *inputs)
    for name, (columns, query, *inputs) in {
        "hopping": (
            '"n" BIGINT, "s" DOUBLE',
            "SELECT STREAM COUNT(*), SUM(\"x\") FROM S GROUP BY HOP(s.ROWTIME, INTERVAL '20' SECOND, INTERVAL '40' SECOND)",
        ),
        "session": (
            '"k" VARCHAR(8), "n" BIGINT, "m" DOUBLE',
            'SELECT STREAM "k", COUNT(*), MIN("x") FROM S GROUP BY "k", SESSION(s.ROWTIME, INTERVAL \'15\' SECOND)',
        ),
        "collected": (
            '"k" VARCHAR(8), "m" DOUBLE, "c" VARCHAR(99), "f" DOUBLE, "l" INTEGER, "d" DOUBLE',
            'SELECT STREAM "k", MEDIAN("x"), STRING_AGG("k", \'-\'), FIRST_VALUE("x"), MAX("a"), STDDEV_SAMP("x")\n'
            f'FROM S GROUP BY "k", {MINUTE}',
        ),
        "rows": (
            '"f" DOUBLE, "l" INTEGER, "d" BIGINT, "s" INTEGER, "m" VARCHAR(8)',
            'SELECT STREAM FIRST_VALUE("x") OVER w, LAG("a", 2) OVER w, COUNT("a") OVER w, SUM("a") OVER w,\n'
            'MAX("k") OVER w FROM S WINDOW w AS (PARTITION BY "k" ROWS 5 PRECEDING)',
        ),
        "running": (
            '"k" VARCHAR(8), "n" BIGINT, "m" DOUBLE',
            'SELECT STREAM "k", COUNT(*) OVER w, AVG("x") OVER w FROM S WINDOW w AS (PARTITION BY "k")',
        ),
        "decay": (
            '"e" DOUBLE',
            "SELECT STREAM EXP_AVG(\"x\", INTERVAL '10' SECOND) OVER (RANGE INTERVAL '30' SECOND PRECEDING) FROM S",
        ),
        "distinct": (
            '"k" VARCHAR(8), "a" INTEGER, "m" TIMESTAMP',
            f'SELECT STREAM DISTINCT "k", "a", {MINUTE} AS m FROM S',
        ),
        "sorted": ('"x" DOUBLE', f'SELECT STREAM "x" FROM S ORDER BY {MINUTE}, "x" DESC'),
        "reordered": (
            '"x" DOUBLE',
            'SELECT STREAM ts AS ROWTIME, "x" FROM (SELECT STREAM TO_TIMESTAMP("t" - 1000 * "a") AS ts, "x" FROM S) AS r\n'
            "ORDER BY ts WITHIN INTERVAL '60' SECOND",
        ),
        "retimed": ('"x" DOUBLE', 'SELECT STREAM TO_TIMESTAMP("t" + 1000) AS ROWTIME, "x" FROM S'),
        "union": (
            '"a" INTEGER',
            'SELECT STREAM "a" FROM "L"\nUNION ALL SELECT STREAM "a" + 100 FROM "R"',
            ("L", "R"),
        ),
        "integers": (
            '"a" INTEGER, "k" VARCHAR(8)',
            'SELECT STREAM l."a", r."k" FROM "L" OVER (RANGE INTERVAL \'20\' SECOND PRECEDING) AS l\n'
            'LEFT JOIN "R" OVER (ROWS 3 PRECEDING) AS r ON l."a" = r."a"',
            ("L", "R"),
        ),
        "asof": (
            '"a" INTEGER, "b" INTEGER',
            'SELECT STREAM l."a", r."a" FROM "L" AS l ASOF LEFT JOIN "R" AS r ON l."k" = r."k"',
            ("L", "R"),
        ),
        "limit": ('"a" INTEGER', 'SELECT STREAM "a" FROM S LIMIT 100'),
        "hotspots": (
            '"x" DOUBLE, "h" VARCHAR(512)',
            f'SELECT STREAM "x", HOTSPOTS_RESULT FROM TABLE(HOTSPOTS(CURSOR(SELECT STREAM "x" FROM "{S}"), 100, 0.02, 3))',
        ),
        "top": (
            '"k" VARCHAR(8), "n" BIGINT',
            f'SELECT STREAM * FROM TABLE(TOP_K_ITEMS_TUMBLING(CURSOR(SELECT STREAM "k" FROM "{S}"), \'k\', 3, 60))',
        ),
        "items": (
            '"n" BIGINT',
            "SELECT STREAM NUMBER_OF_DISTINCT_ITEMS FROM TABLE(COUNT_DISTINCT_ITEMS_TUMBLING(\n"
            f'CURSOR(SELECT STREAM "x" FROM "{S}"), \'x\', 60))',
        ),
        "ranked": (
            '"a" INTEGER, "r" INTEGER',
            'SELECT STREAM "a", "rank" FROM TABLE(GROUP_RANK(\n'
            f"CURSOR(SELECT STREAM \"a\" FROM \"{S}\"), 'a', 'rank', 'desc', 'asc', 0, 0))",
        ),
    }.items()
}
"""Further operators with state, of which `EXAMPLES` has none."""

ALL = EXAMPLES | FURTHER


@cache
def records(seed: int, rows: int) -> bytes:
    """Records in JSON: some out of order, some that are late, some that are none, some whose division fails."""
    chance = random.Random(seed)
    time = 1_700_000_000_000
    lines = []
    for number in range(rows):
        time += chance.choice([0, 0, 100, 2000, 9000])
        shown = time - chance.choice([0, 0, 0, 0, 1500, 20000])
        key, value = chance.choice("abcde"), round(chance.gauss(10, 3), 3)
        lines.append(f'{{"t": {shown}, "k": "{key}", "x": {value}, "a": {chance.randint(-3, 9)}}}')
        if number % 17 == 5:
            lines.append('{"t": 12, "k": "broken')
    return ("\n".join(lines)).encode()


def options_of(name: str, **changed: object) -> RunOptions:
    """The options of a run in memory, with a checkpoint after every step of a few records."""
    given = {
        "inputs": tuple((stream, f"{stream}.json") for stream in ALL[name].inputs),
        "schemas": dict.fromkeys(ALL[name].inputs, SCHEMA),
        "rowtime": {"": "t"},
        "lateness": 2.0,
        "outputs": (("OUT", "out.csv"),),
        "errors": "errors.json",
        "with_rowtime": True,
        "batch_size": 8,
        "checkpoint": FOLDER,
        "checkpoint_interval": 0.5,
    }
    return RunOptions(**{**given, **changed})  # type: ignore[arg-type]


def outside_of(name: str) -> MemoryOutside:
    """An outside that holds the inputs of an application, and nothing else."""
    outside = MemoryOutside(step=1.0)
    for seed, stream in enumerate(ALL[name].inputs):
        outside.put(f"{stream}.json", records(seed, ALL[name].rows))
    return outside


@dataclass
class Notes:
    """What a run told the person who started it."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def run_in(name: str, outside: Outside, sql: str = "", **changed: object) -> Notes:
    """Run an application to its end."""
    heard = Notes()
    person = Person(note=heard.notes.append, warn=heard.warnings.append)
    launch(sql or ALL[name].sql, options_of(name, **changed), person, outside)
    return heard


Outputs = tuple[bytes, bytes]


def outputs_in(outside: MemoryOutside) -> Outputs:
    """The output and the error stream, as they are in the files."""
    return outside.get("out.csv"), outside.get("errors.json")


def undisturbed(name: str) -> Outputs:
    """What a run writes that makes no checkpoint before its end and takes all rows at once."""
    outside = outside_of(name)
    run_in(name, outside, batch_size=65536, checkpoint_interval=1e9)
    return outputs_in(outside)
