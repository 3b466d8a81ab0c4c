"""What is done to a text: read, written, laid out, bound, explained, run over a few rows.

Whatever the text, nothing but the documented errors may come out.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pyarrow as pa
from damage import Seed

from streamsql.app.application import Application
from streamsql.app.format import format_text
from streamsql.errors import ParseError, ScriptErrors, StreamSQLError
from streamsql.sql import parse
from streamsql.sql.generator import to_sql
from streamsql.types import Column, Kind

START = dt.datetime(2024, 1, 1, 10)


def check(seed: Seed, number: int) -> str:
    """Do all of it; how far it came: "refused", "bound" or "run". Any exception, AssertionError too, is a finding."""
    script = parse(seed.sql)
    for error in script.errors:
        assert error.code, error
        assert error.span is not None
        assert 0 <= error.span.start <= len(seed.sql)
        assert error.render(seed.sql)
    if not script.errors:
        check_text(seed.sql)
    try:
        app = application(seed)
        app.explain()
    except ScriptErrors as errors:
        assert all(error.code for error in errors.errors), errors
        errors.render(seed.sql)
        return "refused"
    return run(app, number)


def check_text(sql: str) -> None:
    """A script without errors of syntax: what is written from its trees, and its layout, mean the same."""
    statements = parse(sql).statements
    for statement in statements:
        again = parse(to_sql(statement))
        assert not again.errors
        assert again.statements == (statement,)
    try:
        laid_out = format_text(sql)
    except ParseError as error:
        assert error.code == "SYN-005"
        return
    assert parse(laid_out).statements == statements
    assert format_text(laid_out) == laid_out


def application(seed: Seed) -> Application:
    tables = {"COMPANY": pa.table({"K": ["x", "y", None], "NAME": ["one", "two", "x"]})}
    return Application(seed.sql, seed.inputs, rowtime="ROWTIME", references=tables)


def run(app: Application, number: int) -> str:
    """Rows with nulls and extremes through every pump; the state is taken over once on the way."""
    chance = random.Random(number)
    inputs = [stream.name for stream in app.plan.streams if stream.is_input]
    try:
        for step in range(2):
            for name in inputs:
                app.feed(name, rows(app.columns(name), chance, START + dt.timedelta(minutes=step)))
            app.snapshot()
        app.finish()
        for name in [*app.streams, "ERROR_STREAM"]:
            app.read(name)
    except StreamSQLError as error:
        assert error.message
        return "bound"
    return "run"


def rows(columns: tuple[Column, ...], chance: random.Random, start: dt.datetime) -> pa.Table:
    times = pa.array([start + dt.timedelta(seconds=n // 2) for n in range(6)], pa.timestamp("ms"))
    values = {
        column.name: pa.array([value(column, chance) for _ in range(6)], column.type.arrow) for column in columns
    }
    return pa.table({**values, "ROWTIME": times})


def value(column: Column, chance: random.Random) -> object:
    kind = column.type.kind
    if chance.random() < 0.15:
        return None
    if kind in (Kind.TIMESTAMP, Kind.DATE, Kind.TIME):
        stamp = chance.choice(
            (START, dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59), dt.datetime(1970, 1, 1))
        )
        return {Kind.TIMESTAMP: stamp, Kind.DATE: stamp.date(), Kind.TIME: stamp.time()}[kind]
    if kind is Kind.BOOLEAN:
        return chance.random() < 0.5
    if kind is Kind.DECIMAL:
        return Decimal(chance.choice((0, 1, -9))).scaleb(-column.type.scale)
    if column.type.is_integer:
        top = (1 << (column.type.bits - 1)) - 1
        return chance.choice((0, 1, 1, 2, -1, 7, top, -top - 1))
    if column.type.is_approximate:
        return chance.choice((0.0, 1.5, -2.0, 1e30, float("nan"), float("inf")))
    if column.type.is_binary:
        return b"\x00\xff"[: column.type.length]
    return chance.choice(("", "x", "a_%", "2024-01-01 10:00:00", "12.5", "é", "  "))[: column.type.length]
