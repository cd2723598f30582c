"""The audit as JUnit XML, which every CI system shows; the document is valid by the schema of Jenkins' xUnit plugin (junit-10.xsd)."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

from parity_reports.builders import AnyAudit, build_suite
from parity_reports.cases import Case, Suite
from parity_reports.text.visible import visible

__all__ = ["document", "render"]


def render(audit: AnyAudit) -> str:
    """The document."""
    return document(build_suite(audit))


def document(suite: Suite) -> str:
    """The suite as XML, every text made visible: what XML cannot hold is shown by number."""
    cases = suite.cases
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failure" for case in cases)),
        "errors": str(sum(case.outcome == "error" for case in cases)),
    }
    took = {"time": f"{suite.seconds:.3f}"}
    # `skipped` belongs to the suite only: the schema does not know it at the root.
    root = ElementTree.Element("testsuites", {"name": "parity", **counts, **took})
    skipped = {"skipped": str(sum(case.outcome == "skipped" for case in cases))}
    when = _timestamp(suite.started)
    attributes = {"name": suite.name, **counts, **skipped, **took, **({"timestamp": when} if when else {})}
    element = ElementTree.SubElement(root, "testsuite", attributes)
    properties = ElementTree.SubElement(element, "properties")
    for fact, value in suite.facts:
        ElementTree.SubElement(properties, "property", name=fact, value=visible(value))
    for case in cases:
        _add(element, case)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(suite: ElementTree.Element, case: Case) -> None:
    group, took = visible(f"parity.{case.group}"), f"{case.seconds:.3f}"
    element = ElementTree.SubElement(suite, "testcase", classname=group, name=visible(case.name), time=took)
    if case.outcome != "passed":
        kind = {"type": f"parity.{case.outcome}"} if case.red else {}
        outcome = ElementTree.SubElement(element, case.outcome, {"message": visible(case.message), **kind})
        outcome.text = visible(case.text)
    elif case.text:
        ElementTree.SubElement(element, "system-out").text = visible(case.text)


def _timestamp(started: str) -> str:
    """ISO 8601 in UTC without a zone, as the schemas want it; "" where it is no time."""
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return ""
    return (moment.astimezone(UTC) if moment.tzinfo else moment).strftime("%Y-%m-%dT%H:%M:%S")
