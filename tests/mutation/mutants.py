"""Small mistakes that somebody could have made: the mutants of a source file.

A mutant is a replacement of a piece of text. Not drawn, because no test could or should tell them apart: texts
(docstrings, messages, what stands inside `raise`), annotations, type aliases, blocks of TYPE_CHECKING, assertions
(`zip(…, strict=True)` is one). Not drawn either, because any test tells: attributes that are never set.
"""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
COMPARISONS |= {"is": "is not", "is not": "is", "in": "not in", "not in": "in"}
ARITHMETIC = {"+": "-", "-": "+", "*": "//", "//": "*", "&": "|", "|": "&"}
LOGIC = {"and": "or", "or": "and"}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "left": "right", "right": "left"}
OPERATOR = re.compile(r"[^\s()\\]+( (not|in)\b)?")


@dataclass(frozen=True)
class Mutant:
    """`after` in the place of source[start:end]. `lines`: those whose tests may notice, or none for a whole module."""

    path: str
    kind: str
    scope: str
    start: int
    end: int
    before: str
    after: str
    line: int
    lines: tuple[int, ...]
    number: int  # of the mutants with the same text in the same scope

    def rank(self, seed: int) -> str:
        """Its place in the drawing: it does not move when another function is changed."""
        said = (seed, self.path, self.scope, self.kind, self.before, self.after, self.number)
        return hashlib.sha256(repr(said).encode()).hexdigest()

    def applied(self, source: str) -> str:
        return source[: self.start] + self.after + source[self.end :]


def mutants_of(path: str, source: str) -> list[Mutant]:
    """All mutants of a file."""
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    return finder.found


class _Finder(ast.NodeVisitor):
    def __init__(self, path: str, source: str) -> None:
        self.found: list[Mutant] = []
        self._path, self._source = path, source
        self._rows = source.splitlines(keepends=True)
        self._scope: tuple[str, ...] = ()
        self._in_function = False
        self._lines: tuple[int, ...] = ()

    def _span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node is, in characters."""
        ends = [(node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)]  # type: ignore[attr-defined]
        rows = self._rows
        start, end = (sum(map(len, rows[: y - 1])) + len(rows[y - 1].encode()[:x].decode()) for y, x in ends)
        return start, end

    def _add(self, kind: str, start: int, end: int, after: str) -> None:
        before, scope = self._source[start:end], ".".join(self._scope)
        same = [(m.scope, m.kind, m.before, m.after) for m in self.found].count((scope, kind, before, after))
        line = self._source.count("\n", 0, start) + 1
        after += "\n" * before.count("\n")  # the lines below keep their numbers
        self.found.append(Mutant(self._path, kind, scope, start, end, before, after, line, self._lines, same))

    def _between(self, left: ast.AST, right: ast.AST, table: dict[str, str], kind: str) -> None:
        """Replace the operator between two operands."""
        start, end = self._span(left)[1], self._span(right)[0]
        said = OPERATOR.search(self._source[start:end])
        if said and said.group() in table:
            self._add(kind, start + said.start(), start + said.end(), table[said.group()])

    def _drop(self, node: ast.stmt) -> None:
        self._add("dropped", *self._span(node), "pass")

    # ------------------------------------------------------------ where we are

    def visit(self, node: ast.AST) -> None:
        if self._in_function and isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
            inner = getattr(node, "body", None) or [case.pattern for case in getattr(node, "cases", ())]
            last = inner[0].lineno - 1 if inner else node.end_lineno or 0
            self._lines = tuple(range(node.lineno, max(last, node.lineno) + 1))
        super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outer = self._scope, self._in_function, self._lines
        self._scope, self._in_function = (*self._scope, node.name), True
        self._lines = tuple(range(node.body[0].lineno, (node.end_lineno or 0) + 1))
        for part in (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body):
            self.visit(part)
        self._scope, self._in_function, self._lines = outer

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outer, self._scope = self._scope, (*self._scope, node.name)
        for statement in node.body:
            self.visit(statement)
        self._scope = outer

    def visit_Module(self, node: ast.Module) -> None:
        for statement in node.body:
            alias = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp | ast.Subscript)
            if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Assign) and not alias:
                self.visit(statement)

    # ------------------------------------------------------------ statements

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self._drop(node)
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        kept = all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
        if kept and self._scope[-1:] != ("__init__",):
            self._drop(node)
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._drop(node)
        start, end = self._span(node.target)[1], self._span(node.value)[0]
        said = self._source[start:end].strip(" (=")
        if said in ARITHMETIC:
            self._add("arithmetic", start, end, f" {ARITHMETIC[said]}= ")
        self.visit(node.value)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self._drop(node)
        elif not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self._add("returns nothing", *self._span(node), "return None")
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._drop(node)

    def visit_Continue(self, node: ast.Continue | ast.Break) -> None:
        self._drop(node)

    visit_Break = visit_Continue

    def visit_If(self, node: ast.If) -> None:
        start, end = self._span(node.test)
        if not isinstance(node.test, ast.UnaryOp | ast.Compare):  # these are negated anyway
            self._add("condition", start, end, f"not ({self._source[start:end]})")
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        """Says what types there are."""

    # ------------------------------------------------------------ expressions

    def visit_Compare(self, node: ast.Compare) -> None:
        for left, right in zip([node.left, *node.comparators], node.comparators, strict=False):
            self._between(left, right, COMPARISONS, "comparison")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._between(node.left, node.right, ARITHMETIC, "arithmetic")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._between(left, right, LOGIC, "logic")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self._add("sign", *self._span(node), self._source[slice(*self._span(node.operand))])
        if not isinstance(node.operand, ast.Constant):
            self.visit(node.operand)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._add("constant", *self._span(node), str(not node.value))
        elif isinstance(node.value, int):
            self._add("constant", *self._span(node), str(node.value + 1))
        elif isinstance(node.value, str) and node.value in NAMES:
            self._add("name", *self._span(node), repr(NAMES[node.value]))

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in NAMES:
            self._add("name", *self._span(node.func), NAMES[node.func.id])
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg != "strict":  # of `zip`: an assertion
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Text."""
