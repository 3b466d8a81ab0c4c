"""The bridge to sqlglot replaces three public methods, and they must still be the ones sqlglot calls."""

import subprocess
import sys

import pytest
import sqlglot
from sqlglot.dialects.dialect import Dialect

from streamsql.errors import ScriptErrors
from streamsql.sql import parse, to_sql
from streamsql.sql.dialect import Kinesis

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
    assert tree == parse(text).statements[0]
    assert tree.sql(Kinesis) == tree.sql("kinesis") == to_sql(tree)
    assert [token.text for token in sqlglot.tokenize("a <> 1", read="kinesis")] == ["A", "<>", "1"]
    for call in (sqlglot.parse_one, sqlglot.tokenize):
        with pytest.raises(ScriptErrors):
            call("SELECT 'x", read="kinesis")


def test_the_front_loads_no_foreign_dialect() -> None:
    code = (
        "import sys, streamsql.sql;"
        "heavy = ('sqlglot.dialects.', 'sqlglot.executor', 'sqlglot.planner');"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "['sqlglot.dialects.dialect']"
