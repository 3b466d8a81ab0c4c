"""Every example of docs/forest-usage.md runs and prints what the page says."""

import doctest
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "forest-usage.md"


def test_the_examples_run() -> None:
    text = PAGE.read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 9
    page = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, PAGE.name, str(PAGE), 0)
    report: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(page, out=report.append)
    assert result.failed == 0, "".join(report)


def test_the_plot_is_there() -> None:
    assert (PAGE.parent / "forest-usage.png").read_bytes().startswith(b"\x89PNG")
