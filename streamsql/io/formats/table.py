"""Record batches → a table for people: aligned columns, a header, numbers to the right, long text cut."""

from __future__ import annotations

import unicodedata

import pyarrow as pa

from streamsql.io.formats.encode import ArrayText, CsvEncoder
from streamsql.kernels.batches import Rows, whole

GAP = "  "
MIN_TEXT = 8
_CUT = "…"
_WIDE = ("W", "F")


class TableEncoder:
    """Rows as aligned text, for a terminal of `width` characters (0: as wide as it takes).

    The first batch decides how wide each column is; later text that is wider is cut, later numbers are not.
    """

    def __init__(self, schema: pa.Schema, *, with_header: bool = True, width: int = 0) -> None:
        self._schema = schema
        self._with_header = with_header
        self._width = width
        self._cells = _Cells(schema)
        self._right = [_is_number(field.type) for field in schema]
        self._widths: list[int] = []

    def start(self) -> bytes:
        return b""

    def encode(self, batch: Rows) -> bytes:
        rows = self._cells.rows(whole(batch))
        lines = [] if self._widths else self._begin(rows)
        lines += [self._line(row) for row in rows]
        return "".join(lines).encode()

    def finish(self) -> bytes:
        return b"" if self._widths else "".join(self._begin([])).encode()

    def _begin(self, rows: list[list[str]]) -> list[str]:
        """Settles the widths; returns the header's lines."""
        names = [_printable(name) for name in self._schema.names]
        self._widths = [
            max([_columns(cell), *(_columns(row[number]) for row in rows)]) for number, cell in enumerate(names)
        ]
        self._shrink()
        if not self._with_header:
            return []
        return [self._line(names, header=True), self._line(["-" * width for width in self._widths])]

    def _shrink(self) -> None:
        """Takes from the widest text column until the line fits, or no text column can give more."""
        while self._width and sum(self._widths) + len(GAP) * (len(self._widths) - 1) > self._width:
            text = [n for n, right in enumerate(self._right) if not right and self._widths[n] > MIN_TEXT]
            if not text:
                break
            self._widths[max(text, key=lambda n: self._widths[n])] -= 1

    def _line(self, cells: list[str], *, header: bool = False) -> str:
        padded = []
        for cell, width, right in zip(cells, self._widths, self._right, strict=True):
            if not right or header:
                cell = _cut(cell, width)
            blanks = " " * (width - _columns(cell))
            padded.append(blanks + cell if right else cell + blanks)
        return GAP.join(padded).rstrip() + "\n"


class _Cells:
    """The text of each value: as in CSV, but without quotes, and nulls as blanks."""

    def __init__(self, schema: pa.Schema) -> None:
        self._columns = [CsvEncoder(pa.schema([field]), with_header=False) for field in schema]
        self._text = [pa.types.is_string(field.type) or pa.types.is_large_string(field.type) for field in schema]
        self._arrays = [ArrayText(field.type) if pa.types.is_list(field.type) else None for field in schema]

    def rows(self, batch: pa.RecordBatch) -> list[list[str]]:
        columns = []
        for number, encoder in enumerate(self._columns):
            part = batch.select([number])
            if (array_text := self._arrays[number]) is not None:
                columns.append([_printable(value or "") for value in array_text.of(part.column(0)).to_pylist()])
            elif self._text[number]:
                columns.append([_printable(value or "") for value in part.column(0).to_pylist()])
            else:
                columns.append(encoder.encode(part).decode().split("\n")[:-1])
        return [list(row) for row in zip(*columns, strict=True)]


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _printable(text: str) -> str:
    """Text that stays in its cell: line breaks and other control characters as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _columns(text: str) -> int:
    """Places that text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in _WIDE else 1 for c in text
    )


def _cut(text: str, width: int) -> str:
    if _columns(text) <= width:
        return text
    while text and _columns(text) > width - 1:
        text = text[:-1]
    return text + _CUT
