"""Evidence built by hand, for the tests of what is drawn from it."""

from __future__ import annotations

from typing import Any

from parity.align.labels import LabelAlignment
from parity.border.description import Description
from parity.causes.case import pair
from parity.causes.evidence import Evidence, InputsSeen, Outputs, TokensSeen
from parity.causes.findings import findings
from parity.records.finding import Finding
from parity.records.inputs import InputsRecord
from parity.records.tokens import Tokens

__all__ = ["evidence", "found", "inputs_seen"]


def inputs_seen(*unknown: str, numbered: int = 0, unscored: str = "", **fields: Any) -> InputsSeen:
    """Ten inputs, with what became of their labels."""
    values: dict[str, Any] = {"count": 10, "digest": "", "source": "by hand", **fields}
    return InputsSeen(InputsRecord(**values), unknown, numbered, unscored)


def evidence(
    reference: Description | None = None,
    candidate: Description | None = None,
    *,
    tokens: Tokens | None = None,
    text_changes: dict[str, int] | None = None,
    labels: LabelAlignment | None = None,
    **groups: Any,
) -> Evidence:
    """The evidence of a pair about which nothing is remarkable but these changes; without stages unless they are given."""
    values: dict[str, Any] = {"stages": [], **groups}
    made = pair(reference, candidate, **values)
    if tokens is not None or text_changes:
        made = made._replace(tokens=TokensSeen(tokens or made.tokens.record, text_changes or {}))
    return made if labels is None else made._replace(outputs=Outputs(labels))


def found(
    reference: Description | None = None, candidate: Description | None = None, **changes: Any
) -> list[Finding]:
    """What is found of a pair about which nothing is remarkable but the changes."""
    return findings(evidence(reference, candidate, **changes))
