"""Records that are almost right: values beside the shapes that the decoder takes in one go, lines of them, damage.

A number gives a schema, its bytes and the pieces in which they come, the same every time.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from streamsql.io.format import InputSchema
from streamsql.io.formats import schema_from_ddl

Chance = random.Random
TYPES = (
    "DOUBLE", "DOUBLE", "INTEGER", "INTEGER", "BIGINT", "BIGINT", "TIMESTAMP", "TIMESTAMP", "VARCHAR(12)", "VARCHAR(12)",
    "REAL", "SMALLINT", "TINYINT", "DECIMAL(9,3)", "DECIMAL(19,0)", "BOOLEAN", "CHAR(5)", "DATE", "TIME", "VARBINARY(3)",
)  # fmt: skip
DELIMITERS = (",",) * 8 + ("\t", "|", ";", "1", "0", "e", "E", ".", "-", "+", ":", " ", "||", "--", "ab", "\u00e9")
ROW_ENDS = ("\n",) * 8 + ("\r\n", ";", "7", "e", ".", "~\n", "\r", "-")
NULLS = (b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf", b"\0", b"\x1f", b"\x7f")
DAMAGE = (
    b"",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"\r",
    b"\\",
    b"-",
    b".",
    b"e",
    b"0",
    b"9",
    b" ",
    *NULLS,
)


def digits(chance: Chance, count: int) -> str:
    return "".join(chance.choice("0001234567899") for _ in range(count))


def number(chance: Chance) -> str:
    """Around seven digits, a point in any place, signs and exponents where they may or may not be."""
    text = digits(chance, chance.choice((0, 1, 1, 2, 3, 5, 6, 7, 7, 8, 8, 9, 10, 15, 16, 17, 19, 20, 25)))
    if chance.random() < 0.5:
        place = chance.randrange(len(text) + 1)
        text = text[:place] + "." + text[place:]
    if chance.random() < 0.7:
        text = text.lstrip("0") or "0"
    if chance.random() < 0.05:
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(("x", ".", "-", " ", "e", "_", "\u0663", "1")) + text[place:]
    if chance.random() < 0.12:
        text += (
            chance.choice("eE") + chance.choice(("", "+", "-")) + digits(chance, chance.choice((0, 1, 2, 3, 5)))
        )
    return chance.choice(("", "", "", "-", "-", "+", "- ", "--", " ")) * (chance.random() < 0.5) + text


def fitting_number(chance: Chance, type_: str) -> str:
    """A plain number that most columns of the type take."""
    most = {"TINYINT": 2, "SMALLINT": 4, "INTEGER": 9, "BIGINT": 12}.get(type_, 6)
    text = chance.choice(("", "", "-")) + str(chance.randrange(10 ** chance.randrange(1, most + 1)))
    return (
        text
        if type_ in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
        else f"{text}.{digits(chance, chance.randrange(1, 4))}"
    )


def moment(chance: Chance) -> str:
    """A timestamp in the same minute as many others, or one with something wrong in one place."""
    minute = chance.choice(("2024-02-29 23:59", "2024-02-29 23:59", "2024-03-01 00:00", "1969-12-31 23:59"))
    text = f"{minute}:{chance.randrange(60):02d}.{chance.randrange(1000):03d}"
    if chance.random() < 0.2:
        text = text.replace(" ", chance.choice("Tt"))
    if chance.random() < 0.12:
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice("0123456789:-. TZ/;") + text[place + 1 :]
    if chance.random() < 0.1:
        text = text[: chance.choice((10, 16, 19, 20, 21, 22, 23))] + chance.choice(
            ("", "Z", "+01", "-08:30", "9", "99 ")
        )
    return text


def words(chance: Chance) -> str:
    text = "".join(
        chance.choice('ab \t,"\\/\u00e9\u20ac\U0001f600\r\n:{}')
        for _ in range(chance.choice((0, 1, 3, 8, 15, 16, 17, 33)))
    )
    return chance.choice((text, "plain", "true", "X'0fA7'", "null", number(chance), moment(chance)))


def value(chance: Chance, type_: str) -> str:
    """Something for a column of this type, often fitting."""
    if chance.random() < 0.02:
        return words(chance)
    if type_ == "TIMESTAMP":
        return moment(chance)
    if type_ in ("DATE", "TIME"):
        return moment(chance)[slice(10) if type_ == "DATE" else slice(11, None)]
    if type_ == "BOOLEAN" or type_.startswith(("VAR", "CHAR")):
        return words(chance)
    if chance.random() < 0.7:
        return fitting_number(chance, type_)
    return number(chance)


def quoted_json(text: str, chance: Chance) -> str:
    """As a JSON string: properly, or not."""
    if chance.random() < 0.03:
        return f'"{text}"'
    made = text.replace("\\", "\\\\").replace('"', '\\"')
    for char, escape in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("a", "\\u0061")):
        if char != "a" or chance.random() < 0.1:
            made = made.replace(char, escape)
    return f'"{made}"'


def json_record(chance: Chance, types: list[str]) -> bytes:
    members = []
    for place, type_ in enumerate(types):
        text = value(chance, type_)
        textual = (
            type_ in ("TIMESTAMP", "DATE", "TIME") or type_.startswith(("VAR", "CHAR")) or chance.random() < 0.1
        )
        shown = quoted_json(text, chance) if textual else text.strip() or "null"
        if chance.random() < 0.04:
            shown = chance.choice(
                ("null", "true", "false", "{}", "[1,{}]", '{"a":[2]}', "NaN", "tru", "01", "-", "")
            )
        blank = chance.choice(("", "", "", " ", "\n", "\t"))
        members.append(f'"c{place}"{blank}:{blank}{shown}')
    if chance.random() < 0.2:
        chance.shuffle(members)
    if chance.random() < 0.1:
        members.append(chance.choice(members))
    return ("{" + chance.choice((",", ",", ", ")).join(members) + "}").encode("utf-8", "surrogatepass")


def csv_record(chance: Chance, types: list[str], delimiter: str) -> bytes:
    fields = []
    for type_ in types[: chance.choice((len(types),) * 6 + (1, len(types) - 1 or 1))]:
        text = value(chance, type_)
        if chance.random() < 0.2:
            text = '"' + text.replace('"', '""') + '"' + chance.choice(("",) * 8 + (" ", "\r", "x"))
        fields.append(text)
    if chance.random() < 0.1:
        fields.append("more")
    return delimiter.join(fields).encode("utf-8", "surrogatepass")


def damaged(data: bytes, chance: Chance) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(DAMAGE) + data[place + chance.randrange(3) :]


def pieces(data: bytes, chance: Chance) -> list[bytes]:
    """Whole, by the byte, or cut in a few places."""
    way = chance.randrange(4)
    if way == 0:
        return [data]
    if way == 1:
        size = chance.choice((1, 2, 3, 7, 16, 64))
        return [data[at : at + size] for at in range(0, len(data), size)]
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 6)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def case(number_: int, lines: int) -> tuple[InputSchema, bytes, list[bytes], int]:
    """Schema, bytes, pieces and the greatest size of a record."""
    chance = random.Random(number_)
    types = [chance.choice(TYPES) for _ in range(chance.choice((1, 2, 3, 5)))]
    ddl = ", ".join(f'"c{place}" {type_}' for place, type_ in enumerate(types))
    make: Callable[[], bytes]
    if chance.random() < 0.5:
        schema, end = schema_from_ddl(ddl), b"\n"
        make = lambda: json_record(chance, types)  # noqa: E731
    else:
        delimiter, row_end = chance.choice(DELIMITERS), chance.choice(ROW_ENDS)
        if delimiter == row_end or row_end.startswith(delimiter) or delimiter.startswith(row_end):
            delimiter, row_end = ",", "\n"
        schema = schema_from_ddl(ddl, "CSV", row_delimiter=row_end, column_delimiter=delimiter)
        end = row_end.encode()
        make = lambda: csv_record(chance, types, delimiter)  # noqa: E731
    parts = []
    for _ in range(lines):
        record = make()
        parts += [damaged(record, chance) if chance.random() < 0.15 else record]
        parts += [chance.choice((end,) * 12 + (b"", end * 2, b"\r\n", b" "))]
    data = b"".join(parts)
    if chance.random() < 0.2:
        data = data[: chance.randrange(len(data) + 1)]
    return schema, data, pieces(data, chance), chance.choice((16 << 20,) * 3 + (60,))
