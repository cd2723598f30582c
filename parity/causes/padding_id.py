"""Another padding id: what is pooled at the last token that is not padding, or reads padding without a mask, then differs."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, side, stage
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["PaddingId"]

_ZERO, _ONE = side(tokenizer={"pad_token_id": 0}), side(tokenizer={"pad_token_id": 1})


class PaddingId(Cause):
    NAME = "batch.padding_id"
    TITLE = "Another padding id"
    REMEDY = "Use the reference's padding id."
    STAGE = "logits"
    SPECIFICITY = 60
    CASES = (
        Case(
            "the last token is found by the padding id",
            pair(_ZERO, _ONE, first="logits", stages=[stage("logits"), stage("logits", "equal", "one feed")]),
        ),
    )
    BENIGN = (
        Case("another padding id that the mask hides", pair(_ZERO, _ONE)),
        Case("one padding id", pair(_ZERO, _ZERO, first="logits")),
        Case("nothing is padded", pair(_ZERO, side(tokenizer={"pad_token_id": None}), first="logits")),
        Case(
            "on the same ids the two differ as well",
            pair(_ZERO, _ONE, first="logits", stages=[stage("logits"), stage("logits", pass_="one feed")]),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ours, theirs = (described.tokenizer.get("pad_token_id") for described in evidence.described)
        padded = set(evidence.tokens.record.padding_side.values()) - {"none"}
        first = evidence.first
        if ours is None or theirs is None or ours == theirs or not padded or first is None:
            return
        on_one_feed = next(
            (item for item in evidence.stages if item.stage == first.stage and item.pass_ != first.pass_),
            None,
        )
        if (
            first.pass_ == "own"
            and on_one_feed is not None
            and on_one_feed.status in ("equal", "within_noise")
        ):
            yield Suspicion(
                f"The reference pads with the id {ours}, the candidate with {theirs}, and on the same ids the two agree "
                f"at {first.stage}.",
                first.stage,
                {"reference": ours, "candidate": theirs},
                severity="divergent",
                settings=("tokenizer.pad_token_id", "pad_token_id"),
            )
