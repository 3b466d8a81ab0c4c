"""Every statement and every error code of the specification is checked here, in SQL, or README.md says where."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
SPECIFICATION = (ROOT / "docs/spec/kinesis-sql.md").read_text()
STATEMENTS = re.findall(r"^\d+\. (C-\d{3}) ", SPECIFICATION, re.MULTILINE)
CODES = re.findall(r"^\| ([A-Z]{3}-\d{3}) \|", SPECIFICATION, re.MULTILINE)
ELSEWHERE = re.findall(r"^\| ([A-Z]+-\d{3}) \| `(\S+)` \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
"""(statement or code, file) of what the format cannot say."""


def cited() -> set[str]:
    """What the tests of this folder name in their first line, and the codes that they expect."""
    found: set[str] = set()
    for path in FOLDER.rglob("*.slt"):
        for line in path.read_text().splitlines():
            if line.startswith(("test ", "statement error ")):
                found.update(re.findall(r"\b[A-Z]+-\d{3}\b", line))
    return found


def test_the_lists_of_the_specification_are_read_whole() -> None:
    assert [f"C-{number:03}" for number in range(1, 176)] == STATEMENTS
    assert len(CODES) == len(set(CODES)) == 47


def test_every_statement_and_code_has_a_test() -> None:
    missing = {*STATEMENTS, *CODES} - cited() - {name for name, _ in ELSEWHERE}
    assert not missing, f"without a test: {sorted(missing)}"


def test_nothing_is_cited_that_does_not_exist() -> None:
    assert not cited() - {*STATEMENTS, *CODES}


def test_what_is_tested_elsewhere_is_tested_there_and_only_there() -> None:
    for name, path in ELSEWHERE:
        assert name in (ROOT / path).read_text(), f"{path} does not cite {name}"
    assert not cited() & {name for name, _ in ELSEWHERE}
