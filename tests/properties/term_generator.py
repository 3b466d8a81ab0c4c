"""Random expressions over given columns, of a wanted family and depth."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import terms
import text_terms as tt
from terms import BIGINT, BOOLEAN, DOUBLE, INTEGER, TIMESTAMP, Term, decimal, varchar

WORDS = ["", "a", "A", "ab", "b ", "a%", "_", "x", "é", "Zoë", "12", "-7", " 5 ", "3.5", "it's", "😀b"]
PATTERNS = ["a%", "%b", "%", "_", "a_", "%a%b", "_%", "", "A", "%é%", "b _", "%'s", "ab", "%_%", "a%b", "%😀_"]
COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]


class TermGenerator:
    """`columns` are the leaves. `calm`: no expression that can fail."""

    def __init__(self, chance: random.Random, columns: Sequence[Term], *, calm: bool = False) -> None:
        self.chance = chance
        self.columns = columns
        self.calm = calm

    def any(self, depth: int = 2) -> Term:
        """An expression of any type."""
        return self.chance.choice([self.number, self.number, self.words, self.condition, self.moment])(depth)

    # ------------------------------------------------------------ leaves

    def _column(self, wanted: Callable[[Term], bool], literal: Callable[[], Term]) -> Term:
        found = [column for column in self.columns if wanted(column)]
        return self.chance.choice(found) if found and self.chance.random() < 0.75 else literal()

    def _is(self, *names: str) -> Callable[[Term], bool]:
        return lambda term: term.type.name in names

    def _integer_literal(self) -> Term:
        if self.chance.random() < 0.05:
            return tt.literal(str(self.chance.choice([2147483647, 2147483646, 46341])), INTEGER)
        return tt.literal(str(self.chance.randint(-4, 9)), INTEGER)

    def _number_literal(self) -> Term:
        kind = self.chance.random()
        if kind < 0.5:
            return self._integer_literal()
        if kind < 0.8:
            scale = self.chance.randint(1, 3)
            value = f"{self.chance.choice(['', '-'])}{self.chance.randint(0, 99)}.{self.chance.randint(0, 10**scale - 1):0{scale}}"
            whole = len(value.lstrip("-").partition(".")[0])
            return tt.literal(value, decimal(whole + scale, scale))
        return tt.literal(self.chance.choice(["0E0", "1.5E0", "-2.5E-1", "1E2", "3E0"]), DOUBLE)

    def _time_literal(self) -> Term:
        day, second = self.chance.randint(1, 3), self.chance.randint(0, 59)
        value = f"TIMESTAMP '2024-01-{day:02} 10:{self.chance.randint(0, 9):02}:{second:02}'"
        return Term(value, f"epoch_ms({value})", TIMESTAMP)

    # ------------------------------------------------------------ numbers

    def number(self, depth: int = 2) -> Term:
        if depth <= 0:
            return self._column(lambda column: column.type.exact or column.type == DOUBLE, self._number_literal)
        makers = [
            self._arithmetic,
            self._arithmetic,
            self._unary,
            self._chosen_number,
            self.integer,
            self._cast_number,
        ]
        return self.chance.choice(makers)(depth - 1)

    def _arithmetic(self, depth: int) -> Term:
        symbol = self.chance.choice("+-" if self.calm else "+-*/")
        return terms.arithmetic(symbol, self.number(depth), self.number(depth))

    def _unary(self, depth: int) -> Term:
        term = self.number(depth)
        kind = self.chance.randint(0, 3)
        if kind == 0:
            return terms.negative(term)
        if kind == 1:
            return terms.absolute(term)
        return terms.rounded("FLOOR" if kind == 2 else "CEIL", term)

    def _chosen_number(self, depth: int) -> Term:
        return self._chosen(depth, self.number)

    def _cast_number(self, depth: int) -> Term:
        term = self.number(depth)
        digits = self.chance.randint(4, 12)
        exact = decimal(digits, self.chance.randint(0, 3))
        targets = [INTEGER, BIGINT, DOUBLE] if term.type == DOUBLE else [INTEGER, BIGINT, DOUBLE, exact, exact]
        return tt.cast(term, self.chance.choice(targets))

    def integer(self, depth: int = 1) -> Term:
        """INTEGER or BIGINT."""
        if depth <= 0:
            return self._column(self._is("INTEGER", "BIGINT"), self._integer_literal)
        depth -= 1
        kind = self.chance.randint(0, 7)
        if kind == 0:
            return tt.char_length(self.words(depth))
        if kind == 1:
            return tt.position(self.words(depth), self.words(depth))
        if kind == 2:
            return tt.extract(self.chance.choice(["YEAR", "MONTH", "DAY", "HOUR", "MINUTE"]), self.moment(depth))
        if kind == 3:
            return tt.difference(self.moment(depth), self.moment(depth), self.chance.choice(list(tt.UNITS)))
        if kind == 4:
            return tt.milliseconds(self.moment(depth), self.moment(depth))
        if kind == 5:
            return terms.step(self.integer(depth), self.chance.randint(1, 7))
        if kind == 6 and not self.calm:
            return terms.modulo(self.integer(depth), self.integer(depth))
        return terms.arithmetic(
            "+" if self.calm else self.chance.choice("+-*/"), self.integer(depth), self.integer(depth)
        )

    # ------------------------------------------------------------ text

    def words(self, depth: int = 1) -> Term:
        """Text."""
        if depth <= 0:
            return self._column(lambda column: column.type.text, lambda: tt.text(self.chance.choice(WORDS)))
        depth -= 1
        kind = self.chance.randint(0, 8)
        if kind == 0:
            return tt.letters(self.chance.choice(["UPPER", "LOWER"]), self.words(depth))
        if kind == 1:
            return tt.concatenation(self.words(depth), self.words(depth))
        if kind == 2:
            mode = self.chance.choice(["BOTH", "LEADING", "TRAILING"])
            return tt.trim(mode, self.chance.choice(" aé"), self.words(depth))
        if kind <= 4:
            return self._substring(depth)
        if kind <= 6:
            return self._chosen(depth, self.words)
        if kind == 7:
            return tt.cast(self.words(depth), varchar(self.chance.randint(1, 6)))
        return self._as_text(depth)

    def _substring(self, depth: int) -> Term:
        start = (
            self.integer(0) if self.chance.random() < 0.3 else tt.literal(str(self.chance.randint(-2, 5)), INTEGER)
        )
        size = None
        if self.chance.random() < 0.7:
            least = 0 if self.calm else -1
            size = tt.literal(str(self.chance.randint(least, 4)), INTEGER)
        return tt.substring(self.words(depth), start, size, comma=self.chance.random() < 0.4)

    def _as_text(self, depth: int) -> Term:
        kind = self.chance.random()
        if kind < 0.2:
            return tt.cast(self.condition(depth), varchar(5))
        if kind < 0.4:
            return tt.cast(self.moment(depth), varchar(self.chance.choice([19, 20, 23, 30])))
        length = 25 if self.calm else self.chance.choice([2, 4, 25])
        number = self.number(depth)
        return tt.cast(number if number.type.exact else self.integer(depth), varchar(length))

    # ------------------------------------------------------------ conditions

    def condition(self, depth: int = 2) -> Term:
        if depth <= 0:
            truth = Term("TRUE", "TRUE", BOOLEAN)
            return (
                self._column(self._is("BOOLEAN"), lambda: truth)
                if self.chance.random() < 0.3
                else self._compared(0)
            )
        depth -= 1
        makers = [self._logic, self._logic, self._compared, self._compared, self._range, self._in, self._like]
        if self.chance.random() < 0.1:
            return self._chosen(depth, self.condition)
        return self.chance.choice(makers)(depth)

    def _pair(self, depth: int, count: int = 2) -> list[Term]:
        """Expressions that compare with each other."""
        family = self.chance.choice([self.number, self.integer, self.words, self.moment])
        return [family(depth) for _ in range(count)]

    def _compared(self, depth: int) -> Term:
        symbol = self.chance.choice([*COMPARISONS, *COMPARISONS, "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
        return terms.compare(symbol, *self._pair(depth))

    def _logic(self, depth: int) -> Term:
        kind = self.chance.randint(0, 5)
        if kind <= 1:
            return terms.both(self.condition(depth), self.condition(depth))
        if kind <= 3:
            return terms.one_of(self.condition(depth), self.condition(depth))
        if kind == 4:
            return terms.negated(self.condition(depth))
        negative = self.chance.choice(["", "NOT "])
        what = self.chance.choice(["NULL", "TRUE", "FALSE", "UNKNOWN"])
        return terms.is_test(self.any(depth) if what == "NULL" else self.condition(depth), negative + what)

    def _range(self, depth: int) -> Term:
        first, *limits = self._pair(depth, 3)
        flags = self.chance.random() < 0.3, self.chance.random() < 0.3
        return terms.between(first, *limits, inverse=flags[0], symmetric=flags[1])

    def _in(self, depth: int) -> Term:
        first, *items = self._pair(0 if self.chance.random() < 0.5 else depth, self.chance.randint(2, 4))
        return terms.contained(first, items, negated=self.chance.random() < 0.3)

    def _like(self, depth: int) -> Term:
        escape = self.chance.choice(["", "", "!"])
        pattern = self.chance.choice(PATTERNS)
        if escape:
            pattern = pattern.replace("_", "!_", 1)
        return terms.like(self.words(depth), pattern, escape, negated=self.chance.random() < 0.3)

    # ------------------------------------------------------------ time

    def moment(self, depth: int = 1) -> Term:
        """TIMESTAMP."""
        if depth <= 0:
            return self._column(self._is("TIMESTAMP"), self._time_literal)
        depth -= 1
        kind = self.chance.randint(0, 4)
        unit = self.chance.choice(list(tt.UNITS))
        if kind == 0:
            return self._chosen(depth, self.moment)
        if kind == 1:
            return tt.moved(
                self.moment(depth), self.chance.choice("+-"), self.chance.choice([1, 7, 90, 100]), unit
            )
        if kind == 2:
            return tt.step_time(self.moment(depth), self.chance.choice([1, 5, 7, 60]), unit)
        unit = self.chance.choice([*tt.UNITS, "MONTH", "YEAR"])
        return tt.rounded_time("FLOOR" if kind == 3 else "CEIL", self.moment(depth), unit)

    def _chosen(self, depth: int, family: Callable[[int], Term]) -> Term:
        """CASE, COALESCE or NULLIF."""
        kind = self.chance.randint(0, 3)
        if kind == 0:
            return terms.coalesce(family(depth), family(depth))
        if kind == 1:
            return terms.nullif(family(depth), family(depth))
        otherwise = family(depth) if self.chance.random() < 0.7 else None
        return terms.case(self.condition(depth), family(depth), otherwise)
