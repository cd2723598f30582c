"""The cause: one side counts upper case as lower case, and the other does not."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence

__all__ = ["Folding"]


class Folding(Cause):
    NAME = "letters.folding"
    TITLE = "Only one side folds case"
    REMEDY = "Give both sides the same ?fold=."
    STAGE = "tokens"
    SPECIFICITY = 100
    CASES = (
        Case(
            "one side folds case",
            pair(side(config={"fold": True}), side(config={"fold": False}), first="tokens"),
        ),
    )
    BENIGN = (Case("both fold case", pair(side(config={"fold": True}), side(config={"fold": True}))),)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        fold = [described.config.get("fold") for described in evidence.described]
        if evidence.first is not None and fold in ([True, False], [False, True]):
            folding = next(name for name, described in evidence.sides if described.config["fold"])
            yield Suspicion(
                f"Only the {folding} counts upper case as lower case.",
                self.STAGE,
                {"folds": folding},
                severity="divergent",
                settings=("fold",),
            )
