"""The syntax nodes that `parse` may produce, and nothing else ever comes out of it.

Every class here has its arguments (`node.args["…"]`) in its docstring: optional ones are marked `?` and are
None, False or an empty list when the text does not say them. A node's children are nodes; all other values
are plain text, numbers and truth values, words always in upper case. `span_of(node)` tells where a node
stands: at the operator for operators, at the name for calls, at the first word for everything else.

Nothing here knows what a name means or which type an expression has.
"""

# Longer than other modules on purpose: it is the one list of what the rest of the house may meet in a tree.

from __future__ import annotations

from streamsql.sql.tree import Expression

__all__ = [
    "EQ",
    "GT",
    "GTE",
    "LT",
    "LTE",
    "NEQ",
    "Add",
    "Alias",
    "AlterPump",
    "AlterStream",
    "And",
    "Between",
    "BinaryLiteral",
    "Boolean",
    "Call",
    "Case",
    "Cast",
    "CeilTo",
    "ColumnDef",
    "CommonTable",
    "CreateFunction",
    "CreatePump",
    "CreateSchema",
    "CreateStream",
    "CreateView",
    "Cursor",
    "DPipe",
    "DateTimeDifference",
    "DateTimeLiteral",
    "DerivedTable",
    "DistinctFrom",
    "Div",
    "Drop",
    "Exists",
    "Expression",
    "Extract",
    "FloorTo",
    "Frame",
    "FrameBound",
    "Identifier",
    "In",
    "Insert",
    "IntervalLiteral",
    "IntervalQualifier",
    "IsTest",
    "Join",
    "Like",
    "Literal",
    "Mul",
    "Name",
    "NamedWindow",
    "Neg",
    "Not",
    "Null",
    "OptionDef",
    "Or",
    "Over",
    "Paren",
    "Period",
    "Select",
    "SetOperation",
    "SetStatement",
    "SimilarTo",
    "SortKey",
    "Stagger",
    "Star",
    "Step",
    "Sub",
    "Subquery",
    "TableFunction",
    "TableRef",
    "TemporalPredicate",
    "Tuple",
    "TypeName",
    "UnaryPlus",
    "Unknown",
    "Values",
    "When",
    "WindowSpec",
]


def _args(required: str = "", optional: str = "") -> dict[str, bool]:
    """The table of arguments from two lists of words."""
    return {**dict.fromkeys(required.split(), True), **dict.fromkeys(optional.split(), False)}


# --- names and literals -----------------------------------------------------------------------------------


class Identifier(Expression):
    """One name: this = the stored name (upper case unless it was quoted), quoted?."""

    arg_types = _args("this", "quoted")


class Literal(Expression):
    """The text of a string, or of a number as written: this, is_string."""

    arg_types = _args("this is_string")


class Boolean(Expression):
    """TRUE or FALSE: this."""

    arg_types = _args("this")


class Null(Expression):
    """The literal NULL; no arguments."""


class Name(Expression):
    """A dotted name, `a.b.c`: expressions = 1..4 Identifiers, outermost first.

    In an expression it is a column or a field; as `this` of a statement, a from-item or a call it is the
    name of that thing. An unquoted CURRENT_ROW_TIMESTAMP without parentheses comes as a Name as well (streams
    may have a column called so): try columns first, then the function.
    """

    arg_types = _args("expressions")

    @property
    def parts(self) -> tuple[str, ...]:
        """The stored names, outermost first."""
        return tuple(part.args["this"] for part in self.args["expressions"])

    @property
    def last(self) -> str:
        """The stored name after the last dot."""
        return self.parts[-1]


class Star(Expression):
    """`*` or `t.*` as a select item: this? = the qualifying Name."""

    arg_types = _args("", "this")


class Unknown(Expression):
    """The literal UNKNOWN, the BOOLEAN null; no arguments."""


