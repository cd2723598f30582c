"""What the schema of Jenkins' xUnit plugin (junit-10.xsd) allows of the elements that parity writes, and what CI systems count on."""

from __future__ import annotations

import re
from xml.etree import ElementTree

__all__ = ["assert_junit_schema"]

# element: (attributes it must have, those it may have, the elements in it)
_ELEMENTS = {
    "testsuites": (set[str](), {"name", "time", "tests", "failures", "disabled", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests"},
        {"failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set[str](), set[str](), {"property"}),
    "property": ({"name", "value"}, set[str](), set[str]()),
    "testcase": (
        {"name"},
        {"classname", "time", "status", "assertions"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set[str](), {"type", "message"}, set[str]()),
    "error": (set[str](), {"type", "message"}, set[str]()),
    "skipped": (set[str](), {"message"}, set[str]()),
    "system-out": (set[str](), set[str](), set[str]()),
}
_SECONDS = re.compile(r"\d+\.\d{3}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def assert_junit_schema(text: str) -> None:
    """The document has only what the schema allows, its counts are those of its cases, and its times are times."""
    root = ElementTree.fromstring(text.encode())
    assert "testsuites" == root.tag
    for element in root.iter():
        must, may, inner = _ELEMENTS[element.tag]
        assert must <= set(element.attrib) <= must | may, element.tag
        assert {child.tag for child in element} <= inner, element.tag
        assert _SECONDS.fullmatch(element.attrib.get("time", "0.000"))
        assert _TIMESTAMP.fullmatch(element.attrib.get("timestamp", "2026-01-01T00:00:00"))
    for suite in root:
        cases = suite.findall("testcase")
        assert str(len(cases)) == suite.attrib["tests"]
        for kind, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert str(sum(case.find(kind) is not None for case in cases)) == suite.attrib[count]
        for case in cases:
            assert len(case.findall("failure") + case.findall("error") + case.findall("skipped")) <= 1
