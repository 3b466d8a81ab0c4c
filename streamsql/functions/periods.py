"""Temporal predicates between two half-open periods (section 5); the arguments are (s1, e1, s2, e2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from streamsql.functions.call import CallContext, Datum
from streamsql.functions.registry import Argument, Resolution, Resolve, cannot_apply, scalar
from streamsql.functions.signature import same_type
from streamsql.kernels import compute as pc
from streamsql.types import BOOLEAN, Kind

Test = Callable[[Datum, Datum, Datum, Datum], Datum]


def _all(*conditions: Datum) -> Datum:
    result = conditions[0]
    for condition in conditions[1:]:
        result = pc.and_(result, condition)
    return result


def _equals(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return pc.and_(pc.equal(s1, s2), pc.equal(e1, e2))


def _contains(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return pc.and_(pc.less_equal(s1, s2), pc.less_equal(e2, e1))


def _strictly_contains(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return pc.and_(pc.less(s1, s2), pc.less(e2, e1))


def _overlaps(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return pc.and_(pc.less(s1, e2), pc.less(s2, e1))


def _strictly_overlaps(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    inside = pc.or_(_contains(s1, e1, s2, e2), _contains(s2, e2, s1, e1))
    return pc.and_not(_overlaps(s1, e1, s2, e2), inside)


def _precedes(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return pc.less_equal(e1, s2)


def _strictly_precedes(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return pc.less(e1, s2)


def _immediately_precedes(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return pc.equal(e1, s2)


def _leads(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return _all(pc.less_equal(s1, s2), pc.less(s2, e1), pc.less_equal(e1, e2))


def _strictly_leads(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    return _all(pc.less(s1, s2), pc.less(s2, e1), pc.less(e1, e2))


def _immediately_leads(s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Datum:
    start = pc.and_(pc.equal(s1, s2), pc.less_equal(e1, e2))
    end = pc.and_(pc.less_equal(s1, s2), pc.equal(e1, e2))
    return pc.and_not(pc.or_(start, end), _equals(s1, e1, s2, e2))


def _swapped(test: Test) -> Test:
    return lambda s1, e1, s2, e2: test(s2, e2, s1, e1)


_TESTS: dict[str, tuple[Test, str]] = {
    "EQUALS": (_equals, "Whether both periods are the same."),
    "CONTAINS": (_contains, "Whether the first period holds all of the second."),
    "STRICTLY CONTAINS": (_strictly_contains, "Whether the first period is longer than the second at both ends."),
    "OVERLAPS": (_overlaps, "Whether the periods share some time."),
    "STRICTLY OVERLAPS": (_strictly_overlaps, "Whether the periods overlap and neither contains the other."),
    "PRECEDES": (_precedes, "Whether the first period is over when the second begins."),
    "STRICTLY PRECEDES": (_strictly_precedes, "Whether there is time between the first period and the second."),
    "IMMEDIATELY PRECEDES": (_immediately_precedes, "Whether the second period begins when the first ends."),
    "LEADS": (_leads, "Whether the first period begins and ends no later than the second, and they overlap."),
    "STRICTLY LEADS": (_strictly_leads, "Whether the first period begins and ends earlier, and they overlap."),
    "IMMEDIATELY LEADS": (_immediately_leads, "Whether the periods differ, but begin or end together."),
}
_TESTS |= {
    f"{modifier}{reverse}": (_swapped(_TESTS[f"{modifier}{name}"][0]), f"The reverse of {modifier}{name}.")
    for name, reverse in (("PRECEDES", "SUCCEEDS"), ("LEADS", "LAGS"))
    for modifier in ("", "STRICTLY ", "IMMEDIATELY ")
}


def _resolve(name: str, count: int) -> Resolve:
    def resolve(args: Sequence[Argument]) -> Resolution:
        syntax = f"(datetime, datetime) {name} " + ("datetime" if count == 3 else "(datetime, datetime)")
        if len(args) != count:
            raise cannot_apply(name, args, syntax)
        type_ = same_type(name, [arg.type for arg in args])
        if not (type_.is_datetime or type_.kind is Kind.NULL):
            raise cannot_apply(name, args, syntax)
        return Resolution(BOOLEAN, (type_,) * count)

    return resolve


def _in_order(call: CallContext, start: Datum, end: Datum) -> None:
    backwards = pc.greater(start, end)
    if pc.any(backwards).as_py():
        rows = backwards if isinstance(backwards, pa.Array) else pa.array([True] * call.length)
        call.fail(rows, "RUN-006", "the period ends before it begins")


def _register(name: str, test: Test, text: str) -> None:
    def predicate(call: CallContext, s1: Datum, e1: Datum, s2: Datum, e2: Datum) -> Any:
        _in_order(call, s1, e1)
        _in_order(call, s2, e2)
        return test(s1, e1, s2, e2)

    predicate.__doc__ = f"{text} Periods do not hold their end."
    scalar(f"PERIOD {name}", f"(s1, e1) {name} (s2, e2)", _resolve(name, 4))(predicate)


for _name, (_test, _text) in _TESTS.items():
    _register(_name, _test, _text)


@scalar("PERIOD CONTAINS INSTANT", "(s, e) CONTAINS t", _resolve("CONTAINS", 3))
def contains_instant(call: CallContext, start: Datum, end: Datum, instant: Datum) -> Datum:
    """Whether the instant is in the period, which holds its start and not its end."""
    _in_order(call, start, end)
    return pc.and_(pc.less_equal(start, instant), pc.less(instant, end))