class BinaryLiteral(Expression):
    """`X'0FA7'`: this = the hex digits as text, upper case, an even number of them."""

    arg_types = _args("this")


class DateTimeLiteral(Expression):
    """`DATE '…'`, `TIME '…'`, `TIMESTAMP '…'` and the ODBC escapes, already validated.

    kind = "DATE" | "TIME" | "TIMESTAMP"; this = the text between the quotes;
    value = int: days since 1970-01-01, milliseconds since midnight, milliseconds since 1970-01-01.
    """

    arg_types = _args("this kind value")


class IntervalQualifier(Expression):
    """`DAY(3) TO SECOND(2)`: unit = leading unit, to? = last unit, precision? = leading digits (2 when unsaid),
    scale? = digits of the fraction of a second (3 when unsaid). Units are YEAR MONTH DAY HOUR MINUTE SECOND."""

    arg_types = _args("unit", "to precision scale")

    @property
    def is_year_month(self) -> bool:
        return self.args["unit"] in ("YEAR", "MONTH")

    @property
    def text_form(self) -> str:
        """The units alone, "DAY TO SECOND", as `SqlType.qualifier` wants them."""
        return f"{self.args['unit']} TO {self.args['to']}" if self.args.get("to") else str(self.args["unit"])


class IntervalLiteral(Expression):
    """`INTERVAL -'1:30' MINUTE TO SECOND`, already validated.

    this = the text between the quotes; negative? = a minus sign before the quotes; qualifier = IntervalQualifier;
    value = int with both signs applied: milliseconds, or months for a year-month qualifier.
    """

    arg_types = _args("this qualifier value", "negative")


class TypeName(Expression):
    """A type as written: this = its words ("VARCHAR", "DOUBLE PRECISION", "INTERVAL"), size? and scale? = the ints
    in parentheses, qualifier? = IntervalQualifier when `this` is "INTERVAL", array? = ARRAY stands behind it. Not
    checked against known types."""

    arg_types = _args("this", "size scale qualifier array")


# --- operators and predicates -----------------------------------------------------------------------------


class Binary(Expression):
    """An operator between two operands: this, expression. Never comes out of `parse` itself."""

    arg_types = _args("this expression")


class Unary(Expression):
    """Something around one operand: this. Never comes out of `parse` itself."""

    arg_types = _args("this")


class Add(Binary):
    """`a + b`."""


class Sub(Binary):
    """`a - b`."""


class Mul(Binary):
    """`a * b`."""


class Div(Binary):
    """`a / b`."""


class DPipe(Binary):
    """`a || b`."""


class EQ(Binary):
    """`a = b`."""


class NEQ(Binary):
    """`a <> b` and `a != b`."""


class LT(Binary):
    """`a < b`."""


class LTE(Binary):
    """`a <= b`."""


class GT(Binary):
    """`a > b`."""


class GTE(Binary):
    """`a >= b`."""


class And(Binary):
    """`a AND b`."""


class Or(Binary):
    """`a OR b`."""


class Not(Unary):
    """`NOT a`."""


class Neg(Unary):
    """`-a`."""


class Paren(Unary):
    """`(a)`."""


class Alias(Expression):
    """`x AS name` in a select list: this = x, alias = Identifier."""

    arg_types = _args("this alias")


class Tuple(Expression):
    """`(a, b)` or `ROW (a)`, a row value: expressions."""

    arg_types = _args("expressions")


class UnaryPlus(Expression):
    """`+x`: this = x."""

    arg_types = _args("this")


class DateTimeDifference(Expression):
    """`(a - b) SECOND TO …`: this = a, expression = b, qualifier = IntervalQualifier. Stands at the minus sign."""

    arg_types = _args("this expression qualifier")


class Between(Expression):
    """`x [NOT] BETWEEN [SYMMETRIC] low AND high`: this = x, low, high, symmetric?, negated?."""

    arg_types = _args("this low high", "symmetric negated")


