"""The order of findings: what explains the divergence first, then the rest by stage, then notices, by what they could hide.

1. What explains the first divergent stage: causes that act there or before it, the most specific first. Where nothing diverges
   and some stage is over its noise floor but within a limit, the causes suspected for the first such stage.
2. Other findings that count as a divergence, in the order of the stages.
3. Notices, in the order of what could hide a difference: a suspected cause, then what was not exercised, then the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from parity.causes.cause import Cause
from parity.causes.evidence import Evidence
from parity.records.finding import Finding
from parity.records.stage import StageRecord
from parity.stages import DECIDING, INPUT_STAGES, stage_rank

__all__ = ["Drawn", "in_order"]


class Drawn(NamedTuple):
    """A finding, and the cause that drew it; None for a notice."""

    finding: Finding
    cause: Cause | None

    @property
    def named(self) -> Cause | None:
        """The cause, where the finding names it."""
        return self.cause if self.finding.cause is not None else None


def in_order(found: Iterable[Drawn], evidence: Evidence) -> list[Finding]:
    """The findings in the order in which a reader needs them; equals stay as they were drawn."""
    places = _Places(evidence.stages)
    start = evidence.start.stage if evidence.start is not None else None
    counts = evidence.first is not None

    def rank(drawn: Drawn) -> tuple[int, int, int, int]:
        finding, cause = drawn.finding, drawn.named
        place, specificity = places.of(finding.stage), -cause.SPECIFICITY if cause is not None else 0
        named = finding.cause is not None and _suspected(finding)
        fits = named and (finding.severity == "divergent") == counts
        if start is not None and fits and _explains(drawn, start, places):
            return 0, int(finding.stage != start), specificity, -place
        if finding.severity == "divergent":
            return 1, place, specificity, 0
        weight = 2 if _suspected(finding) else 3 if finding.could_hide else 4
        return weight, place, specificity, 0

    return [drawn.finding for drawn in sorted(found, key=rank)]


def _suspected(finding: Finding) -> bool:
    return finding.standing in ("suspected", "confirmed")


def _explains(drawn: Drawn, start: str, places: _Places) -> bool:
    """Whether a cause can be the reason for what is seen at a stage: it acts there, or before it within the model."""
    stage, cause = drawn.finding.stage, drawn.named
    if stage == start or (stage in DECIDING and start in DECIDING):
        return True
    of_inputs = cause is not None and cause.STAGE in INPUT_STAGES
    if of_inputs != (start in INPUT_STAGES):
        return False
    return places.of(stage) <= places.of(start)


class _Places:
    """Where stages stand on the way through the model, also those that were not compared (`layer.0.mlp`)."""

    def __init__(self, stages: Sequence[StageRecord]) -> None:
        self._order = list(dict.fromkeys(record.stage for record in stages))

    def of(self, stage: str) -> int:
        if stage in self._order:
            return 2 * self._order.index(stage)
        whole = next((known for known in self._order if stage.startswith(f"{known}.")), None)
        if whole is not None:
            return 2 * self._order.index(whole) - 1
        before = [place for place, known in enumerate(self._order) if stage_rank(known) <= stage_rank(stage)]
        return 2 * max(before) + 1 if before else -1
