"""Expressions, by precedence: OR, AND, NOT, predicates, ||, + and -, * and /, signs, primaries."""

from __future__ import annotations

from streamsql.sql import nodes as n
from streamsql.sql.calls import QUERY_WORDS, CallGrammar
from streamsql.sql.tokens import Token, TokenType
from streamsql.sql.tree import Expression
from streamsql.sql.words import BARE_FUNCTIONS, FUNCTIONS, PLURAL_UNITS, UNITS

_COMPARISONS: dict[str, type[n.Expression]] = {
    "=": n.EQ,
    "<>": n.NEQ,
    "!=": n.NEQ,
    "<": n.LT,
    "<=": n.LTE,
    ">": n.GT,
    ">=": n.GTE,
}
_TEMPORAL = ("EQUALS", "CONTAINS", "OVERLAPS", "PRECEDES", "SUCCEEDS", "LEADS", "LAGS")
_TRUTH = ("TRUE", "FALSE", "UNKNOWN")


class ExpressionGrammar(CallGrammar):
    """Reads expressions; every operator node stands at its operator."""

    # Every level of nesting costs Python frames, so one function reads what could be one function a precedence.

    def expression(self) -> n.Expression:
        self.nest()
        either, either_tokens = [], []
        while True:
            both, both_tokens = [self._negation()], []
            while token := self.take("AND"):
                both_tokens.append(token)
                both.append(self._negation())
            either.append(_balanced(n.And, both, both_tokens))
            token = self.take("OR")
            if token is None:
                break
            either_tokens.append(token)
        self.unnest()
        return _balanced(n.Or, either, either_tokens)

    def _negation(self) -> n.Expression:
        token = self.take("NOT")
        if token is None:
            return self._predicate(self.operand())
        if self.at_any(*_TRUTH) and self.symbol_after(1) == "IS":
            # C-042: a negated truth value is one thing, so NOT UNKNOWN IS UNKNOWN is TRUE
            value = self.literal()
            return self._predicate(self.place(n.Not(this=value), token))
        self.nest()
        node = self.place(n.Not(this=self._negation()), token)
        self.unnest()
        return node

    # --- predicates

    def _predicate(self, left: n.Expression) -> n.Expression:
        """`left` and every predicate that follows it."""
        while True:
            node = self._comparison(left) or self._tested(left) or self._temporal(left)
            if node is None:
                return left
            left = node

    def _comparison(self, left: n.Expression) -> n.Expression | None:
        token = self.take_any(*_COMPARISONS)
        if token is None:
            return None
        if (
            self.at_any("ANY", "ALL", "SOME")
            and self.symbol_after(1) == "("
            and self.symbol_after(2) in ("SELECT",)
        ):
            self.fail(f"a comparison with {self.symbol} of a query is not supported", code="UNS-001")
        return self.place(_COMPARISONS[token.text](this=left, expression=self.operand()), token)

    def _tested(self, left: n.Expression) -> n.Expression | None:
        """IS, [NOT] BETWEEN, IN, LIKE, SIMILAR TO."""
        first = self.current
        if self.take("IS"):
            return self.place(self._is(left, self.take("NOT") is not None), first)
        distance = 1 if self.at("NOT") else 0
        parse = {"BETWEEN": self._between, "IN": self._in, "LIKE": self._like, "SIMILAR": self._similar}.get(
            self.symbol_after(distance)
        )
        if parse is None:
            return None
        negated = self.take("NOT") is not None
        self.advance()
        return self.place(parse(left, negated), first)

    def _is(self, left: n.Expression, negated: bool) -> n.Expression:
        if self.take("DISTINCT"):
            self.expect("FROM")
            return n.DistinctFrom(this=left, expression=self.operand(), negated=negated)
        word = self.take_any("NULL", *_TRUTH)
        if word is None:
            self.unexpected('"NULL", "TRUE", "FALSE", "UNKNOWN" or "DISTINCT FROM"')
        return n.IsTest(this=left, test=word.text, negated=negated)

    def _between(self, left: n.Expression, negated: bool) -> n.Expression:
        kind = self.take_any("SYMMETRIC", "ASYMMETRIC")
        low = self.operand()
        self.expect("AND")
        symmetric = kind is not None and kind.text == "SYMMETRIC"
        return n.Between(this=left, low=low, high=self.operand(), symmetric=symmetric, negated=negated)

    def _in(self, left: n.Expression, negated: bool) -> n.Expression:
        if self.at("(") and self.at_query():
            return n.In(this=left, query=self.parenthesised_query(), negated=negated)
        self.open()
        values = self.expressions("in the list of IN")
        self.close()
        return n.In(this=left, expressions=values, negated=negated)

    def _like(self, left: n.Expression, negated: bool) -> n.Expression:
        pattern = self.operand()
        return n.Like(this=left, pattern=pattern, escape=self._escape(), negated=negated)

    def _similar(self, left: n.Expression, negated: bool) -> n.Expression:
        self.expect("TO")
        pattern = self.operand()
        return n.SimilarTo(this=left, pattern=pattern, escape=self._escape(), negated=negated)

    def _escape(self) -> n.Expression | None:
        return self.operand() if self.take("ESCAPE") else None

    def _temporal(self, left: n.Expression) -> n.Expression | None:
        """A chain of temporal predicates: every two neighbours must hold."""
        period = self._as_period(left)
        tests: list[n.Expression] = []
        tokens: list[Token] = []
        while period is not None and self._at_temporal():
            first = self.current
            modifier = self.take_any("STRICTLY", "IMMEDIATELY")
            kind = self.advance().text
            right = self.operand()
            next_period = self._as_period(right)
            if next_period is None and kind != "CONTAINS":
                self.fail("a period is expected here: PERIOD (start, end)", first)
            node = n.TemporalPredicate(
                this=period.copy() if tests else period,
                expression=next_period or right,
                kind=kind,
                modifier=modifier.text if modifier else None,
            )
            tests.append(self.place(node, first, self.previous if kind == self.previous.text else first))
            tokens.append(first)
            period = next_period
        if len(tests) > 1:
            chain = _balanced(n.And, tests, tokens[1:])
            return self.place(n.Paren(this=chain), tokens[0], self.previous)
        return tests[0] if tests else None

    def _at_temporal(self) -> bool:
        distance = 1 if self.at_any("STRICTLY", "IMMEDIATELY") else 0
        return self.symbol_after(distance) in _TEMPORAL

    def _as_period(self, node: n.Expression) -> n.Period | None:
        """`(s, e)` and `PERIOD (s, e)` as a Period."""
        call = isinstance(node, n.Call) and node.this.parts == ("PERIOD",)
        if not (call or isinstance(node, n.Tuple)) or len(node.expressions) != 2:
            return None
        period = n.Period(this=node.expressions[0], expression=node.expressions[1])
        period.span = node.span
        return period

    # --- operators

    def operand(self) -> n.Expression:
        pieces: list[n.Expression] = []
        bars: list[Token] = []
        while True:
            pieces.append(self._sum())
            token = self.take("||")
            if token is None:
                return _balanced(n.DPipe, pieces, bars)
            bars.append(token)

    def _sum(self) -> n.Expression:
        """Products and quotients inside sums and differences, all leaning to the left."""
        total, operator = None, None
        while True:
            product = self._signed()
            while token := self.take_any("*", "/"):
                factor = n.Mul if token.text == "*" else n.Div
                product = self.place(factor(this=product, expression=self._signed()), token)
            if operator is not None:
                term = n.Add if operator.text == "+" else n.Sub
                product = self.place(term(this=total, expression=product), operator)
            total, operator = product, self.take_any("+", "-")
            if operator is None:
                return total

    def _signed(self) -> n.Expression:
        signs = []
        while token := self.take_any("+", "-"):
            signs.append(token)
        node = self._primary()
        for token in reversed(signs):
            node = self.place((n.Neg if token.text == "-" else n.UnaryPlus)(this=node), token)
        return node

    # --- primaries

    def _primary(self) -> n.Expression:
        if self.at("("):
            return self._parenthesised()
        literal = self.literal()
        if literal is not None:
            return literal
        first, word = self.current, self.symbol
        if first.token_type not in (TokenType.VAR, TokenType.IDENTIFIER):
            self.unexpected("an expression")
        if word == "CASE":
            return self.case()
        if word == "CAST" and self.symbol_after(1) == "(":
            return self.cast()
        if word == "EXISTS":
            self.advance()
            return self.place(n.Exists(this=self.parenthesised_query()), first)
        if word == "ROW" and self.symbol_after(1) == "(":
            self.advance()
            return self._parenthesised(row=True)
        if word in BARE_FUNCTIONS or (word in FUNCTIONS and self.symbol_after(1) == "("):
            return self._reserved_call(self.advance())
        return self._name_or_call(first)

    def _reserved_call(self, token: Token) -> n.Expression:
        part = self.place(n.Identifier(this=token.text, quoted=False), token)
        name = self.place(n.Name(expressions=[part]), token)
        if token.text in BARE_FUNCTIONS:
            return self.place(n.Call(this=name, bare=True), token)
        return self.call(name, token)

    def _name_or_call(self, first: Token) -> n.Expression:
        if not self.at_name() and (self.symbol in ("FROM", "WHERE", "SELECT") or not self._names_something()):
            self.unexpected("an expression")
        name = self.name()
        return self.call(name, first) if self.at("(") else name

    def _names_something(self) -> bool:
        """Whether the reserved word ahead stands where only a name makes sense, so that quoting it is the cure."""
        kind = self.type_after(1)
        ends = (
            ",",
            ")",
            "=",
            "<>",
            "<",
            ">",
            "<=",
            ">=",
            "+",
            "-",
            "*",
            "/",
            "||",
            "FROM",
            "AS",
            "IS",
            ".",
            "AND",
        )
        return self.symbol_after(1) in ends or kind is TokenType.SENTINEL

    def _parenthesised(self, row: bool = False) -> n.Expression:
        """A query, a row value, a difference with its qualifier, or an expression in parentheses."""
        first = self.current
        if not row and self.symbol_after(1) in QUERY_WORDS:
            return self.place(n.Subquery(this=self.parenthesised_query()), first)
        self.open()
        values = [self.expression()]
        if comma := self.take(","):
            if self.at(")"):
                self.fail('a comma before ")" has nothing behind it', comma, hint="delete the comma")
            values += self.expressions("in the parentheses")
        last = self.close()
        if row or len(values) > 1:
            return self.place(n.Tuple(expressions=values), first, last)
        difference = _without_parentheses(values[0])
        if self.symbol in UNITS or (self.symbol in PLURAL_UNITS and isinstance(difference, n.Sub)):
            return self._difference(difference)
        return self.place(n.Paren(this=values[0]), first, last)

    def _difference(self, inner: Expression) -> n.Expression:
        if not isinstance(inner, n.Sub):
            unit = self.raw(self.current)
            self.fail(f"{unit} may follow only a difference in parentheses: (a - b) {unit}")
        qualifier = self.interval_qualifier()
        node = n.DateTimeDifference(this=inner.this, expression=inner.expression, qualifier=qualifier)
        node.span = inner.span
        return node

    def parenthesised_query(self) -> n.Expression:
        """`(query)`."""
        self.open()
        query = self.query()
        self.close()
        return query


def _without_parentheses(node: Expression) -> Expression:
    while isinstance(node, n.Paren):
        node = node.this
    return node


def _balanced(kind: type[n.Expression], operands: list[n.Expression], tokens: list[Token]) -> n.Expression:
    """The operands of an associative operator as a balanced tree, so that a long chain stays shallow."""
    if not tokens:
        return operands[0]
    middle = len(operands) // 2
    left = _balanced(kind, operands[:middle], tokens[: middle - 1])
    right = _balanced(kind, operands[middle:], tokens[middle:])
    node = kind(this=left, expression=right)
    node.span = tokens[middle - 1].span()
    return node