class In(Expression):
    """`x [NOT] IN (…)`: this = x (may be a Tuple), expressions? = the list or query? = a query; negated?."""

    arg_types = _args("this", "expressions query negated")


class Like(Expression):
    """`x [NOT] LIKE p [ESCAPE c]`: this = x, pattern, escape?, negated?."""

    arg_types = _args("this pattern", "escape negated")


class SimilarTo(Expression):
    """`x [NOT] SIMILAR TO p [ESCAPE c]`: this = x, pattern, escape?, negated?."""

    arg_types = _args("this pattern", "escape negated")


class IsTest(Expression):
    """`x IS [NOT] NULL | TRUE | FALSE | UNKNOWN`: this = x, test = that word, negated?."""

    arg_types = _args("this test", "negated")


class DistinctFrom(Expression):
    """`x IS [NOT] DISTINCT FROM y`: this = x, expression = y, negated?."""

    arg_types = _args("this expression", "negated")


class Exists(Expression):
    """`EXISTS (query)`: this = the query."""

    arg_types = _args("this")


class Subquery(Expression):
    """A query in parentheses used as a value: this = the query."""

    arg_types = _args("this")


class Period(Expression):
    """`PERIOD (s, e)`, or `(s, e)` beside a temporal predicate: this = s, expression = e."""

    arg_types = _args("this expression")


class TemporalPredicate(Expression):
    """`p1 [STRICTLY|IMMEDIATELY] PRECEDES p2` (a chain of them comes as the And of neighbours, in a Paren).

    kind = "EQUALS" | "CONTAINS" | "OVERLAPS" | "PRECEDES" | "SUCCEEDS" | "LEADS" | "LAGS";
    modifier? = "STRICTLY" | "IMMEDIATELY"; this = Period; expression = Period (for CONTAINS any other
    expression is one point in time). Stands at the modifier or the kind.
    """

    arg_types = _args("this expression kind", "modifier")


class When(Expression):
    """One branch of CASE: this = the condition (or the value compared with), then = the result."""

    arg_types = _args("this then")


class Case(Expression):
    """`CASE [x] WHEN … THEN … [ELSE …] END`: this? = x, whens = Whens, otherwise? = the ELSE value."""

    arg_types = _args("whens", "this otherwise")


class Cast(Expression):
    """`CAST(x AS type)`: this = x, type = TypeName."""

    arg_types = _args("this type")


# --- calls ------------------------------------------------------------------------------------------------


class Call(Expression):
    """A call of a function, aggregate or table function by name. Stands at the name.

    this = Name; expressions? = the arguments; star? = `COUNT(*)`; distinct? = `f(DISTINCT x)`;
    nulls? = "IGNORE" | "RESPECT"; from_last? = `FROM LAST` of NTH_VALUE; filter? = condition of FILTER (WHERE …);
    within_group? = SortKeys of WITHIN GROUP (ORDER BY …); order_by? = SortKeys behind the arguments;
    bare? = written without parentheses (CURRENT_DATE …);
    syntax? = how the arguments were written when not as a list between commas:
      "FROM"     SUBSTRING(s FROM p [FOR n])              expressions = s, p [, n]
      "SIMILAR"  SUBSTRING(s SIMILAR p ESCAPE c)          expressions = s, p, c
      "PLACING"  OVERLAY(s PLACING r FROM p [FOR n])      expressions = s, r, p [, n]
      "IN"       POSITION(x IN s)                         expressions = x, s
      "LEADING" | "TRAILING" | "BOTH"  TRIM([side] [c] FROM s)   expressions = s [, c]
    (TRIM(s) alone has no syntax; TRIM(c FROM s) is BOTH.)
    """

    arg_types = _args("this", "expressions star distinct nulls from_last filter within_group order_by bare syntax")


class Over(Expression):
    """`call [IGNORE NULLS] OVER w | OVER (…)`: this = Call, window = Identifier or WindowSpec. Stands at OVER."""

    arg_types = _args("this window")


