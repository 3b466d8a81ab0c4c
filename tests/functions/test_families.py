"""The list of families is complete: each file registers the names that stand there, and no others are registered."""

import json
import subprocess
import sys

from streamsql.functions.families import FAMILIES, FAMILY_OF

# In a process of its own, where no family is imported yet.
CODE = """
import importlib, json
from streamsql.functions import registry
from streamsql.functions.families import FAMILIES
known = lambda: {*registry._scalars, *registry._aggregates, *registry._tables}
print(json.dumps([known().__len__(), {
    family: (importlib.import_module(f"streamsql.functions.{family}"), sorted(known()))[1] for family in FAMILIES
}]))
"""


def test_every_family_registers_what_is_listed():
    found = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True).stdout
    at_first, after = json.loads(found)
    assert at_first == 0
    for family, names in FAMILIES.items():
        assert set(names) <= set(after[family]), family
    assert sorted(FAMILY_OF) == after[list(FAMILIES)[-1]]
    assert len(FAMILY_OF) == sum(map(len, FAMILIES.values())), "a name is listed twice"


def test_one_function_imports_its_family_only():
    code = """
import sys
from streamsql.functions import registry
assert registry.scalar_function("ABS") is not None
assert registry.aggregate_function("ABS") is None
families = [name for name in registry.FAMILIES if "streamsql.functions." + name in sys.modules]
print(",".join(families))
assert registry.scalar_function("NO SUCH") is None
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "arithmetic,math"  # what it builds on
