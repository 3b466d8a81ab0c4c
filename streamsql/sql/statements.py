"""Statements: CREATE, INSERT, SET, ALTER, DROP, and a query alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from streamsql.sql import nodes as n
from streamsql.sql.queries import QueryGrammar
from streamsql.sql.tokens import Token, TokenType

_UNSUPPORTED = frozenset(
    (
        "ANALYZE",
        "BEGIN",
        "CALL",
        "COMMIT",
        "DECLARE",
        "DELETE",
        "DESCRIBE",
        "EXECUTE",
        "EXPLAIN",
        "GRANT",
        "MERGE",
        "REVOKE",
        "ROLLBACK",
        "TRUNCATE",
        "UPDATE",
        "USE",
    )
)
_BEGINNINGS = "CREATE, INSERT, SELECT, ALTER, DROP or SET"
_KINDS = ("STREAM", "PUMP", "FUNCTION", "VIEW", "SCHEMA")


class StatementGrammar(QueryGrammar):
    """Reads one statement, whose tokens it was given."""

    def statement(self) -> n.Expression:
        """The whole statement; anything behind it is an error."""
        first = self.current
        node = self._statement(first)
        if self.current.token_type is not TokenType.SENTINEL:
            self._trailing()
        return node

    def _statement(self, first: Token) -> n.Expression:
        readers: dict[str, Callable[[Token], n.Expression]] = {
            "ALTER": self._alter,
            "CREATE": self._create,
            "DROP": self._drop,
            "INSERT": self._insert,
            "SET": self._set,
        }
        if self.at_query():
            return self.query()
        if reader := readers.get(self.symbol):
            self.advance()
            return self.place(reader(first), first)
        return self._no_statement(first)

    def _no_statement(self, first: Token) -> NoReturn:
        if self.symbol in _UNSUPPORTED:
            self.fail(f"{self.symbol} is not supported", code="UNS-001")
        hint = ""
        if first.token_type is TokenType.VAR:
            hint = f'a statement begins with {_BEGINNINGS}; a comment needs "--" in front'
        elif self.at(")"):
            hint = 'a ";" may have ended the statement before it too early'
        self.fail(f'unexpected "{self.raw(first)}"; expected a statement', hint=hint)

    def _trailing(self) -> NoReturn:
        if self.at_any(*("CREATE", "INSERT", "SELECT", "ALTER", "DROP", "SET")):
            self.fail(f'unexpected "{self.raw(self.current)}"', hint='is a ";" missing before it?')
        self.unexpected('";"')

    # --- CREATE

    def _create(self, first: Token) -> n.Expression:
        replace = False
        if self.take("OR"):
            self.expect("REPLACE")
            replace = True
        if self.at_any("TABLE", "FOREIGN", "INDEX", "TEMPORARY", "EXTERNAL", "MATERIALIZED"):
            hint = "streams are made with CREATE STREAM, reference tables are configured"
            self.fail(f"CREATE {self.symbol} is not supported", code="UNS-001", hint=hint)
        kind = self.take_any(*_KINDS)
        if kind is None:
            self.unexpected("STREAM, PUMP, FUNCTION, VIEW or SCHEMA")
        readers: dict[str, Callable[[n.Name], n.Expression]] = {
            "FUNCTION": self._function,
            "PUMP": self._pump,
            "SCHEMA": lambda name: n.CreateSchema(this=name),
            "STREAM": self._stream,
            "VIEW": self._view,
        }
        node = readers[kind.text](self.name(f"the name of the {kind.text.lower()}"))
        node.set("replace", replace)
        return node

    def _stream(self, name: n.Name) -> n.Expression:
        if self.at("AS"):
            hint = "declare the stream with its columns, and fill it with CREATE PUMP … AS INSERT INTO …"
            self.fail("a stream is not created from a query", code="UNS-001", hint=hint)
        self.open()
        if self.at(")"):
            self.fail("a stream needs at least one column")
        columns = self.listed(self._column, "in the list of columns")
        self.close()
        description = self._description()
        options = None
        if self.take("OPTIONS"):
            self.open()
            options = self.listed(self._option, "in OPTIONS")
            self.close()
        return n.CreateStream(this=name, columns=columns, description=description, options=options)

    def _column(self) -> n.Expression:
        first = self.current
        node = n.ColumnDef(this=self.identifier("a column name"), type=self.type_name())
        while True:
            if self.take("NOT", "NULL"):
                node.set("not_null", True)
            elif self.take("DEFAULT"):
                node.set("default", self.operand())
            elif self.at("DESCRIPTION"):
                node.set("description", self._description())
            elif not self.take("NULL"):
                return self.place(node, first, self.previous)

    def _description(self) -> n.Expression | None:
        return self.text_literal("the description in single quotes") if self.take("DESCRIPTION") else None

    def _option(self) -> n.Expression:
        first = self.current
        name = self.identifier("an option")
        self.take("=")
        return self.place(n.OptionDef(this=name, value=self.operand()), first)

    def _pump(self, name: n.Name) -> n.Expression:
        state = self.take_any("STARTED", "STOPPED")
        description = self._description()
        if self.at_any("INSERT", "SELECT"):
            self.unexpected('"AS"')
        self.expect("AS")
        first = self.current
        if self.at_query():
            self.fail(
                "a pump needs INSERT INTO a stream before its query", hint="AS INSERT INTO stream SELECT STREAM …"
            )
        self.expect("INSERT")
        insert = self.place(self._insert(first), first)
        return n.CreatePump(this=name, insert=insert, state=state.text if state else None, description=description)

    def _view(self, name: n.Name) -> n.Expression:
        columns = self.name_list() if self.at("(") else None
        description = self._description()
        self.expect("AS")
        return n.CreateView(this=name, columns=columns, description=description, query=self.query())

    def _function(self, name: n.Name) -> n.Expression:
        self.open()
        parameters = [] if self.at(")") else self.listed(self._parameter, "in the parameters")
        self.close()
        self.expect("RETURNS")
        node = n.CreateFunction(this=name, parameters=parameters, returns=self.type_name())
        while self._function_clause(node):
            pass
        self.expect("RETURN")
        node.set("body", self.expression())
        return node

    def _parameter(self) -> n.Expression:
        first = self.current
        node = n.ColumnDef(this=self.identifier("a parameter"), type=self.type_name())
        return self.place(node, first, self.previous)

    def _function_clause(self, node: n.CreateFunction) -> bool:
        """One characteristic of a function; they come in any order."""
        if self.take("LANGUAGE"):
            node.set("language", self.expect_type(TokenType.VAR, "a language").text)
        elif self.take("SPECIFIC"):
            node.set("specific", self.name())
        elif self.take("DETERMINISTIC"):
            node.set("deterministic", "DETERMINISTIC")
        elif self.take("NOT", "DETERMINISTIC"):
            node.set("deterministic", "NOT DETERMINISTIC")
        elif self.take("RETURNS", "NULL", "ON", "NULL", "INPUT"):
            node.set("null_input", "RETURNS NULL")
        elif self.take("CALLED", "ON", "NULL", "INPUT"):
            node.set("null_input", "CALLED")
        else:
            return self._data_access(node)
        return True

    def _data_access(self, node: n.CreateFunction) -> bool:
        for words in (("CONTAINS", "SQL"), ("READS", "SQL", "DATA"), ("MODIFIES", "SQL", "DATA"), ("NO", "SQL")):
            if self.take(*words):
                node.set("data_access", " ".join(words))
                return True
        return False

    # --- the others

    def _insert(self, first: Token) -> n.Expression:
        expedited = self.take("EXPEDITED") is not None
        self.expect("INTO")
        name = self.name("the name of a stream")
        columns = self.name_list() if self.at("(") and not self.at_query() else None
        if not self.at_query():
            self.unexpected('"SELECT" or "VALUES"')
        return n.Insert(this=name, columns=columns, query=self.query(), expedited=expedited)

    def _set(self, first: Token) -> n.Expression:
        word = self.expect_type(TokenType.VAR, "SCHEMA, PATH or the name of a setting").text
        self.take("=")
        value: n.Expression | None = self.literal()
        return n.SetStatement(name=word, this=value if value is not None else self.name("a value"))

    def _alter(self, first: Token) -> n.Expression:
        if self.take("STREAM"):
            name = self.name("the name of a stream")
            return n.AlterStream(this=name, action=self.expect("RESET").text)
        if not self.take("PUMP"):
            self.unexpected('"PUMP" or "STREAM"')
        node = n.AlterPump()
        names = [self.name("the name of a pump")]
        if self.take(".", "*"):
            node.set("schema", names[0])
        else:
            while self.take(","):
                names.append(self.name("the name of a pump"))
            node.set("names", names)
        action = self.take_any("START", "STOP")
        if action is None:
            self.unexpected('"START" or "STOP"')
        node.set("action", action.text)
        return node

    def _drop(self, first: Token) -> n.Expression:
        specific = self.take("SPECIFIC") is not None
        kind = self.take_any(*_KINDS)
        if kind is None:
            self.unexpected("STREAM, PUMP, FUNCTION, VIEW or SCHEMA")
        exists = self.take("IF", "EXISTS") is not None
        name = self.name(f"the name of the {kind.text.lower()}")
        behavior = self.take_any("CASCADE", "RESTRICT")
        return n.Drop(
            this=name,
            kind=kind.text,
            if_exists=exists,
            specific=specific,
            behavior=behavior.text if behavior else None,
        )
