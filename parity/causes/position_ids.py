"""Positions of the same tokens that differ; a shift that does not change what follows is that of another table."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, stage, tokens
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, TokensSeen

__all__ = ["PositionIds"]

_REMEDY_OF_PADDING = "Give position ids that are counted from the attention mask (?position_ids=from_mask), or pad on the right: padding on the left moves the positions of shorter rows."
_REASON = "other positions: the reference's are 2 more throughout"


class PositionIds(Cause):
    NAME = "batch.position_ids"
    TITLE = "Positions differ"
    REMEDY = "Count positions as the reference does."
    STAGE = "position_ids"
    CASES = (
        Case(
            "positions that do not begin after the padding index",
            pair(
                first="position_ids",
                tokens=TokensSeen(tokens(position_ids=10)),
                stages=[stage("position_ids", reason=_REASON), stage("embeddings")],
            ),
        ),
    )
    BENIGN = (
        Case("the same positions", pair()),
        Case(
            "a shift that the table makes up for",
            pair(
                tokens=TokensSeen(tokens(position_ids=10)),
                stages=[
                    stage("position_ids", "equal", reason=f"{_REASON}; the model's output does not change")
                ],
            ),
        ),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        count = evidence.tokens.record.differences.get("position_ids", 0)
        record = next((record for record in evidence.stages if record.stage == self.STAGE), None)
        if not count or record is None:
            return
        counts = record.status == "divergent"
        sides = evidence.tokens.record.padding_side
        padded = counts and "left" in sides.values() and len(set(sides.values())) > 1
        yield Suspicion(
            f"In {count} of {record.rows} rows the same tokens have {record.reason}.",
            self.STAGE,
            {"rows": count},
            severity="divergent" if counts else "notice",
            standing="suspected" if counts else "observed",
            named=counts,
            remedy=_REMEDY_OF_PADDING if padded else "",
        )
