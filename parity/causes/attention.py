"""Another implementation of attention: within the noise floor it is rounding, above it a defect of one of the two."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.stages import layer_of

__all__ = ["Attention"]

_EAGER, _SDPA = (side(config={"attn_implementation": name}) for name in ("eager", "sdpa"))


class Attention(Cause):
    NAME = "runtime.attention"
    TITLE = "Another attention implementation"
    REMEDY = "Run both with the same implementation."
    STAGE = "layer.0.attention"
    SPECIFICITY = 30
    CASES = (Case("eager against sdpa, and a layer differs", pair(_EAGER, _SDPA, first="layer.0")),)
    BENIGN = (Case("one implementation", pair(_EAGER, _EAGER, first="layer.0")),)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ours, theirs = (described.config.get("attn_implementation") for described in evidence.described)
        if not ours or not theirs or ours == theirs:
            return
        start = evidence.start
        in_layer = start is not None and layer_of(start.stage) is not None
        yield Suspicion(
            f"Attention is computed by {ours} in the reference and by {theirs} in the candidate.",
            self.STAGE,
            {"reference": ours, "candidate": theirs},
            severity="divergent" if in_layer and evidence.first is not None else "notice",
            standing="suspected" if in_layer else "observed",
            settings=("attn_implementation",),
        )
