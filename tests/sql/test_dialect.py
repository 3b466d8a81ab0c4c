"""The bridge to sqlglot: trees go over and come back; three public methods are replaced, and sqlglot still has them."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
from sqlglot.dialects.dialect import Dialect

from streamsql.errors import ScriptErrors
from streamsql.sql import parse
from streamsql.sql.dialect import Kinesis, from_sqlglot, to_sqlglot
from streamsql.sql.generator import to_sql

FORMS = (Path(__file__).parent / "forms.txt").read_text().splitlines()

REPLACED = {"tokenize", "parse", "generate"}


def test_what_is_replaced_still_exists_in_the_base() -> None:
    own = {name for name, value in vars(Kinesis).items() if callable(value) and not isinstance(value, type)}
    assert own & set(dir(Dialect)) >= REPLACED
    assert {name for name in own if not name.startswith("_")} == REPLACED
    for name in REPLACED:
        assert callable(getattr(Dialect, name))


def test_sqlglot_goes_through_ours() -> None:
    text = "SELECT STREAM (a - b) SECOND AS x FROM s"
    tree = sqlglot.parse_one(text, read=Kinesis)
    assert tree.sql(Kinesis) == tree.sql("kinesis") == to_sql(parse(text).statements[0])
    assert [name.name for name in tree.find_all(sqlglot.exp.Identifier)] == ["X", "S", "A", "B"]
    assert [token.text for token in sqlglot.tokenize("a <> 1", read="kinesis")] == ["A", "<>", "1"]
    for call in (sqlglot.parse_one, sqlglot.tokenize):
        with pytest.raises(ScriptErrors):
            call("SELECT 'x", read="kinesis")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_goes_to_sqlglot_and_back(form: str) -> None:
    for statement in parse(form).statements:
        tree = to_sqlglot(statement)
        assert from_sqlglot(tree) == statement
        assert tree == to_sqlglot(from_sqlglot(tree))
        assert tree.sql("kinesis") == to_sql(statement)


def test_places_go_along() -> None:
    (tree,) = Kinesis().parse("SELECT STREAM a\nFROM s WHERE a = 1")
    assert tree is not None
    assert tree.args["where"].meta == {"start": 31, "end": 31, "line": 2, "col": 16}


def test_a_foreign_node_has_no_text() -> None:
    foreign = sqlglot.parse_one("SELECT a FROM t")
    with pytest.raises(TypeError, match="Select is not a node"):
        foreign.sql("kinesis")


def test_the_engine_never_imports_sqlglot() -> None:
    code = "import sys, streamsql.app.launch; print([name for name in sys.modules if name.startswith('sqlglot')])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
