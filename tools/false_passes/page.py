"""The page in Markdown: the list with what parity reported, then each run."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from proof.kept import versions
from tools.false_passes.lines import LINES
from tools.false_passes.runs import Held

__all__ = ["PAGE", "broken", "page"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "false-passes.md"

_HEAD = """# False passes

Pairs that a check in wide use calls equal, or blames on the wrong place, or raises a false alarm about; and what parity reported of each. Every line is a
test that fails if parity is fooled. This page is written by `python -m tools.false_passes`, which runs these tests: verdicts, stages and sentences are
those of the audits that the tests made. Do not edit it.

A tool is named where this was measured with it, or read in its source, in November 2026. `benchmarks/peers` puts the pairs that can be given as arrays or
modules to such tools again ([benchmarks/README.md](../benchmarks/README.md#what-others-let-through)).
"""


def broken(held: Sequence[Held]) -> list[str]:
    """What is not as it should be, a sentence each: lines without a test, tests that did not pass."""
    lines = {line for one in held for line in one.lines}
    missing = [f"Line {number} has no test." for number in range(1, len(LINES) + 1) if number not in lines]
    return [*missing, *(f"{one.test}: {one.outcome}" for one in held if one.outcome != "passed")]


def page(held: Sequence[Held]) -> str:
    """The page of these tests."""
    wrong = broken(held)
    passed = sum(one.outcome == "passed" for one in held)
    made_with = ", ".join(
        f"{name} {number}" for name, number in {"Python": platform.python_version(), **versions()}.items()
    )
    count = f"{len(LINES)} lines, {len(held)} tests, {passed} passed. {made_with}."
    return (
        "\n".join(
            [_HEAD, count, "", *_table(held), "", "## What was reported", "", *_runs(held)]
            + (["", "## Broken", "", *(f"* {sentence}" for sentence in wrong)] if wrong else [])
        ).replace("\n\n\n", "\n\n")
        + "\n"
    )


def _table(held: Sequence[Held]) -> Iterator[str]:
    yield "| # | pair | who is fooled | what parity reports | first difference |"
    yield "| --- | --- | --- | --- | --- |"
    for number, line in enumerate(LINES, 1):
        ours = [one for one in held if number in one.lines]
        verdicts = ", ".join(dict.fromkeys(_verdict(one) for one in ours)) or "**no test**"
        first = ", ".join(dict.fromkeys(f"`{one.first}`" for one in ours if one.first)) or "—"
        yield f"| {number} | {_cell(line.pair)} | {_cell(line.fooled)} | {verdicts} | {first} |"


def _runs(held: Sequence[Held]) -> Iterator[str]:
    yield "| # | test | verdict | headline | first finding |"
    yield "| --- | --- | --- | --- | --- |"
    for number in range(1, len(LINES) + 1):
        for one in held:
            if number in one.lines:
                case = f" ({_cell(one.case)})" if one.case else ""
                finding = f"`{one.finding}`" if one.finding else "—"
                yield f"| {number} | `{one.test}`{case} | {_verdict(one)} | {_cell(one.headline)} | {finding} |"


def _verdict(one: Held) -> str:
    if one.outcome != "passed":
        return f"**{_cell(one.outcome)}**"
    return f"`{one.verdict}`" if one.verdict else "(as the test says)"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")
