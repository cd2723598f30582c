"""Calibration of each run: whether its confidence is right as often as it says, and the temperature that would make it so."""

from __future__ import annotations

import math
from collections.abc import Iterator

from parity.records.arm_statistics import ArmRecord, LabelTemperatureRecord
from parity.records.seed_audit import SeedAudit
from parity_reports.blocks import Block, Column, Facts, Row, Table
from parity_reports.pages import Section
from parity_reports.seeds.without import why_no_metric
from parity_reports.text import units, wording

__all__ = ["build_calibration"]

_WHY = {
    "choices": "Inputs have different numbers of choices",
    **dict.fromkeys(("words", "answers", "tokens", "scores", "vectors"), "Calibration is of classes"),
}
_STATES = {"constant": "any: the logits are constant", "below": "towards 0", "above": "unbounded"}


def build_calibration(audit: SeedAudit, most_runs: int) -> Section:
    """The section, with at most so many runs listed."""
    known = any(found is not None for found in [run.calibration for run in audit.runs])
    lede = (
        "A perfectly calibrated model has an ECE above zero too on so many examples: it is shown beside. T above 1 means that a run is "
        "overconfident; it is fitted on these same rows."
        if known
        else f"{why_no_metric(audit) or _WHY.get(audit.counted, 'No run has a calibration')}: calibration was not measured."
    )
    return Section(
        anchor="calibration",
        title="Calibration",
        short="Calibration",
        lede=lede,
        blocks=tuple(_blocks(audit, most_runs)) if known else (),
    )


def _blocks(audit: SeedAudit, most_runs: int) -> Iterator[Block]:
    several = len(audit.arms) > 1
    spread = [row for arm in audit.arms for row in _over_runs(arm, f", {arm.arm}" if several else "")]
    if spread:
        yield Facts("Temperature over runs", tuple(spread))
    found = [
        (run, calibration)
        for run, calibration in zip(audit.runs, [run.calibration for run in audit.runs], strict=True)
        if calibration is not None
    ]
    heads = (
        "ECE",
        "calibrated: mean",
        "calibrated: 95 %",
        "p",
        "ACE",
        "NLL",
        "Brier",
        "Fitted T",
        "its interval",
    )
    yield Table(
        "Calibration of each run",
        (Column("Run"), *(Column(head, "number") for head in heads)),
        tuple(
            Row(
                (
                    f"{run.name}, {run.arm}" if several else run.name,
                    units.similarity(item.error.ece),
                    units.similarity(item.error.calibrated_mean),
                    units.similarity(item.error.calibrated_high),
                    units.p_value(item.error.p),
                    units.similarity(item.ace),
                    wording.number(item.nll),
                    wording.number(item.brier),
                    _fitted(item.temperature),
                    _interval(item.temperature),
                )
            )
            for run, item in found[:most_runs]
        ),
        heading="Each run",
        left_out=max(0, len(found) - most_runs),
    )


def _over_runs(arm: ArmRecord, whose: str) -> Iterator[tuple[str, str]]:
    found = arm.temperature.log_spread if arm.temperature is not None else None
    if found is None or found.mean is None:
        return
    # The spread is of log T: its mean is the geometric one.
    yield f"Fitted T, geometric mean over runs{whose}", f"{math.exp(found.mean):.3g}"
    if found.mean_interval is not None:
        ends = [found.mean_interval.low, found.mean_interval.high]
        phrase = " to ".join(wording.NOTHING if end is None else f"{math.exp(end):.3g}" for end in ends)
        yield f"{wording.share(found.confidence)} interval over new runs{whose}", phrase


def _fitted(found: LabelTemperatureRecord) -> str:
    if found.value is not None:
        return f"{found.value:.3g}"
    if found.at_most is not None:
        return f"{found.at_most:.3g} or less"
    if found.at_least is not None:
        return f"{found.at_least:.3g} or more"
    return _STATES.get(found.state, wording.NOTHING)


def _interval(found: LabelTemperatureRecord) -> str:
    if found.interval is None or found.interval.low is None or found.interval.high is None:
        return wording.NOTHING
    return f"{found.interval.low:.3g} to {found.interval.high:.3g}"