class Step(Expression):
    """`STEP(x BY n)`: this = x, by = an expression, mostly IntervalLiteral or Literal."""

    arg_types = _args("this by")


class FloorTo(Expression):
    """`FLOOR(x TO unit)`: this = x, unit = text such as "MINUTE" (any word)."""

    arg_types = _args("this unit")


class CeilTo(Expression):
    """`CEIL(x TO unit)` and `CEILING(x TO unit)`: this = x, unit = text."""

    arg_types = _args("this unit")


class Extract(Expression):
    """`EXTRACT(unit FROM x)`: unit = text, this = x."""

    arg_types = _args("this unit")


class Cursor(Expression):
    """`CURSOR(query)` as an argument of a table function: this = the query,
    partition_by? = expressions of `PARTITION BY` after the closing parenthesis."""

    arg_types = _args("this", "partition_by")


# --- queries ----------------------------------------------------------------------------------------------
# Select, SetOperation and Values are the queries. Each may also have
#   ctes? = CommonTables of WITH, order_by? = SortKeys, limit? = expression, offset? = expression.
# Parentheses around a query leave no trace of their own.


class Select(Expression):
    """`SELECT [STREAM] [DISTINCT] items FROM … `.

    expressions = select items (any expression, Alias or Star); stream?; distinct?; source? = from-item (None: no
    FROM; a comma or join is one Join); where?; group_by? = expressions; windowed_by? = Stagger; having?; qualify?;
    windows? = NamedWindows; ctes?; order_by?; limit?; offset?. Stands at SELECT.
    """

    arg_types = _args(
        "expressions",
        "ctes stream distinct source where group_by windowed_by having windows qualify order_by limit offset",
    )


class SetOperation(Expression):
    """`left UNION [ALL] right`: kind = "UNION" | "EXCEPT" | "INTERSECT", all?, this = left, expression = right;
    ctes?; order_by?; limit?; offset?. Stands at the operator."""

    arg_types = _args("this expression kind", "all ctes order_by limit offset")


class Values(Expression):
    """`VALUES (1, 'a'), (2, 'b')`: expressions = one Tuple a row (also for rows of one element), all of the same
    length; ctes?; order_by?; limit?; offset?."""

    arg_types = _args("expressions", "ctes order_by limit offset")


class CommonTable(Expression):
    """One table of WITH: this = Identifier, columns? = Identifiers, query."""

    arg_types = _args("this query", "columns")


class SortKey(Expression):
    """`x [ASC|DESC] [NULLS FIRST|LAST] [WITHIN i]`: this = x, descending?, nulls? = "FIRST" | "LAST", within?."""

    arg_types = _args("this", "descending nulls within")


class Stagger(Expression):
    """`WINDOWED BY STAGGER (PARTITION BY … RANGE …)`: partition_by? = expressions, range = an expression, mostly
    IntervalLiteral."""

    arg_types = _args("range", "partition_by")


# From-items are TableRef, DerivedTable, TableFunction and Join. The first three may also have
#   window? = Identifier or WindowSpec after OVER, alias? = Identifier, columns? = Identifiers of `AS t(a, b)`.


class TableRef(Expression):
    """A stream, table or view by name: this = Name; window?; alias?; columns?."""

    arg_types = _args("this", "window alias columns")


class DerivedTable(Expression):
    """`(query)` in FROM: this = the query; window?; alias? (may be missing); columns?."""

    arg_types = _args("this", "window alias columns")


class TableFunction(Expression):
    """`TABLE(f(CURSOR(…), …))` in FROM: this = Call; window?; alias?; columns?. Stands at the function's name."""

    arg_types = _args("this", "window alias columns")


