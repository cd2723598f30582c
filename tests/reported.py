"""What parity reported in a test that holds a line of docs/false-passes.md, as properties of the test in JUnit XML.

The audits are those that the test left in its own folder (`tmp_path`); a command that came to no audit left the reports of its error there.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

__all__ = ["properties"]


def properties(item: pytest.Item) -> list[tuple[str, str]]:
    """The lines that this test holds; then verdict, first divergence, headline and first named finding of the audit that shows it, if there is one."""
    marks = list(item.iter_markers("false_pass"))
    if not marks:
        return []
    found = [("false_pass", str(mark.args[0])) for mark in marks]
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    named = marks[0].kwargs.get("folder")
    if folder is not None:
        said = _said(folder if named is None else folder / named)
        found.extend((name, text.replace(f"…/{folder.name}/", "")) for name, text in said)
    return found


def _said(folder: Path) -> list[tuple[str, str]]:
    """The first report below a folder, in the order of writing."""
    reports = [*folder.rglob("audit.json"), *folder.rglob("junit.xml")]
    for path in sorted(reports, key=lambda path: path.stat().st_mtime_ns):
        said = list(_audit(path) if path.name == "audit.json" else _error(path))
        if said:
            return said
    return []


def _audit(path: Path) -> Iterator[tuple[str, str]]:
    audit: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    first: dict[str, Any] = audit.get("first_divergence") or {}
    yield "verdict", audit["verdict"]
    yield "first", first.get("stage", "")
    yield "headline", audit["headline"]
    names = [finding.get("cause") or finding.get("kind") for finding in audit["findings"]]
    yield "finding", next((name for name in names if name), "")


def _error(path: Path) -> Iterator[tuple[str, str]]:
    for error in ET.parse(path).getroot().iter("error"):
        yield "verdict", "refused"
        yield "first", ""
        yield "headline", error.get("message", "")
