"""Every import of the package keeps to the table of rooms in docs/architecture.md."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EVERYBODY = {"streamsql.errors", "streamsql.record", "streamsql.types"}
ARRAYS = {"numpy", "pyarrow"}
MAY_TOUCH: dict[str, set[str]] = {
    "streamsql": {"streamsql.app", "streamsql.functions", "rcf_ext"},
    "streamsql.errors": set(),
    "streamsql.record": set(),
    "streamsql.types": {"pyarrow"},
    "streamsql.sql": set(),
    "streamsql.plan": {"streamsql.sql", "streamsql.functions.registry"},
    "streamsql.functions": {*ARRAYS, "streamsql.kernels", "rcf_ext"},
    "streamsql.kernels": ARRAYS,
    "streamsql.exec": {*ARRAYS, "streamsql.plan", "streamsql.functions", "streamsql.kernels"},
    "streamsql.durable": ARRAYS,
    "streamsql.io": {*ARRAYS, "streamsql.kernels", "streamsql.durable"},
    "streamsql.app": {
        *(*ARRAYS, "rcf_ext"),
        *(f"streamsql.{room}" for room in ("sql", "plan", "functions", "kernels", "exec", "durable", "io")),
    },
    "streamsql.cli": {"streamsql.app", "streamsql.kernels.heap"},
    "streamsql.__main__": {"streamsql.cli"},
    "rcf_ext": {"numpy"},
}
# A client library may be imported in the one file that needs it, and nowhere else.
ONE_FILE: dict[str, str] = {"sqlglot": "streamsql.sql.dialect"}
MAY_READ_A_CLOCK = {"streamsql.app", "streamsql.cli", "streamsql.exec.time", "streamsql.io", "streamsql.durable"}

SOURCES = sorted([*ROOT.glob("streamsql/**/*.py"), *ROOT.glob("streamsql/**/*.pyi"), *ROOT.glob("rcf_ext/*.py")])


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "streamsql" else parts[0]


def within(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(name + ".") for name in allowed)


def imports(path: Path) -> set[str]:
    """Every module that the file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module
            found.update(_imported(node.module, alias.name) for alias in node.names)
    return found


def _imported(module: str, name: str) -> str:
    """What `from module import name` reads: the submodule if there is one, else the module."""
    submodule = ROOT.joinpath(*module.split("."), name)
    return f"{module}.{name}" if submodule.is_dir() or submodule.with_suffix(".py").exists() else module


def is_allowed(imported: str, module: str) -> bool:
    room = room_of(module)
    top = imported.split(".")[0]
    if imported == "pyarrow.compute":
        return False  # slow to import: streamsql.kernels.compute has the same functions
    if top in sys.stdlib_module_names or top == "cython":
        return True
    if top in ONE_FILE:
        return ONE_FILE[top] == module
    return within(imported, EVERYBODY | MAY_TOUCH[room] | ({room} if room != "streamsql" else set()))


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_imports_only_what_its_room_may_touch(path: Path) -> None:
    module = module_of(path)
    wrong = sorted(name for name in imports(path) if not is_allowed(name, module))
    assert not wrong, f"{module} may not import {', '.join(wrong)}"


@pytest.mark.parametrize("path", SOURCES, ids=module_of)
def test_only_app_reads_a_clock(path: Path) -> None:
    module = module_of(path)
    if not within(module, MAY_READ_A_CLOCK) and "time" in imports(path):
        pytest.fail(f"{module} reads the system clock")


def test_every_room_is_in_the_table() -> None:
    assert {room_of(module_of(path)) for path in SOURCES} <= set(MAY_TOUCH)


def test_a_forbidden_import_is_found() -> None:
    assert not is_allowed("pyarrow.compute", "streamsql.plan.bind.query")
    assert not is_allowed("streamsql.exec.graph", "streamsql.cli.main")
    assert not is_allowed("streamsql.plan.nodes", "streamsql.functions.math")
    assert is_allowed("streamsql.functions.registry", "streamsql.plan.bind.expression")
    assert not is_allowed("streamsql.functions.math", "streamsql.plan.bind.expression")
