"""Names, types and literals: the parts of the grammar that hold no expression of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

from streamsql.sql import nodes as n
from streamsql.sql.cursor import Cursor
from streamsql.sql.literals import (
    MAX_PRECISION,
    LiteralError,
    datetime_value,
    interval_units,
    interval_value,
    unicode_text,
)
from streamsql.sql.tokens import Token, TokenType
from streamsql.sql.words import PLURAL_UNITS, TYPES, UNITS, may_name

_ODBC = {"D": "DATE", "T": "TIME", "TS": "TIMESTAMP"}
_LONG_TYPES = (
    ("DOUBLE", "PRECISION"),
    ("CHARACTER", "VARYING"),
    ("CHAR", "VARYING"),
    ("BINARY", "VARYING"),
)
_MAX_PARTS = 4
SELECT_LIST = "in the select list"
T = TypeVar("T")


class TermGrammar(Cursor):
    """Reads identifiers, dotted names, types and literals."""

    # --- names

    def at_name(self) -> bool:
        """Whether a quoted name or a word that may be one stands ahead."""
        kind = self.current.token_type
        return kind is TokenType.IDENTIFIER or (kind is TokenType.VAR and may_name(self.symbol))

    def identifier(self, what: str = "a name") -> n.Identifier:
        """One name; a reserved word is refused with the cure."""
        token = self.current
        if not self.at_name():
            if token.token_type is TokenType.VAR:
                self.reserved(token)
            if token.token_type is TokenType.STRING:
                self.fail(f"expected {what}, not a text", hint='a name is quoted with "…"')
            self.unexpected(what)
        self.advance()
        quoted = token.token_type is TokenType.IDENTIFIER
        return self.place(n.Identifier(this=token.text, quoted=quoted), token)

    def reserved(self, token: Token) -> None:
        """Refuse a reserved word where a name must stand, unless it looks like the next clause."""
        if may_name(token.text) or token.text in ("FROM", "WHERE", "SELECT", "AS", "ON", "SET"):
            return
        raw = self.raw(token)
        self.fail(
            f'"{raw}" is a reserved word', token, code="SYN-003", hint=f'to use it as a name, quote it: "{raw}"'
        )

    def name(self, what: str = "a name") -> n.Name:
        """A dotted name of one to four parts."""
        first = self.current
        parts = [self.identifier(what)]
        while self.at(".") and not self.at(".", ".") and not self.at(".", "*"):
            if len(parts) == _MAX_PARTS:
                self.fail(f"a name has at most {_MAX_PARTS} parts")
            self.advance()
            parts.append(self.identifier("a name after the dot"))
        return self.place(n.Name(expressions=parts), first, self.previous)

    def name_list(self, what: str = "a column name") -> list[n.Identifier]:
        """`(a, b, …)`."""
        self.open()
        names = self.listed(lambda: self.identifier(what), "in the list of names")
        self.close()
        return names

    def listed(self, one: Callable[[], T], where: str) -> list[T]:
        """One or more of `one` between commas; a comma with nothing behind it is told as such."""
        items = [one()]
        while comma := self.take(","):
            if where == SELECT_LIST and self.at_any("FROM"):
                # Published programs have it; the service's grammar did not.
                self.warn("a comma before FROM has nothing behind it", comma)
                break
            if self.at_any(")", "FROM") or self.current.token_type is TokenType.SENTINEL:
                nearby = f'before "{self.raw(self.current)}" ' if self.symbol else ""
                cause = "" if self.symbol else self.likely_cause()
                hint = cause or "delete the comma"
                self.fail(f"a comma {nearby}{where} has nothing behind it", comma, hint=hint)
            items.append(one())
        return items

    # --- text and numbers

    def text_literal(self, what: str = "a text in single quotes") -> n.Literal:
        token = self.expect_type(TokenType.STRING, what)
        return self.place(n.Literal(this=token.text, is_string=True), token)

    def whole_number(self, what: str) -> int:
        """An unsigned integer of at most nine digits."""
        token = self.expect_type(TokenType.NUMBER, what)
        if not token.text.isdigit() or len(token.text) > 9:
            self.fail(f'"{token.text}" is not {what}', token)
        return int(token.text)

    @contextlib.contextmanager
    def judged(self, token: Token) -> Iterator[None]:
        """Turn a LiteralError into a ParseError at `token`."""
        try:
            yield
        except LiteralError as error:
            self.fail(error.message, token, code=error.code, hint=error.hint)

    def literal(self) -> n.Expression | None:
        """A literal, if one stands ahead."""
        kind = self.current.token_type
        if kind in (TokenType.NUMBER, TokenType.STRING):
            token = self.advance()
            return self.place(n.Literal(this=token.text, is_string=kind is TokenType.STRING), token)
        if kind is TokenType.UNICODE_STRING:
            return self._unicode_literal()
        if kind is TokenType.HEX_STRING:
            return self._binary_literal()
        if self.at("{"):
            return self._odbc_literal()
        if self.at_any("DATE", "TIME", "TIMESTAMP") and self.type_after(1) is TokenType.STRING:
            word, token = self.advance(), self.advance()
            return self._datetime_literal(word.text, token, word, token)
        if self.at("INTERVAL"):
            return self._interval_literal()
        return self._word_literal()

    def _word_literal(self) -> n.Expression | None:
        token = self.take_any("TRUE", "FALSE", "NULL", "UNKNOWN")
        if token is None:
            return None
        if token.text == "NULL":
            return self.place(n.Null(), token)
        if token.text == "UNKNOWN":
            return self.place(n.Unknown(), token)
        return self.place(n.Boolean(this=token.text == "TRUE"), token)

    def _unicode_literal(self) -> n.Literal:
        token, escape = self.advance(), "\\"
        if self.take("UESCAPE"):
            escape = self.expect_type(TokenType.STRING, "the escape character in quotes").text
        with self.judged(token):
            text = unicode_text(token.text, escape)
        return self.place(n.Literal(this=text, is_string=True), token)

    def _binary_literal(self) -> n.BinaryLiteral:
        token = self.advance()
        digits = token.text.upper()
        if len(digits) % 2 or not set(digits) <= set("0123456789ABCDEF"):
            self.fail("a binary literal needs an even number of hexadecimal digits", token, code="SYN-002")
        return self.place(n.BinaryLiteral(this=digits), token)

    def _odbc_literal(self) -> n.DateTimeLiteral:
        first = self.expect("{")
        word = self.take_any(*_ODBC)
        if word is None:
            self.fail(
                "a brace begins {d '…'}, {t '…'} or {ts '…'}",
                first,
                hint="a placeholder of a template may have been left unfilled",
            )
        token = self.expect_type(TokenType.STRING, "a text in single quotes")
        return self._datetime_literal(_ODBC[word.text], token, first, self.expect("}"))

    def _datetime_literal(self, kind: str, token: Token, first: Token, last: Token) -> n.DateTimeLiteral:
        with self.judged(token):
            value = datetime_value(kind, token.text)
        return self.place(n.DateTimeLiteral(this=token.text, kind=kind, value=value), first, last)

    # --- intervals and types

    def at_qualifier(self) -> bool:
        """Whether a unit of an interval stands ahead, singular or plural."""
        return self.symbol in UNITS or self.symbol in PLURAL_UNITS

    def _interval_literal(self) -> n.IntervalLiteral:
        first = self.expect("INTERVAL")
        sign = self.take_any("+", "-")
        if self.current.token_type is not TokenType.STRING:
            hint = f"write INTERVAL '{self.current.text}' …" if self.current.token_type is TokenType.NUMBER else ""
            self.fail("the value of INTERVAL must stand in single quotes", hint=hint)
        token = self.advance()
        qualifier = self.interval_qualifier()
        parts = qualifier.args
        with self.judged(token):
            value = interval_value(token.text, parts["unit"], parts["to"], parts["precision"], parts["scale"])
        negative = sign is not None and sign.text == "-"
        node = n.IntervalLiteral(
            this=token.text, qualifier=qualifier, value=-value if negative else value, negative=negative
        )
        return self.place(node, first, self.previous)

    def unit(self) -> str:
        """One unit; a plural is taken with a warning."""
        if not self.at_qualifier():
            self.unexpected(f"one of {', '.join(UNITS)}")
        token = self.advance()
        unit = PLURAL_UNITS.get(token.text, token.text)
        if unit != token.text:
            self.warn(f'"{self.raw(token)}" is taken as {unit}', token)
        return unit

    def interval_qualifier(self) -> n.IntervalQualifier:
        """`DAY(3) TO SECOND(2)` and its shorter forms."""
        first = self.current
        unit, to = self.unit(), None
        precision = scale = None
        if self.at("("):
            self.open()
            precision = self._digits("leading digits", 1)
            if unit == "SECOND" and self.take(","):
                scale = self._digits("digits of a fraction", 0)
            self.close()
        if self.at("TO"):
            self.advance()
            to = self.unit()
            if to == "SECOND" and self.at("("):
                self.open()
                scale = self._digits("digits of a fraction", 0)
                self.close()
        with self.judged(first):
            interval_units(unit, to)
        node = n.IntervalQualifier(unit=unit, to=to, precision=precision, scale=scale)
        return self.place(node, first, self.previous)

    def _digits(self, what: str, least: int) -> int:
        token = self.current
        number = self.whole_number(f"a number of {what}")
        if not least <= number <= MAX_PRECISION:
            self.fail(f"{number} {what} are out of range ({least}..{MAX_PRECISION})", token, code="LIT-002")
        return number

    def type_name(self) -> n.TypeName:
        """A type as written; whether it exists is judged later."""
        first = self.current
        if first.token_type is not TokenType.VAR or not (may_name(first.text) or first.text in TYPES):
            self.unexpected("a type")
        words = self.advance().text
        if words == "INTERVAL":
            node = n.TypeName(this=words, qualifier=self.interval_qualifier())
            return self.place(node, first, self.previous)
        for long_type in _LONG_TYPES:
            if words == long_type[0] and self.take(long_type[1]):
                words = " ".join(long_type)
        size = scale = None
        if self.at("("):
            self.open()
            size = self.whole_number("a size")
            if self.take(","):
                scale = self.whole_number("a scale")
            self.close()
        array = self.take("ARRAY") is not None
        return self.place(n.TypeName(this=words, size=size, scale=scale, array=array), first, self.previous)
