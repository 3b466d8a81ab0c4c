"""Calls: ordinary ones, those with words between their arguments, CAST, CASE, and what may follow a call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from streamsql.sql import nodes as n
from streamsql.sql.terms import TermGrammar
from streamsql.sql.tokens import Token, TokenType
from streamsql.sql.words import PLURAL_UNITS

QUERY_WORDS = ("SELECT", "VALUES", "WITH")


class CallGrammar(TermGrammar, ABC):
    """Reads everything that looks like `f(…)`, and window specifications."""

    @abstractmethod
    def expression(self) -> n.Expression:
        """A whole expression."""

    @abstractmethod
    def operand(self) -> n.Expression:
        """An expression that binds tighter than comparisons, as around IN, BETWEEN and PRECEDING."""

    @abstractmethod
    def query(self) -> n.Expression:
        """A query."""

    def at_query(self) -> bool:
        """Whether a query stands ahead, perhaps inside parentheses."""
        distance = 0
        while self.symbol_after(distance) == "(":
            distance += 1
        return self.symbol_after(distance) in QUERY_WORDS

    def expressions(self, where: str) -> list[n.Expression]:
        return self.listed(self.expression, where)

    # --- calls

    def call(self, name: n.Name, first: Token) -> n.Expression:
        """What follows a name that stands before an opening parenthesis."""
        special = self._special(first) if len(name.parts) == 1 and first.token_type is TokenType.VAR else None
        if special is not None:
            self.open()
            node = special(name)
            self.close()
            return self.place(node, first)
        call = self.plain_call(name, first)
        return self._over(call)

    def plain_call(self, name: n.Name, first: Token) -> n.Call:
        """`(arguments)` and its suffixes, without OVER."""
        self.open()
        call = self.place(n.Call(this=name), first)
        if self.at("*"):
            self.advance()
            call.set("star", True)
        elif not self.at(")"):
            call.set("distinct", self.take_any("DISTINCT", "ALL") is not None and self.previous.text == "DISTINCT")
            call.set("expressions", self.listed(self._argument, f"in the arguments of {name.last}"))
            if self.at("ORDER"):
                call.set("order_by", self.order_by())
        self.close()
        self._suffixes(call, first.text)
        return call

    def _argument(self) -> n.Expression:
        if not (self.at("CURSOR") and self.symbol_after(1) == "("):
            return self.expression()
        first = self.advance()
        self.open()
        query = self.query()
        self.close()
        cursor = self.place(n.Cursor(this=query), first)
        if self.take("PARTITION"):
            self.expect("BY")
            # only expressions up to the comma: the next argument follows
            cursor.set("partition_by", self._partition_keys())
        return cursor

    def _partition_keys(self) -> list[n.Expression]:
        """`a` or `(a, b)`: a comma outside of parentheses already belongs to the next argument."""
        key = self.expression()
        return list(key.expressions) if isinstance(key, n.Tuple) else [key]

    def _suffixes(self, call: n.Call, word: str) -> None:
        if word == "NTH_VALUE" and self.at("FROM") and self.symbol_after(1) in ("FIRST", "LAST"):
            self.advance()
            call.set("from_last", self.advance().text == "LAST")
        if self.take("WITHIN"):
            self.expect("GROUP")
            self.open()
            call.set("within_group", self.order_by())
            self.close()
        if self.at("FILTER", "("):
            self.advance()
            self.open()
            self.expect("WHERE")
            call.set("filter", self.expression())
            self.close()
        if self.at_any("IGNORE", "RESPECT"):
            call.set("nulls", self.advance().text)
            self.expect("NULLS")

    def _over(self, call: n.Call) -> n.Expression:
        token = self.take("OVER")
        return call if token is None else self.place(n.Over(this=call, window=self.window()), token)

    # --- special forms

    def _special(self, first: Token) -> Callable[[n.Name], n.Expression] | None:
        return {
            "CEIL": self._round_to,
            "CEILING": self._round_to,
            "EXTRACT": self._extract,
            "FLOOR": self._round_to,
            "OVERLAY": self._overlay,
            "POSITION": self._position,
            "STEP": self._step,
            "SUBSTRING": self._substring,
            "TRIM": self._trim,
        }.get(first.text)

    def _unit_word(self) -> str:
        if self.symbol in PLURAL_UNITS:
            return self.unit()
        return self.expect_type(TokenType.VAR, "a unit of time").text

    def _round_to(self, name: n.Name) -> n.Expression:
        value = self.expression()
        if self.take("TO"):
            node = n.FloorTo if name.last == "FLOOR" else n.CeilTo
            return node(this=value, unit=self._unit_word())
        return n.Call(this=name, expressions=[value, *self._more_arguments(name)])

    def _more_arguments(self, name: n.Name) -> list[n.Expression]:
        return self.expressions(f"in the arguments of {name.last}") if self.take(",") else []

    def _step(self, name: n.Name) -> n.Expression:
        value = self.expression()
        if not self.take("BY"):
            self.unexpected('"BY"')
        return n.Step(this=value, by=self.expression())

    def _extract(self, name: n.Name) -> n.Expression:
        unit = self._unit_word()
        self.expect("FROM")
        return n.Extract(this=self.expression(), unit=unit)

    def _position(self, name: n.Name) -> n.Expression:
        needle = self.operand()
        self.expect("IN")
        return n.Call(this=name, expressions=[needle, self.expression()], syntax="IN")

    def _overlay(self, name: n.Name) -> n.Expression:
        arguments = [self.expression()]
        for word in ("PLACING", "FROM"):
            self.expect(word)
            arguments.append(self.expression())
        if self.take("FOR"):
            arguments.append(self.expression())
        return n.Call(this=name, expressions=arguments, syntax="PLACING")

    def _substring(self, name: n.Name) -> n.Expression:
        value = self.operand()
        if self.take("SIMILAR"):
            pattern = self.expression()
            self.expect("ESCAPE")
            return n.Call(this=name, expressions=[value, pattern, self.expression()], syntax="SIMILAR")
        if self.take("FROM"):
            arguments = [value, self.expression()]
            if self.take("FOR"):
                arguments.append(self.expression())
            return n.Call(this=name, expressions=arguments, syntax="FROM")
        return n.Call(this=name, expressions=[value, *self._more_arguments(name)])

    def _trim(self, name: n.Name) -> n.Expression:
        side = self.take_any("LEADING", "TRAILING", "BOTH")
        character = None if self.at("FROM") else self.expression()
        if not self.take("FROM"):
            if side is not None:
                self.unexpected('"FROM"')
            more = self._more_arguments(name)
            return n.Call(this=name, expressions=[character, *more])
        arguments = [self.expression(), *([character] if character else [])]
        return n.Call(this=name, expressions=arguments, syntax=side.text if side else "BOTH")

    def cast(self) -> n.Cast:
        first = self.expect("CAST")
        self.open()
        value = self.expression()
        self.expect("AS")
        type_name = self.type_name()
        self.close()
        return self.place(n.Cast(this=value, type=type_name), first)

    def case(self) -> n.Case:
        first = self.expect("CASE")
        value = None if self.at("WHEN") else self.expression()
        whens: list[n.Expression] = []
        while token := self.take("WHEN"):
            condition = self.expression()
            self.expect("THEN")
            whens.append(self.place(n.When(this=condition, then=self.expression()), token))
        if not whens:
            self.unexpected('"WHEN"')
        otherwise = self.expression() if self.take("ELSE") else None
        self.expect("END")
        return self.place(n.Case(this=value, whens=whens, otherwise=otherwise), first)

    # --- windows

    def window(self) -> n.Expression:
        """What follows OVER: a name or a specification in parentheses."""
        return self.window_spec() if self.at("(") else self.identifier('a window name or "("')

    def window_spec(self) -> n.WindowSpec:
        first = self.open()
        base = None
        if self.at_name():
            base = self.identifier()
        keys = None
        if self.take("PARTITION"):
            self.expect("BY")
            keys = self.expressions("in PARTITION BY")
        order = self.order_by() if self.at("ORDER") else None
        frame = self._frame() if self.at_any("ROWS", "RANGE") else None
        self.close()
        return self.place(n.WindowSpec(this=base, partition_by=keys, order_by=order, frame=frame), first)

    def _frame(self) -> n.Frame:
        first, end = self.advance(), None
        if self.take("BETWEEN"):
            start = self._bound()
            self.expect("AND")
            end = self._bound()
        else:
            start = self._bound()
        return self.place(n.Frame(unit=first.text, start=start, end=end), first, self.previous)

    def _bound(self) -> n.FrameBound:
        first = self.current
        if self.take("CURRENT"):
            self.expect("ROW")
            return self.place(n.FrameBound(kind="CURRENT ROW"), first, self.previous)
        if self.at("UNBOUNDED") and self.symbol_after(1) in ("PRECEDING", "FOLLOWING"):
            self.advance()
            return self.place(n.FrameBound(kind=f"UNBOUNDED {self.advance().text}"), first, self.previous)
        size = self.operand()
        word = self.take_any("PRECEDING", "FOLLOWING")
        if word is None:
            self.unexpected('"PRECEDING" or "FOLLOWING"')
        return self.place(n.FrameBound(kind=word.text, this=size), first, word)

    def order_by(self) -> list[n.Expression]:
        """`ORDER BY key, …`."""
        self.expect("ORDER")
        self.expect("BY")
        return self.listed(self._sort_key, "in ORDER BY")

    def _sort_key(self) -> n.Expression:
        first = self.current
        key = n.SortKey(this=self.expression())
        if direction := self.take_any("ASC", "DESC"):
            key.set("descending", direction.text == "DESC")
        if self.take("NULLS"):
            word = self.take_any("FIRST", "LAST")
            if word is None:
                self.unexpected('"FIRST" or "LAST"')
            key.set("nulls", word.text)
        if self.take("WITHIN"):
            key.set("within", self.operand())
        return self.place(key, first)
