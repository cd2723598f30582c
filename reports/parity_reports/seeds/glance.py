"""What a terminal shows of a seed audit below its first screen: the metrics of each arm, the runs excluded from every mean, and the findings."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.arm_statistics import ArmRecord
from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Points
from parity_reports.text import units, wording

__all__ = ["build_glance_blocks"]

_MOST = 12


def build_glance_blocks(audit: SeedAudit) -> tuple[Block, ...]:
    """The blocks."""
    noticed = [finding.sentence for finding in audit.findings if finding.severity != "bars"]
    return (
        *(Points(tuple(_arm(audit, arm)), mark=" ") for arm in audit.arms),
        Points(_runs(audit), mark="?", tone="warn"),
        Points(tuple(noticed[:_MOST])),
    )


def _arm(audit: SeedAudit, arm: ArmRecord) -> Iterator[str]:
    for name, metric in arm.metrics.items():
        spread, form = metric.spread, units.form_of(audit, name)
        over = f" over {wording.plural(metric.runs, 'run')}"
        sd = f", SD {units.size(form, spread.sd)}" if spread.sd is not None else ""
        new = f", a new run {units.interval(form, spread.new_run)}" if spread.new_run is not None else ""
        yield f"{arm.arm}: {units.metric_name(form)} {units.value(form, spread.mean)}{over}{sd}{new}"
    if arm.agreement is not None and arm.agreement.kappa is not None:
        yield (
            f"{arm.arm}: kappa {units.similarity(arm.agreement.kappa.value)}, "
            f"all runs agree on {wording.share(arm.agreement.unanimous)}"
        )


def _runs(audit: SeedAudit) -> tuple[str, ...]:
    named = {name for finding in audit.findings if finding.severity == "bars" for name in finding.runs}
    left = [run for run in audit.runs if run.standing != "kept" and run.name not in named]
    more = len(left) - _MOST
    return (
        *(
            f"{run.name} ({run.arm}) is excluded from the means: {run.reason or run.standing}"
            for run in left[:_MOST]
        ),
        *([f"{more} more runs excluded from the means, in the report"] if more > 0 else []),
    )
