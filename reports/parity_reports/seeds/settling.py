"""Runs needed: what the verdict looked at, how many runs would settle it, and what this number of runs can and cannot show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from parity.records.arm_statistics import CanShowRecord
from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Column, Points, Row, Table
from parity_reports.pages import Section
from parity_reports.seeds.reasons import needed_sentence, reason_sentence, result_word
from parity_reports.text import units, wording

__all__ = ["build_settling"]


def build_settling(audit: SeedAudit) -> Section:
    """The section."""
    return Section(
        anchor="needed",
        title="What would settle it",
        short="Runs needed",
        lede=needed_sentence(audit.runs_needed, arms=len(audit.arms) > 1),
        blocks=tuple(_blocks(audit)),
    )


def _blocks(audit: SeedAudit) -> Iterator[Block]:
    if audit.reasons:
        yield Table(
            "What the verdict is based on",
            (Column("Check", "prose"), Column("Result")),
            tuple(
                Row(
                    (reason_sentence(reason, units.form_of(audit)), result_word(reason)),
                    _tone(reason.about, reason.holds),
                )
                for reason in audit.reasons
            ),
            heading="What the verdict is based on",
            brief=True,
        )
    found = _can_show(audit)
    if found is None:
        yield Points(
            (
                "Fewer than two runs without a common seed cannot show spread, churn or a difference between recipes.",
            ),
            heading="What so many runs can show",
        )
        return
    each = " an arm" if len(audit.arms) > 1 else ""
    yield Points(
        tuple(_can(audit, found)),
        heading=f"What {wording.plural(found.runs, 'run')}{each} can show",
    )


def _tone(about: str, holds: bool) -> Literal["", "soft"]:
    return "" if holds or about in ("difference", "permutation", "tost") else "soft"


def _can_show(audit: SeedAudit) -> CanShowRecord | None:
    if len(audit.arms) > 1:
        return audit.baseline.can_show if audit.baseline is not None else None
    return audit.arms[0].can_show


def _can(audit: SeedAudit, found: CanShowRecord) -> Iterator[str]:
    primary = units.form_of(audit)
    decides = audit.margins.primary
    metric = next((arm.metrics[decides] for arm in audit.arms if decides in arm.metrics), None)
    sd = None if metric is None else metric.spread.sd

    def in_sd(multiple: float | None) -> str:
        here = "" if sd is None or multiple is None else f", here {units.size(primary, multiple * sd)}"
        return f"{wording.number(multiple)} times the SD over runs{here}"

    yield f"The mean is known to ± {in_sd(found.mean_half_width)}."
    yield f"The SD itself lies between {wording.number(found.sd_low)} and {wording.number(found.sd_high)} times the measured one."
    yield f"A new run falls within ± {in_sd(found.new_run_half_width)}, of the mean."
    power = wording.share(found.power)
    alone = ""
    if found.level is not None and found.level < found.alpha:
        alone = (
            f" (the t test has {units.p_value(found.level)} of α = {found.alpha:g}, as the permutation test has the rest; with all of "
            f"it: {wording.number(found.detectable_alone)} times)"
        )
    yield f"Two arms of so many runs are found different, {power} of the time, when they are {in_sd(found.detectable)} apart{alone}."
    margin = units.size(primary, None if found.tost_sd is None else found.tost_sd * audit.margins.metric)
    yield f"Two equal arms are shown equivalent, {power} of the time, when paired differences have an SD of {margin} or less."
    if found.least_p is not None:
        part = found.alpha if found.level is None else found.alpha - found.level
        able = "can" if found.least_p <= part + 1e-9 else "cannot"
        at = units.p_value(part) if part > 0 else f"{found.alpha:g}"
        yield f"The permutation test gives at least p = {units.p_value(found.least_p)}: it {able} reject at {at}."
