"""What is reported of normalised texts that differ, whatever the rule; a difference that no rule explains has no cause of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parity.causes.evidence import Evidence
from parity.records.finding import Finding

__all__ = ["other_texts", "text_facts", "text_sentence"]


def text_sentence(evidence: Evidence, count: int, words: str) -> str:
    """In how many rows the texts differ, and how."""
    return f"In {count} of {evidence.tokens.record.rows} rows {words}."


def text_facts(evidence: Evidence, count: int) -> dict[str, Any]:
    """The rows, and what both tokenizers report of their case rule."""
    return {
        "rows": count,
        **{f"{name} do_lower_case": side.tokenizer.get("do_lower_case") for name, side in evidence.sides},
    }


def other_texts(evidence: Evidence) -> Iterator[Finding]:
    """Texts that differ by no rule that is known: `unknown`, never the nearest guess."""
    count = evidence.tokens.text_changes.get("other", 0)
    if count:
        yield Finding(
            cause="unknown",
            stage="text",
            severity="divergent",
            sentence=text_sentence(evidence, count, "the normalised texts differ"),
            evidence={"standing": "suspected", **text_facts(evidence, count)},
            standing="suspected",
        )
