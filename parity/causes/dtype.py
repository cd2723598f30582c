"""Another number format: one side computes in less than the other."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, side, stage
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["Dtype"]

_ROUNDING = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
_GROWTH = 1000.0  # how far the rounding of one format grows before the first difference
_FLOAT32, _BFLOAT16 = side(dtype="float32"), side(dtype="bfloat16")


class Dtype(Cause):
    NAME = "runtime.dtype"
    TITLE = "Another number format"
    REMEDY = "Run both in the same dtype."
    STAGE = "embeddings"
    SPECIFICITY = 40
    CASES = (
        Case("bfloat16 for float32", pair(_FLOAT32, _BFLOAT16, first="embeddings")),
        Case("float16 for float32, in the layers", pair(_FLOAT32, side(dtype="float16"), first="layer.0")),
    )
    BENIGN = (
        Case("one format", pair(_FLOAT32, _FLOAT32, first="embeddings")),
        Case(
            "a difference far larger than the format explains",
            pair(_FLOAT32, side(dtype="float64"), first="logits", stages=[stage("logits", relative_l2=1.4)]),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        ours, theirs = (described.dtype for described in evidence.described)
        if not ours or not theirs or ours == theirs:
            return
        fits = _fits(evidence)
        left = [
            item
            for side in evidence.described
            for item in side.chosen
            if (item.setting, item.by) == ("dtype", "library")
        ]
        named = (
            f" Name the dtype in the call, such as dtype=torch.{ours}: each library chose its own."
            if left
            else ""
        )
        judged = " Or use --policy decisions, which judges the labels and probabilities."
        yield Suspicion(
            f"The reference computes in {ours}, the candidate in {theirs}"
            f"{'' if fits else '; the difference is larger than that explains'}.",
            self.STAGE,
            {"reference": ours, "candidate": theirs},
            severity="divergent" if evidence.first is not None and fits else "notice",
            standing="suspected" if fits else "observed",
            named=fits,
            remedy=f"{self.REMEDY}{named}{judged if evidence.policy.flip_rate is None else ''}",
            settings=("dtype", "torch_dtype"),
        )


def _fits(evidence: Evidence) -> bool:
    """Whether the first difference is of a size that the coarser of the two formats can make."""
    first = evidence.first
    if first is None:
        return True
    seen = [
        item.relative_l2 for item in evidence.stages if (item.stage, item.pass_) == (first.stage, first.pass_)
    ]
    rounding = [_ROUNDING.get(described.dtype) for described in evidence.described]
    known = [unit for unit in rounding if unit is not None]
    if not seen or seen[0] is None or len(known) < 2:
        return True
    return seen[0] <= _GROWTH * max(known)
