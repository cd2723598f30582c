"""Padding on the other side: absolute positions that do not follow the mask then differ."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen

__all__ = ["PaddingSide"]


class PaddingSide(Cause):
    NAME = "batch.padding_side"
    TITLE = "Padded on the other side"
    REMEDY = "Pad on the reference's side."
    STAGE = "attention_mask"
    CASES = (
        Case(
            "padded left, and the positions do not follow the mask",
            pair(first="attention_mask", tokens=TokensSeen(tokens(("right", "left")))),
        ),
        Case(
            "padded left, and the model computes the same",
            pair(tokens=TokensSeen(tokens(("right", "left")))),
        ),
    )
    BENIGN = (
        Case("nothing is padded on one side", pair(tokens=TokensSeen(tokens(("right", "none"))))),
        Case("both pad on the right", pair(first="embeddings")),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        sides = evidence.tokens.record.padding_side
        if len(set(sides.values()) - {"none"}) < 2:
            return
        counts = evidence.first is not None and evidence.first.pass_ == "own"
        words = (
            "and the model's output changes with it" if counts else "and the model's output does not change"
        )
        start = evidence.start
        if not counts and start is not None and start.pass_ == "own":
            words = "and what follows stays within the limits that were set"
        yield Suspicion(
            f"The reference pads on the {sides['reference']}, the candidate on the {sides['candidate']}, {words}.",
            self.STAGE,
            dict(sides),
            severity="divergent" if counts else "notice",
            standing="suspected" if counts else "observed",
            settings=("tokenizer.padding_side",),
        )
