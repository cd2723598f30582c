"""A side that keeps state: what it gives for a batch depends on the batches before it."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, repeat
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.records.after import AfterResult

__all__ = ["KeptState"]


class KeptState(Cause):
    NAME = "runtime.state"
    TITLE = "It keeps state between calls"
    REMEDY = (
        "Reset its state before each call (or turn off `stateful`); until then no comparison with it counts."
    )
    STAGE = "embeddings"
    CASES = (
        Case("another order differs", pair(after=AfterResult(repeats=[repeat("other_order")]))),
        Case(
            "the same batch again differs, and less each time",
            pair(after=AfterResult(repeats=[repeat("same_batch", settles=True), repeat("other_order")])),
        ),
    )
    BENIGN = (
        Case("nothing was run again", pair(first="layer.0")),
        Case(
            "it is not the same twice, in any order",
            pair(after=AfterResult(repeats=[repeat("same_batch"), repeat("other_order")])),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        seen = evidence.after.repeats
        drawn = {one.side for one in seen if one.kind == "same_batch" and not one.settles}
        sides: set[str] = set()
        for one in sorted(seen, key=lambda one: one.kind != "other_order"):
            if one.kind == "alone" or one.side in drawn or one.side in sides:
                continue
            sides.add(one.side)
            what = (
                "the same batches in another order give"
                if one.kind == "other_order"
                else "the same batch run again gives"
            )
            yield Suspicion(
                f"The {one.side} keeps state from one call to the next: {what} other values in {len(one.rows)} of {one.of} rows, from "
                f"{one.stage} on (relative L2 {one.relative_l2:.1e}, up to {one.allowed:.1e} is rounding).",
                one.stage,
                {"side": one.side, "relative_l2": one.relative_l2, "rows": list(one.rows)},
                severity="divergent",
            )
