"""A side that got no attention mask: padding is attended to."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, Feeds

__all__ = ["AttentionMask"]


class AttentionMask(Cause):
    NAME = "batch.attention_mask"
    TITLE = "The attention mask differs"
    REMEDY = "Feed the same mask as the reference."
    STAGE = "attention_mask"
    CASES = (
        Case(
            "no mask on one side", pair(first="attention_mask", feeds=Feeds({"reference": 0, "candidate": 4}))
        ),
    )
    BENIGN = (Case("masks on both sides", pair(feeds=Feeds({"reference": 0, "candidate": 0}))),)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        for side, rows in evidence.feeds.mask_missing.items():
            if not rows:
                continue
            counts = evidence.first is not None and evidence.first.stage == "attention_mask"
            yield Suspicion(
                f"The {side} got no attention mask, so padding is attended to in {rows} padded rows.",
                self.STAGE,
                {"side": side, "padded rows": rows},
                severity="divergent" if counts else "notice",
                standing="suspected" if counts else "observed",
            )
