"""A side that is not the same twice: the same batch again gives other values."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, repeat
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.records.after import AfterResult

__all__ = ["Nondeterminism"]


class Nondeterminism(Cause):
    NAME = "runtime.nondeterminism"
    TITLE = "Not the same twice"
    REMEDY = "Turn off what is drawn at random (dropout, sampling), or use deterministic algorithms; until then no comparison with it counts."
    STAGE = "embeddings"
    CASES = (
        Case("the same batch again differs", pair(after=AfterResult(repeats=[repeat("same_batch")]))),
        Case(
            "it differs from the other side as well",
            pair(
                first="embeddings", after=AfterResult(repeats=[repeat("same_batch"), repeat("other_order")])
            ),
        ),
    )
    BENIGN = (
        Case("nothing was run again", pair(first="layer.0")),
        Case(
            "it keeps state, and settles",
            pair(after=AfterResult(repeats=[repeat("same_batch", settles=True), repeat("other_order")])),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        for seen in evidence.after.repeats:
            if seen.kind != "same_batch" or seen.settles:
                continue
            yield Suspicion(
                f"The {seen.side} is not the same twice: the same batch run again differs in {len(seen.rows)} of {seen.of} rows, from "
                f"{seen.stage} on (relative L2 {seen.relative_l2:.1e}, up to {seen.allowed:.1e} is rounding).",
                seen.stage,
                {"side": seen.side, "relative_l2": seen.relative_l2, "rows": list(seen.rows)},
                severity="divergent",
            )
