"""The order of findings: what explains the divergence first, then the rest by stage, then notices, by what they could hide.

1. What explains the first divergent stage: causes that act there or before it, the most specific first. Where nothing diverges
   and some stage is over its noise floor but within a limit, the causes suspected for the first such stage.
2. Other findings that count as a divergence, in the order of the stages.
3. Notices, in the order of what could hide a difference: a suspected cause, then what was not exercised, then the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parity.causes.evidence import Evidence
from parity.records.finding import Finding
from parity.records.stage import StageRecord
from parity.stages import INPUT_STAGES, stage_rank

__all__ = ["in_order"]

_OUTPUTS = ("logits", "probabilities", "label")
_INPUT_CAUSES = ("text", "tokenizer", "batch")
_SPECIFIC = (
    "weights.permuted",
    "weights.transposed",
    "weights.rounded",
    "weights.head_not_loaded",
    "weights.pooler_not_loaded",
    "output.label_order",
    "config.",
    "weights.changed",
    "output.activation",
    "output.temperature",
    "output.",
    "weights.missing",
    "weights.tied",
    "weights.not_in_any_file",
    "runtime.dropout",
    "runtime.dtype",
    "runtime.library_default",
    "runtime.",
    "weights.retrained",
    "",
)
"""Causes from the most specific to the one that explains anything: a prefix stands for all that begin so."""


def in_order(found: Iterable[Finding], evidence: Evidence) -> list[Finding]:
    """The findings in the order in which a reader needs them; equals stay as they were drawn."""
    places = _Places(evidence.stages)
    start = evidence.start.stage if evidence.start is not None else None
    counts = evidence.first is not None

    def rank(finding: Finding) -> tuple[int, int, int, int]:
        place, specificity = places.of(finding.stage), _specificity(finding)
        named = finding.cause is not None and _suspected(finding)
        fits = named and (finding.severity == "divergent") == counts
        if start is not None and fits and _explains(finding, start, places):
            return 0, int(finding.stage != start), specificity, -place
        if finding.severity == "divergent":
            return 1, place, specificity, 0
        weight = 2 if _suspected(finding) else 3 if finding.could_hide else 4
        return weight, place, specificity, 0

    return sorted(found, key=rank)


def _suspected(finding: Finding) -> bool:
    return finding.evidence.get("standing") in ("suspected", "confirmed")


def _explains(finding: Finding, start: str, places: _Places) -> bool:
    """Whether a cause can be the reason for what is seen at a stage: it acts there, or before it within the model."""
    if finding.stage == start or (finding.stage in _OUTPUTS and start in _OUTPUTS):
        return True
    family = (finding.cause or "").partition(".")[0]
    if (family in _INPUT_CAUSES) != (start in INPUT_STAGES):
        return False
    return places.of(finding.stage) <= places.of(start)


def _specificity(finding: Finding) -> int:
    cause = finding.cause or ""
    return next(place for place, prefix in enumerate(_SPECIFIC) if cause.startswith(prefix))


class _Places:
    """Where stages stand on the way through the model, also those that were not compared (`layer.0.mlp` without --detail)."""

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
