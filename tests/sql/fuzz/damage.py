"""Good scripts, damaged at random. A number gives one text, always the same."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOKEN = re.compile(r"""\s+|\w+|"[^"]*"|'[^']*'|--[^\n]*|.""", re.DOTALL)
PIECES = [
    *(str.split("( ) [ ] { } , ; . .. * / + - = < > <> <= || ' '' \" \"\" -- /* */ // \\ ? : $ % & | ^ ~ @ #")),
    *(
        str.split(
            "1e999 1e-999 9223372036854775808 0.0 -0 00 1. .5 1e 0x1 X'0' X'G' U&'\\0041' U&'\\D800' N'x' {d"
        )
    ),
    *("INTERVAL '1' MINUTE", "INTERVAL '99' SECOND(10,9)", "a.b.c.d.e", "(1, 2)", "()", "t(a, b)"),
    *("\x00", "\x1f", "\u2013", "\u201c", "\u00a0", "\ufeff", "\ud83d", "\U0001f600", "\u0130", "\r", "\x0c", "é"),
    *(
        "LIMIT 2",
        "QUALIFY a = 1",
        "HOP(ROWTIME, INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)",
        "CAST(NULL AS INTEGER)",
    ),
    *("UNBOUNDED FOLLOWING", "EXISTS (SELECT * FROM COMPANY)", "WITH x AS (SELECT a FROM S)", "GROUP BY CUBE (a)"),
]
WRAPS = (("(", ")"), ("ABS(", ")"), ("NOT (", ")"), ("CASE WHEN a = 1 THEN ", " END"), ("CAST(", " AS INTEGER)"))
WRAPS += (("(SELECT STREAM * FROM ", ")"), ("- ", ""), ("a || ", ""), ("COALESCE(a, ", ")"), ("MAX(", ")"))
LIMIT = 6000  # characters that are taken from a long script, so that most of the time goes into damage


@dataclass(frozen=True)
class Seed:
    """A script with the columns of its inputs, as DDL by name; whether it is known to run as it is."""

    sql: str
    inputs: dict[str, str]
    runs: bool = False


STOCKS = (
    '"TICKER_SYMBOL" VARCHAR(4), "SECTOR" VARCHAR(16), "CHANGE" REAL, "PRICE" REAL, "t" TIMESTAMP, "n" INTEGER'
)
INPUTS = {"SOURCE_SQL_STREAM_001": STOCKS, "S": '"A" INTEGER, "K" VARCHAR(8)', "R": '"A" INTEGER, "K" VARCHAR(8)'}


def seeds() -> list[Seed]:
    """The examples, the conformance tests, the snippets of the documents and the forms of tests/sql."""
    texts = [path.read_text() for path in sorted((ROOT / "examples/queries").glob("*.sql"))]
    texts += [path.read_text() for path in sorted((ROOT / "tests/sql/samples").glob("*.sql"))]
    texts += (ROOT / "tests/sql/forms.txt").read_text().splitlines()
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        texts += re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
        texts += re.findall(r"`((?:CREATE|SELECT|INSERT) [^`]+)`", page.read_text())
    found = [Seed(text, INPUTS) for text in texts]
    for path in sorted((ROOT / "tests/slt").rglob("*.slt")):
        for test in re.split(r"^test .*$", path.read_text(), flags=re.MULTILINE)[1:]:
            inputs = dict(re.findall(r"^schema (\S+)\n(.+)$", test, re.MULTILINE)) or INPUTS
            for outcome, text in re.findall(r"^statement (\w+).*\n((?:.+\n?)+)", test, re.MULTILINE):
                found.append(Seed(text, inputs, outcome == "ok" and "CREATE PUMP" in text))
    return found


