"""Why a comparison's two sides differ: the second of the four answers, and the finding that explains most."""

from __future__ import annotations

from parity.records.audit import Audit
from parity.records.finding import Finding
from parity_reports.compare.older_records import standing_of, suspected, title_of
from parity_reports.compare.where import excluded_stages, limited_stages
from parity_reports.pages import Answer
from parity_reports.text import wording

__all__ = ["answer_why", "main_finding", "named_finding"]

_LONGEST = 120  # characters of a notice, in a box that is read in seconds


def answer_why(audit: Audit) -> Answer:
    question, finding = "Why?", main_finding(audit)
    if audit.verdict == "parity":
        title = "No difference that counts" if excluded_stages(audit) else "No difference to explain"
        if finding is not None:
            noticed = f"Noticed: {_brief(finding.sentence)}"
            return Answer(question, title, noticed, "findings", "Findings")
        rest = (
            "All other differences are rounding."
            if excluded_stages(audit)
            else "All differences are rounding."
        )
        return Answer(question, title, rest, "noise", "How the noise was measured")
    counting = next((item for item in audit.not_compared if item.counts), None)
    if _without_divergence(audit) and counting is not None:
        return Answer(
            question,
            "Something was not compared",
            wording.capital(counting.reason),
            "not-compared",
            "Details",
        )
    if (named := named_finding(audit)) is not None:
        standing = standing_of(named)
        phrase = f"{wording.capital(standing)}: {named.sentence}" if suspected(named) else named.sentence
        return Answer(question, wording.clip(title_of(named), 80), phrase, "findings", "Evidence")
    if finding is not None:
        return Answer(question, "Cause not established", finding.sentence, "findings", "Findings")
    return Answer(
        question,
        "Cause not established",
        "No finding explains the difference.",
        "compared",
        "What differs between the two",
    )


def main_finding(audit: Audit) -> Finding | None:
    """The finding that explains most: the first one, or, in records without that order, the first that is divergent."""
    divergent = (finding for finding in audit.findings if finding.severity == "divergent")
    return next(divergent, audit.findings[0] if audit.findings else None)


def named_finding(audit: Audit) -> Finding | None:
    """The main finding, if it names a cause and says why: one merely noticed does not."""
    finding = main_finding(audit)
    if finding is None or finding.cause is None:
        return None
    limited = audit.verdict in ("equivalent", "inconclusive") and suspected(finding)
    return finding if finding.severity == "divergent" or limited else None


def _without_divergence(audit: Audit) -> bool:
    return audit.first_divergence is None and not limited_stages(audit)


def _brief(sentence: str) -> str:
    """A sentence without the long list after its colon, which stands with the findings.

    >>> _brief("2 tensors are used by nothing: " + ", ".join(["encoder.layer.0.attention.self.query.weight"] * 3))
    '2 tensors are used by nothing.'
    """
    phrase, colon, _ = sentence.partition(": ")
    return f"{phrase}." if colon and len(sentence) > _LONGEST else sentence