class Join(Expression):
    """Two from-items: this = left, expression = right;
    kind = "INNER" | "LEFT" | "RIGHT" | "FULL" | "CROSS" | "COMMA"; natural?; asof?;
    condition? = ON; using? = Identifiers; match_condition? = MATCH_CONDITION (…) of ASOF JOIN.
    Chains lean to the left. Stands at JOIN (or the comma)."""

    arg_types = _args("this expression kind", "natural asof condition using match_condition")


# --- windows ----------------------------------------------------------------------------------------------


class WindowSpec(Expression):
    """The inside of `OVER (…)`: this? = Identifier of the window it extends, partition_by? = expressions,
    order_by? = SortKeys, frame? = Frame. Stands at the opening parenthesis."""

    arg_types = _args("", "this partition_by order_by frame")


class Frame(Expression):
    """What was written: unit = "ROWS" | "RANGE", start = FrameBound, end? = FrameBound (only after BETWEEN)."""

    arg_types = _args("unit start", "end")


class FrameBound(Expression):
    """kind = "PRECEDING" | "FOLLOWING" with this = the size, or "UNBOUNDED PRECEDING" | "UNBOUNDED FOLLOWING" |
    "CURRENT ROW" without."""

    arg_types = _args("kind", "this")


class NamedWindow(Expression):
    """One entry of the WINDOW clause: this = Identifier, spec = WindowSpec."""

    arg_types = _args("this spec")


# --- statements -------------------------------------------------------------------------------------------
# A query alone is a statement too. `replace?` is OR REPLACE; description? = Literal. `this` is a Name.


class CreateStream(Expression):
    """this, columns = ColumnDefs, replace?, description?, options? = OptionDefs."""

    arg_types = _args("this columns", "replace description options")


class ColumnDef(Expression):
    """this = Identifier, type = TypeName, not_null?, default? = an expression, description? = Literal."""

    arg_types = _args("this type", "not_null default description")


class OptionDef(Expression):
    """`name value` or `name = value` in OPTIONS: this = Identifier, value = an expression."""

    arg_types = _args("this value")


class CreatePump(Expression):
    """this, insert = Insert, replace?, state? = "STARTED" | "STOPPED", description?."""

    arg_types = _args("this insert", "replace state description")


class Insert(Expression):
    """this = target, query, columns? = Identifiers, expedited?."""

    arg_types = _args("this query", "columns expedited")


class CreateFunction(Expression):
    """this, parameters = ColumnDefs (this and type only), returns = TypeName, body = expression, replace?,
    language? = "SQL" …, specific? = Name, deterministic? = "DETERMINISTIC" | "NOT DETERMINISTIC",
    data_access? = "CONTAINS SQL" | "READS SQL DATA" | "MODIFIES SQL DATA" | "NO SQL",
    null_input? = "RETURNS NULL" | "CALLED"."""

    arg_types = _args(
        "this parameters returns body", "replace language specific deterministic data_access null_input"
    )


class CreateView(Expression):
    """this, query, columns? = Identifiers, replace?, description?."""

    arg_types = _args("this query", "columns replace description")


class CreateSchema(Expression):
    """this, replace?."""

    arg_types = _args("this", "replace")


class SetStatement(Expression):
    """`SET SCHEMA x`, `SET PATH x`, `SET anything [=] x`: name = the first word, this = Name or Literal."""

    arg_types = _args("name this")


class AlterPump(Expression):
    """`ALTER PUMP a, b START`: names = Names, or schema = Name for `schema.*`; action = "START" | "STOP"."""

    arg_types = _args("action", "names schema")


class AlterStream(Expression):
    """`ALTER STREAM s RESET`: this, action = "RESET"."""

    arg_types = _args("this action")


class Drop(Expression):
    """kind = "STREAM" | "PUMP" | "FUNCTION" | "VIEW" | "SCHEMA", this, if_exists?, specific?,
    behavior? = "CASCADE" | "RESTRICT"."""

    arg_types = _args("this kind", "if_exists specific behavior")
