"""What the mutation run draws, and what it leaves alone."""

from tests.mutation.mutants import mutants_of

SOURCE = '''"""A page: 1 + 1."""
from __future__ import annotations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from a import b

Names = int | None
SIZE = 4

def first(rows: list[int | None], size: int = 2) -> int | None:
    """At most 3."""
    for row in rows:
        if row is None or not row:
            continue
        if (row
                < size):
            raise ValueError(f"{row + 1} is under {size}" + "!")
        self.seen += 1
        return min(row, -1)
'''
DRAWN = [
    *[(9, "4", "5"), (11, "2", "3")],
    *[(14, "row is None or not row", "not (row is None or not row)"), (14, "is", "is not"), (14, "or", "and")],
    *[(14, "not row", "row"), (15, "continue", "pass"), (17, "<", "<=")],
    *[(18, 'raise ValueError(f"{row + 1} is under {size}" + "!")', "pass")],
    *[(19, "self.seen += 1", "pass"), (19, " += ", " -= "), (19, "1", "2")],
    *[(20, "return min(row, -1)", "return None"), (20, "min", "max"), (20, "-1", "1")],
]


def test_code_is_drawn_and_texts_and_types_are_not() -> None:
    found = mutants_of("a.py", SOURCE)
    assert sorted((m.line, m.before, m.after) for m in found) == sorted(DRAWN)


def test_a_mutant_is_the_source_with_one_piece_replaced() -> None:
    mutants = {(m.line, m.before): m for m in mutants_of("a.py", SOURCE)}
    assert mutants[17, "<"].applied(SOURCE) == SOURCE.replace("< size", "<= size")
    assert mutants[17, "<"].lines == (16, 17)
    assert mutants[11, "2"].lines == tuple(range(12, 21)), "a default is noticed by what the function does"
    assert mutants[9, "4"].lines == (), "a constant of the module by all of its tests"


def test_the_draw_stays_when_something_is_put_above() -> None:
    before = {m.rank(1): m.before for m in mutants_of("a.py", SOURCE)}
    after = {m.rank(1): m.before for m in mutants_of("a.py", SOURCE.replace("SIZE = 4", "OTHER = 0\nSIZE = 4"))}
    assert before.items() <= after.items()
    assert len(before) == len(DRAWN)
    assert {m.rank(2) for m in mutants_of("a.py", SOURCE)}.isdisjoint(before)
