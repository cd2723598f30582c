"""docs/false-passes.md has every line of the list, and each test that it names is there and is marked with that line."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.false_passes.lines import LINES
from tools.false_passes.page import PAGE, broken, page
from tools.false_passes.runs import Held, read

ROOT = Path(__file__).parent.parent


def _marked() -> Iterator[tuple[int, str]]:
    """Every line with every test that is marked with it, read from the source."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.false_pass(" in text:
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef):
                    for mark in node.decorator_list:
                        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.false_pass":
                            yield ast.literal_eval(mark.args[0]), f"{path.relative_to(ROOT)}::{node.name}"


@pytest.fixture(scope="module")
def shown() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_every_line_is_held_by_a_test_and_no_test_holds_another() -> None:
    assert set(range(1, len(LINES) + 1)) == {line for line, _ in _marked()}


def test_the_page_has_every_line_with_who_is_fooled_and_a_verdict(shown: str) -> None:
    table = shown.partition("## What was reported")[0]
    rows = dict(re.findall(r"^\| (\d+) \| (.*?) \| `[a-z_]+`[^|]* \| [^|]* \|$", table, re.MULTILINE))
    for number, line in enumerate(LINES, 1):
        assert f"{line.pair} | {line.fooled}" == rows[str(number)]


def test_the_page_names_the_tests_that_are_marked_and_all_passed(shown: str) -> None:
    named = re.findall(r"^\| (\d+) \| `(tests/\S+)`.*? \| `[a-z_]+` \| .+ \|$", shown, re.MULTILINE)
    assert set(_marked()) == {(int(number), test) for number, test in named}
    assert "## Broken" not in shown


_JUNIT = """<testsuites><testsuite>
<testcase file="tests/a.py" name="test_one[two-3]"><properties>
<property name="false_pass" value="4"/><property name="verdict" value="divergent"/>
<property name="first" value="logits"/><property name="headline" value="One | two."/>
<property name="finding" value="weights.changed"/></properties></testcase>
<testcase file="tests/a.py" name="test_skipped"><properties><property name="false_pass" value="5"/></properties>
<skipped message="not built"/></testcase>
<testcase file="tests/a.py" name="test_failed"><properties><property name="false_pass" value="6"/></properties>
<failure message="assert 'parity' == 'divergent'"/></testcase>
<testcase file="tests/a.py" name="test_of_no_line"/>
</testsuite></testsuites>"""


def test_what_a_run_left_is_read_with_its_outcome_and_a_line_not_held_is_broken(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").write_text(_JUNIT, encoding="utf-8")
    held = read([tmp_path / "junit.xml"])
    assert (
        Held(
            "tests/a.py::test_one",
            "two-3",
            (4,),
            "passed",
            "divergent",
            "logits",
            "One | two.",
            "weights.changed",
        )
        in held
    )
    said = broken(held)
    assert [
        "tests/a.py::test_failed: failed: assert 'parity' == 'divergent'",
        "tests/a.py::test_skipped: not run: not built",
    ] == said[-2:]
    assert [
        f"Line {number} has no test." for number in range(1, len(LINES) + 1) if number not in (4, 5, 6)
    ] == said[:-2]
    text = page(held)
    assert "| 4 | `tests/a.py::test_one` (two-3) | `divergent` | One \\| two. | `weights.changed` |" in text
    assert "| **not run: not built** | — |" in text
    assert "## Broken" in text
