"""Findings about what the models were fed: texts, tokens, masks, padding and positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parity.align.texts import unlike_algorithms
from parity.causes.evidence import Evidence
from parity.records.finding import Finding

__all__ = ["batch_findings", "positions_findings", "texts_findings", "tokens_findings"]


_TOKEN_CAUSES: dict[str, tuple[str, str, str]] = {
    "pieces": ("tokenizer.algorithm", "tokens", "the same normalised text is cut into other pieces"),
    "ids": ("tokenizer.vocabulary", "input_ids", "the same pieces have other ids"),
    "special_tokens": (
        "tokenizer.special_tokens",
        "input_ids",
        "special tokens are missing, doubled or other",
    ),
    "truncation": ("tokenizer.truncation", "input_ids", "one side is cut shorter than the other"),
    "token_type_ids": ("batch.token_type_ids", "token_type_ids", "the segments differ"),
}


_TEXT_CAUSES: dict[str, tuple[str, str]] = {
    "lowercase": ("text.lowercase", "the normalised texts differ by case"),
    "accents": ("text.accents", "the normalised texts differ by accents"),
    "unicode": ("text.unicode", "the normalised texts differ by their Unicode form"),
    "whitespace": ("text.whitespace", "the normalised texts differ by white space"),
    "other": ("unknown", "the normalised texts differ"),
}


def texts_findings(evidence: Evidence) -> Iterator[Finding]:
    for kind, count in evidence.text_changes.items():
        cause, words = _TEXT_CAUSES[kind]
        yield Finding(
            cause=cause,
            stage="text",
            severity="divergent",
            sentence=f"In {count} of {evidence.tokens.rows} rows {words}.",
            evidence={
                "standing": "suspected",
                "rows": count,
                "reference do_lower_case": evidence.reference.tokenizer.get("do_lower_case"),
                "candidate do_lower_case": evidence.candidate.tokenizer.get("do_lower_case"),
            },
        )


def tokens_findings(evidence: Evidence) -> Iterator[Finding]:
    both = (evidence.reference, evidence.candidate)
    digests = [side.tokenizer.get("vocabulary_digest") for side in both]
    for kind, (cause, stage, words) in _TOKEN_CAUSES.items():
        count = evidence.tokens.differences.get(kind, 0)
        if not count:
            continue
        seen: dict[str, Any] = {"standing": "suspected", "rows": count}
        if kind in {"pieces", "ids"} and None not in digests:
            seen["same vocabulary"] = digests[0] == digests[1]
        unlike = unlike_algorithms(*(side.tokenizer for side in both)) if kind == "pieces" else ""
        if unlike:
            words = f"the text is cut into other pieces: {unlike}"
        if kind in {"pieces", "ids"}:
            seen["reference tokenizer"] = evidence.reference.tokenizer.get("class")
            seen["candidate tokenizer"] = evidence.candidate.tokenizer.get("class")
            if seen.get("same vocabulary") is False:
                cause = cause if unlike else "tokenizer.vocabulary"
                words += "; the two tokenizers have different vocabularies"
        if kind == "truncation":
            for side, described in (("reference", evidence.reference), ("candidate", evidence.candidate)):
                seen[f"{side} maximum length"] = described.tokenizer.get(
                    "limit", described.tokenizer.get("max_length")
                )
        yield Finding(
            cause=cause,
            stage=stage,
            severity="divergent",
            sentence=f"In {count} of {evidence.tokens.rows} rows {words}.",
            evidence=seen,
        )


def batch_findings(evidence: Evidence) -> Iterator[Finding]:
    sides = evidence.tokens.padding_side
    if len(set(sides.values()) - {"none"}) > 1:
        minds = evidence.first is not None and evidence.first.pass_ == "own"
        words = "and the model minds" if minds else "and the model does not mind"
        start = evidence.start
        if not minds and start is not None and start.pass_ == "own":
            words = "and what follows stays within the limits that were set"
        yield Finding(
            cause="batch.padding_side",
            stage="attention_mask",
            severity="divergent" if minds else "notice",
            sentence=f"The reference pads on the {sides['reference']}, the candidate on the {sides['candidate']}, {words}.",
            evidence={"standing": "suspected" if minds else "observed", **sides},
        )
    for side, rows in evidence.mask_missing.items():
        if not rows:
            continue
        minds = evidence.first is not None and evidence.first.stage == "attention_mask"
        yield Finding(
            cause="batch.attention_mask",
            stage="attention_mask",
            severity="divergent" if minds else "notice",
            sentence=f"The {side} was given no attention mask, so padding is attended to in {rows} padded rows.",
            evidence={"standing": "suspected" if minds else "observed", "side": side, "padded rows": rows},
        )


def positions_findings(evidence: Evidence) -> Iterator[Finding]:
    """Positions of the same tokens that differ; a shift that the model does not mind is that of another table."""
    count = evidence.tokens.differences.get("position_ids", 0)
    record = next((record for record in evidence.stages if record.stage == "position_ids"), None)
    if not count or record is None:
        return
    minds = record.status == "divergent"
    yield Finding(
        cause="batch.position_ids" if minds else None,
        stage="position_ids",
        severity="divergent" if minds else "notice",
        sentence=f"In {count} of {record.rows} rows the same tokens have {record.reason}.",
        evidence={"standing": "suspected" if minds else "observed", "rows": count},
    )
