"""Integrity and findings: what must be known before the figures are read, which runs are left out and why, and what each seed did."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.arm_statistics import ArmRecord
from parity.records.runs import IntegrityRecord
from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Column, Facts, Row, Table
from parity_reports.pages import Section
from parity_reports.seeds.run_names import seeds_text
from parity_reports.text import units, wording

__all__ = ["build_integrity"]

_SEEDS = {
    "init_seed": "Seed of the initial weights",
    "order_seed": "Seed of the order",
    "dropout_seed": "Seed of dropout",
    "seed": "Seed",
}


def build_integrity(audit: SeedAudit, most_runs: int) -> Section:
    """The section, with at most so many runs listed."""
    kept = sum(run.standing == "kept" for run in audit.runs)
    lede = (
        f"{wording.count(kept)} of {wording.plural(len(audit.runs), 'run')} are kept. Runs that failed, were lost, saw other data, or are "
        "listed twice or in both arms are named here and excluded from the means."
    )
    return Section(
        anchor="integrity",
        title="Integrity and findings",
        short="Findings",
        lede=lede,
        blocks=tuple(_blocks(audit, most_runs)),
        count=len(audit.findings),
    )


def _blocks(audit: SeedAudit, most_runs: int) -> Iterator[Block]:
    if audit.findings:
        shown = audit.findings[:most_runs]
        yield Table(
            "Findings",
            (Column("Finding", "prose"), Column("Weight")),
            tuple(
                Row(
                    (finding.sentence, "prevents a conclusion" if finding.severity == "bars" else "noticed"),
                    "hit" if finding.severity == "bars" else "",
                )
                for finding in shown
            ),
            heading="Findings",
            left_out=len(audit.findings) - len(shown),
            brief=True,
        )
    left = [run for run in audit.runs if run.standing != "kept"]
    if left:
        yield Table(
            "Runs that are not averaged",
            (Column("Run"), Column("Arm"), Column("Seeds"), Column("Status"), Column("Why", "prose")),
            tuple(
                Row(
                    (
                        run.name,
                        run.arm,
                        seeds_text(run),
                        run.standing.replace("_", " "),
                        wording.clip(run.reason) or wording.NOTHING,
                    ),
                    "soft" if run.standing in ("failed", "lost") else "",
                )
                for run in left[:most_runs]
            ),
            heading="Runs excluded from the means",
            left_out=max(0, len(left) - most_runs),
            brief=True,
        )
    for arm in audit.arms:
        whose = f" of the {arm.arm}" if len(audit.arms) > 1 else ""
        yield from _of_arm(audit, arm, audit.integrity.get(arm.arm, IntegrityRecord()), whose)


def _of_arm(audit: SeedAudit, arm: ArmRecord, found: IntegrityRecord, whose: str) -> Iterator[Block]:
    hidden = {name for fault in found.faults if fault.hidden for name in fault.factors}
    if found.factors:
        yield Table(
            f"What each seed did{whose}",
            (
                Column("Seed"),
                *(
                    Column(head, "number")
                    for head in ("Values", "Pairs that differ in it alone", "of which differ")
                ),
                Column("Result"),
            ),
            tuple(
                Row(
                    (
                        _SEEDS.get(factor.name, factor.name),
                        wording.count(factor.values),
                        wording.count(factor.alone),
                        wording.count(factor.changed),
                        "changed nothing, as recorded"
                        if factor.name in hidden
                        else _did(factor.alone, factor.changed),
                    ),
                    "hit" if factor.name in hidden or (factor.alone and not factor.changed) else "",
                )
                for factor in found.factors
            ),
            heading=f"What each seed did{whose}",
        )
    rows: list[tuple[str, str]] = []
    if found.repeats is not None:
        same = found.repeats
        phrase = f"the same bits in {same.bitwise} of {wording.plural(same.pairs, 'pair')}"
        if same.bitwise < same.pairs:
            phrase += f"; {'outputs' if same.churn is None else 'logits'} up to {wording.number(same.max_abs)} apart"
            phrase += "" if same.churn is None else f", {wording.share(same.churn)} of decisions"
        rows.append(("The same seeds again", phrase))
    if arm.failed.runs:
        phrase = f"{wording.share(arm.failed.rate)} of {wording.plural(arm.failed.runs, 'run')} ({units.share_interval(arm.failed.interval)})"
        rows.append(("Runs that failed", phrase))
        limits = [
            f"{units.form_of(audit, arm.failed.metric).title} of {units.value(units.form_of(audit, arm.failed.metric), arm.failed.metric_limit)} or less"
            if arm.failed.metric_limit is not None
            else "",
            f"accuracy of {wording.share(arm.failed.accuracy_limit)} or less"
            if arm.failed.accuracy_limit is not None
            else "",
            f"a final loss of {wording.number(arm.failed.loss_limit)} nats or more"
            if arm.failed.loss_limit is not None
            else "",
        ]
        if any(limits):
            rows.append(("A run counts as failed at", " or ".join(limit for limit in limits if limit)))
    if rows:
        yield Facts(f"Repeats and failed runs{whose}", tuple(rows), heading=f"Repeats and failed runs{whose}")


def _did(alone: int, changed: int) -> str:
    if not alone:
        return "never varied alone"
    return "changed something" if changed else "changed nothing"
