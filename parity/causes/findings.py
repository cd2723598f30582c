"""Findings read from the evidence: what differs between two descriptions, two encodings, two sets of numbers.

Nothing is confirmed here: a finding says what was observed, and names a cause of the published list where the evidence fits
one. Its evidence carries `"standing": "observed"` (the difference itself was seen) or `"suspected"` (it would explain it).
"""

from __future__ import annotations

from parity.causes.encodings import batch_findings, positions_findings, texts_findings, tokens_findings
from parity.causes.evidence import Evidence
from parity.causes.failures import failures_findings
from parity.causes.models import configuration_findings, runtime_findings, weights_findings
from parity.causes.notices import inputs_findings, policy_findings, rows_at_once_findings
from parity.causes.order import in_order
from parity.causes.outputs import outputs_findings
from parity.records.finding import Finding

__all__ = ["findings"]


def findings(evidence: Evidence) -> list[Finding]:
    """Every finding, what explains the divergence first (parity/causes/order.py)."""
    drawn = (
        *failures_findings(evidence),
        *policy_findings(evidence),
        *inputs_findings(evidence),
        *rows_at_once_findings(evidence),
        *texts_findings(evidence),
        *tokens_findings(evidence),
        *batch_findings(evidence),
        *positions_findings(evidence),
        *configuration_findings(evidence),
        *weights_findings(evidence),
        *runtime_findings(evidence),
        *outputs_findings(evidence),
    )
    return in_order(drawn, evidence)
