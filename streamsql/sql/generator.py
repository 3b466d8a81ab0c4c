"""A syntax tree → text that parses to the same tree, one clause a line.

Unquoted names come out in upper case, as they are stored; comments are not part of a tree and are lost.
"""

from __future__ import annotations

from streamsql.sql import nodes as n
from streamsql.sql.expression_writer import ExpressionWriter, words, wrapped
from streamsql.sql.tree import Expression


def to_sql(node: Expression) -> str:
    """The text of a statement, a query or an expression, without a semicolon."""
    return _Writer().write(node)


class _Writer(ExpressionWriter):
    """Writes queries and statements as well."""

    # --- queries

    def _tail(self, node: Expression) -> tuple[str, ...]:
        limit, offset = self.arg(node, "limit", "LIMIT"), self.arg(node, "offset", "OFFSET")
        return self.keyed(node, "order_by", "ORDER BY"), limit, offset

    def _with(self, node: Expression) -> str:
        return self.keyed(node, "ctes", "WITH")

    def _select(self, node: Expression) -> str:
        stream = "STREAM" if node.args.get("stream") else ""
        distinct = "DISTINCT" if node.args.get("distinct") else ""
        items = node.expressions
        head = words("SELECT", stream, distinct)
        return self.lines(
            self._with(node),
            f"{head} {self.write(items[0])}" if len(items) == 1 else head + self.block(items),
            self.arg(node, "source", "FROM"),
            self.arg(node, "where", "WHERE"),
            self.keyed(node, "group_by", "GROUP BY"),
            self.arg(node, "windowed_by", "WINDOWED BY"),
            self.arg(node, "having", "HAVING"),
            self.arg(node, "qualify", "QUALIFY"),
            self.keyed(node, "windows", "WINDOW"),
            *self._tail(node),
        )

    def _setoperation(self, node: Expression) -> str:
        operator = words(node.args["kind"], "ALL" if node.args.get("all") else "")
        left = self._operand(node, node.this, first=True)
        right = self._operand(node, node.expression, first=False)
        return self.lines(self._with(node), left, operator, right, *self._tail(node))

    def _operand(self, parent: Expression, query: Expression, first: bool) -> str:
        """A side of a set operation, in parentheses where it would be read otherwise."""
        own = any(query.args.get(key) for key in ("ctes", "order_by", "limit", "offset"))
        looser = isinstance(query, n.SetOperation) and (
            not first or (parent.args["kind"] == "INTERSECT" and query.args["kind"] != "INTERSECT")
        )
        return self.nested(query) if own or looser else self.write(query)

    def _values(self, node: Expression) -> str:
        rows = ", ".join(f"({self.listed(row.expressions)})" for row in node.expressions)
        return self.lines(self._with(node), f"VALUES {rows}", *self._tail(node))

    def _commontable(self, node: Expression) -> str:
        columns = f" ({self.listed(node.args['columns'])})" if node.args.get("columns") else ""
        return f"{self.write(node.this)}{columns} AS {self.nested(node.args['query'])}"

    def _alias(self, node: Expression) -> str:
        return f"{self.write(node.this)} AS {self.write(node.args['alias'])}"

    def _sortkey(self, node: Expression) -> str:
        nulls = node.args.get("nulls")
        direction = "DESC" if node.args.get("descending") else ""
        within = self.arg(node, "within", "WITHIN")
        return words(self.write(node.this), direction, f"NULLS {nulls}" if nulls else "", within)

    def _stagger(self, node: Expression) -> str:
        keys = self.keyed(node, "partition_by", "PARTITION BY")
        return f"STAGGER ({words(keys, self.arg(node, 'range', 'RANGE'))})"

    def _source(self, node: Expression, text: str) -> str:
        columns = f"({self.listed(node.args['columns'])})" if node.args.get("columns") else ""
        return words(text, self.arg(node, "window", "OVER"), self.arg(node, "alias", "AS") + columns)

    def _tableref(self, node: Expression) -> str:
        return self._source(node, self.write(node.this))

    def _derivedtable(self, node: Expression) -> str:
        return self._source(node, self.nested(node.this))

    def _tablefunction(self, node: Expression) -> str:
        return self._source(node, f"TABLE({self.write(node.this)})")

    def _join(self, node: Expression) -> str:
        right = self.write(node.expression)
        if isinstance(node.expression, n.Join):
            right = f"({right})"
        kind = node.args["kind"]
        if kind == "COMMA":
            return f"{self.write(node.this)},{self.line()}{right}"
        natural, asof = ("NATURAL" if node.args.get("natural") else ""), ("ASOF" if node.args.get("asof") else "")
        head = words(natural, asof, "" if kind == "INNER" else kind, "JOIN", right)
        match = wrapped("MATCH_CONDITION", self.arg(node, "match_condition"))
        using = wrapped("USING", self.listed(node.args.get("using")))
        conditions = words(match, using, self.arg(node, "condition", "ON"))
        return f"{self.write(node.this)}{self.line()}{words(head, conditions)}"

    # --- statements

    def _create(self, node: Expression, kind: str) -> str:
        replace = "OR REPLACE" if node.args.get("replace") else ""
        return words("CREATE", replace, kind, self.write(node.this))

    def _createstream(self, node: Expression) -> str:
        columns = f"({self.block(node.args['columns'])}{self.line()})"
        options = wrapped("OPTIONS", self.listed(node.args.get("options")))
        description = self.arg(node, "description", "DESCRIPTION")
        return words(self._create(node, "STREAM"), columns, description, options)

    def _columndef(self, node: Expression) -> str:
        return words(
            self.write(node.this),
            self.arg(node, "type"),
            "NOT NULL" if node.args.get("not_null") else "",
            self.arg(node, "default", "DEFAULT"),
            self.arg(node, "description", "DESCRIPTION"),
        )

    def _optiondef(self, node: Expression) -> str:
        return f"{self.write(node.this)} = {self.arg(node, 'value')}"

    def _createpump(self, node: Expression) -> str:
        description = self.arg(node, "description", "DESCRIPTION")
        head = words(self._create(node, "PUMP"), node.args.get("state"), description, "AS")
        return self.lines(head, self.arg(node, "insert"))

    def _insert(self, node: Expression) -> str:
        expedited = "EXPEDITED" if node.args.get("expedited") else ""
        columns = f"({self.listed(node.args['columns'])})" if node.args.get("columns") else ""
        return self.lines(
            words("INSERT", expedited, "INTO", self.write(node.this), columns), self.arg(node, "query")
        )

    def _createfunction(self, node: Expression) -> str:
        args = node.args
        return self.lines(
            f"{self._create(node, 'FUNCTION')} ({self.listed(args['parameters'])})",
            self.arg(node, "returns", "RETURNS"),
            words("LANGUAGE", args["language"]) if args.get("language") else "",
            self.arg(node, "specific", "SPECIFIC"),
            args.get("deterministic") or "",
            args.get("data_access") or "",
            words(args["null_input"], "ON NULL INPUT") if args.get("null_input") else "",
            self.arg(node, "body", "RETURN"),
        )

    def _createview(self, node: Expression) -> str:
        columns = f"({self.listed(node.args['columns'])})" if node.args.get("columns") else ""
        description = self.arg(node, "description", "DESCRIPTION")
        return self.lines(words(self._create(node, "VIEW"), columns, description, "AS"), self.arg(node, "query"))

    def _createschema(self, node: Expression) -> str:
        return self._create(node, "SCHEMA")

    def _setstatement(self, node: Expression) -> str:
        return f"SET {node.args['name']} {self.write(node.this)}"

    def _alterpump(self, node: Expression) -> str:
        schema = self.arg(node, "schema")
        names = f"{schema}.*" if schema else self.listed(node.args.get("names"))
        return f"ALTER PUMP {names} {node.args['action']}"

    def _alterstream(self, node: Expression) -> str:
        return f"ALTER STREAM {self.write(node.this)} {node.args['action']}"

    def _drop(self, node: Expression) -> str:
        return words(
            "DROP",
            "SPECIFIC" if node.args.get("specific") else "",
            node.args["kind"],
            "IF EXISTS" if node.args.get("if_exists") else "",
            self.write(node.this),
            node.args.get("behavior"),
        )
