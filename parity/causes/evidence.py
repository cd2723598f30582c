"""The evidence of one comparison: all that was observed, from which findings are drawn (parity/causes/findings.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from parity.align.labels import LabelAlignment
from parity.border.breakdown import Breakdown
from parity.border.description import Description
from parity.measure.relations import Relation
from parity.records.decisions import Decisions
from parity.records.policy import PolicyRecord
from parity.records.stage import FirstDivergence, NotCompared, StageRecord
from parity.records.tokens import Tokens

__all__ = ["Evidence"]


class Evidence(NamedTuple):
    """All that one comparison saw, from which findings are drawn.

    `unknown_label` is the first that is no class, `unknown_names` several of them; `numbered_labels` counts those that were a class's number, `labelled` all.
    `breakdowns` are the sides whose own forwards failed; `relation` how the logits are the same after all, if they are,
    `columns_fit` that no other order of their columns is nearer.
    """

    reference: Description
    candidate: Description
    labels: LabelAlignment | None
    tokens: Tokens
    mask_missing: Mapping[str, int]
    padded_rows: int
    stages: list[StageRecord]
    decisions: Decisions | None
    first: FirstDivergence | None
    text_changes: Mapping[str, int]
    built_in_inputs: bool
    repeated: bool = False
    unknown_label: str = ""
    unknown_names: Sequence[str] = ()
    policy: PolicyRecord | None = None
    not_compared: Sequence[NotCompared] = ()
    numbered_labels: int = 0
    labelled: int = 0
    breakdowns: Sequence[Breakdown] = ()
    relation: Relation | None = None
    columns_fit: bool = False

    @property
    def start(self) -> StageRecord | FirstDivergence | None:
        """Where what is to be explained begins: the first divergence, else the first stage that only a limit permits."""
        if self.first is not None:
            return self.first
        return next(
            (record for record in self.stages if record.status == "within_limit" and not record.ignored), None
        )
