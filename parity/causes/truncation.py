"""Texts that one side cuts shorter than the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from parity.causes.case import Case, pair, side, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen

__all__ = ["Truncation"]

_SETTINGS = tuple(
    f"tokenizer.{name}"
    for name in ("limit", "model_max_length", "max_length", "truncation", "truncation_side")
)


class Truncation(Cause):
    NAME = "tokenizer.truncation"
    TITLE = "Texts are truncated differently"
    REMEDY = "Set the reference's maximum length and side."
    STAGE = "input_ids"
    CASES = (
        Case(
            "cut at 128 and at 512 tokens",
            pair(
                side(tokenizer={"limit": 512}),
                side(tokenizer={"limit": 128}),
                first="input_ids",
                tokens=TokensSeen(tokens(truncation=2)),
            ),
        ),
    )
    BENIGN = (
        Case(
            "other lengths that no text reaches",
            pair(side(tokenizer={"limit": 512}), side(tokenizer={"limit": 128})),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        record = evidence.tokens.record
        count = record.differences.get("truncation", 0)
        if not count:
            return
        facts: dict[str, Any] = {"rows": count}
        for name, described in evidence.sides:
            longest = described.tokenizer.get("limit", described.tokenizer.get("max_length"))
            facts[f"{name} maximum length"] = longest
        yield Suspicion(
            f"In {count} of {record.rows} rows one side is truncated shorter than the other.",
            self.STAGE,
            facts,
            severity="divergent",
            settings=_SETTINGS,
        )
