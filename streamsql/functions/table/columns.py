"""Columns of the cursor that a table function is given by name, as text."""

from __future__ import annotations

from collections.abc import Sequence

from streamsql.errors import BindError, nearest
from streamsql.types import Column, Kind


def position_of(schema: Sequence[Column], wanted: str, name: str) -> int:
    """Position of the column called `wanted`, in its exact letters or else in any.

    Raises BindError FUN-001, in the name of function `name`, for no such column, several, or one of row values.
    """
    found = [i for i, column in enumerate(schema) if column.name == wanted]
    found = found or [i for i, column in enumerate(schema) if column.name.upper() == wanted.upper()]
    if len(found) != 1:
        names = [column.name for column in schema]
        raise BindError(
            f'{name} needs one column "{wanted}" in the cursor, which has {", ".join(names)}',
            code="FUN-001",
            hint=f"did you mean '{guess}'?" if not found and (guess := nearest(wanted, names)) else "",
        )
    column = schema[found[0]]
    if column.type.is_nested or column.type.kind is Kind.NULL:
        raise BindError(
            f'{name} cannot compare values of column "{column.name}", of type {column.type}', code="FUN-001"
        )
    return found[0]
