"""The layout of delimited text: which delimiters, whether there is a header, and the rows of the sample."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Collection

from streamsql.errors import ConfigError
from streamsql.io.formats.discover_types import Values
from streamsql.record import record

CANDIDATES = ",\t;|"
MAX_ROWS = 10_000


@record
class CsvLayout:
    """How a sample is laid out. `header` are the names in it, or empty texts; `rows` the data rows."""

    column_delimiter: str
    row_delimiter: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def csv_layout(text: str, names: Collection[str] = ()) -> CsvLayout:
    """The layout of a sample whose last row may be cut off. `names`, in upper case, are those that columns are
    expected to have. Raises ConfigError for a sample without a whole row."""
    row_delimiter = "\n" if "\n" in text or "\r" not in text else "\r"
    delimiter = max(CANDIDATES, key=lambda candidate: _score(_rows(text, candidate)))
    if _score(_rows(text, delimiter)) == (0, 0):
        delimiter = ","
    rows = _rows(text, delimiter)
    if not rows:
        raise ConfigError("the sample holds no whole CSV row", hint="check the input, or give the schema")
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    header = rows[0] if is_header(rows, names) else ("",) * width
    return CsvLayout(delimiter, row_delimiter, header, tuple(rows[1:] if any(header) else rows))


def _rows(text: str, delimiter: str) -> list[tuple[str, ...]]:
    """The rows, without empty ones and without a last one that has no line end."""
    whole = text if text.endswith(("\n", "\r")) else text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=delimiter)
    rows: list[tuple[str, ...]] = []
    try:
        for row in reader:
            if row:
                rows.append(tuple(row))
            if len(rows) >= MAX_ROWS:
                break
    except csv.Error:
        return rows
    return rows


def _score(rows: list[tuple[str, ...]]) -> tuple[float, int]:
    """How well rows agree on a width above one: (share of rows with the commonest width, that width)."""
    widths = Counter(len(row) for row in rows)
    if not widths:
        return 0, 0
    width, count = widths.most_common(1)[0]
    return (count / len(rows), width) if width > 1 else (0, 0)


def is_header(rows: list[tuple[str, ...]], names: Collection[str] = ()) -> bool:
    """Whether the first row holds names: all its cells are distinct, non-empty texts, none a number or timestamp,
    and either some column below is not text, or no cell comes again below it and they look like names, or one is
    among the expected `names`."""
    first, rest = rows[0], rows[1:]
    if len(set(first)) < len(first) or not all(cell.strip() for cell in first):
        return False
    if any(not _is_text(cell) for cell in first):
        return False
    columns = list(zip(*(row for row in rest if len(row) == len(first)), strict=True))
    if any(
        cells and all(not _is_text(cell) for cell in cells if cell.strip()) and any(cells) for cells in columns
    ):
        return True
    if any(cell in cells for cell, cells in zip(first, columns, strict=False)):
        return False
    if any(cell.strip().upper() in names for cell in first):
        return True
    return all(cell.strip().replace("_", "a").replace(" ", "a").isalnum() for cell in first) and _named(first)


def _named(cells: tuple[str, ...]) -> bool:
    """Rows of nothing but text have a header only if it looks like identifiers of one style: all upper or all
    lower case, as `name,city` or `NAME,CITY`."""
    return len(cells) > 1 and (all(c == c.lower() for c in cells) or all(c == c.upper() for c in cells))


def _is_text(cell: str) -> bool:
    values = Values()
    values.add_text(cell)
    return bool(values.others)
