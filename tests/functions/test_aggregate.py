"""Result types of the aggregates, and what they refuse."""

import pytest

from streamsql.errors import BindError
from streamsql.functions import registry
from streamsql.functions.registry import Argument
from streamsql.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL_DAY,
    NULL,
    REAL,
    SMALLINT,
    TIMESTAMP,
    decimal,
    varchar,
)


def resolve(name, *args):
    return registry.aggregate_function(name).resolve(
        [arg if isinstance(arg, Argument) else Argument(arg) for arg in args]
    )


@pytest.mark.parametrize(
    ("name", "argument", "result"),
    [
        ("COUNT", varchar(3), BIGINT),
        ("SUM", SMALLINT, BIGINT),
        ("SUM", decimal(5, 2), decimal(18, 2)),
        ("SUM", REAL, DOUBLE),
        ("AVG", INTEGER, INTEGER),
        ("AVG", REAL, REAL),
        ("AVG", DOUBLE, DOUBLE),
        ("AVG", decimal(9, 2), decimal(18, 6)),
        ("AVG", decimal(12, 9), decimal(18, 9)),
        ("MIN", varchar(3), varchar(3)),
        ("MAX", DATE, DATE),
        ("STDDEV", INTEGER, DOUBLE),
        ("VAR_POP", decimal(5, 2), DOUBLE),
        ("SOME", BOOLEAN, BOOLEAN),
        ("FIRST_VALUE", TIMESTAMP, TIMESTAMP),
    ],
)
def test_result_types(name, argument, result):
    """The table of kinesis-functions.md, section 6."""
    assert resolve(name, argument).result == result


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("SUM", varchar(3)),
        ("SUM", INTERVAL_DAY),
        ("AVG", INTERVAL_DAY),
        ("AVG", DATE),
        ("EVERY", INTEGER),
        ("MIN", BOOLEAN),
        ("VAR_POP", TIMESTAMP),
    ],
)
def test_refused_types(name, argument):
    with pytest.raises(BindError, match=f"{name} cannot be applied") as error:
        resolve(name, argument)
    assert error.value.code == "TYP-001"


def test_numbers_of_arguments():
    assert resolve("COUNT").result == BIGINT
    assert resolve("SUM", NULL).result == BIGINT
    for name, args in (("COUNT", (INTEGER, INTEGER)), ("SUM", ()), ("NTH_VALUE", (INTEGER,)), ("LAG", ())):
        with pytest.raises(BindError):
            resolve(name, *args)


def test_constants_of_analytic_functions():
    one = Argument(INTEGER, 1)
    assert resolve("NTH_VALUE", varchar(3), one).result == varchar(3)
    assert resolve("LAG", INTEGER, one, SMALLINT).args == (INTEGER, INTEGER, INTEGER)
    assert resolve("EXP_AVG", INTEGER, Argument(INTERVAL_DAY, 1000)).args[0] == DOUBLE
    for name, args in (
        ("NTH_VALUE", (INTEGER, Argument(INTEGER, 0))),
        ("NTH_VALUE", (INTEGER, Argument(INTEGER))),
        ("LAG", (INTEGER, Argument(INTEGER, -1))),
        ("LAG", (INTEGER, one, varchar(3))),
        ("EXP_AVG", (INTEGER, Argument(INTERVAL_DAY, 0))),
        ("EXP_AVG", (INTEGER, one)),
    ):
        with pytest.raises(BindError):
            resolve(name, *args)


def test_decaying_average_needs_a_range():
    assert registry.aggregate_function("EXP_AVG").only_range


def test_functions_of_over_only_have_no_accumulator():
    for name in ("NTH_VALUE", "LAG", "EXP_AVG"):
        assert registry.aggregate_function(name).accumulator is None
