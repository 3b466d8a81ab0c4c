"""The text of names, literals, operators, predicates, calls and windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from streamsql.sql import nodes as n
from streamsql.sql.tree import Expression

_INDENT = "  "
_BINARY: dict[type[Expression], str] = {
    n.Add: "+",
    n.And: "AND",
    n.DPipe: "||",
    n.Div: "/",
    n.EQ: "=",
    n.GT: ">",
    n.GTE: ">=",
    n.LT: "<",
    n.LTE: "<=",
    n.Mul: "*",
    n.NEQ: "<>",
    n.Or: "OR",
    n.Sub: "-",
}


def _quote(text: str, mark: str = "'") -> str:
    return mark + text.replace(mark, mark * 2) + mark


def words(*parts: object) -> str:
    """The non-empty words with one blank between them."""
    return " ".join(str(part) for part in parts if part)


def wrapped(before: str, text: str) -> str:
    """Words and a text in parentheses, if there is a text."""
    return f"{before} ({text})" if text else ""


class ExpressionWriter:
    """Writes nodes by the name of their class; `level` is how far the current query is indented."""

    def __init__(self) -> None:
        self.level = 0

    def write(self, node: Expression | None) -> str:
        """The text of `node`; empty for None."""
        if node is None:
            return ""
        operator = _BINARY.get(type(node))
        if operator:
            return f"{self.write(node.this)} {operator} {self.write(node.expression)}"
        method: Callable[[Expression], str] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise TypeError(f"{type(node).__name__} is not a node of this language")
        return method(node)

    def arg(self, node: Expression, key: str, before: str = "") -> str:
        """The text of an optional argument, with words before it when it is there."""
        value = node.args.get(key)
        return "" if value is None else words(before, self.write(value))

    def listed(self, nodes: Iterable[Expression] | None) -> str:
        return ", ".join(self.write(node) for node in nodes or ())

    def keyed(self, node: Expression, key: str, before: str) -> str:
        """The words before and a list between commas, if the list has anything."""
        return f"{before} {self.listed(node.args[key])}" if node.args.get(key) else ""

    def line(self) -> str:
        return "\n" + _INDENT * self.level

    def lines(self, *clauses: str) -> str:
        return self.line().join(clause for clause in clauses if clause)

    def block(self, nodes: Iterable[Expression]) -> str:
        """The nodes one a line and one step further in, ending on the line of the closing parenthesis."""
        self.level += 1
        inside = f",{self.line()}".join(self.write(node) for node in nodes)
        text = self.line() + inside
        self.level -= 1
        return text

    def nested(self, query: Expression) -> str:
        """A query in parentheses, one step further in."""
        return f"({self.block([query])}{self.line()})"

    # --- names, literals, types

    def _identifier(self, node: Expression) -> str:
        return _quote(node.this, '"') if node.args.get("quoted") else str(node.this)

    def _name(self, node: Expression) -> str:
        return ".".join(self.write(part) for part in node.expressions)

    def _star(self, node: Expression) -> str:
        return f"{self.write(node.args['this'])}.*" if node.args.get("this") else "*"

    def _literal(self, node: Expression) -> str:
        return _quote(node.this) if node.args["is_string"] else str(node.this)

    def _boolean(self, node: Expression) -> str:
        return "TRUE" if node.this else "FALSE"

    def _null(self, node: Expression) -> str:
        return "NULL"

    def _unknown(self, node: Expression) -> str:
        return "UNKNOWN"

    def _binaryliteral(self, node: Expression) -> str:
        return f"X'{node.this}'"

    def _datetimeliteral(self, node: Expression) -> str:
        return f"{node.args['kind']} {_quote(node.this)}"

    def _intervalliteral(self, node: Expression) -> str:
        sign = "-" if node.args.get("negative") else ""
        return f"INTERVAL {sign}{_quote(node.this)} {self.arg(node, 'qualifier')}"

    def _intervalqualifier(self, node: Expression) -> str:
        unit, to, precision, scale = (node.args.get(key) for key in ("unit", "to", "precision", "scale"))
        text = str(unit)
        if precision is not None:
            text += f"({precision})" if scale is None or to else f"({precision},{scale})"
        if to:
            text += f" TO {to}" + (f"({scale})" if scale is not None else "")
        return text

    def _typename(self, node: Expression) -> str:
        sizes = [str(node.args[key]) for key in ("size", "scale") if node.args.get(key) is not None]
        size = f"({', '.join(sizes)})" if sizes else ""
        return words(
            words(node.this, self.arg(node, "qualifier")) + size, "ARRAY" if node.args.get("array") else ""
        )

    # --- operators and predicates

    def _paren(self, node: Expression) -> str:
        return f"({self.write(node.this)})"

    def _tuple(self, node: Expression) -> str:
        row = "ROW" if len(node.expressions) == 1 else ""
        return f"{row}({self.listed(node.expressions)})"

    def _not(self, node: Expression) -> str:
        return f"NOT {self.write(node.this)}"

    def _neg(self, node: Expression) -> str:
        inner = self.write(node.this)
        return f"- {inner}" if inner.startswith("-") else f"-{inner}"

    def _unaryplus(self, node: Expression) -> str:
        return f"+{self.write(node.this)}"

    def _datetimedifference(self, node: Expression) -> str:
        return f"({self.write(node.this)} - {self.write(node.expression)}) {self.arg(node, 'qualifier')}"

    def _predicate(self, node: Expression, operator: str, *rest: str) -> str:
        return words(self.write(node.this), "NOT" if node.args.get("negated") else "", operator, *rest)

    def _between(self, node: Expression) -> str:
        operator = "BETWEEN SYMMETRIC" if node.args.get("symmetric") else "BETWEEN"
        return self._predicate(node, operator, self.arg(node, "low"), "AND", self.arg(node, "high"))

    def _in(self, node: Expression) -> str:
        query = node.args.get("query")
        values = f"({self.listed(node.expressions)})" if query is None else self.nested(query)
        return self._predicate(node, "IN", values)

    def _like(self, node: Expression) -> str:
        return self._predicate(node, "LIKE", self.arg(node, "pattern"), self.arg(node, "escape", "ESCAPE"))

    def _similarto(self, node: Expression) -> str:
        return self._predicate(node, "SIMILAR TO", self.arg(node, "pattern"), self.arg(node, "escape", "ESCAPE"))

    def _istest(self, node: Expression) -> str:
        return words(self.write(node.this), "IS", "NOT" if node.args.get("negated") else "", node.args["test"])

    def _distinctfrom(self, node: Expression) -> str:
        negated = "NOT" if node.args.get("negated") else ""
        return words(self.write(node.this), "IS", negated, "DISTINCT FROM", self.write(node.expression))

    def _exists(self, node: Expression) -> str:
        return f"EXISTS {self.nested(node.this)}"

    def _subquery(self, node: Expression) -> str:
        return self.nested(node.this)

    def _period(self, node: Expression) -> str:
        return f"PERIOD ({self.write(node.this)}, {self.write(node.expression)})"

    def _temporalpredicate(self, node: Expression) -> str:
        operator = words(node.args.get("modifier"), node.args["kind"])
        return words(self.write(node.this), operator, self.write(node.expression))

    def _case(self, node: Expression) -> str:
        whens = " ".join(self.write(when) for when in node.args["whens"])
        return words("CASE", self.arg(node, "this"), whens, self.arg(node, "otherwise", "ELSE"), "END")

    def _when(self, node: Expression) -> str:
        return f"WHEN {self.write(node.this)} THEN {self.arg(node, 'then')}"

    def _cast(self, node: Expression) -> str:
        return f"CAST({self.write(node.this)} AS {self.arg(node, 'type')})"

    # --- calls

    def _call(self, node: Expression) -> str:
        name = self.write(node.this)
        if node.args.get("bare"):
            return name
        last = " FROM LAST" if node.args.get("from_last") else ""
        within = wrapped("WITHIN GROUP", self.keyed(node, "within_group", "ORDER BY"))
        filtered = wrapped("FILTER", self.arg(node, "filter", "WHERE"))
        nulls = words(node.args.get("nulls"), "NULLS") if node.args.get("nulls") else ""
        suffixes = words(within, filtered, nulls)
        return words(f"{name}({self._arguments(node)}){last}", suffixes)

    def _arguments(self, node: Expression) -> str:
        if node.args.get("star"):
            return "*"
        syntax = node.args.get("syntax")
        if not syntax:
            order = self.keyed(node, "order_by", "ORDER BY")
            return words("DISTINCT" if node.args.get("distinct") else "", self.listed(node.expressions), order)
        values = [self.write(value) for value in node.expressions]
        if syntax == "IN":
            return f"{values[0]} IN {values[1]}"
        if syntax in ("LEADING", "TRAILING", "BOTH"):
            return words(syntax, *values[1:], "FROM", values[0])
        between = {
            "FROM": ("FROM", "FOR"),
            "SIMILAR": ("SIMILAR", "ESCAPE"),
            "PLACING": ("PLACING", "FROM", "FOR"),
        }
        pairs = zip(between[syntax], values[1:], strict=False)
        return words(values[0], *(f"{word} {value}" for word, value in pairs))

    def _over(self, node: Expression) -> str:
        return f"{self.write(node.this)} OVER {self.arg(node, 'window')}"

    def _step(self, node: Expression) -> str:
        return f"STEP({self.write(node.this)} BY {self.arg(node, 'by')})"

    def _floorto(self, node: Expression) -> str:
        return f"FLOOR({self.write(node.this)} TO {node.args['unit']})"

    def _ceilto(self, node: Expression) -> str:
        return f"CEIL({self.write(node.this)} TO {node.args['unit']})"

    def _extract(self, node: Expression) -> str:
        return f"EXTRACT({node.args['unit']} FROM {self.write(node.this)})"

    def _cursor(self, node: Expression) -> str:
        keys = node.args.get("partition_by")
        listed = self.listed(keys)
        partition = f" PARTITION BY {listed if len(keys) == 1 else f'({listed})'}" if keys else ""
        return f"CURSOR{self.nested(node.this)}{partition}"

    # --- windows

    def _windowspec(self, node: Expression) -> str:
        base = self.write(node.args.get("this"))
        keys = self.keyed(node, "partition_by", "PARTITION BY")
        order = self.keyed(node, "order_by", "ORDER BY")
        return f"({words(base, keys, order, self.arg(node, 'frame'))})"

    def _frame(self, node: Expression) -> str:
        start, end = self.arg(node, "start"), self.arg(node, "end")
        return f"{node.args['unit']} " + (f"BETWEEN {start} AND {end}" if end else start)

    def _framebound(self, node: Expression) -> str:
        return words(self.write(node.args.get("this")), node.args["kind"])

    def _namedwindow(self, node: Expression) -> str:
        return f"{self.write(node.this)} AS {self.arg(node, 'spec')}"
