"""SUBSTRING with patterns of many groups: RE2 is not asked to note what nobody wants."""

import re

import pytest

from streamsql.functions.java_regex import java_regex, without_groups


@pytest.mark.parametrize(
    "pattern",
    [r"a(b)(?:c)(?i:d)", r"(?<year>\d+)-(?P<month>\d+)", r"[(](\(x\))[^)]", r"\Q(a)\E(b)", "((a|b)*(c))+"],
)
def test_groups_are_dropped_and_nothing_else(pattern: str) -> None:
    regex = without_groups(java_regex(pattern))
    as_python = re.compile(regex.replace(r"\Q(a)\E", r"\(a\)"))
    assert as_python.groups == 0
    for text in ("abcD", "2024-05", "((x)a", "(a)b", "abcacx", ""):
        with_groups = re.search(pattern.replace("(?<", "(?P<").replace(r"\Q(a)\E", r"\(a\)"), text)
        without = as_python.search(text)
        assert (with_groups and with_groups[0]) == (without and without[0])
