"""Two inputs that take each other's place: a model was exported with the names of its inputs in another order."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.records import after

__all__ = ["SwappedInputs"]

_FOUND = after.AfterResult(
    swapped=after.SwappedInputs(
        "candidate", ("attention_mask", "token_type_ids"), 8, "embeddings", 0.81, 1e-7
    )
)


class SwappedInputs(Cause):
    NAME = "inputs.swapped"
    TITLE = "Two inputs are swapped"
    REMEDY = (
        "Export the model again with the names of its inputs in the order in which its forward takes them."
    )
    STAGE = "embeddings"
    SPECIFICITY = 200
    CASES = (
        Case(
            "a graph whose mask and token types have each other's name",
            pair(first="embeddings", after=_FOUND),
        ),
    )
    BENIGN = (
        Case("other embeddings, which no exchange makes equal", pair(first="embeddings")),
        Case("equal sides", pair()),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        found = evidence.after.swapped
        if found is None:
            return
        first, second = found.inputs
        yield Suspicion(
            f"The {found.side} takes its {first} where its {second} is fed, and the other way round: with the two exchanged, "
            f"{found.rows} sampled rows agree at every stage (relative L2 {found.swapped:.1e} at {found.stage}, "
            f"{found.straight:.1e} as they are fed).",
            found.stage,
            {"side": found.side, "inputs": list(found.inputs), "rows": found.rows},
            severity=evidence.severity,
        )
