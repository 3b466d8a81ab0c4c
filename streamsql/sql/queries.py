"""Queries: SELECT and its clauses, set operations, VALUES, WITH, and the items of FROM."""

from __future__ import annotations

from typing import NoReturn, TypeVar

from streamsql.sql import nodes as n
from streamsql.sql.calls import QUERY_WORDS
from streamsql.sql.expressions import ExpressionGrammar
from streamsql.sql.terms import SELECT_LIST
from streamsql.sql.tokens import Token, TokenType
from streamsql.sql.words import CLAUSE_WORDS

_CLAUSES = ("WHERE", "GROUP", "WINDOWED", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT")
_JOIN_WORDS = ("JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL")
_WINDOW_FUNCTIONS = ("STEP", "FLOOR", "CEIL", "CEILING", "MONOTONIC")
R = TypeVar("R", n.TableRef, n.DerivedTable, n.TableFunction)


class QueryGrammar(ExpressionGrammar):
    """Reads queries."""

    def query(self) -> n.Expression:
        """A query with what may stand before and behind it."""
        self.nest()
        ctes = self._with() if self.at("WITH") else None
        node = self._set_operations()
        self._tail(node, ctes)
        self.unnest()
        return node

    def _with(self) -> list[n.Expression]:
        self.expect("WITH")
        if self.at("RECURSIVE"):
            self.fail("WITH RECURSIVE is not supported", code="UNS-001")
        return self.listed(self._common_table, "in WITH")

    def _common_table(self) -> n.Expression:
        first = self.current
        name = self.identifier("the name of a common table")
        columns = self.name_list() if self.at("(") else None
        self.expect("AS")
        return self.place(n.CommonTable(this=name, columns=columns, query=self.parenthesised_query()), first)

    def _tail(self, node: n.Expression, ctes: list[n.Expression] | None) -> None:
        """ORDER BY, LIMIT, OFFSET and FETCH belong to the whole query before them."""
        found: dict[str, object] = {"ctes": ctes} if ctes else {}
        first = self.current
        if self.at("ORDER"):
            found["order_by"] = self.order_by()
        if self.take("LIMIT"):
            found["limit"] = self.operand()
        if self.at("OFFSET") and not self.symbol_after(1):
            self.advance()
            found["offset"] = self.operand()
            self.take_any("ROW", "ROWS")
        if self.take("FETCH"):
            found["limit"] = self._fetch()
        if found and any(node.args.get(key) for key in ("ctes", "order_by", "limit", "offset")):
            self.fail("the query in parentheses already has WITH, ORDER BY or LIMIT of its own", first)
        for key, value in found.items():
            node.set(key, value)

    def _fetch(self) -> n.Expression:
        if not self.take_any("FIRST", "NEXT"):
            self.unexpected('"FIRST" or "NEXT"')
        count = self.operand()
        if not self.take_any("ROW", "ROWS"):
            self.unexpected('"ROWS"')
        self.expect("ONLY")
        return count

    def _set_operations(self) -> n.Expression:
        left = self._intersections()
        while token := self.take_any("UNION", "EXCEPT"):
            every = self._all()
            left = self._set_operation(token, left, every, self._intersections())
        return left

    def _intersections(self) -> n.Expression:
        left = self._query_primary()
        while token := self.take("INTERSECT"):
            every = self._all()
            left = self._set_operation(token, left, every, self._query_primary())
        return left

    def _all(self) -> bool:
        word = self.take_any("ALL", "DISTINCT")
        return word is not None and word.text == "ALL"

    def _set_operation(self, token: Token, left: n.Expression, every: bool, right: n.Expression) -> n.SetOperation:
        return self.place(n.SetOperation(this=left, expression=right, kind=token.text, all=every), token)

    def _query_primary(self) -> n.Expression:
        if self.at("("):
            return self.parenthesised_query()
        if self.at("VALUES"):
            return self._values()
        return self._select()

    def _values(self) -> n.Values:
        first = self.expect("VALUES")
        rows = self.listed(self._row, "in VALUES")
        width = len(rows[0].expressions)
        for row in rows:
            if len(row.expressions) != width:
                self.fail(f"every row of VALUES needs {width} elements like the first", first)
        return self.place(n.Values(expressions=rows), first)

    def _row(self) -> n.Tuple:
        first = self.current
        self.take("ROW")
        self.open()
        values = self.expressions("in a row of VALUES")
        return self.place(n.Tuple(expressions=values), first, self.close())

    # --- SELECT

    def _select(self) -> n.Select:
        first = self.expect("SELECT")
        node = self.place(n.Select(), first)
        if self.at("STREAM"):
            self._refuse_dotted_stream()
            node.set("stream", self.advance() is not None)
        if quantifier := self.take_any("DISTINCT", "ALL"):
            node.set("distinct", quantifier.text == "DISTINCT")
        node.set("expressions", self.listed(self._select_item, SELECT_LIST))
        if self.take("FROM"):
            node.set("source", self._from_items())
        elif not self._at_clause_end():
            self._after_select_item()
        if self.take("WHERE"):
            node.set("where", self.expression())
        self._grouping(node)
        self._late_clauses(node)
        if self.symbol in _CLAUSES[:6]:
            self.fail(
                f"{self.symbol} is out of place",
                hint="the order is WHERE, GROUP BY or WINDOWED BY, HAVING, QUALIFY, WINDOW, ORDER BY",
            )
        return node

    def _grouping(self, node: n.Select) -> None:
        if self.take("GROUP"):
            self.expect("BY")
            if self.at_any("CUBE", "ROLLUP", "GROUPING") and self.symbol_after(1) in ("(", "SETS"):
                self.fail(f"GROUP BY {self.symbol} is not supported", code="UNS-001")
            node.set("group_by", self.expressions("in GROUP BY"))
        if self.at("WINDOWED"):
            if node.args.get("group_by"):
                self.fail(
                    "WINDOWED BY and GROUP BY exclude each other", hint="list the keys in STAGGER (PARTITION BY …)"
                )
            node.set("windowed_by", self._windowed_by())

    def _late_clauses(self, node: n.Select) -> None:
        if self.take("HAVING"):
            node.set("having", self.expression())
        if self.take("QUALIFY"):
            node.set("qualify", self.expression())
        if self.take("WINDOW"):
            node.set("windows", self.listed(self._named_window, "in WINDOW"))
        if not node.args.get("qualify") and self.take("QUALIFY"):
            node.set("qualify", self.expression())

    def _refuse_dotted_stream(self) -> None:
        if self.symbol_after(1) == ".":
            self.reserved(self.current)

    def _at_clause_end(self) -> bool:
        ends = (")", "UNION", "EXCEPT", "INTERSECT", *_CLAUSES)
        return self.symbol in ends or self.current.token_type is TokenType.SENTINEL

    def _after_select_item(self) -> NoReturn:
        """What stands behind a select item is neither a comma nor FROM: say so, or that it is reserved."""
        follows = self.symbol_after(1)
        token = self.current
        if token.token_type is TokenType.VAR and (follows in (",", "FROM") or not follows):
            self.reserved(token)
        self.unexpected('"," or "FROM"')

    def _select_item(self) -> n.Expression:
        first = self.current
        if self.at("*"):
            return self.place(n.Star(), self.advance())
        if star := self._qualified_star():
            return star
        if self.at("STREAM") and self.previous.text == "DISTINCT":
            self.fail("STREAM stands before DISTINCT", first)
        value = self.expression()
        if self.take("AS"):
            alias = self.identifier("a column name")
        elif self.at_name():
            alias = self.identifier()
        else:
            return value
        return self.place(n.Alias(this=value, alias=alias), first, self.previous)

    def _qualified_star(self) -> n.Expression | None:
        """`t.*`, `s.t.*`."""
        distance = 0
        while self.type_after(distance) in (TokenType.VAR, TokenType.IDENTIFIER):
            if self.symbol_after(distance + 1) != ".":
                return None
            distance += 2
        if distance == 0 or self.symbol_after(distance) != "*":
            return None
        first = self.current
        name = self.name()
        self.expect(".")
        return self.place(n.Star(this=name), first, self.advance())

    def _windowed_by(self) -> n.Stagger:
        self.expect("WINDOWED")
        self.expect("BY")
        first = self.expect("STAGGER")
        self.open()
        keys = None
        if self.take("PARTITION"):
            self.expect("BY")
            keys = self.expressions("in PARTITION BY")
        self.expect("RANGE")
        size = self.operand()
        self.take("PRECEDING")
        self.close()
        return self.place(n.Stagger(partition_by=keys, range=size), first)

    def _named_window(self) -> n.Expression:
        first = self.current
        name = self.identifier("a window name")
        self.expect("AS")
        return self.place(n.NamedWindow(this=name, spec=self.window_spec()), first)

    # --- FROM

    def _from_items(self) -> n.Expression:
        """Everything behind FROM: sources, commas and joins, leaning to the left."""
        left = self._source()
        while True:
            if comma := self.take(","):
                if self.at_any(*_CLAUSES, ")") or self.current.token_type is TokenType.SENTINEL:
                    self.fail("a comma in FROM has nothing behind it", comma, hint="delete the comma")
                left = self.place(n.Join(this=left, expression=self._source(), kind="COMMA"), comma)
            elif self._at_join():
                left = self._join(left)
            else:
                return left

    def _at_join(self) -> bool:
        return self.symbol in _JOIN_WORDS or (self.at("ASOF") and self.symbol_after(1) in _JOIN_WORDS)

    def _join(self, left: n.Expression) -> n.Join:
        asof = self.take("ASOF") is not None
        natural = self.take("NATURAL") is not None
        word = self.take_any("INNER", "LEFT", "RIGHT", "FULL", "CROSS")
        kind = word.text if word else "INNER"
        if kind in ("LEFT", "RIGHT", "FULL"):
            self.take("OUTER")
        asof = self.take("ASOF") is not None or asof
        token = self.expect("JOIN")
        node = self.place(
            n.Join(this=left, expression=self._source(), kind=kind, natural=natural, asof=asof), token
        )
        if asof and self.take("MATCH_CONDITION"):
            self.open()
            node.set("match_condition", self.expression())
            self.close()
        self._join_condition(node, kind, natural)
        return node

    def _join_condition(self, node: n.Join, kind: str, natural: bool) -> None:
        if kind == "CROSS" or natural:
            return
        if self.take("ON"):
            node.set("condition", self.expression())
        elif self.take("USING"):
            node.set("using", self.name_list())
        elif self.at("IN"):
            self.fail('unexpected "IN" behind a joined stream', hint="did you mean ON?")
        elif kind != "INNER":
            self.unexpected('"ON" or "USING"')

    def _source(self) -> n.Expression:
        first = self.current
        if self.at("("):
            if self.at_query():
                return self._named_source(n.DerivedTable(this=self.parenthesised_query()), first)
            self.nest()
            self.open()
            inner = self._from_items()
            self.close()
            self.unnest()
            return inner
        if self.at("TABLE") and self.symbol_after(1) == "(":
            return self._table_function()
        if self.at_any("LATERAL", "UNNEST"):
            self.fail(f"{self.symbol} is not supported", code="UNS-001")
        if self.symbol in QUERY_WORDS:
            self.fail("a query in FROM must stand in parentheses")
        name = self.name("a stream, a query in parentheses or TABLE(…)")
        if self.at("("):
            self._refuse_bare_function(name, first)
        return self._named_source(n.TableRef(this=name), first, self.previous)

    def _refuse_bare_function(self, name: n.Name, first: Token) -> NoReturn:
        raw = self.raw(first)
        if name.last in _WINDOW_FUNCTIONS:
            self.fail(f"{raw}(…) is not a stream", first, hint=f"{raw}(…) belongs in GROUP BY")
        self.fail(f"{raw}(…) is not a stream", first, hint=f"a function in FROM is written TABLE({raw}(…))")

    def _table_function(self) -> n.TableFunction:
        self.expect("TABLE")
        self.open()
        first = self.current
        name = self.name("the name of a table function")
        if not self.at("("):
            self.unexpected('"(" and the arguments of the table function')
        call = self.plain_call(name, first)
        self.close()
        return self._named_source(n.TableFunction(this=call), first)

    def _named_source(self, node: R, first: Token, last: Token | None = None) -> R:
        """The window and the alias of a source, in either order."""
        self.place(node, first, last)
        if self.at_any("PIVOT", "UNPIVOT", "MATCH_RECOGNIZE") and self.symbol_after(1) == "(":
            self.fail(f"{self.symbol} is not supported", code="UNS-001")
        if self.take("OVER"):
            node.set("window", self.window())
        if self.take("AS") or (self.at_name() and self.symbol not in CLAUSE_WORDS):
            node.set("alias", self.identifier("an alias"))
            if self.at("("):
                node.set("columns", self.name_list())
        if node.args.get("window") is None and self.take("OVER"):
            node.set("window", self.window())
        return node
