"""Every example in the documentation of a function or operator gives what it says."""

from collections.abc import Callable
from typing import Any

import pytest

from streamsql.functions import registry

registry.load()
EXAMPLES = [
    pytest.param(expression, expected, id=expression)
    for function in {id(entry): entry for entry in registry._scalars.values()}.values()
    for expression, expected in function.doc.examples
]


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES)
def test_example(sql: Callable[..., Any], expression: str, expected: str) -> None:
    assert sql(expression).only == expected


def test_every_function_is_documented() -> None:
    for name, function in registry._scalars.items():
        assert function.doc.text.endswith("."), name
        assert function.doc.syntax, name