class Damage:
    """Takes seeds to pieces: tokens deleted, doubled, swapped and replaced, bytes flipped, parts of others put in."""

    def __init__(self) -> None:
        self.seeds = seeds()
        self.running = [seed for seed in self.seeds if seed.runs]
        self.words = sorted({word for seed in self.seeds for word in re.findall(r"[A-Za-z_]\w+", seed.sql)})

    def make(self, number: int) -> Seed:
        """The damaged script of this number."""
        chance = random.Random(number)
        seed = chance.choice(self.running if chance.random() < 0.6 else self.seeds)
        text = seed.sql
        if len(text) > LIMIT:
            start = chance.randrange(len(text) - LIMIT)
            text = text[start : start + LIMIT]
        for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3, 6))):
            text = chance.choice(self.ways)(self, text, chance)
        return Seed(text, seed.inputs)

    def foreign(self, chance: random.Random) -> str:
        """A word that some script uses, or a piece that no good one does."""
        return chance.choice(self.words if chance.random() < 0.6 else PIECES)

    def tokens(self, text: str, chance: random.Random) -> str:
        """One token goes, comes twice, changes place, or becomes another."""
        found = TOKEN.findall(text) or [""]
        here, there = chance.randrange(len(found)), chance.randrange(len(found))
        way = chance.randrange(5)
        if way == 0:
            del found[here : here + chance.choice((1, 1, 2, 5))]
        elif way == 1:
            found.insert(here, found[here] + " ")
        elif way == 2:
            found[here], found[there] = found[there], found[here]
        elif way == 3:
            found[here] = chance.choice(found)
        else:
            found[here] = self.foreign(chance)
        return "".join(found)

    def exchange(self, text: str, chance: random.Random) -> str:
        """A word or a literal becomes one that stands elsewhere: the mildest damage, which often still runs."""
        found = TOKEN.findall(text)
        places = [place for place, token in enumerate(found) if token[0].isalnum() or token[0] in "\"'"]
        if places:
            found[chance.choice(places)] = found[chance.choice(places)]
        return "".join(found)

    def insertion(self, text: str, chance: random.Random) -> str:
        here = chance.randrange(len(text) + 1)
        return f"{text[:here]} {self.foreign(chance)} {text[here:]}"

    def splice(self, text: str, chance: random.Random) -> str:
        other = chance.choice(self.seeds).sql
        start, here = chance.randrange(len(other) + 1), chance.randrange(len(text) + 1)
        return text[:here] + " " + other[start : start + chance.randrange(1, 200)] + " " + text[here:]

    def flip(self, text: str, chance: random.Random) -> str:
        """Bits of the bytes."""
        data = bytearray(text.encode("utf-8", "replace") or b" ")
        for _ in range(chance.choice((1, 1, 3, 20))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return data.decode("utf-8", "replace")

    def nesting(self, text: str, chance: random.Random) -> str:
        found = TOKEN.findall(text) or [""]
        here = chance.randrange(len(found))
        before, behind = chance.choice(WRAPS)
        levels = chance.choice((1, 2, 3, 20, 64, 140, 400, 3000))
        found[here] = before * levels + found[here] + behind * levels
        return "".join(found)

    def repetition(self, text: str, chance: random.Random) -> str:
        start = chance.randrange(len(text) + 1)
        part = text[start : start + chance.choice((1, 10, 60))]
        return text[:start] + part * chance.choice((2, 5, 50, 400)) + text[start:]

    def cut(self, text: str, chance: random.Random) -> str:
        start, end = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        return chance.choice((text[:start], text[end:], text[:start] + text[end:]))

    def number(self, text: str, chance: random.Random) -> str:
        """Another number, or another length of a text."""
        value = str(chance.choice((0, -1, 1, 2, 31, 255, 65536, 1 << 31, 1 << 63, 10**19, 10**40, "0.1", "1e308")))
        places = list(re.finditer(r"\d+", text)) or [None]
        place = chance.choice(places)
        return text if place is None else text[: place.start()] + value + text[place.end() :]

    ways = (
        tokens,
        tokens,
        exchange,
        exchange,
        exchange,
        exchange,
        insertion,
        splice,
        flip,
        nesting,
        repetition,
        cut,
        number,
        number,
    )
